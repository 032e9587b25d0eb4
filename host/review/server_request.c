#include "host/review/server_request.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define HEXADECIMAL "0123456789abcdef"
#define NUMBER_DIGITS 15 /* any such number fits a double exactly, and a uint64_t */
#define HOST_SIZE 32

/* Takes a number at *text; false, and nothing taken, when none is there or it has too many
 * digits. */
static bool take_number(const char **text, uint64_t *number) {
    const size_t length = strspn(*text, DIGITS);
    uint64_t value = 0;
    if (length == 0 || length > NUMBER_DIGITS) return false;
    for (size_t i = 0; i < length; i++) value = value * 10 + (uint64_t)((*text)[i] - '0');
    *number = value;
    *text += length;
    return true;
}

bool request_read_number(const char *text, uint64_t *number) {
    return take_number(&text, number) && *text == '\0';
}

static bool take_prefix(const char **text, const char *prefix) {
    const size_t length = strlen(prefix);
    if (strncmp(*text, prefix, length) != 0) return false;
    *text += length;
    return true;
}

/* KEY/ROW, and the ending. */
static bool read_media(const char *rest, const char *ending, struct request_target *target) {
    if (strspn(rest, HEXADECIMAL) != REQUEST_KEY_SIZE - 1) return false;
    memcpy(target->key, rest, REQUEST_KEY_SIZE - 1);
    rest += REQUEST_KEY_SIZE - 1;
    return take_prefix(&rest, "/") && take_number(&rest, &target->row) && strcmp(rest, ending) == 0;
}

static bool read_like(const char *rest, struct request_target *target) {
    return take_number(&rest, &target->row) && take_prefix(&rest, "/") &&
           take_number(&rest, &target->class_index) && *rest == '\0';
}

struct request_target request_read_path(const char *path) {
    static const struct {
        const char *path;
        enum request_route route;
    } whole[] = {{"/", ROUTE_PAGE},
                 {"/issues.json", ROUTE_ISSUES},
                 {"/spot", ROUTE_SPOT},
                 {"/overview", ROUTE_OVERVIEW},
                 {"/decisions", ROUTE_DECISIONS},
                 {"/order", ROUTE_ORDER},
                 {"/decide", ROUTE_DECIDE}};
    static const struct {
        const char *prefix, *ending;
        enum request_route route;
    } media[] = {{"/clip/", "", ROUTE_CLIP},
                 {"/spectrogram/", ".png", ROUTE_PICTURE},
                 {"/media/", ".json", ROUTE_MEDIA}};
    struct request_target target = {.route = ROUTE_NONE};
    const char *rest = path;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (strcmp(path, whole[i].path) == 0) target.route = whole[i].route;
    if (take_prefix(&rest, "/like/") && read_like(rest, &target)) target.route = ROUTE_LIKE;
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++) {
        rest = path;
        if (take_prefix(&rest, media[i].prefix) && read_media(rest, media[i].ending, &target))
            target.route = media[i].route;
    }
    return target;
}

bool request_host_is_right(const char *host, unsigned port) {
    static const char *const names[] = {"127.0.0.1", "localhost"};
    char right[HOST_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(right, sizeof right, "%s:%u", names[i], port);
        if (strcasecmp(host, right) == 0) return true;
    }
    return false;
}

bool request_origin_is_right(const char *origin, const char *host) {
    return take_prefix(&origin, "http://") && strcasecmp(origin, host) == 0;
}

bool request_is_json(const char *content_type) {
    static const char json[] = "application/json";
    const size_t length = sizeof json - 1;
    if (strncasecmp(content_type, json, length) != 0) return false;
    const char next = content_type[length];
    return next == '\0' || next == ';' || next == ' ';
}

/* Looks at every byte, whatever the first ones are. */
bool request_key_is_right(const char key[REQUEST_KEY_SIZE], const char right[REQUEST_KEY_SIZE]) {
    volatile unsigned different = 0;
    for (size_t i = 0; i < REQUEST_KEY_SIZE; i++)
        different |= (unsigned)(unsigned char)key[i] ^ (unsigned)(unsigned char)right[i];
    return different == 0;
}

bool request_token_is_right(const char *authorization, const char token[REQUEST_KEY_SIZE]) {
    if (!take_prefix(&authorization, "Bearer ") || strlen(authorization) != REQUEST_KEY_SIZE - 1)
        return false;
    return request_key_is_right(authorization, token);
}

/* ---- Range ---- */

/* "-N": the last N bytes. */
static enum request_range read_suffix(const char *text, uint64_t size, uint64_t *first,
                                      uint64_t *last) {
    uint64_t count;
    if (!request_read_number(text, &count)) return RANGE_NONE;
    if (count == 0 || size == 0) return RANGE_OUTSIDE;
    *first = count > size ? 0 : size - count;
    *last = size - 1;
    return RANGE_PART;
}

enum request_range request_read_range(const char *range, uint64_t size, uint64_t *first,
                                      uint64_t *last) {
    if (range == NULL || !take_prefix(&range, "bytes=")) return RANGE_NONE;
    if (take_prefix(&range, "-")) return read_suffix(range, size, first, last);
    uint64_t from, to = UINT64_MAX;
    if (!take_number(&range, &from) || !take_prefix(&range, "-")) return RANGE_NONE;
    if (*range != '\0' && !request_read_number(range, &to)) return RANGE_NONE;
    if (to < from) return RANGE_NONE;
    if (from >= size) return RANGE_OUTSIDE;
    *first = from;
    *last = to < size ? to : size - 1;
    return RANGE_PART;
}
