#include "host/review/server.h"

#include "host/base/progress.h"
#include "host/base/shell_word.h"
#include "host/base/stop.h"
#include "host/base/terminal.h"
#include "host/review/server_daemon.h"
#include "host/review/server_left.h"
#include "host/review/server_listen.h"
#include "host/review/server_page.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define TEND_MILLISECONDS 100
#define STOP_SECONDS 10 /* for sounds that are being decoded */

enum error_code review_available(struct error *error) {
    return server_daemon_available(error);
}

/* On standard output, where a script can take the address from. */
static enum error_code say_address(const struct server *server, struct error *error) {
    const struct review_settings *settings = server->settings;
    char host[256] = "HOST";
    struct text text = TEXT_INITIAL, name = TEXT_INITIAL;
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0') snprintf(host, 5, "HOST");
    shell_word(&name, host);
    text_format(&text, "http://127.0.0.1:%d/#%s\n", settings->port, server->token);
    text_format(&text, "ssh -L %d:", settings->port);
    if (settings->socket != NULL)
        shell_word(&text, settings->socket);
    else
        text_format(&text, "127.0.0.1:%d", settings->port);
    text_format(&text, " %s\n", name.failed ? "HOST" : name.data);
    if (text_check(&text, error) == ERROR_NONE) terminal_print(stdout, text.data);
    fflush(stdout);
    text_free(&text);
    text_free(&name);
    return error->code;
}

static void say_end(const struct server *server) {
    const struct decision_writer *writer = &server->writer;
    if (server->saved > 0)
        progress_message("%zu decisions saved in %s/%s", server->saved, server->out->path,
                         writer->name);
    else
        progress_message("no decision was made; %s is as it was", server->out->path);
}

/* Until a signal comes, which is no error here, or the run changes. */
static enum error_code wait_for_end(const struct server *server, struct server_daemon *daemon,
                                    struct error *error) {
    const struct timespec pause = {.tv_nsec = TEND_MILLISECONDS * 1000000L};
    struct error stopped = ERROR_INITIAL;
    while (stop_check(&stopped) == ERROR_NONE) {
        TRY(server_run_check(server, error));
        server_daemon_tend(daemon);
        nanosleep(&pause, NULL);
    }
    return ERROR_NONE;
}

static enum error_code answer_requests(struct server *server, struct error *error) {
    struct server_daemon *daemon = NULL;
    int descriptor = -1;
    TRY(server_listen(server->settings, &descriptor, error));
    if (server_daemon_start(server, descriptor, &daemon, error) != ERROR_NONE) {
        close(descriptor);
    } else {
        stop_allow(STOP_SECONDS);
        if (say_address(server, error) == ERROR_NONE) wait_for_end(server, daemon, error);
        server_cache_stop(server->cache);
        server_daemon_stop(daemon);
        say_end(server);
    }
    server_listen_end(server->settings);
    return error->code;
}

enum error_code review_serve(const struct folder *out, const struct review_settings *settings,
                             struct decoders *decoders, struct error *error) {
    struct server server = {.out = out, .settings = settings};
    if (server_run_open(&server, decoders, error) == ERROR_NONE &&
        server_page_make(&server, error) == ERROR_NONE &&
        server_left_open(&server, error) == ERROR_NONE)
        answer_requests(&server, error);
    server_run_close(&server);
    return error->code;
}
