/* What a request to the server of `earmark review` says, read from its text alone: nothing here
 * knows of connections. Whoever can reach the port sends what they like. */
#ifndef EARMARK_REVIEW_SERVER_REQUEST_H
#define EARMARK_REVIEW_SERVER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_KEY_SIZE 33 /* 32 hexadecimal digits, and the end */

enum request_route {
    ROUTE_NONE,
    ROUTE_PAGE,      /* / */
    ROUTE_ISSUES,    /* /issues.json */
    ROUTE_OVERVIEW,  /* /overview */
    ROUTE_DECISIONS, /* /decisions */
    ROUTE_ORDER,     /* /order?by=learn */
    ROUTE_LIKE,      /* /like/ROW/CLASS */
    ROUTE_SPOT,      /* /spot?n=50 */
    ROUTE_DECIDE,    /* /decide */
    ROUTE_CLIP,      /* /clip/KEY/ROW */
    ROUTE_PICTURE,   /* /spectrogram/KEY/ROW.png */
    ROUTE_MEDIA      /* /media/KEY/ROW.json */
};

struct request_target {
    enum request_route route;
    char key[REQUEST_KEY_SIZE]; /* of the last three routes */
    uint64_t row;               /* of them and of ROUTE_LIKE: not yet compared with the count */
    uint64_t class_index;
};

/* Reads the path of a request, without its query and not unescaped: "%2e" is no dot. Anything that
 * is not exactly one of the paths above is ROUTE_NONE. */
struct request_target request_read_path(const char *path);

/* Digits only, at most 15 of them. */
bool request_read_number(const char *text, uint64_t *number);

/* Whether the header Host names this computer and the port: "127.0.0.1:8477", "localhost:8477". A
 * name that another site has pointed here (DNS rebinding) is not right. */
bool request_host_is_right(const char *host, unsigned port);

/* Whether the page that sends the request is the one from that Host. */
bool request_origin_is_right(const char *origin, const char *host);

/* application/json, whatever parameters follow. */
bool request_is_json(const char *content_type);

/* Whether Authorization is "Bearer TOKEN". The time that this takes does not depend on how much of
 * the token is right. */
bool request_token_is_right(const char *authorization, const char token[REQUEST_KEY_SIZE]);
bool request_key_is_right(const char key[REQUEST_KEY_SIZE], const char right[REQUEST_KEY_SIZE]);

enum request_range {
    RANGE_NONE,   /* no header, several ranges, or not understood: all of it is sent */
    RANGE_PART,   /* these bytes */
    RANGE_OUTSIDE /* none of the bytes that there are */
};

/* Reads the header Range (NULL: none) for something of `size` bytes; of RANGE_PART *first <= *last
 * < size. */
enum request_range request_read_range(const char *range, uint64_t size, uint64_t *first,
                                      uint64_t *last);

#endif
