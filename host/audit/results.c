/* From probabilities to results: confident learning, neighbours, class health, facts. */
#include "host/audit/internal.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/clips/fingerprint.h"
#include "host/confident/supplied.h"
#include "host/embedding/run_facts.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum error_code audit_find_issues(const struct audit_settings *settings, struct audit *audit,
                                  struct error *error) {
    struct detection_settings detection = settings->detection;
    double *num_to_remove = NULL, *joint = NULL;
    size_t classes = audit->rows.classes;
    if (supplied_read_removals(settings->num_to_remove_file, classes, &num_to_remove, error) ==
            ERROR_NONE &&
        supplied_read_joint(settings->joint_file, classes, audit->kind->multilabel, &joint,
                            error) == ERROR_NONE) {
        detection.confident.num_to_remove = num_to_remove;
        detection.confident.joint = joint;
        audit->kind->find_issues(audit, &detection, error);
    }
    free(num_to_remove);
    free(joint);
    return error->code;
}

/* Rows of the first issues: (*count). */
static size_t *first_issues(const struct audit *audit, size_t *count, struct error *error) {
    size_t *rows;
    *count =
        audit->ranked_count < RUN_NEIGHBOUR_ISSUES ? audit->ranked_count : RUN_NEIGHBOUR_ISSUES;
    rows = memory_array(*count, sizeof *rows, "neighbours", error);
    for (size_t i = 0; rows != NULL && i < *count; i++) rows[i] = audit->ranked[i].row;
    return rows;
}

/* The most similar audited clips of the first issues, and where there are not too many rows
 * of every row: one search gives both. */
static enum error_code find_neighbours(struct audit *audit, struct error *error) {
    const struct neighbour_rows rows = {.embeddings = audit->own[0].embeddings,
                                        .count = audit->rows.count,
                                        .columns = audit->own[0].features,
                                        .clips = audit->rows.clips};
    struct neighbours found = {0};
    size_t count;
    size_t *queries = first_issues(audit, &count, error);
    if (queries == NULL) return error->code;
    audit->searched_near = rows.count <= DUPLICATES_SEARCHED_ROWS;
    duplicates_find_near(audit->session.engine.device, &rows, audit->searched_near ? NULL : queries,
                         count, audit->session.measures, audit->relations, &found, error);
    for (size_t i = 0; error->code == ERROR_NONE && i < count; i++) {
        struct run_issue *issue = &audit->issues[i];
        size_t at = audit->searched_near ? queries[i] : i;
        for (size_t n = 0; n < RUN_NEIGHBOURS && found.clips[at][n] != SIZE_MAX; n++) {
            issue->neighbours[n] = found.clips[at][n];
            issue->similarities[n] = found.similarities[at][n];
            issue->neighbour_count = n + 1;
        }
    }
    neighbours_free(&found);
    free(queries);
    return error->code;
}

/* One number for what the run was about: every path, segment, label, group and sound. */
static void add_clips_hash(struct audit *audit) {
    const struct clip_list *clips = &audit->session.input.clips;
    const struct clip_measures *measures = audit->session.measures;
    uint64_t hash = 0;
    char hexadecimal[17];
    for (size_t i = 0; i < clips->count; i++)
        hash = XXH3_64bits_withSeed(measures[i].facts.hash, sizeof measures[i].facts.hash,
                                    clip_hash(clips, i, hash));
    snprintf(hexadecimal, sizeof hexadecimal, "%016llx", (unsigned long long)hash);
    run_fact_string(&audit->results.facts, "input", "clips_hash", hexadecimal);
}

/* What the user asked for, and the folds and columns that were decided. */
static void add_settings(const struct audit_settings *settings, struct audit *audit) {
    struct run_facts *facts = &audit->results.facts;
    const struct input_options *input = &settings->session.input_options;
    const struct crossval_settings *crossval = &settings->detection.crossval;
    const struct confident_settings *confident = &settings->detection.confident;
    run_fact_integer(facts, "settings", "folds", (int64_t)audit->rows.folds);
    run_fact_string(facts, "settings", "detector", detector_name(settings->detection.detector));
    run_fact_bool(facts, "settings", "copies_apart", settings->copies_apart);
    run_fact_bool(facts, "settings", "shuffle", crossval->shuffle);
    run_fact_integer(facts, "settings", "seed", crossval->seed);
    run_fact_string(facts, "settings", "label_pattern", input->label_pattern);
    run_fact_string(facts, "settings", "label_separator", audit->session.input.label_separator);
    run_fact_string(facts, "settings", "group", audit->session.input.group_field);
    run_fact_string(facts, "settings", "path_template", input->path_template);
    run_fact_string(facts, "settings", "fold_column", audit->session.input.fold_column);
    run_fact_bool(facts, "settings", "C_auto", crossval->c_auto);
    run_fact_string(facts, "settings", "scale",
                    crossval->scale == SCALE_STANDARD ? "standard" : "none");
    run_fact_double(facts, "settings", "tol", crossval->tolerance);
    run_fact_integer(facts, "settings", "max_iterations", crossval->max_iterations);
    run_fact_string(facts, "settings", "filter", detection_filter_name(confident->filter));
    run_fact_string(facts, "settings", "score", audit->results.score_name);
    run_fact_double(facts, "settings", "frac_noise", confident->frac_noise);
    run_fact_integer(facts, "settings", "min_examples_per_class",
                     confident->min_examples_per_class);
    run_fact_bool(facts, "settings", "adjust_pred_probs", confident->adjust_pred_probs);
    run_fact_string(facts, "settings", "near_duplicates_among",
                    audit->searched_near ? "the five nearest of every audited clip"
                                         : "the five nearest of the first 1,000 issues");
}

static enum error_code add_facts(const struct audit_settings *settings, struct audit *audit,
                                 struct error *error) {
    struct run_facts *facts = &audit->results.facts;
    const struct session *session = &audit->session;
    run_facts_engine(facts, &session->engine, settings->session.engine.precision);
    run_facts_views(facts, session->has_statistics);
    run_facts_sandbox(facts);
    run_facts_input(facts, &session->input, settings->session.no_resample);
    run_facts_list(facts, settings->session.input, &settings->session.input_options,
                   &session->input.trace);
    add_clips_hash(audit);
    add_settings(settings, audit);
    return audit->kind->add_facts(audit, facts, error);
}

static enum error_code add_warnings(struct audit *audit, struct error *error) {
    struct text sentences = TEXT_INITIAL;
    TRY(warnings_append(&audit->warnings, &audit->session.input.warnings, error));
    audit->kind->add_warnings(audit, &sentences);
    char *rest = sentences.data;
    for (char *line; error->code == ERROR_NONE && (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0') warnings_add(&audit->warnings, error, "%s", line);
    text_free(&sentences);
    return error->code;
}

/* Everything but facts and warnings. */
static void fill_results(const struct audit_settings *settings, struct audit *audit) {
    struct run_results *results = &audit->results;
    const struct collection *input = &audit->session.input;
    audit->view = (struct clip_view){.clips = &input->clips,
                                     .measures = audit->session.measures,
                                     .class_of = audit->rows.class_of,
                                     .multilabel = audit->kind->multilabel,
                                     .folds = audit->rows.clip_folds,
                                     .array_rows = audit->rows.clip_rows,
                                     .relations = audit->relations,
                                     .id = &audit->clip_id};
    results->has_audio_faults = true;
    results->input = settings->session.input;
    results->root = input->clips.root.path;
    results->allow_outside = input->clips.root.allow_outside;
    results->not_read = input->not_read.data;
    results->group_name = audit->session.input.group_field;
    results->clips = clip_view_clips(&audit->view);
    results->class_names = audit->rows.class_names;
    results->class_count = audit->rows.classes;
    results->multilabel = audit->kind->multilabel;
}

enum error_code audit_make_results(const struct audit_settings *settings, struct audit *audit,
                                   struct error *error) {
    struct run_results *results = &audit->results;
    TRY(duplicates_find_identical(&audit->session.input.clips, audit->session.measures,
                                  &audit->relations, error));
    TRY(audit->kind->make_findings(audit, error));
    TRY(find_neighbours(audit, error));
    fill_results(settings, audit);
    TRY(add_facts(settings, audit, error));
    TRY(add_warnings(audit, error));
    TRY(audit_warn_of_splits(audit, error));
    TRY(audit->kind->report_left_out(audit, error));
    results->warnings = (const char *const *)audit->warnings.sentences;
    results->warning_count = audit->warnings.count;
    run_count_statuses(results);
    return ERROR_NONE;
}

void audit_free_results(struct audit *audit) {
    run_facts_free(&audit->results.facts);
    text_free(&audit->clip_id);
    warnings_free(&audit->warnings);
    detection_results_free(&audit->found);
    scratch_free(audit->multilabel_issues);
    scratch_free(audit->annotations);
    text_free(&audit->label_texts);
    free(audit->multilabel_classes);
    scratch_free(audit->relations);
}
