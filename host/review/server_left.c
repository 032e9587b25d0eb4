#include "host/review/server_left.h"

#include "host/base/memory.h"
#include "host/review/estimate.h"

#include <stdlib.h>
#include <string.h>

#define DRAWN_MAXIMUM 2000

bool server_is_current(const struct server *server, const struct decided *decided) {
    return decided->state != DECISION_STALE && decided->state != DECISION_GONE &&
           decided->decision.kind != DECISION_UNDO && decided->decision.by != NULL &&
           strcmp(decided->decision.by, server->settings->reviewer) == 0;
}

/* ---- spot checks ---- */

enum error_code server_left_open(struct server *server, struct error *error) {
    const struct run_results *results = &server->results;
    /* With --conflicts the list is another than the run's, and its other issues are flagged, too.
     */
    const struct run_results *run = run_read_results(server->read);
    bool *open = memory_array(results->clips.count, sizeof *open, "the clips of a run", error);
    server->drawn = memory_array(DRAWN_MAXIMUM, sizeof *server->drawn, "a spot check", error);
    if (open != NULL && server->drawn != NULL) {
        for (size_t row = 0; row < results->clips.count; row++) {
            const struct run_clip clip = run_clip_at(&results->clips, row);
            open[row] = clip.status == CLIP_OK && server_run_issue(server, row) == SIZE_MAX;
        }
        for (size_t i = 0; i < run->issue_count; i++)
            if (run->issues[i].row < results->clips.count) open[run->issues[i].row] = false;
        for (size_t row = 0; row < results->clips.count; row++) server->unflagged += open[row];
        estimate_draw(server->hash, open, results->clips.count, server->drawn, DRAWN_MAXIMUM,
                      &server->drawn_count, error);
    }
    free(open);
    for (size_t i = 0; i < server->decisions.count && error->code == ERROR_NONE; i++)
        server_left_note(server, i, error);
    return error->code;
}

/* Rows of current decisions, ascending, to be searched. */
struct row_answer {
    size_t row;
    enum estimate_answer answer;
    uint64_t turn;
};

static int compare_rows(const void *a, const void *b) {
    const size_t one = ((const struct row_answer *)a)->row;
    const size_t other = ((const struct row_answer *)b)->row;
    return (one > other) - (one < other);
}

static struct row_answer *find_answers(const struct server *server, size_t *count) {
    static const enum estimate_answer answers[DECISION_KINDS] = {
        [DECISION_KEEP] = ESTIMATE_KEPT,
        [DECISION_RELABEL] = ESTIMATE_WRONG,
        [DECISION_UNSURE] = ESTIMATE_UNSURE,
        [DECISION_EXCLUDE] = ESTIMATE_EXCLUDED};
    struct row_answer *found = malloc((server->decisions.count + 1) * sizeof *found);
    *count = 0;
    for (size_t i = 0; found != NULL && i < server->decisions.count; i++) {
        const struct decided *decided = &server->decisions.list[i];
        if (!server_is_current(server, decided)) continue;
        /* A clip that has the decided label by now, and is flagged again, is right. */
        const enum estimate_answer answer =
            decided->state == DECISION_APPLIED ? ESTIMATE_KEPT : answers[decided->decision.kind];
        found[(*count)++] = (struct row_answer){server_run_row(decided), answer, server->turns[i]};
    }
    if (*count > 1) qsort(found, *count, sizeof *found, compare_rows);
    return found;
}

static const struct row_answer *find_row(const struct row_answer *answers, size_t count,
                                         size_t row) {
    const struct row_answer wanted = {.row = row};
    return count == 0 ? NULL : bsearch(&wanted, answers, count, sizeof wanted, compare_rows);
}

size_t server_left_spot(const struct server *server, size_t *rows, size_t wanted) {
    size_t count, found = 0;
    struct row_answer *answers = find_answers(server, &count);
    for (size_t i = 0; answers != NULL && i < server->drawn_count && found < wanted; i++)
        if (find_row(answers, count, server->drawn[i]) == NULL) rows[found++] = server->drawn[i];
    free(answers);
    return found;
}

/* ---- the estimate ---- */

enum error_code server_left_note(struct server *server, size_t index, struct error *error) {
    TRY(memory_grow(&server->turns, &server->turn_capacity, index + 1, sizeof *server->turns,
                    "decisions", error));
    server->turns[index] = ++server->turn;
    return ERROR_NONE;
}

/* On which side the neighbours are, over all views. */
static int side_of(const struct run_results *results, const struct run_issue *issue) {
    int64_t sum = 0;
    for (size_t i = 0; issue->evidence != NULL && i < results->view_count; i++)
        sum += (int64_t)issue->evidence[i].with_suggested - (int64_t)issue->evidence[i].with_given;
    return (sum > 0) - (sum < 0);
}

/* The draw counts as far as all of it is answered: clips that somebody came to in another way, or
 * left out, would not be a random choice. */
static struct estimate_sample count_sample(const struct server *server,
                                           const struct row_answer *answers, size_t count) {
    struct estimate_sample sample = {.clips = server->unflagged};
    for (size_t i = 0; i < server->drawn_count; i++) {
        const struct row_answer *answer = find_row(answers, count, server->drawn[i]);
        if (answer == NULL) break;
        if (answer->answer == ESTIMATE_UNSURE) continue;
        sample.checked++;
        sample.wrong += answer->answer != ESTIMATE_KEPT;
    }
    return sample;
}

enum error_code server_left_json(const struct server *server, struct text *json,
                                 struct error *error) {
    const struct run_results *results = &server->results;
    size_t count;
    struct row_answer *answers = find_answers(server, &count);
    struct estimate_issue *issues =
        memory_array(results->issue_count, sizeof *issues, "an estimate", error);
    struct estimate_left left;
    if (answers == NULL) FAIL(error, ERROR_MEMORY, "no memory for an estimate");
    for (size_t i = 0; error->code == ERROR_NONE && i < results->issue_count; i++) {
        const struct row_answer *answer = find_row(answers, count, results->issues[i].row);
        issues[i] = (struct estimate_issue){.side = side_of(results, &results->issues[i])};
        if (answer == NULL) continue;
        issues[i].answer = answer->answer;
        issues[i].turn = answer->turn;
    }
    if (error->code == ERROR_NONE) {
        const struct estimate_sample sample = count_sample(server, answers, count);
        if (estimate_left(issues, results->issue_count, &sample, &left, error) == ERROR_NONE)
            estimate_json(json, &left, &sample);
    }
    free(issues);
    free(answers);
    return error->code;
}
