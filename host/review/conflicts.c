#include "host/review/conflicts.h"

#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/clips/label_sets.h"
#include "host/review/server_body.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char what[] = "conflicts";

/* A set as clips.csv has it, from the form of decisions. */
static const char *take_set(struct conflicts *conflicts, const char *joined, const char *separator,
                            struct error *error) {
    struct text set = TEXT_INITIAL;
    label_set_rejoin(joined, separator, &set);
    char *copy = text_check(&set, error) == ERROR_NONE ? memory_string(set.data, error) : NULL;
    if (copy != NULL) conflicts->sets[conflicts->set_count++] = copy;
    text_free(&set);
    return copy;
}

/* The first label that a reviewer gave the clip, or NULL. */
static const char *given_label(const struct decisions *decisions, size_t answer) {
    for (size_t at = answer; at != DECISIONS_NONE;
         at = decisions_answer(decisions, decisions->list[at].next))
        if (decisions->list[at].decision.kind == DECISION_RELABEL)
            return decisions->list[at].decision.label;
    return NULL;
}

static enum error_code add_clip(struct conflicts *conflicts, const struct run_results *results,
                                const struct decisions *decisions, size_t answer,
                                const char *separator, struct error *error) {
    const size_t row = decisions->list[answer].row;
    const struct run_clip clip = run_clip_at(&results->clips, row);
    const char *label = given_label(decisions, answer);
    struct run_issue issue = {.row = row,
                              .given = -1,
                              .suggested = -1,
                              .entropy = (double)NAN,
                              .score = (double)NAN,
                              .self_confidence = (double)NAN,
                              .normalized_margin = (double)NAN,
                              .confidence_weighted_entropy = (double)NAN,
                              .given_probability = NAN,
                              .suggested_probability = NAN};
    if (clip.status != CLIP_OK) return ERROR_NONE;
    if (results->multilabel) {
        issue.given_set = clip.label == NULL ? "" : clip.label;
        issue.suggested_set = label == NULL || separator == NULL
                                  ? issue.given_set
                                  : take_set(conflicts, label, separator, error);
    } else {
        if (clip.class_index < 0 || (size_t)clip.class_index >= results->class_count)
            return ERROR_NONE;
        issue.given = issue.suggested = clip.class_index;
        const int32_t found = label == NULL ? -1 : server_class_find(results, label);
        if (found >= 0) issue.suggested = found;
    }
    conflicts->issues[conflicts->issue_count++] = issue;
    return error->code;
}

/* *answer_of: (clips) for each row in conflict the first answer. */
static enum error_code find_rows(const struct run_results *results,
                                 const struct decisions *decisions, struct conflicts *conflicts,
                                 size_t **answer_of, struct error *error) {
    *answer_of = memory_array(results->clips.count, sizeof **answer_of, what, error);
    conflicts->rows = memory_array(decisions->count, sizeof *conflicts->rows, what, error);
    TRY(error->code);
    for (size_t i = 0; i < results->clips.count; i++) (*answer_of)[i] = DECISIONS_NONE;
    for (size_t i = 0; i < decisions->count; i++) {
        if (!decisions->list[i].first || !decisions_conflict(decisions, i)) continue;
        const size_t answer = decisions_answer(decisions, i);
        const size_t row = decisions->list[answer].row;
        if (row >= results->clips.count || (*answer_of)[row] != DECISIONS_NONE) continue;
        (*answer_of)[row] = answer;
        conflicts->rows[conflicts->count++] = row;
    }
    return ERROR_NONE;
}

enum error_code conflicts_find(const struct run_results *results, const struct decisions *decisions,
                               const char *separator, struct conflicts *conflicts,
                               struct error *error) {
    size_t *answer_of = NULL;
    if (find_rows(results, decisions, conflicts, &answer_of, error) == ERROR_NONE) {
        conflicts->issues = memory_array(conflicts->count, sizeof *conflicts->issues, what, error);
        conflicts->sets = memory_array(conflicts->count, sizeof *conflicts->sets, what, error);
    }
    for (size_t i = 0; error->code == ERROR_NONE && i < results->issue_count; i++) {
        const size_t row = results->issues[i].row;
        if (row >= results->clips.count || answer_of[row] == DECISIONS_NONE) continue;
        answer_of[row] = DECISIONS_NONE;
        conflicts->issues[conflicts->issue_count++] = results->issues[i];
    }
    for (size_t i = 0; error->code == ERROR_NONE && i < conflicts->count; i++) {
        const size_t answer = answer_of[conflicts->rows[i]];
        if (answer != DECISIONS_NONE)
            add_clip(conflicts, results, decisions, answer, separator, error);
    }
    free(answer_of);
    return error->code;
}

void conflicts_free(struct conflicts *conflicts) {
    for (size_t i = 0; i < conflicts->set_count; i++) free(conflicts->sets[i]);
    free(conflicts->sets);
    free(conflicts->issues);
    free(conflicts->rows);
    *conflicts = (struct conflicts){0};
}
