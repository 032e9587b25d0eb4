/* A codec that a file has taken over, inside a decoder as the program starts it: it stands for
 * libsndfile, and makes a system call instead of opening the sound. */
#include "host/base/sandbox.h"
#include "host/sound/decoder.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <signal.h>
#include <sndfile.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define SOUND "tests/golden/formats/s16.flac"
#define SECRET "EARMARK_TEST_SECRET"
#define PROGRAM (-7777) /* stands for the process number of this program */
#define VICTIM 50       /* a file that this program has open for writing */
#define EXIT_SUCCEEDED 77
#define EXIT_OTHERWISE 78
#define HUGE (4L << 30) /* bytes: more than a decoder may map */

struct attack {
    const char *name;
    long number, arguments[6];
    int refused; /* with this errno, and not killed: the sound is then read as always */
};

static char bytes[256];
static struct iovec vector = {bytes, sizeof bytes};
static struct clone_args clone_arguments = {.exit_signal = SIGCHLD};
static struct sockaddr_in address = {.sin_family = AF_INET};
static uint64_t how[3];

static const struct attack *attack; /* decoders inherit it when they are started */
static pid_t program;
static SNDFILE *(*open_sound)(SF_VIRTUAL_IO *, int, SF_INFO *, void *);

SNDFILE *sf_open_virtual(SF_VIRTUAL_IO *stream, int mode, SF_INFO *info, void *context) {
    if (attack != NULL && getpid() != program) {
        long a[6];
        for (size_t i = 0; i < 6; i++)
            a[i] = attack->arguments[i] == PROGRAM ? (long)program : attack->arguments[i];
        if (syscall(attack->number, a[0], a[1], a[2], a[3], a[4], a[5]) >= 0) _exit(EXIT_SUCCEEDED);
        if (errno != attack->refused) _exit(EXIT_OTHERWISE);
        if (getenv(SECRET) != NULL || getenv("PATH") != NULL) _exit(EXIT_OTHERWISE);
    }
    return open_sound(stream, mode, info, context);
}

#define AT(pointer) ((long)(pointer))
#define WITH(...)                                                                                  \
    { __VA_ARGS__ }
#define EXECUTE (PROT_READ | PROT_EXEC)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static const struct attack attacks[] = {
#ifdef SYS_open
    {"open", SYS_open, WITH(AT("/etc/passwd"), O_RDONLY), EACCES},
    {"fork", SYS_fork, WITH(0), 0},
#endif
    {"openat", SYS_openat, WITH(AT_FDCWD, AT("/etc/passwd"), O_RDONLY), EACCES},
    {"openat2", SYS_openat2, WITH(AT_FDCWD, AT("/etc/passwd"), AT(how), sizeof how), 0},
    {"socket", SYS_socket, WITH(AF_INET, SOCK_STREAM, 0), 0},
    {"connect", SYS_connect, WITH(3, AT(&address), sizeof address), 0},
    {"execve", SYS_execve, WITH(AT("/bin/true"), 0, 0), 0},
    {"clone", SYS_clone, WITH(SIGCHLD), 0},
    {"clone3", SYS_clone3, WITH(AT(&clone_arguments), sizeof clone_arguments), 0},
    {"ptrace", SYS_ptrace, WITH(PTRACE_SEIZE, PROGRAM), 0},
    {"kill", SYS_kill, WITH(PROGRAM, 0), 0},
    {"tgkill", SYS_tgkill, WITH(PROGRAM, PROGRAM, 0), 0},
    {"process_vm_readv", SYS_process_vm_readv, WITH(PROGRAM, AT(&vector), 1, AT(&vector), 1), 0},
    {"process_vm_writev", SYS_process_vm_writev, WITH(PROGRAM, AT(&vector), 1, AT(&vector), 1), 0},
    {"io_uring_setup", SYS_io_uring_setup, WITH(1, AT(bytes)), 0},
    {"mmap, executable", SYS_mmap, WITH(0, 4096, EXECUTE, ANONYMOUS, -1, 0), 0},
    {"mprotect, executable", SYS_mprotect, WITH(0, 0, EXECUTE), 0},
    {"mmap, shared and huge", SYS_mmap,
     WITH(0, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
     ENOMEM},
    {"mmap, growing and huge", SYS_mmap,
     WITH(0, HUGE, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_GROWSDOWN | MAP_NORESERVE, -1, 0),
     ENOMEM},
    {"mmap, unwritable and huge", SYS_mmap,
     WITH(0, HUGE, PROT_READ, ANONYMOUS | MAP_NORESERVE, -1, 0), ENOMEM},
    {"memfd_create", SYS_memfd_create, WITH(AT("x"), 0), 0},
    {"write to a file", SYS_write, WITH(VICTIM, AT("x"), 1), 0},
    {"pwrite64 to a file", SYS_pwrite64, WITH(VICTIM, AT("x"), 1, 0), 0},
    {"write to the first descriptor", SYS_write, WITH(0, AT("x"), 1), 0},
    {"write to the standard error", SYS_write, WITH(STDERR_FILENO, AT("x"), 1), EACCES},
    {"sendto with an address", SYS_sendto, WITH(3, AT("x"), 1, 0, AT(&address), sizeof address), 0},
    {"sendmsg", SYS_sendmsg, WITH(3, AT(bytes)), 0},
    {"unlinkat", SYS_unlinkat, WITH(AT_FDCWD, AT("/nothing"), 0), 0},
    {"bpf", SYS_bpf, WITH(0, AT(bytes), sizeof bytes), 0},
};

static int begin(void **state) {
    (void)state;
    char name[] = "/tmp/earmark-victim.XXXXXX";
    program = getpid();
    setenv(SECRET, "a password", 1);
    int file = mkstemp(name);
    unlink(name);
    *(void **)&open_sound = dlsym(RTLD_NEXT, "sf_open_virtual");
    return file < 0 || dup2(file, VICTIM) != VICTIM || close(file) != 0 || open_sound == NULL;
}

/* What becomes of the sound. */
static void decode(struct verdict *verdict) {
    const struct decode_settings settings = {.model_rate = 16000};
    struct error error = ERROR_INITIAL;
    struct decoders *decoders = NULL;
    struct sound_source source;
    struct decoded decoded = {0};
    if (decoders_open(1, &decoders, &error) != ERROR_NONE) fail_msg("%s", error.message);
    sound_source_take(open(SOUND, SOUND_SOURCE_FLAGS), SOUND, &source, verdict, &error);
    assert_int_equal(error.code, ERROR_NONE);
    if (decoders_decode(decoders, 0, &source, &settings, &decoded, &error) != ERROR_NONE)
        fail_msg("%s", error.message);
    *verdict = decoded.verdict;
    sound_source_close(&source);
    decoded_free(&decoded);
    decoders_close(decoders);
}

static void test_attacks(void **state) {
    struct verdict verdict = {0};
    int wrong = 0;
    (void)state;
    if (!SANDBOX_BUILT || !sandbox_available().seccomp) {
        print_message("skipped: %s\n", SANDBOX_BUILT ? "this kernel has no seccomp"
                                                     : "builds with sanitizers have no sandbox");
        skip();
    }
    decode(&verdict);
    assert_int_equal(verdict.status, CLIP_OK);
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        attack = &attacks[i];
        decode(&verdict);
        const bool killed =
            verdict.status == CLIP_UNREADABLE && strstr(verdict.reason, "(SIGSYS)") != NULL;
        const bool right = attack->refused != 0 ? verdict.status == CLIP_OK : killed;
        wrong += !right;
        print_message("# %-30s | %s\n", attack->name,
                      killed                      ? "killed, SIGSYS"
                      : verdict.status == CLIP_OK ? "refused"
                                                  : verdict.reason);
    }
    attack = NULL;
    assert_int_equal(lseek(VICTIM, 0, SEEK_END), 0);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_attacks)};
    return cmocka_run_group_tests(tests, begin, NULL);
}
