#include "host/review/server_daemon.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/report/page_web.h"
#include "host/review/server_answer.h"

#ifndef HAVE_MICROHTTPD

enum error_code server_daemon_available(struct error *error) {
    return FAIL(error, ERROR_UNSUPPORTED,
                "this earmark was built without libmicrohttpd, which earmark review needs; install "
                "it (Debian: libmicrohttpd-dev) and build earmark again");
}

enum error_code server_daemon_start(struct server *server, int descriptor,
                                    struct server_daemon **daemon, struct error *error) {
    (void)server, (void)descriptor, (void)daemon;
    return server_daemon_available(error);
}

void server_daemon_tend(struct server_daemon *daemon) {
    (void)daemon;
}

void server_daemon_stop(struct server_daemon *daemon) {
    (void)daemon;
}

#else

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* Some more than are served: those that are being ended have places, too. */
#define PLACES (DAEMON_CONNECTIONS + 8)
#define CONNECTION_MEMORY ((size_t)32 << 10) /* for the headers of a request */
#define BLOCK ((size_t)64 << 10)

struct connection {
    int socket;   /* -1: the place is free */
    double since; /* when it came; with the token: when its request began, or the last one ended */
    bool authorized; /* it has sent a request with the token */
    bool busy;       /* a request is under way, from its last header to the end of its answer */
    bool receiving;  /* of which the body is still to come */
    bool ending;
};

struct server_daemon {
    struct server *server;
    int seconds; /* DAEMON_SECONDS, but for tests */
    struct MHD_Daemon *http;
    char *policy;         /* Content-Security-Policy of the page */
    pthread_mutex_t lock; /* for the places */
    struct connection places[PLACES];
};

/* A request under way. */
struct exchange {
    struct text body;
};

enum error_code server_daemon_available(struct error *error) {
    return error->code;
}

/* ---- connections ---- */

static void end_connection(struct connection *connection) {
    connection->ending = true;
    shutdown(connection->socket, SHUT_RDWR); /* its thread does the rest */
}

/* Ends a connection where there are too many: the oldest that never had the token, so that whoever
 * opens many and says nothing keeps no reviewer out; else the oldest that is idle; else this one.
 */
static void make_place(struct server_daemon *daemon, struct connection *newest) {
    struct connection *oldest = NULL, *idle = NULL;
    size_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        struct connection *other = &daemon->places[i];
        if (other->socket < 0 || other->ending) continue;
        count++;
        if (other == newest) continue;
        if (!other->authorized && (oldest == NULL || other->since < oldest->since)) oldest = other;
        if (!other->busy && (idle == NULL || other->since < idle->since)) idle = other;
    }
    if (count <= DAEMON_CONNECTIONS) return;
    end_connection(oldest != NULL ? oldest : idle != NULL ? idle : newest);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code) {
    struct server_daemon *daemon = context;
    pthread_mutex_lock(&daemon->lock);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED && *place != NULL) {
        ((struct connection *)*place)->socket = -1;
    } else if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        size_t i = 0;
        while (i < PLACES && daemon->places[i].socket >= 0) i++;
        if (i < PLACES && info != NULL) { /* there is: the library has the same limit */
            daemon->places[i] =
                (struct connection){.socket = info->connect_fd, .since = clock_seconds()};
            *place = &daemon->places[i];
            make_place(daemon, &daemon->places[i]);
        }
    }
    pthread_mutex_unlock(&daemon->lock);
}

static struct connection *place_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

/* A request begins, or its answer has ended. */
static void mark(struct server_daemon *daemon, struct MHD_Connection *connection, bool busy,
                 bool receiving, bool authorized) {
    struct connection *place = place_of(connection);
    if (place == NULL) return;
    pthread_mutex_lock(&daemon->lock);
    place->busy = busy;
    place->receiving = receiving;
    if (authorized) place->authorized = true;
    if (place->authorized) place->since = clock_seconds();
    pthread_mutex_unlock(&daemon->lock);
}

static void mark_received(struct server_daemon *daemon, struct MHD_Connection *connection) {
    struct connection *place = place_of(connection);
    if (place == NULL) return;
    pthread_mutex_lock(&daemon->lock);
    place->receiving = false;
    pthread_mutex_unlock(&daemon->lock);
}

/* Whoever has the token may take as long as he likes to be answered, but not to ask: the library's
 * own limit starts anew with each byte. */
static bool is_too_slow(const struct server_daemon *daemon, const struct connection *place,
                        double now) {
    const bool waits = !place->authorized || !place->busy || place->receiving;
    return waits && now - place->since > daemon->seconds;
}

void server_daemon_tend(struct server_daemon *daemon) {
    const double now = clock_seconds();
    pthread_mutex_lock(&daemon->lock);
    for (size_t i = 0; i < PLACES; i++) {
        struct connection *place = &daemon->places[i];
        if (place->socket >= 0 && !place->ending && is_too_slow(daemon, place, now))
            end_connection(place);
    }
    pthread_mutex_unlock(&daemon->lock);
}

/* ---- requests ---- */

/* A header or a value of the query, which must be there once. */
struct only {
    const char *name, *value;
    unsigned count;
};

static enum MHD_Result find_only(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value) {
    struct only *only = context;
    (void)kind;
    if (strcasecmp(name, only->name) != 0) return MHD_YES;
    only->count++;
    only->value = value;
    return MHD_YES;
}

static const char *only_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                              const char *name) {
    struct only only = {.name = name};
    MHD_get_connection_values(connection, kind, find_only, &only);
    return only.count == 1 ? only.value : NULL;
}

static struct server_request read_request(struct MHD_Connection *connection, const char *path,
                                          const char *method) {
    const bool is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    const bool whole = only_value(connection, MHD_HEADER_KIND, "If-Range") != NULL;
    return (struct server_request){
        .method = is_get                        ? METHOD_GET
                  : strcmp(method, "POST") == 0 ? METHOD_POST
                                                : METHOD_OTHER,
        .path = path,
        .host = only_value(connection, MHD_HEADER_KIND, "Host"),
        .origin = only_value(connection, MHD_HEADER_KIND, "Origin"),
        .authorization = only_value(connection, MHD_HEADER_KIND, "Authorization"),
        .content_type = only_value(connection, MHD_HEADER_KIND, "Content-Type"),
        .range = whole ? NULL : only_value(connection, MHD_HEADER_KIND, "Range"),
        .order_by = only_value(connection, MHD_GET_ARGUMENT_KIND, "by"),
        .spot_count = only_value(connection, MHD_GET_ARGUMENT_KIND, "n"),
    };
}

/* Whether a body is announced that is too long, or of no sensible length. */
static bool is_too_long(struct MHD_Connection *connection) {
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    uint64_t bytes = 0;
    return length != NULL && (!request_read_number(length, &bytes) || bytes > SERVER_BODY_MAXIMUM);
}

/* ---- answers ---- */

struct sending {
    struct server *server;
    struct server_answer answer;
    const char *data;
    size_t size;
};

static ssize_t send_block(void *context, uint64_t position, char *buffer, size_t most) {
    const struct sending *sending = context;
    if (position >= sending->size) return MHD_CONTENT_READER_END_OF_STREAM;
    const size_t left = sending->size - (size_t)position;
    const size_t count = left < most ? left : most;
    memcpy(buffer, sending->data + position, count);
    return (ssize_t)count;
}

static void end_sending(void *context) {
    struct sending *sending = context;
    server_answer_close(sending->server, &sending->answer);
    free(sending);
}

static void add_headers(const struct server_daemon *daemon, struct MHD_Response *response,
                        const struct server_answer *answer) {
    static const char *const always[][2] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"},
    };
    char range[96];
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        MHD_add_response_header(response, always[i][0], always[i][1]);
    MHD_add_response_header(response, "Content-Type", answer->type);
    MHD_add_response_header(response, "Content-Security-Policy", daemon->policy);
    if (answer->ranged) MHD_add_response_header(response, "Accept-Ranges", "bytes");
    if (answer->status == 206)
        snprintf(range, sizeof range, "bytes %llu-%llu/%llu", (unsigned long long)answer->first,
                 (unsigned long long)(answer->first + answer->size - 1),
                 (unsigned long long)answer->total);
    else
        snprintf(range, sizeof range, "bytes */%llu", (unsigned long long)answer->total);
    if (answer->status == 206 || answer->status == 416)
        MHD_add_response_header(response, "Content-Range", range);
    if (answer->status == 405) MHD_add_response_header(response, "Allow", "GET, HEAD, POST");
    if (answer->status == 401) MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
}

/* Sends it, and closes it then or when that cannot be done. */
static enum MHD_Result send_answer(const struct server_daemon *daemon,
                                   struct MHD_Connection *connection,
                                   struct server_answer *answer) {
    struct sending *sending = malloc(sizeof *sending);
    if (sending == NULL || answer->own.failed) {
        free(sending);
        server_answer_close(daemon->server, answer);
        return MHD_NO;
    }
    *sending = (struct sending){.server = daemon->server,
                                .answer = *answer,
                                .data = answer->data != NULL ? answer->data : answer->own.data,
                                .size = answer->data != NULL ? answer->size : answer->own.length};
    struct MHD_Response *response =
        MHD_create_response_from_callback(sending->size, BLOCK, send_block, sending, end_sending);
    if (response == NULL) {
        end_sending(sending);
        return MHD_NO;
    }
    add_headers(daemon, response, answer);
    const enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response); /* the connection has its own share of it */
    return queued;
}

/* The first call for a request: its headers are there. What may not have a body is refused before
 * any of it is read. */
static enum MHD_Result begin(struct server_daemon *daemon, struct MHD_Connection *connection,
                             const struct server_request *request, void **context) {
    struct server_answer answer = {.status = 0};
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) return MHD_NO;
    *context = exchange;
    mark(daemon, connection, true, request->method != METHOD_GET,
         server_is_authorized(daemon->server, request));
    if (request->method == METHOD_GET) return MHD_YES;
    if (!server_answer(daemon->server, request, &answer))
        return send_answer(daemon, connection, &answer);
    if (!is_too_long(connection)) return MHD_YES;
    server_refuse(&answer, 413, "a request has at most %zu bytes", SERVER_BODY_MAXIMUM);
    return send_answer(daemon, connection, &answer);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *count, void **under_way) {
    struct server_daemon *daemon = context;
    struct server_answer answer = {.status = 0};
    const struct server_request request = read_request(connection, path, method);
    struct exchange *exchange = *under_way;
    (void)version;
    if (exchange == NULL) return begin(daemon, connection, &request, under_way);
    if (*count > 0) {
        if (request.method != METHOD_POST || exchange->body.length + *count > SERVER_BODY_MAXIMUM)
            return MHD_NO; /* the connection ends */
        text_append(&exchange->body, bytes, *count);
        *count = 0;
        return MHD_YES;
    }
    mark_received(daemon, connection);
    if (request.method == METHOD_GET)
        server_answer(daemon->server, &request, &answer);
    else if (exchange->body.failed)
        return MHD_NO;
    else
        server_decide(daemon->server, exchange->body.length == 0 ? "" : exchange->body.data,
                      exchange->body.length, &answer);
    return send_answer(daemon, connection, &answer);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **under_way,
                         enum MHD_RequestTerminationCode code) {
    struct exchange *exchange = *under_way;
    (void)code;
    if (exchange == NULL) return;
    text_free(&exchange->body);
    free(exchange);
    *under_way = NULL;
    mark(context, connection, false, false, false);
}

/* Nothing is unescaped: no path that is served has anything to unescape. */
static size_t keep_escaped(void *context, struct MHD_Connection *connection, char *text) {
    (void)context, (void)connection;
    return strlen(text);
}

/* ---- the daemon ---- */

static char *make_policy(struct error *error) {
    struct text policy = TEXT_INITIAL;
    char *copy = NULL;
    text_format(&policy,
                "default-src 'none'; script-src '%s'; style-src '%s'; img-src 'self' data:; "
                "media-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'",
                page_script_hash, page_style_hash);
    if (text_check(&policy, error) == ERROR_NONE) copy = memory_string(policy.data, error);
    text_free(&policy);
    return copy;
}

static struct MHD_Daemon *start(struct server_daemon *daemon, int descriptor) {
    return MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
            MHD_USE_ITC,
        0, NULL, NULL, on_request, daemon, MHD_OPTION_LISTEN_SOCKET, descriptor,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)PLACES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)daemon->seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, daemon, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, daemon, MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

enum error_code server_daemon_start(struct server *server, int descriptor,
                                    struct server_daemon **started, struct error *error) {
    struct server_daemon *daemon = memory_array(1, sizeof *daemon, "the server", error);
    if (daemon == NULL) return error->code;
    daemon->server = server;
    daemon->seconds = server->settings->seconds > 0 ? server->settings->seconds : DAEMON_SECONDS;
    pthread_mutex_init(&daemon->lock, NULL);
    for (size_t i = 0; i < PLACES; i++) daemon->places[i].socket = -1;
    daemon->policy = make_policy(error);
    if (daemon->policy != NULL) daemon->http = start(daemon, descriptor);
    if (daemon->http == NULL) {
        FAIL(error, ERROR_FILE, "the server cannot be started; are there too many threads?");
        server_daemon_stop(daemon);
        return error->code;
    }
    *started = daemon;
    return ERROR_NONE;
}

void server_daemon_stop(struct server_daemon *daemon) {
    if (daemon == NULL) return;
    if (daemon->http != NULL) MHD_stop_daemon(daemon->http);
    pthread_mutex_destroy(&daemon->lock);
    free(daemon->policy);
    free(daemon);
}

#endif
