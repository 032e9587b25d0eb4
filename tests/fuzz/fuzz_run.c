/* The files of a run, as `earmark report` reads them: the input is split at bytes
 * 0x1e into run.json, classes.json, issues.jsonl, clips.csv, classes.csv,
 * overlapping_classes.csv, confident_joint.csv and group_errors.csv. Reads everything that the page
 * would use. JSON that parses must mean the same when written again. */
#include "host/base/json.h"
#include "host/output/files.h"
#include "host/output/findings.h"
#include "host/report/read.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"run.json",
                                    "classes.json",
                                    "issues.jsonl",
                                    "clips.csv",
                                    "classes.csv",
                                    "overlapping_classes.csv",
                                    "confident_joint.csv",
                                    "group_errors.csv"};

/* What the summary and the page would say of an issue's marks and of what the detector found. */
static void say(const struct run_results *results) {
    struct text text = TEXT_INITIAL;
    for (size_t i = 0; i < results->issue_count; i++) {
        const struct run_issue *issue = &results->issues[i];
        for (size_t v = 0; issue->evidence != NULL && v < results->view_count; v++)
            run_evidence_words(&text, results, issue, v, text_string);
        if (issue->certain && results->clips.get != NULL &&
            issue->same_sound >= results->clips.count)
            abort();
    }
    for (size_t i = 0; i < results->group_error_count; i++)
        run_group_words(&text, results, &results->group_errors[i], text_string);
    for (size_t i = 0; i < results->caution_count; i++) text_string(&text, results->cautions[i]);
    if (results->error_count.estimated) {
        run_errors_words(&text, results);
        const struct run_shown_errors shown = run_shown_errors(results);
        if (shown.low > shown.all || shown.high < shown.all) abort();
        double right = run_right_share(results);
        if (results->status_counts[CLIP_OK] > 0 && !(right >= 0.0 && right <= 1.0)) abort();
    }
    if (text.failed) abort();
    text_free(&text);
}

/* Reads everything that the page would use. */
static void look_at(const struct run_results *results) {
    size_t seen = 0;
    char number[16];
    say(results);
    for (size_t i = 0; i < results->issue_count; i++) {
        const struct run_issue *issue = &results->issues[i];
        struct run_clip clip = {.path = NULL};
        if (results->clips.get != NULL)
            results->clips.get(results->clips.context, issue->row, &clip);
        seen += clip.path == NULL ? 0 : strlen(clip.path);
        seen += strlen(run_given_label(results, issue, number));
        seen += strlen(run_suggested_label(results, issue, number));
        for (size_t j = 0; j < issue->annotation_count; j++)
            seen += strlen(results->class_names[issue->annotations[j].class_index]);
        for (size_t j = 0; j < issue->neighbour_count; j++)
            if (results->clips.get != NULL && issue->neighbours[j] >= results->clips.count) abort();
    }
    for (size_t k = 0; results->classes != NULL && k < results->class_count; k++)
        seen += strlen(results->class_names[results->classes[k].index]);
    for (size_t i = 0; i < results->pair_count; i++)
        seen += strlen(results->class_names[results->pairs[i].first]) +
                strlen(results->class_names[results->pairs[i].second]);
    if (seen == SIZE_MAX) abort();
}

/* JSON that parses is the same after writing and parsing it again. */
static void check_json(const char *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct text first = TEXT_INITIAL;
    struct text second = TEXT_INITIAL;
    json_t *json = json_parse(data, size, "input", &error);
    if (json == NULL) return;
    json_append(&first, json);
    json_decref(json);
    json = json_parse(first.data, first.length, "written", &error);
    if (json == NULL) abort();
    json_append(&second, json);
    if (strcmp(first.data, second.data) != 0) abort();
    json_decref(json);
    text_free(&first);
    text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct run_read *read = NULL;
    struct error error = ERROR_INITIAL;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_fill(data, size);
    const uint8_t *cut = size == 0 ? NULL : memchr(data, MEMORY_FOLDER_CUT, size);
    check_json((const char *)data, cut == NULL ? size : (size_t)(cut - data));
    struct folder folder;
    if (folder_open(memory_folder, false, &folder, &error) == ERROR_NONE &&
        run_read_open(&folder, &read, &error) == ERROR_NONE)
        look_at(run_read_results(read));
    run_read_close(read);
    folder_close(&folder);
    return 0;
}
