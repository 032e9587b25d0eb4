#include "tests/support/injected_failures.h"

#include "host/base/run_watch.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS 4096
#define FILES 256

/* What forked processes share. */
struct shared {
    atomic_int calls;
    atomic_int file_count;
    struct {
        dev_t device;
        ino_t inode;
    } files[FILES]; /* that were opened in the plan's folder, the first ones */
};

static struct failure_plan plan;
static atomic_bool armed;
static struct shared *shared; /* NULL: not armed */
static pid_t owner;
static atomic_int looks_at_clock;
static atomic_int closed_twice;
static atomic_bool is_under[DESCRIPTORS]; /* the descriptor's file is in the plan's folder */

void failures_arm(const struct failure_plan *next) {
    armed = false;
    if (shared != NULL) munmap(shared, sizeof *shared);
    shared = NULL;
    looks_at_clock = 0;
    if (next == NULL) return;
    plan = *next;
    owner = getpid();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) abort();
    armed = true;
}

int failures_closed_twice(void) {
    return closed_twice;
}

int failures_count(void) {
    return shared == NULL ? 0 : shared->calls;
}

/* The C library's own function. */
#define REAL(name) ((__typeof__(&(name)))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    return found;
}

/* The file that says how a run stands is none of its results, and no run fails for it. */
static bool is_spared(const char *path) {
    static const char name[] = "/" RUN_STATUS_FILE;
    const char *slash = strrchr(path, '/');
    return slash != NULL && strncmp(slash, name, sizeof name - 1) == 0;
}

static bool path_is_under(const char *path) {
    size_t length = armed && !is_spared(path) ? strlen(plan.under) : 0;
    return length > 0 && strncmp(path, plan.under, length) == 0 &&
           (path[length] == '/' || path[length] == '\0');
}

/* The same for a name in an open folder. */
static bool name_is_under(int folder, const char *name) {
    char link[64], path[PATH_MAX + NAME_MAX + 2];
    if (!armed || folder == AT_FDCWD || name[0] == '/') return path_is_under(name);
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, path, PATH_MAX);
    if (length < 0) return false;
    if (strcmp(name, ".") == 0)
        path[length] = '\0';
    else
        snprintf(path + length, sizeof path - (size_t)length, "/%s", name);
    return path_is_under(path);
}

static bool descriptor_is_under(int descriptor) {
    return armed && descriptor >= 0 && descriptor < DESCRIPTORS && is_under[descriptor];
}

static void note_descriptor(int descriptor, bool under) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) is_under[descriptor] = under;
}

/* For a process that the descriptor is sent to. */
static void note_file(int descriptor) {
    struct stat status;
    if (!descriptor_is_under(descriptor) || fstat(descriptor, &status) != 0) return;
    int next = shared->file_count;
    if (next >= FILES) return;
    shared->files[next].device = status.st_dev;
    shared->files[next].inode = status.st_ino;
    shared->file_count = next + 1;
}

/* How this call fails: 0 (not at all) or the plan's kind. */
static int failure_of(enum failing_call call, bool under) {
    if (!under || (plan.calls & call) == 0) return 0;
    int number = ++shared->calls;
    bool hit = plan.at > 0 && (number == plan.at || (plan.sticky && number > plan.at));
    if (!hit) return 0;
    if (plan.kind == FAIL_KILL && call != FAIL_WRITE) kill(owner, SIGKILL);
    if (plan.kind == FAIL_SHORT_WRITE && call != FAIL_WRITE) return 0;
    return plan.kind;
}

/* Reserves address space until the limit, keeps it, and does not touch it. True: no limit below
 * 64 GiB. */
static bool take_memory(void) {
    const size_t piece = (size_t)64 << 20;
    void *last = MAP_FAILED;
    int pieces = 0;
    for (; pieces < 1024; pieces++) {
        void *next = mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (next == MAP_FAILED) break;
        last = next;
    }
    if (last != MAP_FAILED) munmap(last, piece);
    return pieces == 1024;
}

/* Without a system call that a decoder is refused. */
static void take_time(double seconds) {
    struct timespec began, now;
    REAL(clock_gettime)(CLOCK_MONOTONIC, &began);
    do REAL(clock_gettime)(CLOCK_MONOTONIC, &now);
    while ((double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) * 1e-9 <
           seconds);
}

/* True, with errno set, when the call must fail. */
static bool fails(enum failing_call call, bool under) {
    int kind = failure_of(call, under);
    if (kind == FAIL_CRASH) raise(SIGSEGV);
    volatile bool loops = kind == FAIL_LOOP;
    while (loops) {
    }
    if (kind == FAIL_SLOW) take_time(0.5);
    if (kind == FAIL_WAIT) sleep(60);
    if (kind == FAIL_MEMORY && !take_memory()) kind = ENOMEM;
    if (kind <= 0) return false;
    errno = kind;
    return true;
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    bool under = path_is_under(path);
    if (fails(FAIL_OPEN, under)) return -1;
    int descriptor = REAL(open)(path, flags, mode);
    note_descriptor(descriptor, under);
    note_file(descriptor);
    return descriptor;
}

int openat(int folder, const char *name, int flags, ...) {
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    bool under = name_is_under(folder, name);
    if (fails(FAIL_OPEN, under)) return -1;
    int descriptor = REAL(openat)(folder, name, flags, mode);
    note_descriptor(descriptor, under);
    note_file(descriptor);
    return descriptor;
}

/* openat2, which no C library has as a function. O_PATH opens nothing that is read. Weak: a test
 * may have its own. */
__attribute__((weak)) long syscall(long number, ...) {
    long values[6];
    va_list arguments;
    va_start(arguments, number);
    for (size_t i = 0; i < 6; i++) values[i] = va_arg(arguments, long);
    va_end(arguments);
    long (*const call)(long, ...) = REAL(syscall);
    const struct open_how *how = (const struct open_how *)values[2];
    bool opens = number == SYS_openat2 && (how->flags & O_PATH) == 0;
    bool under = opens && name_is_under((int)values[0], (const char *)values[1]);
    if (opens && fails(FAIL_OPEN, under)) return -1;
    long result = call(number, values[0], values[1], values[2], values[3], values[4], values[5]);
    if (opens) note_descriptor((int)result, under);
    if (opens) note_file((int)result);
    return result;
}

/* A descriptor that comes from another process is known by its file. */
ssize_t recvmsg(int descriptor, struct msghdr *message, int flags) {
    ssize_t got = REAL(recvmsg)(descriptor, message, flags);
    const struct cmsghdr *head = got < 0 ? NULL : CMSG_FIRSTHDR(message);
    struct stat status;
    int received;
    if (head == NULL || head->cmsg_type != SCM_RIGHTS) return got;
    memcpy(&received, CMSG_DATA(head), sizeof received);
    bool under = false;
    /* Not fstat(), which is another call in some C libraries. */
    if (armed && REAL(syscall)(SYS_fstat, received, &status) == 0)
        for (int i = 0; i < shared->file_count && i < FILES && !under; i++)
            under =
                shared->files[i].device == status.st_dev && shared->files[i].inode == status.st_ino;
    note_descriptor(received, under);
    return got;
}

ssize_t read(int descriptor, void *bytes, size_t size) {
    if (fails(FAIL_READ, descriptor_is_under(descriptor))) return -1;
    return REAL(read)(descriptor, bytes, size);
}

ssize_t pread(int descriptor, void *bytes, size_t size, off_t offset) {
    if (fails(FAIL_READ, descriptor_is_under(descriptor))) return -1;
    return REAL(pread)(descriptor, bytes, size, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t size) {
    int kind = failure_of(FAIL_WRITE, descriptor_is_under(descriptor));
    if (kind > 0) {
        errno = kind;
        return -1;
    }
    if (kind < 0) size = (size + 1) / 2;
    ssize_t written = REAL(write)(descriptor, bytes, size);
    if (kind == FAIL_KILL) kill(owner, SIGKILL);
    return written;
}

int fsync(int descriptor) {
    if (fails(FAIL_FSYNC, descriptor_is_under(descriptor))) return -1;
    return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
    if (fails(FAIL_FSYNC, descriptor_is_under(descriptor))) return -1;
    return REAL(fdatasync)(descriptor);
}

int close(int descriptor) {
    bool failing = fails(FAIL_CLOSE, descriptor_is_under(descriptor));
    int saved = errno;
    note_descriptor(descriptor, false);
    int result = REAL(close)(descriptor);
    if (result != 0 && errno == EBADF) closed_twice++;
    if (!failing) return result;
    errno = saved;
    return -1;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return fails(FAIL_RENAME, name_is_under(to_folder, to))
               ? -1
               : REAL(renameat)(from_folder, from, to_folder, to);
}

int unlinkat(int folder, const char *name, int flags) {
    return fails(FAIL_UNLINK, name_is_under(folder, name)) ? -1
                                                           : REAL(unlinkat)(folder, name, flags);
}

int mkdir(const char *path, mode_t mode) {
    return fails(FAIL_MKDIR, path_is_under(path)) ? -1 : REAL(mkdir)(path, mode);
}

int mkdirat(int folder, const char *name, mode_t mode) {
    return fails(FAIL_MKDIR, name_is_under(folder, name)) ? -1 : REAL(mkdirat)(folder, name, mode);
}

DIR *opendir(const char *path) {
    return fails(FAIL_LIST, path_is_under(path)) ? NULL : REAL(opendir)(path);
}

DIR *fdopendir(int descriptor) {
    return fails(FAIL_LIST, descriptor_is_under(descriptor)) ? NULL : REAL(fdopendir)(descriptor);
}

/* The C library closes the descriptor by a call of its own. */
int closedir(DIR *listing) {
    note_descriptor(dirfd(listing), false);
    return REAL(closedir)(listing);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = REAL(clock_gettime)(clock, time);
    if (result != 0 || clock != CLOCK_MONOTONIC || !armed || !(plan.tick > 0)) return result;
    double gained = plan.tick * ++looks_at_clock;
    time->tv_sec += (time_t)gained;
    time->tv_nsec += (long)((gained - (double)(time_t)gained) * 1e9);
    time->tv_sec += time->tv_nsec / 1000000000L;
    time->tv_nsec %= 1000000000L;
    return result;
}
