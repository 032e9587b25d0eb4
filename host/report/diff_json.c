/* A comparison as one JSON object. */
#include "host/base/numbers.h"
#include "host/base/terminal.h"
#include "host/report/diff.h"

static const char *cause_word(enum diff_cause cause) {
    static const char *const words[] = {[DIFF_LABEL_CHANGED] = "label_changed",
                                        [DIFF_JUDGED_ANEW] = "judged_anew",
                                        [DIFF_CLIP_ADDED] = "clip_added",
                                        [DIFF_CLIP_REMOVED] = "clip_removed",
                                        [DIFF_NOT_AUDITED] = "not_audited"};
    return words[cause];
}

/* A clip in one of the runs: its row and names, and what was said of it there. */
static void append_clip(struct text *text, const char *when, const struct diff_side *side,
                        size_t row) {
    char number[16];
    text_format(text, "\"%s\": ", when);
    if (row == DIFF_NO_ROW) {
        text_string(text, "null");
        return;
    }
    const struct diff_clip *clip = &side->clips[row];
    text_format(text, "{\"row\": %zu, \"id\": ", row);
    text_json(text, diff_id(side, row));
    text_string(text, ", \"label\": ");
    text_json(text, diff_label(side, row));
    text_string(text, ", \"status\": ");
    text_json(text, clip_status_name((enum clip_status)clip->status));
    if (clip->issue != 0) {
        const struct run_issue *issue = &side->results->issues[clip->issue - 1];
        text_format(text, ", \"rank\": %u, \"suggested_label\": ", clip->issue);
        text_json(text, run_suggested_label(side->results, issue, number));
        text_string(text, ", \"score\": ");
        number_json(text, issue->score);
    }
    text_string(text, "}");
}

static void append_pair(struct text *text, const struct diff *diff, const struct diff_pair *pair) {
    append_clip(text, "old", &diff->old, pair->old);
    text_string(text, ", ");
    append_clip(text, "new", &diff->new, pair->new);
    text_string(text, "}");
}

static enum error_code print_kind(FILE *stream, struct text *text, const struct diff *diff,
                                  enum diff_kind kind, struct error *error) {
    const struct diff_pairs *pairs = &diff->kinds[kind];
    text_format(text, ",\n  \"%s\": [", diff_kind_name(kind));
    for (size_t i = 0; i < pairs->count; i++) {
        const struct diff_pair *pair = &pairs->list[i];
        text_format(text, "%s\n    {\"cause\": \"%s\", ", i == 0 ? "" : ",",
                    cause_word(diff_cause(diff, kind, pair)));
        append_pair(text, diff, pair);
        TRY(terminal_print_pieces(stream, text, false, "the comparison", error));
    }
    text_string(text, pairs->count == 0 ? "]" : "\n  ]");
    return ERROR_NONE;
}

static bool is_removed(const struct diff_clip *clip, const struct diff_clip *other) {
    (void)clip;
    return other == NULL;
}

static bool is_moved(const struct diff_clip *clip, const struct diff_clip *other) {
    return other != NULL && other->id != clip->id;
}

static bool is_relabelled(const struct diff_clip *clip, const struct diff_clip *other) {
    return other != NULL && other->label != clip->label;
}

/* A list of clips: of OLD for those that were removed, of NEW for the others. */
static enum error_code
print_clips(FILE *stream, struct text *text, const struct diff *diff, const char *name, bool of_old,
            bool (*wanted)(const struct diff_clip *, const struct diff_clip *),
            struct error *error) {
    const struct diff_side *side = of_old ? &diff->old : &diff->new;
    const struct diff_side *other = of_old ? &diff->new : &diff->old;
    bool any = false;
    text_format(text, ",\n  \"%s\": [", name);
    for (size_t row = 0; row < side->count; row++) {
        const struct diff_clip *clip = &side->clips[row];
        const size_t there = clip->partner == 0 ? DIFF_NO_ROW : clip->partner - 1;
        if (!wanted(clip, there == DIFF_NO_ROW ? NULL : &other->clips[there])) continue;
        text_string(text, any ? ",\n    {" : "\n    {");
        append_pair(text, diff, &(struct diff_pair){of_old ? row : there, of_old ? there : row});
        TRY(terminal_print_pieces(stream, text, false, "the comparison", error));
        any = true;
    }
    text_string(text, any ? "\n  ]" : "]");
    return ERROR_NONE;
}

static void append_health(struct text *text, const char *when, const struct run_class *class) {
    text_format(text, ", \"%s\": ", when);
    if (class == NULL) {
        text_string(text, "null");
        return;
    }
    text_format(text, "{\"examples\": %llu, \"label_issues\": %lld, \"label_quality_score\": ",
                (unsigned long long)class->examples, (long long)class->label_issues);
    number_json(text, class->label_quality);
    text_string(text, "}");
}

static void append_classes(struct text *text, const struct diff *diff) {
    text_string(text, ",\n  \"classes\": [");
    for (size_t k = 0; k < diff->class_count; k++) {
        const struct diff_class *class = &diff->classes[k];
        text_format(text, "%s\n    {\"class\": ", k == 0 ? "" : ",");
        text_json(text, class->name);
        text_format(text, ", \"moved\": %s", class->moved >= DIFF_MOVED ? "true" : "false");
        append_health(text, "old", class->old);
        append_health(text, "new", class->new);
        text_string(text, "}");
    }
    text_string(text, diff->class_count == 0 ? "]" : "\n  ]");
}

static void append_settings(struct text *text, const struct diff *diff) {
    text_string(text, ",\n  \"settings\": [");
    for (size_t i = 0; i < diff->setting_count; i++) {
        const struct diff_setting *setting = &diff->settings[i];
        text_string(text, i == 0 ? "\n    {\"section\": " : ",\n    {\"section\": ");
        text_json(text, setting->section);
        text_string(text, ", \"name\": ");
        text_json(text, setting->name);
        text_format(text, ", \"old\": %s, \"new\": %s}",
                    setting->old == NULL ? "null" : setting->old,
                    setting->new == NULL ? "null" : setting->new);
    }
    text_string(text, diff->setting_count == 0 ? "]" : "\n  ]");
}

static void append_counts(struct text *text, const struct diff *diff) {
    text_string(text, "{\n  \"old_run\": ");
    text_json(text, diff->old.folder.path);
    text_string(text, ",\n  \"new_run\": ");
    text_json(text, diff->new.folder.path);
    text_format(
        text,
        ",\n  \"clips\": {\"in_old\": %zu, \"in_new\": %zu, \"common\": %zu, \"added\": %zu, "
        "\"removed\": %zu, \"moved\": %zu, \"relabelled\": %zu}",
        diff->old.count, diff->new.count, diff->common, diff->added, diff->removed, diff->moved,
        diff->relabelled);
    text_format(text, ",\n  \"issues\": {\"in_old\": %zu, \"in_new\": %zu, \"open\": %zu",
                diff->old.results->issue_count, diff->new.results->issue_count, diff->open);
    for (int kind = 0; kind < DIFF_KINDS; kind++)
        text_format(text, ", \"%s\": %zu", diff_kind_name((enum diff_kind)kind),
                    diff->kinds[kind].count);
    text_string(text, "}");
}

static enum error_code print(FILE *stream, struct text *text, const struct diff *diff,
                             struct error *error) {
    append_counts(text, diff);
    append_settings(text, diff);
    for (int kind = 0; kind < DIFF_KINDS; kind++)
        TRY(print_kind(stream, text, diff, (enum diff_kind)kind, error));
    TRY(print_clips(stream, text, diff, "removed_clips", true, is_removed, error));
    TRY(print_clips(stream, text, diff, "added_clips", false, is_removed, error));
    TRY(print_clips(stream, text, diff, "moved_clips", false, is_moved, error));
    TRY(print_clips(stream, text, diff, "relabelled_clips", false, is_relabelled, error));
    append_classes(text, diff);
    text_string(text, "\n}\n");
    return terminal_print_pieces(stream, text, true, "the comparison", error);
}

enum error_code diff_print_json(FILE *stream, const struct diff *diff, struct error *error) {
    struct text text = TEXT_INITIAL;
    print(stream, &text, diff, error);
    text_free(&text);
    return error->code;
}
