#include "tests/support/sandboxed.h"

#include "host/base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

char sandboxed_bytes[4096] = "some words\n";
void *sandboxed_page;
struct sockaddr_in sandboxed_internet = {.sin_family = AF_INET};
struct sockaddr_un sandboxed_abstract = {.sun_family = AF_UNIX};
static char folder[] = "/tmp/earmark-sandbox.XXXXXX";

static void put(int from, int to) {
    assert_int_equal(dup2(from, to), to);
    close(from);
}

int sandboxed_make(void **state) {
    int pair[2];
    struct rlimit none = {0, 0};
    socklen_t length = sizeof sandboxed_internet;
    (void)state;
    setrlimit(RLIMIT_CORE, &none); /* of those that are killed here */
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    int file = open("file", O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(file, sandboxed_bytes, sizeof sandboxed_bytes), sizeof sandboxed_bytes);
    put(file, FILE_RDWR);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    put(pair[0], PEER);
    put(pair[1], SOCKET);
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
    put(pair[0], OTHER_PEER);
    put(pair[1], OTHER_SOCKET);
    put(socket(AF_INET, SOCK_STREAM, 0), TCP);
    put(socket(AF_UNIX, SOCK_DGRAM, 0), UNIX_SOCKET);
    /* Who can be reached: a port of this machine, and a name without a file. */
    int server = socket(AF_INET, SOCK_STREAM, 0);
    sandboxed_internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(
        bind(server, (struct sockaddr *)&sandboxed_internet, sizeof sandboxed_internet), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&sandboxed_internet, &length), 0);
    assert_int_equal(listen(server, 100), 0);
    server = socket(AF_UNIX, SOCK_DGRAM, 0);
    snprintf(sandboxed_abstract.sun_path + 1, sizeof sandboxed_abstract.sun_path - 1, "%s", folder);
    assert_int_equal(
        bind(server, (struct sockaddr *)&sandboxed_abstract, sizeof sandboxed_abstract), 0);
    sandboxed_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return sandboxed_page == MAP_FAILED;
}

int sandboxed_remove(void **state) {
    (void)state;
    unlink("file");
    unlink("new");
    return chdir("/") != 0 || rmdir(folder) != 0;
}

void sandboxed_renew(void) {
    char thrown_away[16];
    unlink("new");
    rmdir("new");
    int file = open("file", O_RDWR | O_CREAT, 0600);
    assert_true(file >= 0);
    close(file);
    for (int socket = SOCKET; socket <= OTHER_PEER; socket++)
        while (recv(socket, thrown_away, sizeof thrown_away, MSG_DONTWAIT) >= 0) continue;
    assert_int_equal(send(OTHER_PEER, sandboxed_bytes, 1, MSG_DONTWAIT), 1);
}

void sandboxed_or_skip(void) {
    const char *why = NULL;
    if (!SANDBOX_BUILT) why = "builds with sanitizers have no sandbox";
    if (why == NULL && !sandbox_available().seccomp) why = "this kernel has no seccomp";
    if (why == NULL) return;
    print_message("skipped: %s\n", why);
    skip();
}

/* ---- processes ---- */

/* The call fails with ENOSYS (where its first argument is this, unless ANY_ARGUMENT): a kernel
 * without it. */
#define ANY_ARGUMENT UINT64_MAX
void sandboxed_take_away(int call, uint64_t first, int number) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const uint32_t action = SCMP_ACT_ERRNO((unsigned)number);
    int failed = filter == NULL;
    if (!failed)
        failed = seccomp_rule_add(filter, action, call, first == ANY_ARGUMENT ? 0 : 1,
                                  SCMP_A0(SCMP_CMP_EQ, first, 0));
    if (failed != 0 || seccomp_load(filter) != 0) _exit(251);
    seccomp_release(filter);
}

bool sandboxed_enter(enum surroundings surroundings) {
    alarm(20);
    if (surroundings == LANDLOCK_ALONE)
        sandboxed_take_away(SCMP_SYS(seccomp), SECCOMP_GET_ACTION_AVAIL, ENOSYS);
    return surroundings == OPEN || sandbox_enter(SOCKET);
}

/* How a process ended: 0, the errno with which it exited, or minus a signal. */
int sandboxed_end(pid_t child) {
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

const char *sandboxed_words(int end, char *buffer, size_t size) {
    if (end == 0) return "works";
    if (end > 0)
        snprintf(buffer, size, "refused, %s", strerrorname_np(end));
    else
        snprintf(buffer, size, "killed, SIG%s", sigabbrev_np(-end));
    return buffer;
}
