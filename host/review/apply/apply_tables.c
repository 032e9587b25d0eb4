/* Files beside a list that stays as it is: what was decided, and every clip with its label. */
#include "host/base/numbers.h"
#include "host/base/text.h"
#include "host/review/apply/apply_parts.h"

#include <string.h>

/* ---- changes.csv ---- */

/* Labels of a set with the run's separator between them. */
static void put_label(const struct apply *apply, const char *label, struct text *text) {
    const char *separator = apply->source.separator;
    struct text joined = TEXT_INITIAL;
    if (label == NULL) return;
    label_set_rejoin(label, separator == NULL ? LABEL_JOINT : separator, &joined);
    text->failed = text->failed || joined.failed;
    if (!joined.failed) text_csv(text, joined.data);
    text_free(&joined);
}

static void put_change(const struct apply *apply, size_t row, struct text *text) {
    const struct run_clips clips = all_clips_view(apply->source.clips);
    const struct run_clip clip = run_clip_at(&clips, row);
    const struct decision *decision = &apply->decisions.list[apply->deciders[row]].decision;
    text_format(text, "%zu,", row);
    if (clip.id != NULL || clip.path != NULL) text_csv(text, clip.id == NULL ? clip.path : clip.id);
    text_string(text, ",");
    if (clip.path != NULL) text_csv(text, clip.path);
    text_string(text, ",");
    number_shortest(text, clip.start);
    text_string(text, ",");
    if (clip.label != NULL) text_csv(text, clip.label);
    text_format(text, ",%s,", decision_kind_name(decision->kind));
    put_label(apply, apply->outcomes[row].label, text);
    text_string(text, ",");
    if (decision->by != NULL) text_csv(text, decision->by);
    text_string(text, ",");
    if (decision->note != NULL) text_csv(text, decision->note);
    text_string(text, "\n");
}

enum error_code apply_add_changes(struct apply *apply, struct error *error) {
    struct text text = TEXT_INITIAL;
    text_string(&text, "row,id,path,start,given,decision,label,by,note\n");
    for (size_t row = 0; row < apply->count; row++)
        if (apply->deciders[row] != DECISIONS_NONE) put_change(apply, row, &text);
    return products_add(&apply->products, "changes.csv", &text, error);
}

/* ---- labels.jsonl ---- */

/* A label, or an array of them. */
static void put_json_label(const char *label, bool sets, const char *joint, struct text *text) {
    if (!sets || label == NULL) {
        text_json_or_null(text, label);
        return;
    }
    text_string(text, "[");
    for (const char *at = label; *at != '\0';) {
        struct text piece = TEXT_INITIAL;
        const char *end = strstr(at, joint);
        text_append(&piece, at, end == NULL ? strlen(at) : (size_t)(end - at));
        text_string(&piece, "");
        if (at != label) text_string(text, ", ");
        text->failed = text->failed || piece.failed;
        if (!piece.failed) text_json(text, piece.data);
        text_free(&piece);
        at = end == NULL ? "" : end + strlen(joint);
    }
    text_string(text, "]");
}

/* A line that `earmark audit` reads: of a segment with its offset and duration. */
static void put_line(const struct apply *apply, size_t row, struct text *text) {
    const struct run_clips clips = all_clips_view(apply->source.clips);
    const struct run_clip clip = run_clip_at(&clips, row);
    const struct outcome *outcome = &apply->outcomes[row];
    const char *separator = apply->source.separator;
    text_format(text, "{\"row\": %zu", row);
    if (clip.path != NULL) {
        text_string(text, ", \"path\": ");
        text_json(text, clip.path);
    }
    if (apply->source.path != NULL && row < apply->source.collection.clips.count) {
        const struct clip *now = &apply->source.collection.clips.clips[row];
        if (now->start > 0 || now->end > 0) {
            text_string(text, ", \"offset\": ");
            number_json(text, now->start);
        }
        if (now->end > 0) {
            text_string(text, ", \"duration\": ");
            number_json(text, now->end - now->start);
        }
    }
    text_string(text, ", \"label\": ");
    if (outcome->kind == OUTCOME_RELABEL)
        put_json_label(outcome->label, separator != NULL, LABEL_JOINT, text);
    else
        put_json_label(clip.label, separator != NULL, separator, text);
    if (outcome->kind == OUTCOME_EXCLUDE)
        text_string(text, ", \"" EXCLUDE_COLUMN "\": \"" EXCLUDE_MARKED "\"");
    text_string(text, "}\n");
}

enum error_code apply_make_tables(struct apply *apply, struct error *error) {
    struct text text = TEXT_INITIAL;
    for (size_t row = 0; row < apply->count; row++)
        if (apply->outcomes[row].kind != OUTCOME_EXCLUDE ||
            apply->settings->exclude == EXCLUDE_MARK)
            put_line(apply, row, &text);
    apply->products.is_folder = true;
    TRY(products_add(&apply->products, "labels.jsonl", &text, error));
    TRY(apply_add_changes(apply, error));
    text_format(&apply->report->next,
                "%s stays as it is: labels.jsonl in %s has every clip with its label, changes.csv "
                "what was decided.",
                apply->source.path == NULL ? "The file of labels" : apply->source.path,
                apply->settings->new_path);
    return text_check(&apply->report->next, error);
}
