/* run.json. */
#include "host/base/numbers.h"
#include "host/base/run_watch.h"
#include "host/base/table_file.h"
#include "host/output/cells.h"
#include "host/output/files.h"
#include "host/output/findings.h"

#include <stdlib.h>
#include <string.h>

bool run_json_is_fixed(const char *name) {
    static const char *const fixed[] = {
        "format",       "source",   "root",  "counts",      "score",  "overall_health", "warnings",
        "audio_health", "detector", "views", "error_count", "belief", "cautions"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strcmp(name, fixed[i]) == 0) return true;
    return false;
}

static void append_counts(struct text *text, const struct run_results *results) {
    uint64_t clips = 0;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) clips += results->status_counts[i];
    if (clips == 0) clips = results->clips.count;
    text_format(text, "  \"counts\": {\n    \"clips\": %llu", (unsigned long long)clips);
    for (int i = 0; i < CLIP_STATUS_COUNT; i++)
        text_format(text, ",\n    \"%s\": %llu", clip_status_name((enum clip_status)i),
                    (unsigned long long)results->status_counts[i]);
    text_format(text, ",\n    \"classes\": %zu,\n    \"issues\": %zu\n  }", results->class_count,
                results->issue_count);
}

/* "audio_health": every audio fault with its count, its measure and its threshold. */
static void append_audio_faults(struct text *text, const struct run_results *results) {
    text_string(text, ",\n  \"audio_health\": {");
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        const struct audio_fault_rule *rule = audio_fault_rule((enum audio_fault)i);
        text_format(text, "%s\n    \"%s\": {\"clips\": %llu, \"measure\": ", i == 0 ? "" : ",",
                    rule->name, (unsigned long long)results->audio_fault_counts[i]);
        text_json(text, rule->measure);
        text_format(text, ", \"%s\": ", rule->below ? "below" : "at_least");
        number_json(text, rule->threshold);
        text_string(text, "}");
    }
    text_string(text, "\n  }");
}

/* The absolute folder without links, so that the clips are found from any current folder;
 * as it was given where that cannot be resolved. */
static void append_root(struct text *text, const char *root) {
    char *resolved = realpath(root == NULL || root[0] == '\0' ? "." : root, NULL);
    text_json_or_null(text, resolved == NULL ? root : resolved);
    free(resolved);
}

/* What the detector found: its name, views, estimates and cautions. */
static void append_detector(struct text *text, const struct run_results *results) {
    text_string(text, ",\n  \"detector\": ");
    text_json(text, results->detector);
    text_string(text, ",\n  \"views\": ");
    run_strings_json(text, results->view_names, results->view_count);
    text_string(text, ",\n  \"error_count\": ");
    run_error_count_json(text, &results->error_count);
    text_string(text, ",\n  \"belief\": ");
    run_belief_json(text, &results->belief);
    text_string(text, ",\n  \"cautions\": ");
    run_strings_json(text, results->cautions, results->caution_count);
}

static bool first_of_its_section(const struct run_facts *facts, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (strcmp(facts->list[i].section, facts->list[index].section) == 0) return false;
    return true;
}

static void append_facts(struct text *text, const struct run_facts *facts) {
    for (size_t i = 0; i < facts->count; i++) {
        if (!first_of_its_section(facts, i)) continue;
        text_string(text, ",\n  ");
        text_json(text, facts->list[i].section);
        text_string(text, ": {");
        for (size_t j = i; j < facts->count; j++) {
            const struct run_fact *fact = &facts->list[j];
            if (strcmp(fact->section, facts->list[i].section) != 0 || fact->json == NULL) continue;
            text_string(text, j == i ? "\n    " : ",\n    ");
            text_json(text, fact->name);
            text_string(text, ": ");
            text_string(text, fact->json);
        }
        text_string(text, "\n  }");
    }
}

enum error_code run_write_json(const struct folder *folder, const struct run_results *results,
                               struct error *error) {
    if (results->facts.failed)
        return FAIL(error, ERROR_MEMORY, "%s/run.json: no memory for the facts of the run",
                    folder->path);
    for (size_t i = 0; i < results->facts.count; i++)
        if (run_json_is_fixed(results->facts.list[i].section))
            return FAIL(error, ERROR_INTERNAL, "%s/run.json: facts in '%s', which is a member",
                        folder->path, results->facts.list[i].section);
    run_watch_leave(); /* with this file the run is complete, and no longer under way */
    struct table table;
    table_open(&table, folder, "run.json", error);
    struct text *text = &table.row;
    text_string(text, "{\n  \"format\": 1,\n  \"source\": ");
    text_json_or_null(text, results->input);
    text_string(text, ",\n  \"root\": ");
    append_root(text, results->root);
    text_string(text, ",\n");
    append_counts(text, results);
    text_string(text, ",\n  \"score\": ");
    text_json_or_null(text, results->score_name);
    text_string(text, ",\n  \"overall_health\": ");
    number_json(text, results->overall_health);
    text_string(text, ",\n  \"warnings\": [");
    for (size_t i = 0; i < results->warning_count; i++) {
        text_string(text, i == 0 ? "\n    " : ",\n    ");
        text_json(text, results->warnings[i]);
    }
    text_string(text, results->warning_count == 0 ? "]" : "\n  ]");
    if (results->detector != NULL) append_detector(text, results);
    if (results->has_audio_faults) append_audio_faults(text, results);
    append_facts(text, &results->facts);
    text_string(text, "\n}\n");
    return table_close(&table, error);
}
