#include "host/sound/decoder_process.h"

#include "host/base/clock.h"
#include "host/base/sandbox.h"
#include "host/sound/ffmpeg.h"
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

/* The process that decodes. */
struct server {
    const struct decoder_process *process;
    void *samples;
    int statm;         /* /proc/self/statm */
    double armed;      /* clock_seconds() when the bound on processor time was last set */
    size_t first_data; /* bytes of data it began with */
    struct kept_files files;
    struct decoder_request request;
    struct decoder_answer answer;
};

/* ---- limits ---- */

/* Fields of statm. */
enum { ADDRESSES = 0, DATA = 5 };

/* Bytes of addresses, or of private data, that the process has mapped; 0: not known. Allocates
 * nothing itself: memory may be exhausted. */
static size_t mapped_bytes(const struct server *server, int wanted) {
    char line[256];
    size_t pages = 0;
    ssize_t got = pread(server->statm, line, sizeof line - 1, 0);
    if (got < 0) return 0;
    line[got] = '\0';
    const char *place = line;
    for (int field = 0; field < wanted && place != NULL; field++) {
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

/* The same, but a limit of the user that is lower stays. */
static void lower(__rlimit_resource_t resource, rlim_t value) {
    struct rlimit limits;
    if (getrlimit(resource, &limits) == 0 && limits.rlim_cur > value) limit(resource, value);
}

/* Allows `seconds` of processor time from now on, at most once in DECODER_REPORT_SECONDS, so that
 * small clips cost no system calls. Whether it was done now. */
static bool arm(struct server *server) {
    struct timespec used;
    double now = clock_seconds();
    if (server->armed > 0 && now - server->armed < DECODER_REPORT_SECONDS) return false;
    server->armed = now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0)
        limit(RLIMIT_CPU, (rlim_t)used.tv_sec + (rlim_t)server->process->seconds + 1);
    return true;
}

/* ---- one clip ---- */

static void send_answer(struct server *server, enum decoder_answer_kind kind, uint64_t amount) {
    struct decoder_answer *answer = &server->answer;
    answer->kind = kind;
    answer->amount = amount;
    answer->number = server->request.number;
    if (send(server->process->clips, answer, sizeof *answer, MSG_NOSIGNAL) < 0) _exit(0);
}

/* Peeks at the next request; false: none is waiting. */
static bool peek(const struct server *server, int flags, enum decoder_request_kind *kind) {
    ssize_t got;
    do got = recv(server->process->clips, kind, sizeof *kind, MSG_PEEK | flags);
    while (got < 0 && errno == EINTR);
    if (got == 0) _exit(0); /* the program is gone */
    return got == (ssize_t)sizeof *kind;
}

/* Waits for room. Another clip instead of the answer means that this one was cancelled. */
static bool reserve(void *context, size_t bytes) {
    struct server *server = context;
    struct decoder_request granted;
    enum decoder_request_kind kind = REQUEST_ROOM;
    if (bytes <= DECODER_KEPT_BYTES) return true;
    send_answer(server, ANSWER_ROOM, bytes);
    if (!peek(server, 0, &kind) || kind != REQUEST_ROOM) return false;
    recv(server->process->clips, &granted, sizeof granted, 0);
    return granted.granted;
}

static bool goes_on(void *context, size_t frames) {
    struct server *server = context;
    enum decoder_request_kind kind = REQUEST_ROOM;
    if (!arm(server)) return true;
    send_answer(server, ANSWER_ADVANCES, frames);
    return !peek(server, MSG_DONTWAIT, &kind);
}

/* Whether something may have failed because of DECODER_MEMORY and not for lack of memory. */
static bool used_up(const struct server *server) {
    return mapped_bytes(server, DATA) > server->first_data + DECODER_MEMORY / 2;
}

static void decode(struct server *server) {
    struct decoder_answer *answer = &server->answer;
    struct decode_settings settings = server->request.settings;
    struct error error = ERROR_INITIAL;
    settings.reserve = reserve;
    settings.goes_on = goes_on;
    settings.context = server;
    settings.kept = &server->files;
    answer->code = ERROR_NONE;
    answer->decoded =
        (struct decoded){.target = server->samples, .target_capacity = server->process->capacity};
    arm(server);
    sound_source_reads();
    decode_clip(&server->request.source, &settings, &answer->decoded, &error);
    if (ffmpeg_is_needed()) _exit(DECODER_EXIT_FFMPEG);
    bool failed =
        error.code == ERROR_MEMORY || clip_status_is_unreadable(answer->decoded.verdict.status);
    if (failed && used_up(server)) _exit(DECODER_EXIT_MEMORY);
    answer->decoded.reads = sound_source_reads();
    answer->code = error.code;
    if (error.code == ERROR_INTERNAL) { /* a library's: of this clip alone */
        answer->code = ERROR_NONE;
        verdict_set(&answer->decoded.verdict, CLIP_UNREADABLE, "%s", error.message);
    }
    send_answer(server, ANSWER_CLIP, 0);
}

/* ---- the process ---- */

/* Receives a request, with the file's descriptor where one comes beside it. */
static bool receive(struct server *server) {
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } beside;
    struct iovec part = {&server->request, sizeof server->request};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &beside, .msg_controllen = sizeof beside};
    ssize_t got;
    do got = recvmsg(server->process->clips, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof server->request) return false;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    server->request.source.descriptor = -1;
    if (head != NULL && head->cmsg_type == SCM_RIGHTS)
        memcpy(&server->request.source.descriptor, CMSG_DATA(head), sizeof(int));
    return true;
}

static _Noreturn void serve(const struct decoder_process *process) {
    static struct server server;
    close(process->control);
    server.process = process;
    server.samples = mmap(NULL, process->capacity, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_NORESERVE, process->samples, 0);
    if (server.samples == MAP_FAILED) _exit(DECODER_EXIT_NO_ROOM);
    close(process->samples);
    server.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    server.first_data = mapped_bytes(&server, DATA);
    if (server.first_data == 0) _exit(DECODER_EXIT_NO_PROC);
    lower(RLIMIT_DATA, server.first_data + DECODER_MEMORY);
    /* Shared and growing mappings are not data; sanitizers map addresses as they like. */
    if (SANDBOX_BUILT) lower(RLIMIT_AS, mapped_bytes(&server, ADDRESSES) + 2 * DECODER_MEMORY);
    lower(RLIMIT_CORE, 0);
    lower(RLIMIT_NPROC, 0);
    if (SANDBOX_BUILT && !sandbox_enter(process->clips)) _exit(DECODER_EXIT_NO_SANDBOX);
    while (receive(&server)) {
        if (server.request.kind == REQUEST_CLIP) decode(&server);
        if (server.request.kind == REQUEST_FORGET) kept_files_close(&server.files);
    }
    _exit(0);
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

static void close_from(unsigned first, unsigned last) {
    if (first > last || close_range(first, last, 0) == 0) return;
    const long most = sysconf(_SC_OPEN_MAX); /* a kernel without close_range */
    for (unsigned i = first; i <= last && (most < 0 || i < (unsigned long)most); i++) close((int)i);
}

static int compare_numbers(const void *left, const void *right) {
    return *(const int *)left - *(const int *)right;
}

/* Codecs print on stderr, and a descriptor that stays open is one that can be used. */
static void close_others(const struct decoder_process *process) {
    int kept[] = {process->clips, process->control, process->samples};
    unsigned first = STDERR_FILENO + 1;
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        if (nothing < 0 || dup2(nothing, i) < 0) close(i);
    qsort(kept, 3, sizeof kept[0], compare_numbers);
    for (size_t i = 0; i < 3; i++) {
        close_from(first, (unsigned)kept[i] - 1);
        first = (unsigned)kept[i] + 1;
    }
    close_from(first, ~0U);
}

/* Whether the program says that the process after `ends` others is to end. */
static bool is_told_to_end(const struct decoder_process *process, uint64_t ends) {
    uint64_t told = 0;
    return recv(process->control, &told, sizeof told, MSG_DONTWAIT) == (ssize_t)sizeof told &&
           told == ends;
}

/* Waits until the child ends and returns the status of waitpid. Ends it when the program says so
 * or is gone. */
static int watch(const struct decoder_process *process, pid_t child, int alive, uint64_t ends) {
    struct pollfd files[2] = {{.fd = process->control, .events = POLLIN},
                              {.fd = alive, .events = POLLIN}};
    int status = 0;
    for (bool waits = true; waits;) {
        if (poll(files, 2, -1) < 0 && errno == EINTR) continue;
        bool orphaned = (files[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
        bool told = !orphaned && files[0].revents != 0 && is_told_to_end(process, ends);
        if (orphaned || told) kill(child, SIGKILL);
        waits = !orphaned && !told && files[1].revents == 0;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    return status;
}

/* Drops what the program sent and its process did not read: the program asks again. */
static void drop_requests(const struct decoder_process *process) {
    char ignored;
    while (recv(process->clips, &ignored, sizeof ignored, MSG_DONTWAIT) > 0) continue;
}

/* Runs a process that decodes until it ends. Only it has `alive` of the pipe open. */
static struct decoder_end keep_one(const struct decoder_process *process, uint64_t ends) {
    int alive[2] = {-1, -1};
    pid_t keeper = getpid();
    pid_t child = pipe(alive) == 0 ? fork() : -1;
    struct decoder_end end = {.status = -1, .failure = errno};
    if (child == 0) {
        close(alive[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == keeper) serve(process);
        _exit(0);
    }
    if (alive[1] >= 0) close(alive[1]);
    if (child > 0) end.status = watch(process, child, alive[0], ends);
    drop_requests(process);
    if (alive[0] >= 0) close(alive[0]);
    return end;
}

_Noreturn void decoder_keeper(const struct decoder_process *process) {
    choose_signals();
    prctl(PR_SET_NAME, "earmark-decoder");
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a stopped process does not see that control ended */
    close_others(process);
    sandbox_scrub_environment();
    for (uint64_t ends = 0;;) {
        struct pollfd files[2] = {{.fd = process->clips, .events = POLLIN},
                                  {.fd = process->control, .events = POLLIN}};
        if (poll(files, 2, -1) < 0 && errno == EINTR) continue;
        if ((files[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) _exit(0);
        if (files[1].revents != 0) is_told_to_end(process, ends); /* it has ended by itself */
        if ((files[0].revents & POLLIN) == 0) continue;
        struct decoder_end end = keep_one(process, ends++);
        if (decoder_asks_for_ffmpeg(&end)) ffmpeg_load();
        if (send(process->control, &end, sizeof end, MSG_NOSIGNAL) < 0) _exit(0);
    }
}
