/* What was decided, clip by clip. */
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/utf8.h"
#include "host/review/apply/apply_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED 20 /* decisions of a kind that are named; one more sentence counts the rest */

static enum error_code name_decision(struct apply *apply, const struct decided *decided,
                                     size_t number, const char *problem, struct error *error) {
    const struct decision *decision = &decided->decision;
    struct warnings *warnings = &apply->report->warnings;
    const char *path = decision->path != NULL ? decision->path : decision->id;
    char row[32];
    if (number > NAMED) return ERROR_NONE;
    snprintf(row, sizeof row, "row %zu", decision->row);
    if (number == NAMED) return warnings_add(warnings, error, "more such decisions follow");
    return warnings_add(warnings, error, "not applied: %.*s (%.*s): %s",
                        UTF8_PIECE(path == NULL ? row : path, 300),
                        UTF8_PIECE(decision->by == NULL ? "" : decision->by, 64), problem);
}

static enum error_code take_stale(struct apply *apply, const struct decided *decided,
                                  struct error *error) {
    if (decided->decision.kind == DECISION_UNDO) return ERROR_NONE;
    return name_decision(apply, decided, apply->report->stale++,
                         decided->state == DECISION_GONE
                             ? "the data set has no such clip any more"
                             : "the clip has another label than the one that it was decided on",
                         error);
}

/* The decision counts for its clip. */
static enum error_code take(struct apply *apply, size_t index, struct error *error) {
    const struct decided *decided = &apply->decisions.list[index];
    const struct decision *decision = &decided->decision;
    struct apply_report *report = apply->report;
    if (decided->row >= apply->count)
        return FAIL(error, ERROR_INTERNAL, "a decision on a row that is not there");
    struct outcome *outcome = &apply->outcomes[decided->row];
    apply->deciders[decided->row] = index;
    switch (decision->kind) {
    case DECISION_KEEP: report->kept++; break;
    case DECISION_UNSURE:
        report->unsure++;
        outcome->kind = OUTCOME_UNSURE;
        break;
    case DECISION_EXCLUDE:
        report->excluded++;
        outcome->kind = OUTCOME_EXCLUDE;
        break;
    case DECISION_RELABEL:
        if (decision->label == NULL || decided->state == DECISION_APPLIED ||
            (decision->given != NULL && strcmp(decision->label, decision->given) == 0)) {
            report->already++;
            break;
        }
        report->changed++;
        *outcome = (struct outcome){decision->label, OUTCOME_RELABEL};
        break;
    case DECISION_UNDO:
    case DECISION_KINDS: break;
    }
    return ERROR_NONE;
}

static enum error_code take_conflict(struct apply *apply, size_t first, struct error *error) {
    const struct decided *decided = &apply->decisions.list[first];
    const char *path = decided->decision.path;
    if (apply->settings->conflicts == CONFLICTS_STOP)
        return FAIL(error, ERROR_DATA,
                    "%.*s: reviewers do not agree on it; nothing was written: let them see it "
                    "again (earmark review %s --conflicts), or give --conflicts skip or first",
                    UTF8_PIECE(path == NULL ? "a row" : path, 300), apply->settings->out);
    return name_decision(apply, decided, apply->report->skipped++, "reviewers do not agree on it",
                         error);
}

/* All decisions on one clip, by its first. */
static enum error_code take_clip(struct apply *apply, size_t first, struct error *error) {
    const struct decisions *decisions = &apply->decisions;
    for (size_t i = first; i != DECISIONS_NONE; i = decisions->list[i].next)
        if (decisions->list[i].state == DECISION_STALE || decisions->list[i].state == DECISION_GONE)
            TRY(take_stale(apply, &decisions->list[i], error));
    const size_t answer = decisions_answer(decisions, first);
    if (answer == DECISIONS_NONE) return ERROR_NONE;
    if (decisions_conflict(decisions, first) && apply->settings->conflicts != CONFLICTS_FIRST)
        return take_conflict(apply, first, error);
    return take(apply, answer, error);
}

static enum error_code read_decisions(struct apply *apply, struct error *error) {
    const struct apply_settings *settings = apply->settings;
    struct decisions *decisions = &apply->decisions;
    for (size_t i = 0; i < settings->decision_count; i++)
        TRY(decisions_read_path(decisions, settings->decisions[i], error));
    if (settings->decision_count == 0)
        TRY(decisions_read(decisions, &apply->source.out, NULL, error));
    TRY(warnings_append(&apply->report->warnings, &decisions->warnings, error));
    if (decisions->count == 0)
        TRY(warnings_add(&apply->report->warnings, error,
                         "%s has no decisions; the new list is a copy of the old one",
                         settings->decision_count == 0 ? settings->out : settings->decisions[0]));
    return decisions_place_run(decisions, &apply->source.out, apply->source.separator, error);
}

enum error_code apply_plan(struct apply *apply, struct error *error) {
    const struct decisions *decisions = &apply->decisions;
    apply->count = all_clips_view(apply->source.clips).count;
    apply->outcomes =
        memory_array(apply->count, sizeof *apply->outcomes, "what was decided", error);
    apply->deciders =
        memory_array(apply->count, sizeof *apply->deciders, "what was decided", error);
    TRY(error->code);
    for (size_t i = 0; i < apply->count; i++) apply->deciders[i] = DECISIONS_NONE;
    TRY(read_decisions(apply, error));
    for (size_t i = 0; i < decisions->count; i++)
        if (decisions->list[i].first) TRY(take_clip(apply, i, error));
    return ERROR_NONE;
}
