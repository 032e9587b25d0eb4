#include "host/base/sandbox.h"

#include "host/base/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Landlock: no file, no folder, no address, nobody else ---- */

/* Of linux/landlock.h, which may be older than the kernel. Each version of the interface adds
 * rights to those of the one before. */
#define LANDLOCK_VERSION 1U
struct landlock_rights {
    uint64_t files, net, scopes;
};
static const struct landlock_rights rights_since[] = {
    [1] = {.files = (UINT64_C(1) << 13) - 1},              /* read, write, execute, make, remove */
    [2] = {.files = UINT64_C(1) << 13},                    /* move to another folder */
    [3] = {.files = UINT64_C(1) << 14},                    /* truncate */
    [4] = {.net = UINT64_C(1) << 0 | UINT64_C(1) << 1},    /* bind and connect TCP */
    [5] = {.files = UINT64_C(1) << 15},                    /* ioctl of devices */
    [6] = {.scopes = UINT64_C(1) << 0 | UINT64_C(1) << 1}, /* abstract sockets, signals */
};

static int landlock_version(void) {
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
    return version < 1 ? 0 : (int)version;
}

/* A ruleset that handles every right and grants none. */
static bool shut_files(int version) {
    struct landlock_rights handled = {0, 0, 0};
    /* An older kernel refuses a longer structure unless the rest of it is zero, as it is here. */
    for (size_t i = 1; i < COUNT(rights_since) && i <= (size_t)version; i++) {
        handled.files |= rights_since[i].files;
        handled.net |= rights_since[i].net;
        handled.scopes |= rights_since[i].scopes;
    }
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0U);
    if (rules < 0) return false;
    long failed = syscall(SYS_landlock_restrict_self, rules, 0U);
    int reason = errno;
    close(rules);
    errno = reason;
    return failed == 0;
}

/* ---- seccomp: the system calls that remain ---- */

/* An argument that is an int to the kernel, whatever is in the upper half of its register. */
#define INT_IS(argument, value)                                                                    \
    SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, UINT32_MAX, (uint32_t)(value))
#define NO_BITS(argument, mask) SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, 0)

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(futex),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(restart_syscall),
    /* Without a clock that can be read in user space, the C library asks the kernel; libsndfile
     * makes a random number of the time. */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
};

/* Refused, and not the end of the process: the C library calls these by itself, to look up locales,
 * buffers of streams and the number of processors, and goes on without. Those that end in "at" and
 * have a plain form in this list are for machines that lack the plain form (arm64). */
static const int refused[] = {
    SCMP_SYS(openat),     SCMP_SYS(open),
    SCMP_SYS(newfstatat), SCMP_SYS(ioctl),
    SCMP_SYS(readlink),   SCMP_SYS(readlinkat),
    SCMP_SYS(access),     SCMP_SYS(faccessat),
    SCMP_SYS(fcntl),      SCMP_SYS(sched_getaffinity),
};

/* Adds every rule; 0 or a negative errno. libseccomp gives a call that this machine does not
 * have a negative number, which is no call's, and adds a rule for that. */
static int add_rules(scmp_filter_ctx filter, int socket) {
    const struct {
        int call;
        unsigned count;
        struct scmp_arg_cmp arguments[2];
    } bounded[] = {
        {SCMP_SYS(mmap), 1, {NO_BITS(2, PROT_EXEC)}},
        {SCMP_SYS(mprotect), 1, {NO_BITS(2, PROT_EXEC)}},
        /* From here on, advice is about the machine's memory and not the process's. */
        {SCMP_SYS(madvise), 1, {SCMP_CMP(2, SCMP_CMP_LT, MADV_HWPOISON, 0)}},
        {SCMP_SYS(recvmsg), 1, {INT_IS(0, socket)}},
        {SCMP_SYS(recvfrom), 1, {INT_IS(0, socket)}},
        {SCMP_SYS(sendto), 2, {INT_IS(0, socket), SCMP_CMP(4, SCMP_CMP_EQ, 0, 0)}},
        {SCMP_SYS(prlimit64), 2, {INT_IS(0, 0), INT_IS(1, RLIMIT_CPU)}},
        {SCMP_SYS(tgkill), 1, {INT_IS(0, getpid())}}, /* abort() */
    };
    /* What libraries say on the standard error (mpg123 does, of damaged files) goes nowhere. */
    const int says[] = {SCMP_SYS(write), SCMP_SYS(writev)};
    int failed = 0;
    for (size_t i = 0; i < COUNT(allowed) && failed == 0; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < COUNT(bounded) && failed == 0; i++)
        failed = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, bounded[i].call, bounded[i].count,
                                        bounded[i].arguments);
    for (size_t i = 0; i < COUNT(refused) && failed == 0; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    for (size_t i = 0; i < COUNT(says) && failed == 0; i++)
        failed =
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), says[i], 1, INT_IS(0, STDERR_FILENO));
    return failed;
}

static bool has_seccomp(void) {
    const uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &action) == 0;
}

static bool shut_calls(int socket) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failed = filter == NULL ? -ENOMEM : 0;
    /* Calls by the numbers of another architecture: 32 bits, x32. */
    if (failed == 0)
        failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (failed == 0) failed = add_rules(filter, socket);
    if (failed == 0) failed = seccomp_load(filter);
    if (filter != NULL) seccomp_release(filter);
    if (failed != 0) errno = -failed;
    return failed == 0;
}

/* ---- both ---- */

struct sandbox_layers sandbox_available(void) {
    char byte;
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    struct sandbox_layers layers = {
        .seccomp = SANDBOX_BUILT && has_seccomp(),
        .landlock = SANDBOX_BUILT ? landlock_version() : 0,
        .memory_limit = file >= 0 && read(file, &byte, 1) == 1,
    };
    if (file >= 0) close(file);
    return layers;
}

void sandbox_report(bool quiet) {
    const struct sandbox_layers layers = sandbox_available();
    if (quiet || !SANDBOX_BUILT || (layers.seccomp && layers.landlock > 0)) return;
    if (layers.seccomp)
        progress_message("earmark: this kernel has no Landlock; the processes that decode are shut "
                         "in by seccomp alone");
    else
        progress_message("earmark: this kernel has no seccomp%s: a sound that takes over a codec "
                         "%s; give it no sounds of strangers, or use a kernel that has it",
                         layers.landlock > 0 ? "" : " and no Landlock",
                         layers.landlock > 0 ? "can open connections" : "can do what you can");
}

bool sandbox_enter(int socket) {
    if (!SANDBOX_BUILT) return true;
    const int landlock = landlock_version();
    const bool seccomp = has_seccomp(); /* asked first: the filter refuses to be asked */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return false;
    if (landlock > 0 && !shut_files(landlock)) return false;
    return !seccomp || shut_calls(socket);
}

void sandbox_scrub_environment(void) {
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
        explicit_bzero(*entry, strlen(*entry));
    clearenv();
}
