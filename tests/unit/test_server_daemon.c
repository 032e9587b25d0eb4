/* Connections of the server that never come to the point: each ends in time, and others are
 * answered meanwhile. The limit is one second here. */
#include "host/base/clock.h"
#include "host/review/server_daemon.h"
#include "host/review/server_listen.h"
#include "tests/support/compare.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define SECONDS 1
#define TOKEN "0123456789abcdef0123456789abcdef"
#define LATEST 4.0 /* an end that takes longer is none; the machine may be busy */

static struct review_settings settings = {.reviewer = "anna", .seconds = SECONDS};
static struct server server;
static struct server_daemon *daemon_;

static int begin(void **state) {
    struct error error = ERROR_INITIAL;
    int descriptor = -1;
    (void)state;
    if (server_daemon_available(&error) != ERROR_NONE) return 0;
    server = (struct server){.settings = &settings};
    pthread_mutex_init(&server.lock, NULL);
    memcpy(server.token, TOKEN, sizeof server.token);
    memset(server.key, 'f', sizeof server.key - 1);
    text_string(&server.page, "the page");
    text_string(&server.issues, "{}");
    for (settings.port = 23000; settings.port < 23100 && descriptor < 0; settings.port++) {
        error = (struct error)ERROR_INITIAL;
        server_listen(&settings, &descriptor, &error);
    }
    settings.port--;
    return server_daemon_start(&server, descriptor, &daemon_, &error) == ERROR_NONE ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    server_daemon_stop(daemon_);
    daemon_ = NULL;
    text_free(&server.page);
    text_free(&server.issues);
    return 0;
}

static void need_library(void) {
    struct error error = ERROR_INITIAL;
    if (server_daemon_available(&error) == ERROR_NONE) return;
    puts("# SKIP built without libmicrohttpd");
    skip();
}

static int open_connection(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)settings.port)};
    const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(socket_ >= 0);
    assert_int_equal(connect(socket_, (const struct sockaddr *)&address, sizeof address), 0);
    return socket_;
}

/* What is sent to a connection that has ended goes nowhere. */
static void send_text(int socket_, const char *text) {
    if (send(socket_, text, strlen(text), MSG_NOSIGNAL) < 0) return;
}

static void send_head(int socket_, const char *first, const char *rest) {
    char head[1024];
    snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s", first, settings.port,
             rest);
    send_text(socket_, head);
}

/* Whether something came within so many seconds: *got bytes; 0 is the end. The server is tended
 * as its loop does it. */
static bool receive(int socket_, double seconds, char *bytes, size_t size, ssize_t *got) {
    const double start = clock_seconds();
    while (clock_seconds() - start < seconds) {
        struct pollfd wanted = {.fd = socket_, .events = POLLIN};
        server_daemon_tend(daemon_);
        if (poll(&wanted, 1, 50) <= 0) continue;
        *got = recv(socket_, bytes, size - 1, 0);
        bytes[*got > 0 ? *got : 0] = '\0';
        return true;
    }
    return false;
}

/* Reads an answer of that status, up to the end of the object that it holds. */
static void expect_status(int socket_, const char *status) {
    char bytes[4096] = "";
    size_t length = 0;
    ssize_t got = 0;
    while (strstr(bytes, "\r\n\r\n{") == NULL) {
        assert_true(receive(socket_, LATEST, bytes + length, sizeof bytes - length, &got));
        if (got <= 0) fail_msg("it ended after '%.200s'", bytes);
        length += (size_t)got;
    }
    if (length < 12 || strncmp(bytes + 9, status, 3) != 0) fail_msg("'%.200s'", bytes);
}

/* Sends a piece a fifth of a second for as long as nobody ends it, which must be in time. */
static void expect_end(int socket_, const char *piece) {
    const double start = clock_seconds();
    while (clock_seconds() - start < LATEST) {
        char bytes[4096] = "";
        ssize_t got = 0;
        if (receive(socket_, 0.2, bytes, sizeof bytes, &got) && got <= 0) {
            const double seconds = clock_seconds() - start;
            if (seconds < 0.5 * SECONDS) fail_msg("it ended after %.2f s", seconds);
            close(socket_);
            return;
        }
        send_text(socket_, piece);
    }
    fail_msg("it did not end");
}

#define WITH_TOKEN "Authorization: Bearer " TOKEN "\r\n"
#define ANNOUNCED                                                                                  \
    "Content-Type: application/json\r\nContent-Length: 60000\r\nOrigin: "                          \
    "http://127.0.0.1:%d\r\n\r\n"

static void test_a_slow_header(void **state) {
    (void)state;
    need_library();
    const int slow = open_connection();
    send_head(slow, "GET /issues.json", "X-Slow: ");
    expect_end(slow, "a");
}

static void test_nothing_at_all(void **state) {
    (void)state;
    need_library();
    expect_end(open_connection(), "");
}

/* It has the token, so it is not ended to make room for others. */
static void test_a_slow_body(void **state) {
    char rest[512];
    (void)state;
    need_library();
    const int slow = open_connection();
    snprintf(rest, sizeof rest, WITH_TOKEN ANNOUNCED, settings.port);
    send_head(slow, "POST /decide", rest);
    expect_end(slow, "x");
}

/* After an answer: nothing more, and a next request that never ends. */
static void test_idle_after_an_answer(void **state) {
    static const char *const pieces[] = {"", "a"};
    (void)state;
    need_library();
    for (size_t i = 0; i < 2; i++) {
        const int idle = open_connection();
        send_head(idle, "GET /issues.json", WITH_TOKEN "\r\n");
        expect_status(idle, "200");
        if (i == 1) send_head(idle, "GET /issues.json", "X-Slow: ");
        expect_end(idle, pieces[i]);
    }
}

/* A body that comes in pieces, but in time, is read; others are answered while slow ones wait. */
static void test_others_are_answered(void **state) {
    char rest[512];
    int slow[DAEMON_CONNECTIONS + 4];
    (void)state;
    need_library();
    for (size_t i = 0; i < DAEMON_CONNECTIONS + 4; i++) {
        slow[i] = open_connection();
        send_head(slow[i], "GET /", "X-Slow: ");
    }
    const int other = open_connection();
    send_head(other, "GET /issues.json", WITH_TOKEN "\r\n");
    expect_status(other, "200");
    snprintf(rest, sizeof rest,
             WITH_TOKEN "Content-Type: application/json\r\nContent-Length: 6\r\n"
                        "Origin: http://127.0.0.1:%d\r\n\r\n",
             settings.port);
    send_head(other, "POST /decide", rest);
    for (int i = 0; i < 3; i++) {
        usleep(100000);
        send_text(other, "[]");
    }
    expect_status(other, "400");
    close(other);
    for (size_t i = 0; i < DAEMON_CONNECTIONS + 4; i++) close(slow[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_slow_header, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_at_all, begin, end),
        cmocka_unit_test_setup_teardown(test_a_slow_body, begin, end),
        cmocka_unit_test_setup_teardown(test_idle_after_an_answer, begin, end),
        cmocka_unit_test_setup_teardown(test_others_are_answered, begin, end),
    };
    return cmocka_run_group_tests_name("server daemon", tests, NULL, NULL);
}
