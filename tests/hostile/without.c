// Runs a command as on a kernel or a file system that lacks something:
//
//   without CALL... -- COMMAND [ARGUMENT]...
//
// CALL is flock, openat2, landlock, seccomp, close_range or memfd. It fails with the errno that an
// old kernel gives; flock with that of a file system without locks.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct call {
    const char *name;
    unsigned number;
    unsigned failure;
} calls[] = {
    {"flock", SYS_flock, ENOLCK},
    {"openat2", SYS_openat2, ENOSYS},
    {"landlock", SYS_landlock_create_ruleset, ENOSYS},
    {"seccomp", SYS_seccomp, ENOSYS},
    {"close_range", SYS_close_range, ENOSYS},
    {"memfd", SYS_memfd_create, ENOSYS},
};

#define CALLS (sizeof calls / sizeof calls[0])

static int refuse(const struct call *call) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | call->failure),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof steps[0], .filter = steps};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int count, char **arguments) {
    int at = 1;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (; at < count && strcmp(arguments[at], "--") != 0; at++) {
        size_t i = 0;
        while (i < CALLS && strcmp(arguments[at], calls[i].name) != 0) i++;
        if (i == CALLS || refuse(&calls[i]) != 0) {
            fprintf(stderr, "without: cannot take away %s\n", arguments[at]);
            return 126;
        }
    }
    if (at + 1 >= count) return 2;
    execvp(arguments[at + 1], arguments + at + 1);
    fprintf(stderr, "without: %s: %s\n", arguments[at + 1], strerror(errno));
    return 127;
}
