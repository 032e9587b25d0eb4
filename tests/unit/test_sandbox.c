/* The sandbox, call by call (test_taken_over.c has it inside the program): each is made by a
 * process of its own, without the sandbox, with Landlock alone and with all of it. Then every
 * number of a system call, what a decoder needs, and kernels that lack a layer. */
#include "host/base/sandbox.h"
#include "tests/support/sandboxed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define PARENT (-7777) /* stands for the process number of this program in arguments */

/* ---- what the calls are about ---- */

static struct iovec vector = {sandboxed_bytes, 8};
static struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
static struct clone_args clone_arguments = {.exit_signal = SIGCHLD};
static struct rlimit limits = {100, 100};
static pid_t program;

/* ---- a process for each call ---- */

struct call {
    const char *name;
    long number, arguments[6];
    int expected; /* with all of the sandbox: as sandboxed_end() */
    int landlock; /* its version since which it refuses the call by itself; 0: not its matter */
    int refusal;  /* with which errno it does */
    bool works;   /* without the sandbox, whoever runs this */
};

static int result_of(const struct call *call, enum surroundings surroundings) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        long a[6];
        for (size_t i = 0; i < COUNT(a); i++)
            a[i] = call->arguments[i] == PARENT ? (long)program : call->arguments[i];
        if (!sandboxed_enter(surroundings)) _exit(250);
        long result = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
        _exit(result >= 0 ? 0 : errno);
    }
    return sandboxed_end(child);
}

#define KILLED (-SIGSYS)
#define EXECUTE (PROT_READ | PROT_EXEC)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define AT(pointer) ((long)(pointer))
#define BYTES AT(sandboxed_bytes)
#define WITH(...)                                                                                  \
    { __VA_ARGS__ }

/* Name, number and arguments; what the sandbox does; Landlock's version and errno; works without.
 */
static const struct call calls[] = {
#ifdef SYS_open
    {"open", SYS_open, WITH(AT("file"), O_RDONLY), EACCES, 1, EACCES, true},
    {"access", SYS_access, WITH(AT("file"), R_OK), EACCES, 0, 0, true},
    {"readlink", SYS_readlink, WITH(AT("/proc/self/exe"), BYTES, 99), EACCES, 0, 0, true},
    {"creat", SYS_creat, WITH(AT("new"), 0600), KILLED, 1, EACCES, true},
    {"fork", SYS_fork, WITH(0), KILLED, 0, 0, true},
    {"vfork", SYS_vfork, WITH(0), KILLED, 0, 0, false},
    {"unlink", SYS_unlink, WITH(AT("file")), KILLED, 1, EACCES, true},
    {"rename", SYS_rename, WITH(AT("file"), AT("new")), KILLED, 1, EACCES, true},
    {"symlink", SYS_symlink, WITH(AT("file"), AT("new")), KILLED, 1, EACCES, true},
    {"mkdir", SYS_mkdir, WITH(AT("new"), 0700), KILLED, 1, EACCES, true},
    {"chmod", SYS_chmod, WITH(AT("."), 0700), KILLED, 0, 0, true},
    {"dup2", SYS_dup2, WITH(FILE_RDWR, 80), KILLED, 0, 0, true},
#endif
    {"openat", SYS_openat, WITH(AT_FDCWD, AT("file"), O_RDONLY), EACCES, 1, EACCES, true},
    {"openat of a folder", SYS_openat, WITH(AT_FDCWD, AT("/"), O_DIRECTORY), EACCES, 1, EACCES,
     true},
    {"openat to write", SYS_openat, WITH(AT_FDCWD, AT("."), O_TMPFILE | O_RDWR, 0600), EACCES, 1,
     EACCES, false},
    {"openat2", SYS_openat2, WITH(AT_FDCWD, AT("file"), AT((uint64_t[3]){0}), 24), KILLED, 1,
     EACCES, false},
    {"newfstatat", SYS_newfstatat, WITH(AT_FDCWD, AT("file"), BYTES, 0), EACCES, 0, 0, true},
    {"faccessat", SYS_faccessat, WITH(AT_FDCWD, AT("file"), R_OK), EACCES, 0, 0, true},
    {"readlinkat", SYS_readlinkat, WITH(AT_FDCWD, AT("/proc/self/exe"), BYTES, 99), EACCES, 0, 0,
     true},
    {"statx", SYS_statx, WITH(AT_FDCWD, AT("file"), 0, 0, BYTES), KILLED, 0, 0, false},
    {"ioctl", SYS_ioctl, WITH(SOCKET, FIONREAD, BYTES), EACCES, 0, 0, true},
    {"fcntl F_DUPFD", SYS_fcntl, WITH(FILE_RDWR, F_DUPFD, 80), EACCES, 0, 0, true},
    {"dup", SYS_dup, WITH(FILE_RDWR), KILLED, 0, 0, true},
    {"truncate", SYS_truncate, WITH(AT("file"), 4096), KILLED, 3, EACCES, false},
    {"ftruncate", SYS_ftruncate, WITH(FILE_RDWR, 4096), KILLED, 0, 0, true},
    {"fallocate", SYS_fallocate, WITH(FILE_RDWR, 0, 0, 4096), KILLED, 0, 0, false},
    {"fchmod", SYS_fchmod, WITH(FILE_RDWR, 0600), KILLED, 0, 0, true},
    {"unlinkat", SYS_unlinkat, WITH(AT_FDCWD, AT("file")), KILLED, 1, EACCES, true},
    {"renameat2", SYS_renameat2, WITH(AT_FDCWD, AT("file"), AT_FDCWD, AT("new")), KILLED, 1, EACCES,
     true},
    {"symlinkat", SYS_symlinkat, WITH(AT("file"), AT_FDCWD, AT("new")), KILLED, 1, EACCES, true},
    {"linkat", SYS_linkat, WITH(AT_FDCWD, AT("file"), AT_FDCWD, AT("new")), KILLED, 1, EACCES,
     true},
    {"mkdirat", SYS_mkdirat, WITH(AT_FDCWD, AT("new"), 0700), KILLED, 1, EACCES, true},
    {"mknodat", SYS_mknodat, WITH(AT_FDCWD, AT("new"), S_IFIFO | 0600), KILLED, 1, EACCES, true},
    {"chdir", SYS_chdir, WITH(AT("/")), KILLED, 0, 0, true},
    {"mount", SYS_mount, WITH(AT("none"), AT("."), AT("tmpfs"), MS_NODEV), KILLED, 1, EPERM, false},
    {"chroot", SYS_chroot, WITH(AT(".")), KILLED, 0, 0, false},
    {"unshare", SYS_unshare, WITH(CLONE_FS), KILLED, 0, 0, true},
    {"write to a file", SYS_write, WITH(FILE_RDWR, BYTES, 8), KILLED, 0, 0, true},
    {"write to the socket", SYS_write, WITH(SOCKET, BYTES, 8), KILLED, 0, 0, true},
    {"write of a library", SYS_write, WITH(STDERR_FILENO, BYTES, 0), EACCES, 0, 0, true},
    {"writev of a library", SYS_writev, WITH(STDERR_FILENO, AT(&vector), 0), EACCES, 0, 0, true},
    {"writev", SYS_writev, WITH(FILE_RDWR, AT(&vector), 1), KILLED, 0, 0, true},
    {"pwrite64", SYS_pwrite64, WITH(FILE_RDWR, BYTES, 8, 0), KILLED, 0, 0, true},
    {"sendfile", SYS_sendfile, WITH(OTHER_SOCKET, FILE_RDWR, 0, 8), KILLED, 0, 0, false},
    {"socket", SYS_socket, WITH(AF_UNIX, SOCK_STREAM, 0), KILLED, 0, 0, true},
    {"socketpair", SYS_socketpair, WITH(AF_UNIX, SOCK_STREAM, 0, BYTES), KILLED, 0, 0, true},
    {"connect, TCP", SYS_connect, WITH(TCP, AT(&sandboxed_internet), sizeof sandboxed_internet),
     KILLED, 4, EACCES, false},
    {"bind, TCP", SYS_bind, WITH(TCP, AT(&sandboxed_internet), sizeof sandboxed_internet), KILLED,
     4, EACCES, false},
    {"connect, abstract", SYS_connect,
     WITH(UNIX_SOCKET, AT(&sandboxed_abstract), sizeof sandboxed_abstract), KILLED, 6, EPERM, true},
    {"sendto with an address", SYS_sendto,
     WITH(SOCKET, BYTES, 8, 0, AT(&sandboxed_abstract), sizeof sandboxed_abstract), KILLED, 0, 0,
     false},
    {"sendto, another socket", SYS_sendto, WITH(OTHER_SOCKET, BYTES, 1), KILLED, 0, 0, true},
    {"sendmsg", SYS_sendmsg, WITH(SOCKET, AT(&message)), KILLED, 0, 0, true},
    {"sendmmsg", SYS_sendmmsg, WITH(SOCKET, AT(&message), 0), KILLED, 0, 0, true},
    {"recvfrom, another socket", SYS_recvfrom, WITH(OTHER_SOCKET, BYTES, 1), KILLED, 0, 0, true},
    {"recvmsg, another socket", SYS_recvmsg, WITH(OTHER_SOCKET, AT(&message)), KILLED, 0, 0, true},
    {"execve", SYS_execve, WITH(AT("/bin/true"), 0, 0), KILLED, 1, EACCES, true},
    {"execveat", SYS_execveat, WITH(AT_FDCWD, AT("/bin/true"), 0, 0, 0), KILLED, 1, EACCES, true},
    {"clone", SYS_clone, WITH(SIGCHLD), KILLED, 0, 0, true},
    {"clone3", SYS_clone3, WITH(AT(&clone_arguments), sizeof clone_arguments), KILLED, 0, 0, false},
    {"ptrace", SYS_ptrace, WITH(PTRACE_SEIZE, PARENT), KILLED, 1, EPERM, false},
    {"process_vm_readv", SYS_process_vm_readv, WITH(PARENT, AT(&vector), 1, AT(&vector), 1), KILLED,
     1, EPERM, false},
    {"process_vm_writev", SYS_process_vm_writev, WITH(PARENT, AT(&vector), 1, AT(&vector), 1),
     KILLED, 1, EPERM, false},
    {"kill", SYS_kill, WITH(PARENT, 0), KILLED, 6, EPERM, true},
    {"tkill", SYS_tkill, WITH(PARENT, 0), KILLED, 6, EPERM, true},
    {"tgkill", SYS_tgkill, WITH(PARENT, PARENT, 0), KILLED, 6, EPERM, true},
    {"pidfd_open", SYS_pidfd_open, WITH(PARENT, 0), KILLED, 0, 0, false},
    {"prlimit64 of another process", SYS_prlimit64, WITH(PARENT, RLIMIT_CPU, 0, BYTES), KILLED, 0,
     0, true},
    {"prlimit64 of another limit", SYS_prlimit64, WITH(0, RLIMIT_DATA, AT(&limits), 0), KILLED, 0,
     0, true},
    {"prctl", SYS_prctl, WITH(PR_SET_DUMPABLE, 1), KILLED, 0, 0, true},
    {"setuid", SYS_setuid, WITH(65534), KILLED, 0, 0, false},
    {"personality", SYS_personality, WITH(0xffffffff), KILLED, 0, 0, true},
    {"mmap, executable", SYS_mmap, WITH(0, 4096, EXECUTE, ANONYMOUS, -1, 0), KILLED, 0, 0, true},
    {"mmap of a file, executable", SYS_mmap, WITH(0, 4096, EXECUTE, MAP_PRIVATE, FILE_RDWR, 0),
     KILLED, 0, 0, false},
    {"mprotect, executable", SYS_mprotect, WITH(0, 0, EXECUTE), KILLED, 0, 0, true},
    {"pkey_mprotect", SYS_pkey_mprotect, WITH(0, 0, EXECUTE, -1), KILLED, 0, 0, false},
    {"madvise of the machine", SYS_madvise, WITH(0, 0, MADV_HWPOISON), KILLED, 0, 0, false},
    {"memfd_create", SYS_memfd_create, WITH(AT("x"), 0), KILLED, 0, 0, true},
    {"shmget", SYS_shmget, WITH(0, 4096, 0), KILLED, 0, 0, false},
    {"msgget", SYS_msgget, WITH(-1, 0), KILLED, 0, 0, false},
    {"keyctl", SYS_keyctl, WITH(0, -3), KILLED, 0, 0, false},
    {"userfaultfd", SYS_userfaultfd, WITH(0), KILLED, 0, 0, false},
    {"io_uring_setup", SYS_io_uring_setup, WITH(1, BYTES), KILLED, 0, 0, false},
    {"bpf", SYS_bpf, WITH(0, BYTES, 64), KILLED, 0, 0, false},
    {"perf_event_open", SYS_perf_event_open, WITH(BYTES, 0, -1, -1, 0), KILLED, 0, 0, false},
    {"seccomp", SYS_seccomp, WITH(SECCOMP_GET_ACTION_AVAIL, 0, BYTES), KILLED, 0, 0, false},
    {"rt_sigaction", SYS_rt_sigaction, WITH(SIGSYS, 0, BYTES, 8), KILLED, 0, 0, true},
};

static void test_calls(void **state) {
    const int version = sandbox_available().landlock;
    int wrong = 0;
    (void)state;
    sandboxed_or_skip();
    program = getpid();
    print_message("# %-28s | %-16s | %-18s | %s\n", "call", "by seccomp", "by Landlock alone",
                  "without");
    for (size_t i = 0; i < COUNT(calls); i++) {
        const struct call *call = &calls[i];
        char words[3][40] = {"", "", ""};
        const char *without = "", *alone = "";
        sandboxed_renew();
        const int end = result_of(call, CLOSED);
        wrong += end != call->expected;
        if (call->landlock > 0 && version >= call->landlock) {
            sandboxed_renew();
            const int landlock = result_of(call, LANDLOCK_ALONE);
            alone = sandboxed_words(landlock, words[1], sizeof words[1]);
            wrong += landlock != call->refusal;
        }
        if (call->works) {
            sandboxed_renew();
            const int open = result_of(call, OPEN);
            without = sandboxed_words(open, words[0], sizeof words[0]);
            wrong += open != 0;
        }
        print_message("# %-28s | %-16s | %-18s | %s\n", call->name,
                      sandboxed_words(end, words[2], sizeof words[2]), alone, without);
    }
    assert_int_equal(wrong, 0);
}

/* ---- every number of a system call ---- */

/* Those that may succeed or are refused; some for certain arguments only, but not for -1. */
static const int used[] = {
    SCMP_SYS(read),         SCMP_SYS(pread64),        SCMP_SYS(lseek),
    SCMP_SYS(close),        SCMP_SYS(fstat),          SCMP_SYS(brk),
    SCMP_SYS(munmap),       SCMP_SYS(mremap),         SCMP_SYS(futex),
    SCMP_SYS(sysinfo),      SCMP_SYS(getrandom),      SCMP_SYS(getpid),
    SCMP_SYS(gettid),       SCMP_SYS(exit),           SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall),
    SCMP_SYS(time),         SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday),
};
static const int refused[] = {
    SCMP_SYS(openat),    SCMP_SYS(open),       SCMP_SYS(newfstatat),        SCMP_SYS(ioctl),
    SCMP_SYS(readlink),  SCMP_SYS(fcntl),      SCMP_SYS(sched_getaffinity), SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(readlinkat),
};

static bool has(const int *numbers, size_t count, long number) {
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number) return true;
    return false;
}

/* Linux lets uretprobe and uprobe of x86-64 pass any filter: breakpoints that a tracer has planted
 * use them. Called from elsewhere they fail. */
static bool is_probe(long number) {
#if defined(__x86_64__)
    return number == 335 || number == 336;
#else
    return number < 0;
#endif
}

static void test_every_number(void **state) {
    int killed = 0, wrong = 0;
    (void)state;
    sandboxed_or_skip();
    for (long number = 0; number < 600; number++) {
        if (has(used, COUNT(used), number)) continue;
        const struct call call = {.number = number, .arguments = {-1, -1, -1, -1, -1, -1}};
        const int expected = has(refused, COUNT(refused), number) ? EACCES : KILLED;
        const int end = result_of(&call, CLOSED);
        killed += end == KILLED;
        if (end == expected || (is_probe(number) && end != 0)) continue;
        char words[40];
        wrong++;
        print_message("# call %ld: %s\n", number, sandboxed_words(end, words, sizeof words));
    }
    print_message("# %d of 600 numbers end the process, %zu are refused\n", killed, COUNT(refused));
    assert_int_equal(wrong, 0);
}

/* The numbers of other architectures, which mean other calls. */
static void test_foreign_numbers(void **state) {
    (void)state;
    sandboxed_or_skip();
#if defined(__x86_64__)
    const struct call x32 = {.number = 0x40000000 | SYS_getpid};
    assert_int_equal(result_of(&x32, CLOSED), KILLED);
    pid_t child = fork();
    if (child == 0) {
        long result = 20; /* getpid(), in 32 bits */
        if (!sandboxed_enter(CLOSED)) _exit(250);
        __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
        _exit(0);
    }
    const int end = sandboxed_end(child);
    assert_true(end == KILLED || end == -SIGSEGV); /* SIGSEGV: a kernel of 64 bits alone */
#else
    print_message("skipped: this machine has one set of numbers\n");
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_every_number),
        cmocka_unit_test(test_foreign_numbers),
    };
    return cmocka_run_group_tests(tests, sandboxed_make, sandboxed_remove);
}
