#include "host/sound/decoder_process.h"

#include "host/base/clock.h"
#include "host/sound/kept_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How often the bound on processor time is renewed while a clip is decoded. */
#define ARM_SECONDS 1.0

/* The process that decodes. */
struct server {
    int socket;
    int seconds;       /* of processor time without progress */
    double armed;      /* clock_seconds() when that bound was last set */
    size_t first_data; /* bytes of data it began with */
    size_t most;       /* bytes of samples of this clip */
    struct kept_files files;
    struct decoder_request request;
    struct decoder_answer answer;
};

/* ---- limits ---- */

/* Bytes of private data that the process has mapped; 0: not known. Allocates nothing itself:
 * memory may be exhausted. */
static size_t data_bytes(void) {
    char line[256];
    size_t pages = 0;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? -1 : read(file, line, sizeof line - 1);
    if (file >= 0) close(file);
    if (got < 0) return 0;
    line[got] = '\0';
    const char *place = line;
    for (int field = 0; field < 5 && place != NULL; field++) {
        place = strchr(place, ' ');
        if (place != NULL) place++;
    }
    if (place != NULL) pages = strtoul(place, NULL, 10);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void limit(__rlimit_resource_t resource, rlim_t value) {
    struct rlimit limits;
    if (getrlimit(resource, &limits) != 0) return;
    limits.rlim_cur = value < limits.rlim_max ? value : limits.rlim_max;
    setrlimit(resource, &limits);
}

/* Allows `seconds` of processor time from now on; not set again within a second of the
 * last time, so that small clips cost no system calls. */
static void arm(struct server *server) {
    struct timespec used;
    double now = clock_seconds();
    if (server->armed > 0 && now - server->armed < ARM_SECONDS) return;
    server->armed = now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        limit(RLIMIT_CPU, (rlim_t)used.tv_sec + (rlim_t)server->seconds + 1);
}

/* ---- one clip ---- */

static void send_answer(const struct server *server) {
    const struct decoder_answer *answer = &server->answer;
    if (send(server->socket, answer, sizeof *answer, MSG_NOSIGNAL) < 0) _exit(0);
}

/* Peeks at the next request; false: none is waiting. */
static bool peek(const struct server *server, int flags, enum decoder_request_kind *kind) {
    ssize_t got;
    do got = recv(server->socket, kind, sizeof *kind, MSG_PEEK | flags);
    while (got < 0 && errno == EINTR);
    if (got == 0) _exit(0); /* the program is gone */
    return got == (ssize_t)sizeof *kind;
}

/* Waits for room. Another clip instead of the answer means that this one was cancelled. */
static bool reserve(void *context, size_t bytes) {
    struct server *server = context;
    struct decoder_request granted;
    enum decoder_request_kind kind = REQUEST_ROOM;
    if (bytes > server->most) server->most = bytes;
    if (bytes <= DECODER_KEPT_BYTES) return true;
    server->answer.kind = ANSWER_ROOM;
    server->answer.bytes = bytes;
    send_answer(server);
    if (!peek(server, 0, &kind) || kind != REQUEST_ROOM) return false;
    recv(server->socket, &granted, sizeof granted, 0);
    return granted.granted;
}

static bool goes_on(void *context) {
    struct server *server = context;
    enum decoder_request_kind kind = REQUEST_ROOM;
    double before = server->armed;
    arm(server);
    return server->armed == before || !peek(server, MSG_DONTWAIT, &kind);
}

/* Whether something may have failed because of DECODER_MEMORY and not for lack of memory. */
static bool used_up(const struct server *server) {
    return data_bytes() > server->first_data + DECODER_MEMORY / 2;
}

static void decode(struct server *server, void *samples, size_t capacity) {
    struct decoder_answer *answer = &server->answer;
    struct decode_settings settings = server->request.settings;
    settings.reserve = reserve;
    settings.goes_on = goes_on;
    settings.context = server;
    settings.kept = &server->files;
    answer->error = (struct error)ERROR_INITIAL;
    answer->decoded = (struct decoded){.target = samples, .target_capacity = capacity};
    server->most = 0;
    arm(server);
    decode_clip(server->request.path, &settings, &answer->decoded, &answer->error);
    bool failed = answer->error.code == ERROR_MEMORY ||
                  clip_status_is_unreadable(answer->decoded.verdict.status);
    if (failed && used_up(server)) _exit(DECODER_EXIT_MEMORY);
    answer->kind = ANSWER_CLIP;
    answer->number = server->request.number;
    answer->bytes = server->most;
    send_answer(server);
}

/* ---- the process ---- */

static _Noreturn void serve(int socket, int samples, size_t capacity, int seconds) {
    static struct server server;
    void *shared =
        mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, samples, 0);
    if (shared == MAP_FAILED) _exit(DECODER_EXIT_NO_ROOM);
    server.socket = socket;
    server.seconds = seconds;
    server.first_data = data_bytes();
    if (server.first_data > 0) limit(RLIMIT_DATA, server.first_data + DECODER_MEMORY);
    limit(RLIMIT_CORE, 0);
    for (;;) {
        ssize_t got = recv(socket, &server.request, sizeof server.request, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) _exit(0);
        if (server.request.kind == REQUEST_CLIP) decode(&server, shared, capacity);
        if (server.request.kind == REQUEST_FORGET) kept_files_close(&server.files);
    }
}

/* ---- the keeper ---- */

/* Signals to all processes of a terminal or a job are handled by the program, which ends this
 * one. A crash must end the process, whatever handler the program has for it. */
static void choose_signals(void) {
    const int ignored[] = {SIGINT, SIGTERM, SIGUSR1, SIGPIPE};
    const int usual[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL, SIGABRT,
                         SIGSYS,  SIGTRAP, SIGXCPU, SIGCHLD};
    sigset_t none;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) signal(ignored[i], SIG_IGN);
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) signal(usual[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Waits until the child ends and returns the status of waitpid. Ends it when the program is
 * gone. */
static int watch(int socket, pid_t child, int alive, bool *orphaned) {
    struct pollfd files[2] = {{.fd = socket, .events = 0}, {.fd = alive, .events = POLLIN}};
    int status = 0;
    while (poll(files, 2, -1) < 0 && errno == EINTR) continue;
    *orphaned = (files[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
    if (*orphaned) kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return status;
}

/* Runs a process that decodes until it ends. Only it has `alive` of the pipe open. */
static void keep_one(int socket, int samples, size_t capacity, int seconds,
                     struct decoder_answer *answer) {
    int alive[2] = {-1, -1};
    bool orphaned = false;
    pid_t keeper = getpid();
    pid_t child = pipe(alive) == 0 ? fork() : -1;
    *answer = (struct decoder_answer){.kind = ANSWER_ENDED, .status = -1, .failure = errno};
    if (child == 0) {
        close(alive[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == keeper) serve(socket, samples, capacity, seconds);
        _exit(0);
    }
    if (alive[1] >= 0) close(alive[1]);
    if (child > 0) answer->status = watch(socket, child, alive[0], &orphaned);
    if (alive[0] >= 0) close(alive[0]);
    if (orphaned) _exit(0);
}

_Noreturn void decoder_keeper(int socket, int samples, size_t capacity, int seconds) {
    static struct decoder_answer answer;
    choose_signals();
    prctl(PR_SET_NAME, "earmark-decoder");
    for (;;) {
        struct pollfd asked = {.fd = socket, .events = POLLIN};
        if (poll(&asked, 1, -1) < 0 && errno == EINTR) continue;
        if ((asked.revents & POLLIN) == 0 || (asked.revents & POLLHUP) != 0) _exit(0);
        keep_one(socket, samples, capacity, seconds, &answer);
        if (send(socket, &answer, sizeof answer, MSG_NOSIGNAL) < 0) _exit(0);
    }
}
