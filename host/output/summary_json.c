/* The summary as one JSON object. */
#include "host/base/numbers.h"
#include "host/output/cells.h"
#include "host/output/findings.h"
#include "host/output/summary.h"
#include "host/output/summary_internal.h"

static void append_marks(struct text *text, const struct run_issue *issue) {
    text_format(text, ", \"none_of_classes\": %s, \"certain\": %s, \"same_sound\": ",
                issue->none_of_classes ? "true" : "false", issue->certain ? "true" : "false");
    if (issue->certain)
        text_format(text, "%zu", issue->same_sound);
    else
        text_string(text, "null");
}

static void append_first_issues(struct text *text, const struct run_results *results) {
    char number[16];
    for (size_t i = 0; i < results->issue_count && i < SUMMARY_ISSUES; i++) {
        const struct run_issue *issue = &results->issues[i];
        struct run_clip clip = run_clip_at(&results->clips, issue->row);
        text_format(text, "%s{\"rank\": %zu, \"row\": %zu, \"path\": ", i == 0 ? "" : ", ", i + 1,
                    issue->row);
        text_json_or_null(text, clip.path);
        text_string(text, ", \"given_label\": ");
        text_json(text, run_given_label(results, issue, number));
        text_string(text, ", \"suggested_label\": ");
        text_json(text, run_suggested_label(results, issue, number));
        text_string(text, ", \"score\": ");
        number_json(text, issue->score);
        if (run_has_marks(results)) append_marks(text, issue);
        text_string(text, "}");
    }
}

static void append_groups(struct text *text, const struct run_results *results) {
    char number[32];
    for (size_t i = 0; i < results->group_error_count && i < SUMMARY_ISSUES; i++) {
        const struct run_group_error *group = &results->group_errors[i];
        text_string(text, i == 0 ? "{\"group\": " : ", {\"group\": ");
        text_json(text, run_group_name(group, number));
        text_string(text, ", \"given_label\": ");
        text_json(text, run_class_name(results, group->given, number));
        text_string(text, ", \"suggested_label\": ");
        text_json(text, run_class_name(results, group->suggested, number));
        text_format(text, ", \"clips\": %zu, \"matching\": %zu}", group->clips, group->matching);
    }
}

/* What the detector found; null and empty where there is none. */
static void append_detector(struct text *text, const struct run_results *results) {
    text_string(text, ", \"detector\": ");
    text_json_or_null(text, results->detector);
    text_string(text, ", \"views\": ");
    run_strings_json(text, results->view_names, results->view_count);
    text_string(text, ", \"error_count\": ");
    run_error_count_json(text, &results->error_count);
    text_string(text, ", \"belief\": ");
    run_belief_json(text, &results->belief);
    text_format(text, ", \"group_errors\": %zu, \"first_group_errors\": [",
                results->group_error_count);
    append_groups(text, results);
    text_string(text, "]");
}

/* folder/name as one JSON string */
static void append_file(struct text *text, const char *member, const char *folder,
                        const char *name) {
    struct text path = TEXT_INITIAL;
    text_string(&path, folder);
    text_format(&path, "/%s", name);
    text_format(text, ", \"%s\": ", member);
    if (path.failed)
        text->failed = true;
    else
        text_json(text, path.data);
    text_free(&path);
}

enum error_code summary_print_json(FILE *stream, const char *folder,
                                   const struct run_results *results, struct error *error) {
    struct text text = TEXT_INITIAL;
    text_string(&text, "{\"cautions\": ");
    run_strings_json(&text, results->cautions, results->caution_count);
    text_format(&text, ", \"clips\": %llu, \"audited\": %llu, \"not_audited\": {",
                (unsigned long long)summary_clips(results),
                (unsigned long long)results->status_counts[CLIP_OK]);
    const char *comma = "";
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
        if (i == CLIP_OK || results->status_counts[i] == 0) continue;
        text_format(&text, "%s\"%s\": %llu", comma, clip_status_name((enum clip_status)i),
                    (unsigned long long)results->status_counts[i]);
        comma = ", ";
    }
    text_string(&text, "}, \"not_read\": ");
    text_json_or_null(&text, results->not_read);
    text_string(&text, ", \"audio_health\": {");
    for (int i = 0; i < AUDIO_FAULT_COUNT && results->has_audio_faults; i++)
        text_format(&text, "%s\"%s\": %llu", i == 0 ? "" : ", ",
                    audio_fault_rule((enum audio_fault)i)->name,
                    (unsigned long long)results->audio_fault_counts[i]);
    text_format(&text,
                "}, \"classes\": %zu, \"issues\": %zu, \"overall_health\": ", results->class_count,
                results->issue_count);
    number_json(&text, results->overall_health);
    text_string(&text, ", \"score\": ");
    text_json_or_null(&text, results->score_name);
    text_string(&text, ", \"first_issues\": [");
    append_first_issues(&text, results);
    text_string(&text, "]");
    append_detector(&text, results);
    text_string(&text, ", \"warnings\": ");
    run_strings_json(&text, results->warnings, results->warning_count);
    text_string(&text, ", \"folder\": ");
    text_json(&text, folder);
    append_file(&text, "report", folder, "report.html");
    append_file(&text, "issues_csv", folder, "issues.csv");
    append_file(&text, "issues_jsonl", folder, "issues.jsonl");
    append_file(&text, "clips_csv", folder, "clips.csv");
    text_string(&text, "}\n");
    return summary_put(stream, &text, error);
}
