/* POST /decide: what was sent becomes lines of the reviewer's file, which are on disk before the
 * answer is. */
#include "host/base/memory.h"
#include "host/clips/label_sets.h"
#include "host/review/server_answer.h"
#include "host/review/server_body.h"
#include "host/review/server_left.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *copy(const char *text, struct error *error) {
    return text == NULL ? NULL : memory_string(text, error);
}

/* A label as decisions have it: of a multilabel run the joined set in another form. */
static char *copy_label(const struct server *server, const char *label, struct error *error) {
    struct label_split split = {0};
    struct text set = TEXT_INITIAL;
    char *copied = NULL;
    if (server->separator == NULL) return copy(label, error);
    text_string(&set, "");
    if (label_split_cell(&split, label == NULL ? "" : label, server->separator, error) ==
        ERROR_NONE) {
        label_split_join(&split, LABEL_JOINT, &set);
        if (text_check(&set, error) == ERROR_NONE) copied = memory_string(set.data, error);
    }
    label_split_close(&split);
    text_free(&set);
    return copied;
}

static char *copy_suggested(const struct server *server, size_t row, struct error *error) {
    const struct run_results *results = &server->results;
    const size_t index = server_run_issue(server, row);
    char number[16];
    if (index == SIZE_MAX) return NULL;
    const struct run_issue *issue = &results->issues[index];
    if (issue->suggested < 0 && issue->suggested_set == NULL) return NULL;
    return copy_label(server, run_suggested_label(results, issue, number), error);
}

static void fill(const struct server *server, const struct posted *posted, const char *now,
                 struct decision *decision, struct error *error) {
    const struct run_clip clip = run_clip_at(&server->results.clips, posted->row);
    const double duration = run_clip_duration(&clip);
    *decision = (struct decision)DECISION_INITIAL;
    memcpy(decision->run, server->hash, sizeof decision->run);
    decision->row = posted->row;
    decision->id = copy(clip.id, error);
    decision->path = copy(clip.path, error);
    decision->start = clip.start;
    decision->end = duration >= 0.0 ? clip.start + duration : (double)NAN;
    decision->sets = server->separator != NULL;
    decision->given = copy_label(server, clip.label, error);
    decision->suggested = copy_suggested(server, posted->row, error);
    decision->kind = posted->kind;
    decision->label = copy(posted->label, error);
    decision->by = copy(server->settings->reviewer, error);
    decision->at = copy(now, error);
    decision->heard = posted->heard;
    decision->bulk = posted->bulk;
    memcpy(decision->step, posted->step, sizeof decision->step);
    decision->note = copy(posted->note == NULL ? "" : posted->note, error);
}

/* With the lock: on disk first, then in memory. */
static enum error_code save(struct server *server, const struct decision *decisions, size_t count,
                            struct error *error) {
    TRY(decision_writer_append(&server->writer, decisions, count, error));
    server->saved += count;
    for (size_t i = 0; i < count; i++) {
        size_t index;
        TRY(decisions_add(&server->decisions, &decisions[i], &index, error));
        TRY(server_left_note(server, index, error));
    }
    return ERROR_NONE;
}

static enum error_code save_posted(struct server *server, const struct posted_list *posted,
                                   struct error *error) {
    char now[32] = "";
    const time_t seconds = time(NULL);
    struct tm parts;
    struct decision *decisions = memory_array(posted->count, sizeof *decisions, "decisions", error);
    if (decisions == NULL) return error->code;
    if (gmtime_r(&seconds, &parts) != NULL) strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &parts);
    for (size_t i = 0; i < posted->count; i++)
        fill(server, &posted->list[i], now, &decisions[i], error);
    if (error->code == ERROR_NONE) save(server, decisions, posted->count, error);
    for (size_t i = 0; i < posted->count; i++) decision_free(&decisions[i]);
    free(decisions);
    return error->code;
}

static void answer_saved(struct server *server, const struct posted_list *posted,
                         struct server_answer *answer) {
    struct error error = ERROR_INITIAL;
    struct error changed = ERROR_INITIAL;
    if (server_run_check(server, &changed) != ERROR_NONE) {
        server_refuse(answer, 409, "%s", changed.message);
        return;
    }
    text_format(&answer->own, "{\"saved\":%zu,\"left\":", posted->count);
    /* The second look is for a disk that went away meanwhile: what is on it may be lost. */
    if (save_posted(server, posted, &error) == ERROR_NONE &&
        server_run_check(server, &changed) != ERROR_NONE) {
        server->saved -= posted->count;
        server_refuse(answer, 409, "%s", changed.message);
    } else if (error.code == ERROR_NONE &&
               server_left_json(server, &answer->own, &error) == ERROR_NONE) {
        answer->status = 200;
        answer->type = "application/json";
        text_string(&answer->own, "}\n");
    } else {
        server_refuse(answer, server->writer.no_room ? 507 : 500, "%s", error.message);
    }
}

void server_decide(struct server *server, const char *body, size_t size,
                   struct server_answer *answer) {
    struct error error = ERROR_INITIAL;
    struct posted_list posted;
    if (server_body_read(&server->results, server->hash, body, size, &posted, &error) !=
        ERROR_NONE) {
        server_refuse(answer, error.code == ERROR_DATA ? 400 : 503, "%s", error.message);
    } else if (posted.of_another_run) {
        server_refuse(answer, 409, "these decisions are of another run; load the page again");
    } else {
        pthread_mutex_lock(&server->lock);
        answer_saved(server, &posted, answer);
        pthread_mutex_unlock(&server->lock);
    }
    server_body_free(&posted);
}
