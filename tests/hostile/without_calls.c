/* Runs a command as on a kernel that lacks some system calls, or where they fail:
 *
 *     without_calls ENOSYS:openat2 ENOLCK:flock -- COMMAND ARGUMENTS
 *
 * Each of the named calls returns its error in the command and in all that it starts. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HIGHEST_ERRNO 133
#define EXIT_NOT_RUN 125 /* as `env` and `timeout` */

static int errno_of(const char *name, size_t length) {
    for (int number = 1; number <= HIGHEST_ERRNO; number++) {
        const char *known = strerrorname_np(number);
        if (known != NULL && strlen(known) == length && memcmp(known, name, length) == 0)
            return number;
    }
    return 0;
}

static int fail(const char *what, const char *why) {
    fprintf(stderr, "without_calls: %s: %s\n", what, why);
    return EXIT_NOT_RUN;
}

/* NAME:CALL; 0, or the exit code after a message. */
static int add(scmp_filter_ctx filter, const char *rule) {
    const char *colon = strchr(rule, ':');
    const int number = colon == NULL ? 0 : errno_of(rule, (size_t)(colon - rule));
    if (number == 0) return fail(rule, "not the name of an error, ':' and a system call");
    const int call = seccomp_syscall_resolve_name(colon + 1);
    if (call == __NR_SCMP_ERROR) return fail(rule, "libseccomp knows no such system call");
    const int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO((unsigned)number), call, 0);
    return failed == 0 ? 0 : fail(rule, strerror(-failed));
}

int main(int argc, char **argv) {
    int place = 1;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL) return fail("libseccomp", "no filter");
    for (; place < argc && strcmp(argv[place], "--") != 0; place++) {
        const int failed = add(filter, argv[place]);
        if (failed != 0) return failed;
    }
    if (place + 1 >= argc) return fail("usage", "without_calls ERRNO:CALL... -- COMMAND ARGUMENTS");
    const int failed = seccomp_load(filter);
    if (failed != 0) return fail("seccomp", strerror(-failed));
    seccomp_release(filter);
    execvp(argv[place + 1], argv + place + 1);
    return fail(argv[place + 1], strerror(errno));
}
