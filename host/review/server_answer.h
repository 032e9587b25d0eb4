/* What the server answers, without anything of HTTP's transport: a request that was read, and the
 * answer's status, headers and bytes. Private to host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_ANSWER_H
#define EARMARK_REVIEW_SERVER_ANSWER_H

#include "host/review/server_run.h"

#define SERVER_BODY_MAXIMUM ((size_t)64 << 10)

enum server_method { METHOD_GET, METHOD_POST, METHOD_OTHER };

/* Texts are NULL where the request has none, or more than one of them. */
struct server_request {
    enum server_method method;
    const char *path; /* without the query, as it was sent */
    const char *host, *origin, *authorization, *content_type, *range;
    const char *order_by, *spot_count; /* of the query: by, n */
};

struct server_answer {
    unsigned status;
    const char *type; /* of the content: a literal */
    struct text own;  /* the bytes, or: */
    const void *data; /* (size) NULL: they are in `own` */
    size_t size;
    uint64_t first, total; /* with status 206: where they stand, of so many; 416: total */
    bool ranged;           /* parts of it can be asked for */
    const struct server_sound *sound; /* in use until the answer is closed */
};

/* Checks everything that a request must have before its body is looked at. `body` is then whether
 * it may have one: answer it by server_decide(). false: the answer is ready. Anything but a POST
 * that is allowed is answered at once. */
bool server_answer(struct server *server, const struct server_request *request,
                   struct server_answer *answer);

/* POST /decide: its body, of at most SERVER_BODY_MAXIMUM bytes. */
void server_decide(struct server *server, const char *body, size_t size,
                   struct server_answer *answer);

/* A text that says what is wrong, or JSON {"error":"..."}. */
void server_refuse(struct server_answer *answer, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void server_answer_close(struct server *server, struct server_answer *answer);

/* Whether the request has the token, or the key of its path: only who has them can keep others
 * waiting. */
bool server_is_authorized(const struct server *server, const struct server_request *request);

#endif
