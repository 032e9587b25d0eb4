/* The sandbox: what decoding needs still works, kernels that lack a layer or refuse it, the
 * environment, and what entering costs. */
#include "host/base/sandbox.h"
#include "tests/support/sandboxed.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct rlimit seconds_limit = {RLIM_INFINITY, RLIM_INFINITY};

/* ---- what decoding needs ---- */

static int reads(void) {
    char byte = 0;
    if (lseek(FILE_RDWR, 0, SEEK_END) != sizeof sandboxed_bytes ||
        lseek(FILE_RDWR, 5, SEEK_SET) != 5)
        return 1;
    if (read(FILE_RDWR, &byte, 1) != 1 || byte != sandboxed_bytes[5]) return 2;
    if (pread(FILE_RDWR, &byte, 1, 0) != 1 || byte != sandboxed_bytes[0]) return 3;
    return close(FILE_RDWR) != 0;
}

/* Small pieces, and large ones that the C library maps. */
static int allocates(void) {
    for (size_t size = 100; size < (size_t)200 << 20; size *= 800) {
        char *piece = malloc(size), *larger;
        if (piece == NULL) return 1;
        memset(piece, 1, size);
        larger = realloc(piece, size + size / 2);
        if (larger == NULL) free(piece);
        if (larger == NULL) return 2;
        const bool kept = larger[size - 1] == 1;
        free(larger);
        if (!kept) return 3;
    }
    void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, FILE_RDWR, 0);
    if (mapped == MAP_FAILED || memcmp(mapped, sandboxed_bytes, 4) != 0) return 4;
    if (madvise(sandboxed_page, 4096, MADV_DONTNEED) != 0) return 5;
    return mprotect(sandboxed_page, 4096, PROT_READ) != 0;
}

/* The limit on memory gives NULL, and not a call of malloc() that ends the process. */
static int runs_out(void) {
    for (size_t size = (size_t)1 << 26; size > 1000; size /= 2)
        while (malloc(size) != NULL) continue;
    return malloc((size_t)1 << 28) != NULL;
}

static int knows_time(void) {
    struct timespec now;
    struct rlimit bound;
    unsigned char random[8];
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 1;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) return 2;
    if (syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) != 0 || time(NULL) < 1000) return 3;
    if (getrandom(random, sizeof random, 0) != sizeof random) return 4;
    return getrlimit(RLIMIT_CPU, &bound) != 0 || setrlimit(RLIMIT_CPU, &seconds_limit) != 0;
}

/* A request with a descriptor, and an answer. */
static int talks(void) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    char word[8], byte;
    struct iovec part = {word, sizeof word};
    struct msghdr received = {.msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control};
    int file = -1;
    if (recv(SOCKET, word, sizeof word, MSG_PEEK | MSG_DONTWAIT) != 4) return 1;
    if (recvmsg(SOCKET, &received, MSG_CMSG_CLOEXEC) != 4) return 2;
    if (received.msg_controllen < CMSG_LEN(sizeof(int))) return 3;
    memcpy(&file, CMSG_DATA(&control.head), sizeof file);
    if (pread(file, &byte, 1, 5) != 1 || byte != sandboxed_bytes[5]) return 4;
    return send(SOCKET, "done", 4, MSG_NOSIGNAL) != 4;
}

/* What libraries do besides: messages that nobody reads, streams, sorting, the processors. */
static int chatters(void) {
    char line[64];
    fprintf(stderr, "# not shown: %f\n", 1.5);
    fflush(stderr);
    if (fopen("file", "r") != NULL || errno != EACCES) return 1;
    snprintf(line, sizeof line, "%.17g %s", 0.1, strerror(EACCES));
    qsort(sandboxed_bytes, sizeof sandboxed_bytes / 8, 8,
          (int (*)(const void *, const void *))strcmp);
    return sysconf(_SC_NPROCESSORS_ONLN) < 1 || sysconf(_SC_PHYS_PAGES) < 1;
}

static int aborts(void) {
    abort();
}

static const struct need {
    const char *name;
    int (*run)(void);
    int expected;
} needs[] = {
    {"reading, seeking, closing", reads, 0}, {"memory", allocates, 0},
    {"running out of memory", runs_out, 0},  {"clocks, randomness, processor time", knows_time, 0},
    {"a request and its answer", talks, 0},  {"what libraries do", chatters, 0},
    {"abort()", aborts, -SIGABRT},
};

static void *does_nothing(void *argument) {
    return argument;
}

static void send_descriptor(void) {
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.head = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    struct iovec part = {sandboxed_bytes, 4};
    const struct msghdr sent = {.msg_iov = &part,
                                .msg_iovlen = 1,
                                .msg_control = &control,
                                .msg_controllen = sizeof control};
    const int file = FILE_RDWR;
    memcpy(CMSG_DATA(&control.head), &file, sizeof file);
    assert_int_equal(sendmsg(PEER, &sent, 0), 4);
}

static void test_needs(void **state) {
    int wrong = 0;
    pthread_t thread; /* a program that had threads allocates in other ways */
    (void)state;
    sandboxed_or_skip();
    assert_int_equal(pthread_create(&thread, NULL, does_nothing, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (size_t i = 0; i < COUNT(needs); i++) {
        sandboxed_renew();
        send_descriptor();
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            struct rlimit data = {(rlim_t)1 << 29, (rlim_t)1 << 29};
            setrlimit(RLIMIT_DATA, &data);
            _exit(sandboxed_enter(CLOSED) ? needs[i].run() : 250);
        }
        const int end = sandboxed_end(child);
        if (end != needs[i].expected) print_message("# %s: %d\n", needs[i].name, end);
        wrong += end != needs[i].expected;
    }
    assert_int_equal(wrong, 0);
}

/* ---- kernels that lack a layer, or refuse it ---- */

/* Runs in a child: 0, or the number of what is wrong. */
static int in_child(int (*run)(void)) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) _exit(run());
    return sandboxed_end(child);
}

static int without_landlock(void) {
    sandboxed_take_away(SCMP_SYS(landlock_create_ruleset), ANY_ARGUMENT, ENOSYS);
    const struct sandbox_layers layers = sandbox_available();
    if (!layers.seccomp || layers.landlock != 0) return 1;
    if (!sandboxed_enter(CLOSED)) return 2;
    return fopen("file", "r") != NULL || errno != EACCES ? 3 : 0;
}

static int without_seccomp(void) {
    sandboxed_take_away(SCMP_SYS(seccomp), ANY_ARGUMENT, ENOSYS);
    const struct sandbox_layers layers = sandbox_available();
    if (layers.seccomp) return 1;
    if (!sandboxed_enter(CLOSED)) return 2;
    FILE *file = fopen("file", "r");
    if (layers.landlock == 0) return file == NULL ? 3 : 0;
    return file != NULL || errno != EACCES ? 4 : 0;
}

/* A layer that is there and cannot be put in force: the process must not go on. */
static int seccomp_refused(void) {
    sandboxed_take_away(SCMP_SYS(seccomp), SECCOMP_SET_MODE_FILTER, EPERM);
    return !sandbox_available().seccomp || sandboxed_enter(CLOSED) || errno == 0;
}

static int landlock_refused(void) {
    sandboxed_take_away(SCMP_SYS(landlock_restrict_self), ANY_ARGUMENT, E2BIG);
    return sandboxed_enter(CLOSED) || errno != E2BIG;
}

static int without_memory(void) {
    sandboxed_take_away(SCMP_SYS(openat), ANY_ARGUMENT, ENOENT);
    return sandbox_available().memory_limit;
}

static void test_layers(void **state) {
    (void)state;
    assert_true(sandbox_available().memory_limit);
    assert_int_equal(in_child(without_memory), 0);
    sandboxed_or_skip();
    assert_int_equal(in_child(without_landlock), 0);
    assert_int_equal(in_child(without_seccomp), 0);
    assert_int_equal(in_child(seccomp_refused), 0);
    if (sandbox_available().landlock > 0) assert_int_equal(in_child(landlock_refused), 0);
}

/* ---- the state of the process ---- */

static bool has_line(const char *path, const char *line) {
    char text[256];
    bool found = false;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (!found && fgets(text, sizeof text, file) != NULL) found = strcmp(text, line) == 0;
    fclose(file);
    return found;
}

/* No process of the same user may look into it, and none of its children may gain rights. */
static void test_state(void **state) {
    char path[64], ready = 0;
    struct stat status;
    (void)state;
    sandboxed_or_skip();
    sandboxed_renew();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(1);
        if (prctl(PR_SET_DUMPABLE, 1) != 0 || !sandboxed_enter(CLOSED)) _exit(2);
        send(SOCKET, "r", 1, MSG_NOSIGNAL);
        recv(SOCKET, path, 1, 0);
        _exit(0);
    }
    assert_int_equal(recv(PEER, &ready, 1, 0), 1);
    snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    const bool no_privileges = has_line(path, "NoNewPrivs:\t1\n");
    const bool filtered = has_line(path, "Seccomp:\t2\n");
    assert_int_equal(stat(path, &status), 0);
    send(PEER, "e", 1, 0);
    assert_int_equal(sandboxed_end(child), 0);
    assert_true(no_privileges && filtered);
    assert_int_equal(status.st_uid, 0); /* of a process that is not dumpable */
}

static int scrubs(void) {
    char text[1 << 16];
    setenv("EARMARK_TEST_WORD", "a password", 1);
    const char *word = getenv("EARMARK_TEST_WORD");
    const size_t length = strlen(word);
    sandbox_scrub_environment();
    for (size_t i = 0; i < length; i++)
        if (word[i] != '\0') return 1;
    if (getenv("EARMARK_TEST_WORD") != NULL || getenv("PATH") != NULL) return 2;
    FILE *file = fopen("/proc/self/environ", "r");
    const size_t got = file == NULL ? 0 : fread(text, 1, sizeof text, file);
    if (got == 0) return 3;
    for (size_t i = 0; i < got; i++)
        if (text[i] != '\0') return 4;
    return 0;
}

static void test_environment(void **state) {
    (void)state;
    assert_non_null(getenv("PATH"));
    assert_int_equal(in_child(scrubs), 0);
}

/* ---- what entering costs ---- */

static int by_size(const void *a, const void *b) {
    const double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* For people: no test depends on time. */
static void test_cost(void **state) {
    enum { ROUNDS = 200 };
    double microseconds[ROUNDS];
    (void)state;
    sandboxed_or_skip();
    sandboxed_renew();
    for (size_t i = 0; i < ROUNDS; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct timespec before, after;
            clock_gettime(CLOCK_MONOTONIC, &before);
            if (!sandbox_enter(SOCKET)) _exit(1);
            clock_gettime(CLOCK_MONOTONIC, &after);
            const double spent = 1e6 * (double)(after.tv_sec - before.tv_sec) +
                                 1e-3 * (double)(after.tv_nsec - before.tv_nsec);
            _exit(send(SOCKET, &spent, sizeof spent, 0) != sizeof spent);
        }
        assert_int_equal(sandboxed_end(child), 0);
        assert_int_equal(recv(PEER, &microseconds[i], sizeof microseconds[i], 0), sizeof(double));
    }
    qsort(microseconds, ROUNDS, sizeof microseconds[0], by_size);
    print_message("# entering: %.0f microseconds (median of %d), at most %.0f\n",
                  microseconds[ROUNDS / 2], ROUNDS, microseconds[ROUNDS - 1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs), cmocka_unit_test(test_layers),
        cmocka_unit_test(test_state), cmocka_unit_test(test_environment),
        cmocka_unit_test(test_cost),
    };
    return cmocka_run_group_tests(tests, sandboxed_make, sandboxed_remove);
}
