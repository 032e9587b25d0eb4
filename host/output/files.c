#include "host/output/files.h"

#include "host/base/numbers.h"
#include "host/base/table_file.h"
#include "host/output/clip_columns.h"

#include <math.h>

/* ---- cells ---- */

static void csv_name(struct text *row, const char *name) {
    text_string(row, ",");
    if (name != NULL) text_csv(row, name);
}

static void csv_integer(struct text *row, int64_t value) {
    text_format(row, ",%lld", (long long)value);
}

static void csv_double(struct text *row, double value) {
    text_string(row, ",");
    number_shortest(row, value);
}

static void csv_float(struct text *row, float value) {
    text_string(row, ",");
    number_shortest_float(row, value);
}

static void json_name(struct text *row, const char *name) {
    if (name == NULL)
        text_string(row, "null");
    else
        text_json(row, name);
}

/* A clip by its row. Where the run has no clips, only rows, nothing else is known of it. */
static struct run_clip clip_at(const struct run_clips *clips, size_t row) {
    struct run_clip clip = RUN_CLIP_INITIAL;
    if (clips->get != NULL && row < clips->count) clips->get(clips->context, row, &clip);
    clip.row = row;
    return clip;
}

/* ---- clips ---- */

enum error_code run_write_clips(const char *folder, const struct run_clips *clips,
                                struct error *error) {
    struct table table;
    size_t count;
    const struct clip_column *columns = clip_columns(&count);
    table_open(&table, folder, "clips.csv", error);
    for (size_t i = 0; i < count; i++) {
        text_string(&table.row, i == 0 ? "" : ",");
        text_string(&table.row, columns[i].name);
    }
    text_string(&table.row, "\n");
    for (size_t row = 0; row < clips->count && error->code == ERROR_NONE; row++) {
        struct run_clip clip = clip_at(clips, row);
        for (size_t i = 0; i < count; i++) {
            text_string(&table.row, i == 0 ? "" : ",");
            columns[i].write(&table.row, &clip, columns[i].member);
        }
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code run_write_class_names(const char *folder, const struct run_results *results,
                                      struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "classes.json", error);
    text_string(&table.row, "[");
    for (size_t k = 0; k < results->class_count && error->code == ERROR_NONE; k++) {
        text_string(&table.row, k == 0 ? "\n  " : ",\n  ");
        text_json(&table.row, run_class_name(results, (int32_t)k, number));
        table_flush_full(&table, error);
    }
    text_string(&table.row, "\n]\n");
    return table_close(&table, error);
}

/* ---- issues ---- */

static void json_member(struct text *row, const char *name, double value) {
    text_format(row, ", \"%s\": ", name);
    number_json(row, value);
}

/* The clip's place in its file, in seconds. Its end is unknown where it was not decoded. */
static double start_of(const struct run_clip *clip) {
    return clip->path == NULL ? (double)NAN : clip->start;
}

static double end_of(const struct run_clip *clip) {
    double duration = run_clip_duration(clip);
    return duration < 0.0 ? (double)NAN : clip->start + duration;
}

static void append_issue_csv(struct text *row, size_t rank, const struct run_results *results,
                             const struct run_issue *issue) {
    char number[16];
    struct run_clip clip = clip_at(&results->clips, issue->row);
    text_format(row, "%zu,%zu", rank, issue->row);
    csv_name(row, clip.id == NULL ? clip.path : clip.id);
    csv_name(row, clip.path);
    csv_double(row, start_of(&clip));
    csv_double(row, end_of(&clip));
    csv_name(row, run_given_label(results, issue, number));
    csv_name(row, run_suggested_label(results, issue, number));
    csv_double(row, issue->score);
    csv_double(row, issue->self_confidence);
    csv_double(row, issue->normalized_margin);
    csv_double(row, issue->confidence_weighted_entropy);
    csv_float(row, issue->given_probability);
    csv_float(row, issue->suggested_probability);
    for (size_t i = 0; i < RUN_NEIGHBOURS; i++) {
        if (i >= issue->neighbour_count) {
            text_string(row, ",,,,");
            continue;
        }
        struct run_clip neighbour = clip_at(&results->clips, issue->neighbours[i]);
        text_format(row, ",%zu", issue->neighbours[i]);
        csv_name(row, neighbour.path);
        csv_name(row, neighbour.label);
        csv_float(row, issue->similarities[i]);
    }
    text_string(row, "\n");
}

static void append_neighbours_json(struct text *row, const struct run_results *results,
                                   const struct run_issue *issue) {
    text_string(row, ", \"neighbours\": [");
    for (size_t i = 0; i < issue->neighbour_count && i < RUN_NEIGHBOURS; i++) {
        struct run_clip clip = clip_at(&results->clips, issue->neighbours[i]);
        text_format(row, "%s{\"row\": %zu, \"path\": ", i == 0 ? "" : ", ", issue->neighbours[i]);
        json_name(row, clip.path);
        text_string(row, ", \"label\": ");
        json_name(row, clip.label);
        text_string(row, ", \"similarity\": ");
        number_json_float(row, issue->similarities[i]);
        text_string(row, "}");
    }
    text_string(row, "]");
}

static void append_annotations_json(struct text *row, const struct run_results *results,
                                    const struct run_issue *issue) {
    char number[16];
    text_string(row, ", \"annotations\": [");
    for (size_t i = 0; i < issue->annotation_count; i++) {
        const struct run_annotation *annotation = &issue->annotations[i];
        text_string(row, i == 0 ? "{\"label\": " : ", {\"label\": ");
        text_json(row, run_class_name(results, annotation->class_index, number));
        text_format(row,
                    ", \"given\": %s, \"probability\": ", annotation->given ? "true" : "false");
        number_json_float(row, annotation->probability);
        text_string(row, "}");
    }
    text_string(row, "]");
}

static void append_issue_json(struct text *row, size_t rank, const struct run_results *results,
                              const struct run_issue *issue) {
    char number[16];
    struct run_clip clip = clip_at(&results->clips, issue->row);
    text_format(row, "{\"rank\": %zu, \"row\": %zu, \"id\": ", rank, issue->row);
    json_name(row, clip.id == NULL ? clip.path : clip.id);
    text_string(row, ", \"path\": ");
    json_name(row, clip.path);
    json_member(row, "start", start_of(&clip));
    json_member(row, "end", end_of(&clip));
    text_string(row, ", \"given_label\": ");
    text_json(row, run_given_label(results, issue, number));
    text_string(row, ", \"suggested_label\": ");
    text_json(row, run_suggested_label(results, issue, number));
    if (results->multilabel) append_annotations_json(row, results, issue);
    json_member(row, "score", issue->score);
    json_member(row, "self_confidence", issue->self_confidence);
    json_member(row, "normalized_margin", issue->normalized_margin);
    json_member(row, "confidence_weighted_entropy", issue->confidence_weighted_entropy);
    text_string(row, ", \"given_probability\": ");
    number_json_float(row, issue->given_probability);
    text_string(row, ", \"suggested_probability\": ");
    number_json_float(row, issue->suggested_probability);
    append_neighbours_json(row, results, issue);
    text_string(row, "}\n");
}

/* annotations.csv: a row for every label that is wrong or missing. */
static enum error_code write_annotations(const char *folder, const struct run_results *results,
                                         struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "annotations.csv", error);
    text_string(&table.row, "rank,row,id,path,label,given,probability\n");
    for (size_t i = 0; i < results->issue_count && error->code == ERROR_NONE; i++) {
        const struct run_issue *issue = &results->issues[i];
        struct run_clip clip = clip_at(&results->clips, issue->row);
        for (size_t k = 0; k < issue->annotation_count; k++) {
            const struct run_annotation *annotation = &issue->annotations[k];
            text_format(&table.row, "%zu,%zu", i + 1, issue->row);
            csv_name(&table.row, clip.id == NULL ? clip.path : clip.id);
            csv_name(&table.row, clip.path);
            csv_name(&table.row, run_class_name(results, annotation->class_index, number));
            csv_integer(&table.row, annotation->given);
            csv_float(&table.row, annotation->probability);
            text_string(&table.row, "\n");
        }
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code run_write_issues(const char *folder, const struct run_results *results,
                                 struct error *error) {
    struct table csv;
    struct table lines = {.open = false};
    table_open(&csv, folder, "issues.csv", error);
    if (error->code == ERROR_NONE) table_open(&lines, folder, "issues.jsonl", error);
    text_string(&csv.row,
                "rank,row,id,path,start,end,given_label,suggested_label,score,self_confidence,"
                "normalized_margin,confidence_weighted_entropy,given_probability,"
                "suggested_probability");
    for (int i = 1; i <= RUN_NEIGHBOURS; i++)
        text_format(&csv.row,
                    ",neighbour_%d_row,neighbour_%d_path,neighbour_%d_label,"
                    "neighbour_%d_similarity",
                    i, i, i, i);
    text_string(&csv.row, "\n");
    for (size_t i = 0; i < results->issue_count && error->code == ERROR_NONE; i++) {
        append_issue_csv(&csv.row, i + 1, results, &results->issues[i]);
        append_issue_json(&lines.row, i + 1, results, &results->issues[i]);
        table_flush_full(&csv, error);
        table_flush_full(&lines, error);
    }
    table_close(&csv, error);
    table_close(&lines, error);
    return error->code == ERROR_NONE && results->multilabel
               ? write_annotations(folder, results, error)
               : error->code;
}

/* ---- class health ---- */

static enum error_code write_classes(const char *folder, const struct run_results *results,
                                     struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "classes.csv", error);
    text_string(&table.row, "class,class_index,examples,label_issues,inverse_label_issues,"
                            "label_noise,inverse_label_noise,label_quality_score\n");
    for (size_t k = 0; k < results->class_count && error->code == ERROR_NONE; k++) {
        const struct run_class *class = &results->classes[k];
        text_csv(&table.row, run_class_name(results, class->index, number));
        csv_integer(&table.row, class->index);
        csv_integer(&table.row, (int64_t) class->examples);
        csv_integer(&table.row, class->label_issues);
        csv_integer(&table.row, class->inverse_label_issues);
        csv_double(&table.row, class->label_noise);
        csv_double(&table.row, class->inverse_label_noise);
        csv_double(&table.row, class->label_quality);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

static enum error_code write_pairs(const char *folder, const struct run_results *results,
                                   struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "overlapping_classes.csv", error);
    text_string(&table.row, "class_a,class_b,class_index_a,class_index_b,"
                            "num_overlapping_examples,joint_probability\n");
    for (size_t i = 0; i < results->pair_count && error->code == ERROR_NONE; i++) {
        const struct run_pair *pair = &results->pairs[i];
        text_csv(&table.row, run_class_name(results, pair->first, number));
        csv_name(&table.row, run_class_name(results, pair->second, number));
        csv_integer(&table.row, pair->first);
        csv_integer(&table.row, pair->second);
        csv_integer(&table.row, pair->examples);
        csv_double(&table.row, pair->joint_probability);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

/* Rows are given labels and columns true ones, as the first cell states. */
static enum error_code write_joint(const char *folder, const struct run_results *results,
                                   struct error *error) {
    struct table table;
    char number[16];
    size_t classes = results->class_count;
    table_open(&table, folder, "confident_joint.csv", error);
    text_string(&table.row, "given \\ true");
    for (size_t k = 0; k < classes; k++)
        csv_name(&table.row, run_class_name(results, (int32_t)k, number));
    text_string(&table.row, "\n");
    for (size_t k = 0; k < classes && error->code == ERROR_NONE; k++) {
        text_csv(&table.row, run_class_name(results, (int32_t)k, number));
        for (size_t j = 0; j < classes; j++)
            csv_integer(&table.row, results->confident_joint[k * classes + j]);
        text_string(&table.row, "\n");
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code run_write_health(const char *folder, const struct run_results *results,
                                 struct error *error) {
    if (results->classes != NULL) TRY(write_classes(folder, results, error));
    if (results->pairs != NULL) TRY(write_pairs(folder, results, error));
    if (results->confident_joint != NULL) TRY(write_joint(folder, results, error));
    return ERROR_NONE;
}

enum error_code run_write(const char *folder, const struct run_results *results,
                          struct error *error) {
    if (results->clips.get != NULL) TRY(run_write_clips(folder, &results->clips, error));
    TRY(run_write_class_names(folder, results, error));
    TRY(run_write_issues(folder, results, error));
    TRY(run_write_health(folder, results, error));
    return run_write_json(folder, results, error);
}
