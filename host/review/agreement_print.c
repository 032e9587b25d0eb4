/* What the reviewers of a run agree on, in words and as JSON. */
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/clips/label_sets.h"
#include "host/review/agreement.h"

#include <string.h>

#define LISTED 20 /* of each list; --json has all */

/* ---- for people ---- */

static void add_line(struct text *text, struct text *line, int indent, int width) {
    text_format(text, "%*s", indent, "");
    terminal_add_line(text, line, indent, indent + 4, width);
}

/* A label, or those of a set with commas between them. */
static void append_label(struct text *line, const char *label) {
    if (label == NULL || *label == '\0') {
        text_string(line, "(none)");
        return;
    }
    struct text piece = TEXT_INITIAL;
    for (const char *at = label; *at != '\0';) {
        const size_t length = strcspn(at, LABEL_JOINT);
        text_clear(&piece);
        text_append(&piece, at, length);
        if (at != label) text_string(line, ", ");
        if (!piece.failed) name_visible(line, piece.data);
        at += length + (at[length] != '\0');
    }
    if (piece.failed) line->failed = true;
    text_free(&piece);
}

static void append_clip(struct text *line, const struct decided *decided) {
    const struct decision *decision = &decided->decision;
    const char *name = decision->id != NULL ? decision->id : decision->path;
    if (name != NULL)
        name_visible(line, name);
    else
        text_format(line, "row %zu", decision->row);
    text_string(line, ", labelled ");
    append_label(line, decision->given);
}

static void append_answer(struct text *line, const struct decisions *decisions,
                          const struct decided *decided) {
    text_format(line, "; %s: %s", decisions->reviewers[decided->reviewer],
                decision_kind_name(decided->decision.kind));
    if (decided->decision.kind != DECISION_RELABEL) return;
    text_string(line, " ");
    append_label(line, decided->decision.label);
}

static void add_reviewers(struct text *text, struct text *line, const struct agreement *agreement,
                          int width) {
    for (size_t i = 0; i < agreement->decisions->reviewer_count; i++) {
        const struct agreement_reviewer *reviewer = &agreement->reviewers[i];
        text_format(line, "%s: ", agreement->decisions->reviewers[i]);
        number_thousands(line, reviewer->decided);
        text_format(line, " decided (%zu keep, %zu relabel, %zu exclude, %zu unsure)",
                    reviewer->kinds[DECISION_KEEP], reviewer->kinds[DECISION_RELABEL],
                    reviewer->kinds[DECISION_EXCLUDE], reviewer->kinds[DECISION_UNSURE]);
        if (reviewer->stale + reviewer->gone > 0)
            text_format(line, ", %zu not counted", reviewer->stale + reviewer->gone);
        add_line(text, line, 0, width);
    }
}

static void add_pairs(struct text *text, struct text *line, const struct agreement *agreement,
                      int width) {
    for (size_t i = 0; i < agreement->pair_count; i++) {
        const struct agreement_pair *pair = &agreement->pairs[i];
        char *const *names = agreement->decisions->reviewers;
        text_format(line, "%s and %s: ", names[pair->one], names[pair->other]);
        number_thousands(line, pair->common);
        text_string(line, pair->common == 1 ? " clip in common" : " clips in common");
        if (pair->common > 0) {
            text_string(line, ", the same answer for ");
            number_thousands(line, pair->agreed);
            text_string(line, " (");
            number_percent(line, (double)pair->agreed / (double)pair->common);
            text_string(line, ")");
            if (pair->kappa == pair->kappa) text_format(line, ", kappa %.3f", pair->kappa);
        }
        add_line(text, line, 0, width);
    }
}

static void add_more(struct text *text, struct text *line, size_t count, int width) {
    if (count <= LISTED) return;
    text_format(line, "and %zu more; --json lists all", count - LISTED);
    add_line(text, line, 2, width);
}

static void add_conflicts(struct text *text, struct text *line, const struct agreement *agreement,
                          int width) {
    const struct decisions *decisions = agreement->decisions;
    text_string(line, "conflicts: ");
    number_thousands(line, agreement->conflict_count);
    add_line(text, line, 0, width);
    for (size_t i = 0; i < agreement->conflict_count && i < LISTED; i++) {
        size_t at = agreement->conflicts[i];
        append_clip(line, &decisions->list[at]);
        for (; at != DECISIONS_NONE; at = decisions_answer(decisions, decisions->list[at].next))
            append_answer(line, decisions, &decisions->list[at]);
        add_line(text, line, 2, width);
    }
    add_more(text, line, agreement->conflict_count, width);
}

static void add_unusable(struct text *text, struct text *line, const struct agreement *agreement,
                         int width) {
    const struct decisions *decisions = agreement->decisions;
    if (agreement->unusable_count == 0) return;
    text_format(line, "not counted, since the label or the clip has changed: %zu",
                agreement->unusable_count);
    add_line(text, line, 0, width);
    for (size_t i = 0; i < agreement->unusable_count && i < LISTED; i++) {
        const struct decided *decided = &decisions->list[agreement->unusable[i]];
        append_clip(line, decided);
        append_answer(line, decisions, decided);
        text_string(line, decided->state == DECISION_GONE ? "; there is no such clip"
                                                          : "; it has another label now");
        add_line(text, line, 2, width);
    }
    add_more(text, line, agreement->unusable_count, width);
}

enum error_code agreement_print(FILE *stream, int width, const char *out,
                                const struct agreement *agreement, struct error *error) {
    struct text text = TEXT_INITIAL;
    struct text line = TEXT_INITIAL;
    add_reviewers(&text, &line, agreement, width);
    add_pairs(&text, &line, agreement, width);
    if (agreement->active > 1) add_conflicts(&text, &line, agreement, width);
    add_unusable(&text, &line, agreement, width);
    if (agreement->active < 2) {
        text_string(&line, "Agreement needs two reviewers: earmark review ");
        name_visible(&line, out);
        text_string(&line, " --as NAME");
        add_line(&text, &line, 0, width);
    }
    terminal_print_pieces(stream, &text, true, "the agreement", error);
    text_free(&text);
    text_free(&line);
    return error->code;
}

/* ---- as JSON ---- */

/* A decision as in its file, with its state and the row of this run. */
static void append_decision(struct text *text, const struct decided *decided) {
    static const char *const states[] = {"unplaced", "open", "applied", "stale", "gone"};
    struct text line = TEXT_INITIAL;
    text_format(text, "{\"state\": \"%s\", \"row\": ", states[decided->state]);
    if (decided->row == DECISION_NO_ROW)
        text_string(text, "null");
    else
        text_format(text, "%zu", decided->row);
    text_string(text, ", \"decision\": ");
    decision_append(&line, &decided->decision);
    if (line.failed)
        text->failed = true;
    else
        text_append(text, line.data, line.length - 1);
    text_string(text, "}");
    text_free(&line);
}

static void append_counts(struct text *text, const struct agreement *agreement) {
    text_string(text, ",\n  \"reviewers\": [");
    for (size_t i = 0; i < agreement->decisions->reviewer_count; i++) {
        const struct agreement_reviewer *reviewer = &agreement->reviewers[i];
        text_string(text, i == 0 ? "\n    {\"name\": " : ",\n    {\"name\": ");
        text_json(text, agreement->decisions->reviewers[i]);
        text_format(text,
                    ", \"decided\": %zu, \"keep\": %zu, \"relabel\": %zu, \"exclude\": %zu, "
                    "\"unsure\": %zu, \"stale\": %zu, \"gone\": %zu}",
                    reviewer->decided, reviewer->kinds[DECISION_KEEP],
                    reviewer->kinds[DECISION_RELABEL], reviewer->kinds[DECISION_EXCLUDE],
                    reviewer->kinds[DECISION_UNSURE], reviewer->stale, reviewer->gone);
    }
    text_string(text, agreement->decisions->reviewer_count == 0 ? "]" : "\n  ]");
    text_string(text, ",\n  \"pairs\": [");
    for (size_t i = 0; i < agreement->pair_count; i++) {
        const struct agreement_pair *pair = &agreement->pairs[i];
        text_string(text, i == 0 ? "\n    {\"one\": " : ",\n    {\"one\": ");
        text_json(text, agreement->decisions->reviewers[pair->one]);
        text_string(text, ", \"other\": ");
        text_json(text, agreement->decisions->reviewers[pair->other]);
        text_format(text, ", \"common\": %zu, \"agreed\": %zu, \"kappa\": ", pair->common,
                    pair->agreed);
        number_json(text, pair->kappa);
        text_string(text, "}");
    }
    text_string(text, agreement->pair_count == 0 ? "]" : "\n  ]");
}

static enum error_code print_json(FILE *stream, struct text *text, const char *out,
                                  const struct agreement *agreement, struct error *error) {
    const struct decisions *decisions = agreement->decisions;
    text_string(text, "{\n  \"run\": ");
    text_json(text, out);
    append_counts(text, agreement);
    text_string(text, ",\n  \"conflicts\": [");
    for (size_t i = 0; i < agreement->conflict_count; i++) {
        size_t at = agreement->conflicts[i];
        text_string(text, i == 0 ? "\n    [" : ",\n    [");
        for (bool any = false; at != DECISIONS_NONE; any = true) {
            if (any) text_string(text, ",\n     ");
            append_decision(text, &decisions->list[at]);
            at = decisions_answer(decisions, decisions->list[at].next);
        }
        text_string(text, "]");
        TRY(terminal_print_pieces(stream, text, false, "the agreement", error));
    }
    text_string(text, agreement->conflict_count == 0 ? "]" : "\n  ]");
    text_string(text, ",\n  \"not_counted\": [");
    for (size_t i = 0; i < agreement->unusable_count; i++) {
        text_string(text, i == 0 ? "\n    " : ",\n    ");
        append_decision(text, &decisions->list[agreement->unusable[i]]);
        TRY(terminal_print_pieces(stream, text, false, "the agreement", error));
    }
    text_string(text, agreement->unusable_count == 0 ? "]\n}\n" : "\n  ]\n}\n");
    return terminal_print_pieces(stream, text, true, "the agreement", error);
}

enum error_code agreement_print_json(FILE *stream, const char *out,
                                     const struct agreement *agreement, struct error *error) {
    struct text text = TEXT_INITIAL;
    print_json(stream, &text, out, agreement, error);
    text_free(&text);
    return error->code;
}
