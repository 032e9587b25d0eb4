#include "host/review/server_answer.h"

#include "host/review/server_json.h"
#include "host/review/server_left.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_JSON "application/json"
#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_PAGE "text/html; charset=utf-8"
#define SPOT_MAXIMUM 1000
#define LIKE_MOST 12
#define BEYOND_PLACES ((size_t)200)

void server_refuse(struct server_answer *answer, unsigned status, const char *format, ...) {
    char message[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    error_vformat(message, sizeof message, format, arguments);
    va_end(arguments);
    answer->status = status;
    answer->type = TYPE_JSON;
    answer->ranged = false;
    answer->data = NULL;
    text_clear(&answer->own);
    text_string(&answer->own, "{\"error\":");
    text_json(&answer->own, message);
    text_string(&answer->own, "}\n");
}

/* What went wrong here, not in the request. */
static void refuse_failure(struct server_answer *answer, const struct error *error) {
    const bool ends = error->code == ERROR_STOPPED;
    server_refuse(answer, ends || error->code == ERROR_MEMORY ? 503 : 500, "%s", error->message);
}

void server_answer_close(struct server *server, struct server_answer *answer) {
    if (answer->sound != NULL) server_cache_release(server->cache, answer->sound);
    text_free(&answer->own);
    *answer = (struct server_answer){0};
}

/* ---- sounds ---- */

static void answer_part(const struct server_request *request, struct server_answer *answer) {
    uint64_t first, last;
    answer->total = answer->size;
    answer->ranged = true;
    switch (request_read_range(request->range, answer->size, &first, &last)) {
    case RANGE_NONE: return;
    case RANGE_OUTSIDE: server_refuse(answer, 416, "there are no such bytes"); return;
    case RANGE_PART: break;
    }
    answer->status = 206;
    answer->first = first;
    answer->data = (const char *)answer->data + first;
    answer->size = (size_t)(last - first + 1);
}

static void answer_sound(struct server *server, const struct request_target *target,
                         const struct server_request *request, struct server_answer *answer) {
    struct error error = ERROR_INITIAL;
    const struct server_sound *sound =
        server_cache_take(server->cache, (size_t)target->row, &error);
    answer->sound = sound;
    if (sound == NULL) {
        refuse_failure(answer, &error);
    } else if (!sound->readable) {
        server_refuse(answer, 404, "%s", sound->reason);
    } else if (target->route == ROUTE_MEDIA) {
        answer->type = TYPE_JSON;
        answer->data = sound->facts.data;
        answer->size = sound->facts.length;
    } else if (target->route == ROUTE_PICTURE && sound->picture_size == 0) {
        server_refuse(answer, 404, "there is no picture of this sound");
    } else if (target->route == ROUTE_PICTURE) {
        answer->type = "image/png";
        answer->data = sound->picture;
        answer->size = sound->picture_size;
    } else {
        answer->type = sound->type;
        answer->data = sound->data;
        answer->size = sound->size;
        answer_part(request, answer);
    }
}

/* ---- lists ---- */

/* Leaves out the clip that a spot check would ask for next: a draw that began with what the order
 * has found would be no random choice (server_left.c counts it as far as it is answered). */
static void leave_next_of_draw(struct server *server, size_t *rows, size_t *count) {
    size_t next, kept = 0;
    pthread_mutex_lock(&server->lock);
    const size_t drawn = server_left_spot(server, &next, 1);
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < *count; i++)
        if (drawn == 0 || rows[i] != next) rows[kept++] = rows[i];
    *count = kept;
}

/* The order, of which clips that are not flagged are only among the first, and these clips, which
 * the page does not know. */
static void write_order(struct server *server, const size_t *rows, size_t count, struct text *json,
                        struct error *error) {
    const char *cut = "";
    text_string(json, ",\"order\":[");
    for (size_t i = 0; i < count; i++) {
        if (i >= BEYOND_PLACES && server_run_issue(server, rows[i]) == SIZE_MAX) continue;
        text_format(json, "%s%zu", cut, rows[i]);
        cut = ",";
    }
    text_string(json, "],\"clips\":[");
    cut = "";
    pthread_mutex_lock(&server->lock); /* the data of the review is for one thread at a time */
    for (size_t i = 0; i < count && i < BEYOND_PLACES && error->code == ERROR_NONE; i++) {
        if (server_run_issue(server, rows[i]) != SIZE_MAX) continue;
        text_string(json, cut);
        review_data_found(server->data, rows[i], json, error);
        cut = ",";
    }
    pthread_mutex_unlock(&server->lock);
    text_string(json, "]}\n");
}

static void answer_order(struct server *server, const struct server_request *request,
                         struct server_answer *answer) {
    struct error error = ERROR_INITIAL;
    struct learning_decision *decisions = NULL;
    size_t count = 0, row_count = 0;
    size_t *rows = NULL;
    bool learned = false;
    if (request->order_by == NULL || strcmp(request->order_by, "learn") != 0) {
        server_refuse(answer, 400, "the order is by=learn");
        return;
    }
    pthread_mutex_lock(&server->lock);
    server_learning_decisions(server, &decisions, &count, &error);
    pthread_mutex_unlock(&server->lock);
    if (error.code == ERROR_NONE)
        learning_order(server->learning, decisions, count,
                       count > 0 && !server->settings->conflicts, &rows, &row_count, &learned,
                       &error);
    if (error.code == ERROR_NONE) {
        char words[LEARNING_WORDS] = "";
        learning_state(server->learning, words);
        text_format(&answer->own, "{\"learned\":%s,\"words\":", learned ? "true" : "false");
        text_json(&answer->own, words);
        leave_next_of_draw(server, rows, &row_count);
        write_order(server, rows, row_count, &answer->own, &error);
    }
    if (error.code != ERROR_NONE) refuse_failure(answer, &error);
    free(rows);
    free(decisions);
}

static void answer_like(struct server *server, const struct request_target *target,
                        struct server_answer *answer) {
    struct near_clip found[LIKE_MOST];
    const struct near *near = review_data_near(server->data);
    const struct run_clip clip = run_clip_at(&server->results.clips, (size_t)target->row);
    size_t count = 0;
    if (near != NULL && clip.array_row != RUN_NO_ROW)
        count = near_find(near, clip.array_row, (int32_t)target->class_index, LIKE_MOST, found);
    text_string(&answer->own, "{\"rows\":[");
    for (size_t i = 0; i < count; i++)
        text_format(&answer->own, "%s[%zu,%.4f]", i == 0 ? "" : ",", found[i].row,
                    (double)found[i].similarity);
    text_string(&answer->own, "]}\n");
}

static void answer_spot(struct server *server, const struct server_request *request,
                        struct server_answer *answer) {
    struct error error = ERROR_INITIAL;
    size_t rows[SPOT_MAXIMUM];
    uint64_t wanted = 0;
    if (request->spot_count == NULL || !request_read_number(request->spot_count, &wanted) ||
        wanted == 0 || wanted > SPOT_MAXIMUM) {
        server_refuse(answer, 400, "n is a number from 1 to %d", SPOT_MAXIMUM);
        return;
    }
    text_string(&answer->own, "{\"clips\":[");
    pthread_mutex_lock(&server->lock); /* the data of the review is for one thread at a time */
    const size_t count = server_left_spot(server, rows, (size_t)wanted);
    for (size_t i = 0; i < count && error.code == ERROR_NONE; i++) {
        if (i > 0) text_string(&answer->own, ",");
        review_data_clip(server->data, rows[i], &answer->own, &error);
    }
    pthread_mutex_unlock(&server->lock);
    text_string(&answer->own, "]}\n");
    if (error.code != ERROR_NONE) refuse_failure(answer, &error);
}

static void answer_data(struct server *server, const struct request_target *target,
                        const struct server_request *request, struct server_answer *answer) {
    struct error error = ERROR_INITIAL;
    answer->type = TYPE_JSON;
    if (target->route == ROUTE_ISSUES) {
        answer->data = server->issues.data;
        answer->size = server->issues.length;
    } else if (target->route == ROUTE_OVERVIEW) {
        answer->type = TYPE_PAGE;
        answer->data = server->overview.data;
        answer->size = server->overview.length;
    } else if (target->route == ROUTE_DECISIONS) {
        pthread_mutex_lock(&server->lock);
        if (server_json_decisions(server, &answer->own, &error) != ERROR_NONE)
            refuse_failure(answer, &error);
        pthread_mutex_unlock(&server->lock);
    } else if (target->route == ROUTE_ORDER) {
        answer_order(server, request, answer);
    } else if (target->route == ROUTE_LIKE) {
        answer_like(server, target, answer);
    } else {
        answer_spot(server, request, answer);
    }
}

/* ---- what every request must have ---- */

static bool is_media(enum request_route route) {
    return route == ROUTE_CLIP || route == ROUTE_PICTURE || route == ROUTE_MEDIA;
}

static bool is_authorized(const struct server *server, const struct request_target *target,
                          const struct server_request *request) {
    if (is_media(target->route)) return request_key_is_right(target->key, server->key);
    return request->authorization != NULL &&
           request_token_is_right(request->authorization, server->token);
}

bool server_is_authorized(const struct server *server, const struct server_request *request) {
    const struct request_target target = request_read_path(request->path);
    return is_authorized(server, &target, request);
}

/* Whether a row is meant that the run does not have. */
static bool is_outside(const struct server *server, const struct request_target *target) {
    if (!is_media(target->route) && target->route != ROUTE_LIKE) return false;
    return target->row >= server->results.clips.count ||
           target->class_index >= server->results.class_count + (server->results.class_count == 0);
}

static bool check_post(const struct server_request *request, struct server_answer *answer) {
    if (request->origin == NULL || !request_origin_is_right(request->origin, request->host))
        server_refuse(answer, 403, "only the page of this address may send decisions");
    else if (request->content_type == NULL || !request_is_json(request->content_type))
        server_refuse(answer, 415, "decisions are sent as application/json");
    else
        return true;
    return false;
}

bool server_answer(struct server *server, const struct server_request *request,
                   struct server_answer *answer) {
    const struct request_target target = request_read_path(request->path);
    const enum server_method wanted = target.route == ROUTE_DECIDE ? METHOD_POST : METHOD_GET;
    *answer = (struct server_answer){.status = 200};
    if (request->host == NULL ||
        !request_host_is_right(request->host, (unsigned)server->settings->port))
        server_refuse(answer, 403, "this server is 127.0.0.1:%d", server->settings->port);
    else if (target.route == ROUTE_NONE)
        server_refuse(answer, 404, "there is nothing here");
    else if (request->method != wanted)
        server_refuse(answer, 405, "not with this method");
    else if (target.route != ROUTE_PAGE && !is_authorized(server, &target, request))
        server_refuse(answer, 401, "open the address that earmark review has printed");
    else if (is_outside(server, &target))
        server_refuse(answer, 404, "the run has no such row or class");
    else if (target.route == ROUTE_DECIDE)
        return check_post(request, answer);
    else if (is_media(target.route))
        answer_sound(server, &target, request, answer);
    else if (target.route != ROUTE_PAGE)
        answer_data(server, &target, request, answer);
    else {
        answer->type = TYPE_PAGE;
        answer->data = server->page.data;
        answer->size = server->page.length;
    }
    return false;
}
