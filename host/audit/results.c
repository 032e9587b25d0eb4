/* From probabilities to results: confident learning, neighbours, health, facts. */
#include "host/audit/internal.h"

#include "host/base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A .npy of doubles with so many values, or nothing when no file was named. */
static enum error_code load_table(const char *path, size_t count, const char *shape,
                                  double **values, struct error *error) {
    size_t rows = 0, columns = 0;
    if (path == NULL) return ERROR_NONE;
    TRY(npy_load_float64(path, values, &rows, &columns, error));
    if (rows * columns != count)
        return FAIL(error, ERROR_DATA, "%s: has %zu values; this run needs %zu: %s", path,
                    rows * columns, count, shape);
    return ERROR_NONE;
}

static struct confident_input confident_view(const struct audit *audit) {
    const struct audit_rows *rows = &audit->rows;
    return (struct confident_input){
        .labels = npy_view(NPY_INT64, rows->count, 0, audit->labels),
        .probabilities = npy_view(NPY_FLOAT32, rows->count, rows->classes, audit->probabilities),
        .threads = audit->engine.threads,
    };
}

enum error_code audit_find_issues(const struct audit_settings *settings, struct audit *audit,
                                  struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    struct confident_input input = confident_view(audit);
    struct confident_settings confident = settings->confident;
    double *num_to_remove = NULL, *joint = NULL;
    size_t cells = audit->several ? 4 : rows->classes; /* of a class's row in the joint */
    if (load_table(settings->num_to_remove_file, rows->classes, "one per class", &num_to_remove,
                   error) == ERROR_NONE &&
        load_table(settings->joint_file, rows->classes * cells,
                   audit->several ? "classes x 2 x 2" : "classes x classes", &joint,
                   error) == ERROR_NONE) {
        confident.num_to_remove = num_to_remove;
        confident.joint = joint;
        if (audit->several)
            audit_find_label_issues(audit, &confident, &audit->multi, error);
        else
            confident_find(&input, &confident, &audit->confident, error);
    }
    audit->ranked = audit->several ? audit->multi.issues : audit->confident.issues;
    audit->ranked_count = audit->several ? audit->multi.issue_count : audit->confident.issue_count;
    free(num_to_remove);
    free(joint);
    return error->code;
}

/* The five most similar audited clips of the first issues. */
static enum error_code find_neighbours(struct audit *audit, struct error *error) {
    const struct device_operations *operations = audit->engine.device->operations;
    size_t count = audit->ranked_count;
    if (count > RUN_NEIGHBOUR_ISSUES) count = RUN_NEIGHBOUR_ISSUES;
    if (count == 0) return ERROR_NONE;
    size_t *queries = memory_array(count, sizeof *queries, "neighbours", error);
    size_t *found = memory_array(count * RUN_NEIGHBOURS, sizeof *found, "neighbours", error);
    float *similar = memory_array(count * RUN_NEIGHBOURS, sizeof *similar, "neighbours", error);
    if (queries == NULL || found == NULL || similar == NULL) goto done;
    for (size_t i = 0; i < count; i++) queries[i] = audit->ranked[i].row;
    if (operations->nearest(audit->engine.device, npy_direct(&audit->embeddings, NPY_FLOAT32),
                            audit->rows.count, audit->columns, queries, count, RUN_NEIGHBOURS,
                            found, similar, error) != ERROR_NONE)
        goto done;
    for (size_t i = 0; i < count; i++) {
        struct run_issue *issue = &audit->issues[i];
        for (size_t n = 0; n < RUN_NEIGHBOURS && found[i * RUN_NEIGHBOURS + n] != SIZE_MAX; n++) {
            issue->neighbours[n] = audit->rows.clips[found[i * RUN_NEIGHBOURS + n]];
            issue->similarities[n] = similar[i * RUN_NEIGHBOURS + n];
            issue->neighbour_count = n + 1;
        }
        duplicates_take_neighbours(audit->measures, issue->row, issue->neighbours,
                                   issue->similarities, issue->neighbour_count, audit->relations);
    }
done:
    free(queries);
    free(found);
    free(similar);
    return error->code;
}

static enum error_code make_issues(struct audit *audit, struct error *error) {
    const struct confident_result *confident = &audit->confident;
    const struct confident_input input = confident_view(audit);
    size_t count = confident->issue_count;
    struct confident_row *described = memory_array(count, sizeof *described, "issues", error);
    audit->issues = memory_array(count, sizeof *audit->issues, "issues", error);
    if (described == NULL || audit->issues == NULL ||
        confident_describe(&input, confident->issues, count, described, error) != ERROR_NONE)
        goto done;
    for (size_t i = 0; i < count; i++) {
        const struct confident_row *row = &described[i];
        audit->issues[i] = (struct run_issue){
            .row = audit->rows.clips[confident->issues[i].row],
            .given = row->given,
            .suggested = row->suggested,
            .score = confident->issues[i].score,
            .self_confidence = row->scores[SCORE_SELF_CONFIDENCE],
            .normalized_margin = row->scores[SCORE_NORMALIZED_MARGIN],
            .confidence_weighted_entropy = row->scores[SCORE_CONFIDENCE_WEIGHTED_ENTROPY],
            .given_probability = (float)row->given_probability,
            .suggested_probability = (float)row->suggested_probability,
        };
    }
done:
    free(described);
    return error->code;
}

/* One number for what the run was about: every path, segment, label, group and sound. */
static void add_clips_hash(struct audit *audit) {
    const struct clip_list *clips = &audit->input.clips;
    XXH64_hash_t hash = 0;
    char hexadecimal[17];
    for (size_t i = 0; i < clips->count; i++) {
        const char *texts[3] = {clip_path(clips, i), clip_label(clips, i), clip_group(clips, i)};
        for (size_t t = 0; t < 3; t++)
            hash = texts[t] == NULL ? XXH3_64bits_withSeed("", 0, hash)
                                    : XXH3_64bits_withSeed(texts[t], strlen(texts[t]) + 1, hash);
        const double part[2] = {clips->clips[i].start, clips->clips[i].end};
        hash = XXH3_64bits_withSeed(part, sizeof part, hash);
        hash = XXH3_64bits_withSeed(audit->measures[i].facts.hash,
                                    sizeof audit->measures[i].facts.hash, hash);
    }
    snprintf(hexadecimal, sizeof hexadecimal, "%016llx", (unsigned long long)hash);
    run_fact_string(&audit->results.facts, "input", "clips_hash", hexadecimal);
}

static enum error_code add_facts(const struct audit_settings *settings, struct audit *audit,
                                 struct error *error) {
    struct run_facts *facts = &audit->results.facts;
    const struct crossval_settings *crossval = &settings->crossval;
    const struct confident_settings *confident = &settings->confident;
    struct text report = TEXT_INITIAL;
    run_facts_engine(facts, &audit->engine, settings->engine.precision);
    run_facts_input(facts, &audit->input, settings->no_resample);
    add_clips_hash(audit);
    run_fact_integer(facts, "settings", "folds", (int64_t)audit->rows.folds);
    run_fact_bool(facts, "settings", "shuffle", crossval->shuffle);
    run_fact_integer(facts, "settings", "seed", crossval->seed);
    run_fact_string(facts, "settings", "label_pattern", settings->input_options.label_pattern);
    run_fact_string(facts, "settings", "label_separator", settings->input_options.label_separator);
    run_fact_string(facts, "settings", "group", settings->input_options.group_field);
    run_fact_string(facts, "settings", "fold_column", audit->input.fold_column);
    run_fact_bool(facts, "settings", "C_auto", crossval->c_auto);
    run_fact_string(facts, "settings", "scale", crossval->standardise ? "standard" : "none");
    run_fact_double(facts, "settings", "tol", crossval->tolerance);
    run_fact_integer(facts, "settings", "max_iterations", crossval->max_iterations);
    run_fact_string(facts, "settings", "filter", confident_filter_name(confident->filter));
    run_fact_string(facts, "settings", "score", confident_score_name(confident->score));
    run_fact_double(facts, "settings", "frac_noise", confident->frac_noise);
    run_fact_integer(facts, "settings", "min_examples_per_class",
                     confident->min_examples_per_class);
    run_fact_bool(facts, "settings", "adjust_pred_probs", confident->adjust_pred_probs);
    run_fact_string(facts, "settings", "near_duplicates_among",
                    audit->searched_near ? "the five nearest of every audited clip"
                                         : "the five nearest of the first 1,000 issues");
    run_fact_integer(facts, "confident_learning", "num_label_issues",
                     (int64_t)(audit->several ? audit->multi.num_label_issues
                                              : audit->confident.num_label_issues));
    if (!audit->several)
        run_fact_integer(facts, "confident_learning", "num_label_issues_calibrated",
                         (int64_t)audit->confident.num_label_issues_calibrated);
    crossval_report_json(&audit->crossval, &report);
    if (text_check(&report, error) == ERROR_NONE)
        run_fact_json(facts, "classifier", "cross_validation", report.data);
    text_free(&report);
    return error->code;
}

static enum error_code add_warnings(struct audit *audit, struct error *error) {
    struct text sentences = TEXT_INITIAL;
    TRY(warnings_append(&audit->warnings, &audit->input.warnings, error));
    crossval_report_warnings(&audit->crossval, &sentences);
    char *rest = sentences.data;
    for (char *line; error->code == ERROR_NONE && (line = strsep(&rest, "\n")) != NULL;)
        if (line[0] != '\0') warnings_add(&audit->warnings, error, "%s", line);
    text_free(&sentences);
    return error->code;
}

enum error_code audit_make_results(const struct audit_settings *settings, struct audit *audit,
                                   struct error *error) {
    struct run_results *results = &audit->results;
    TRY(duplicates_find_identical(&audit->input.clips, audit->measures, &audit->relations, error));
    TRY(audit->several ? audit_make_label_issues(audit, error) : make_issues(audit, error));
    TRY(find_neighbours(audit, error));
    TRY(duplicates_find_near(audit->engine.device, npy_direct(&audit->embeddings, NPY_FLOAT32),
                             audit->rows.count, audit->columns, audit->rows.clips, audit->measures,
                             audit->relations, &audit->searched_near, error));
    TRY(audit->several ? audit_make_label_health(audit, error) : audit_make_health(audit, error));
    audit->view = (struct clip_view){.clips = &audit->input.clips,
                                     .measures = audit->measures,
                                     .class_of = audit->rows.class_of,
                                     .several_labels = audit->several,
                                     .folds = audit->rows.clip_folds,
                                     .array_rows = audit->rows.clip_rows,
                                     .relations = audit->relations};
    results->has_audio_faults = true;
    results->input = settings->input;
    results->root = audit->input.clips.root;
    results->clips = clip_view_clips(&audit->view);
    results->class_names = audit->rows.class_names;
    results->class_count = audit->rows.classes;
    results->score_name = confident_score_name(settings->confident.score);
    results->issues = audit->issues;
    results->issue_count = audit->ranked_count;
    results->confident_joint = audit->confident.confident_joint;
    results->several_labels = audit->several;
    TRY(add_facts(settings, audit, error));
    TRY(add_warnings(audit, error));
    if (audit->several) TRY(audit_tell_of_labels(audit, error));
    results->warnings = (const char *const *)audit->warnings.sentences;
    results->warning_count = audit->warnings.count;
    run_count_statuses(results);
    return ERROR_NONE;
}

void audit_free_results(struct audit *audit) {
    run_facts_free(&audit->results.facts);
    warnings_free(&audit->warnings);
    free(audit->issues);
    free(audit->annotations);
    text_free(&audit->label_texts);
    free(audit->classes);
    free(audit->pairs);
    free(audit->relations);
}
