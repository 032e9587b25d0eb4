/* issues.csv, issues.jsonl and annotations.csv. */
#include "host/base/numbers.h"
#include "host/base/table_file.h"
#include "host/output/cells.h"
#include "host/output/files.h"
#include "host/output/findings.h"

#include <math.h>

/* In the order of the file; append_issue_csv writes the cells. */
static const struct issue_column columns[] = {
    {"rank", "from 1, the most suspicious clip first", false},
    {"row", "the clip's row in clips.csv, from 0", false},
    {"id", "as in clips.csv", false},
    {"path", "as in clips.csv", false},
    {"start", "seconds into the file", false},
    {"end", "seconds into the file; empty if it is not known", false},
    {"given_label", "the label that the clip has", false},
    {"suggested_label", "the most probable other label", false},
    {"score", "what ranks, low is suspicious; run.json names it", false},
    {"self_confidence", "a score: the probability of the given label; see --score", false},
    {"normalized_margin", "a score: that less the largest of the others; see --score", false},
    {"confidence_weighted_entropy", "a score; see --score", false},
    {"given_probability", "probability of the given label, by classifiers that did not see it",
     false},
    {"suggested_probability", "probability of the suggested label", false},
    {"none_of_classes", "1: the clip probably fits none of the classes; otherwise 0", true},
    {"entropy", "how undecided the probabilities are, 0 to 1", true},
    {"certain", "1: the same sound is there with another label; otherwise 0", true},
    {"same_sound", "where it is certain, the row of that other clip", true},
    {"evidence",
     "what each view says: the probabilities of the given and of the suggested label, "
     "and how many of the neighbours have which",
     true},
};

const struct issue_column *run_issue_columns(size_t *count) {
    *count = sizeof columns / sizeof columns[0];
    return columns;
}

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

/* The marks of an issue and its evidence, the views joined. */
static void append_marks_csv(struct text *row, const struct run_results *results,
                             const struct run_issue *issue) {
    struct text evidence = TEXT_INITIAL;
    for (size_t v = 0; issue->evidence != NULL && v < results->view_count; v++) {
        if (v > 0) text_string(&evidence, "; ");
        run_evidence_words(&evidence, results, issue, v, text_string);
    }
    cell_integer(row, issue->none_of_classes);
    cell_double(row, issue->entropy);
    cell_integer(row, issue->certain);
    text_string(row, ",");
    if (issue->certain) text_format(row, "%zu", issue->same_sound);
    cell_name(row, evidence.data);
    if (evidence.failed) row->failed = true;
    text_free(&evidence);
}

static void append_marks_json(struct text *row, const struct run_results *results,
                              const struct run_issue *issue) {
    text_format(row, ", \"none_of_classes\": %s", issue->none_of_classes ? "true" : "false");
    json_member(row, "entropy", issue->entropy);
    text_format(row, ", \"certain\": %s, \"same_sound\": ", issue->certain ? "true" : "false");
    if (issue->certain)
        text_format(row, "%zu", issue->same_sound);
    else
        text_string(row, "null");
    text_string(row, ", \"evidence\": ");
    run_evidence_json(row, results, issue);
}

static void append_issue_csv(struct text *row, size_t rank, const struct run_results *results,
                             const struct run_issue *issue) {
    char number[16];
    struct run_clip clip = run_clip_at(&results->clips, issue->row);
    text_format(row, "%zu,%zu", rank, issue->row);
    cell_name(row, clip.id == NULL ? clip.path : clip.id);
    cell_name(row, clip.path);
    cell_double(row, start_of(&clip));
    cell_double(row, end_of(&clip));
    cell_name(row, run_given_label(results, issue, number));
    cell_name(row, run_suggested_label(results, issue, number));
    cell_double(row, issue->score);
    cell_double(row, issue->self_confidence);
    cell_double(row, issue->normalized_margin);
    cell_double(row, issue->confidence_weighted_entropy);
    cell_float(row, issue->given_probability);
    cell_float(row, issue->suggested_probability);
    if (run_has_marks(results)) append_marks_csv(row, results, issue);
    for (size_t i = 0; i < RUN_NEIGHBOURS; i++) {
        if (i >= issue->neighbour_count) {
            text_string(row, ",,,,");
            continue;
        }
        struct run_clip neighbour = run_clip_at(&results->clips, issue->neighbours[i]);
        text_format(row, ",%zu", issue->neighbours[i]);
        cell_name(row, neighbour.path);
        cell_name(row, neighbour.label);
        cell_float(row, issue->similarities[i]);
    }
    text_string(row, "\n");
}

static void append_neighbours_json(struct text *row, const struct run_results *results,
                                   const struct run_issue *issue) {
    text_string(row, ", \"neighbours\": [");
    for (size_t i = 0; i < issue->neighbour_count && i < RUN_NEIGHBOURS; i++) {
        struct run_clip clip = run_clip_at(&results->clips, issue->neighbours[i]);
        text_format(row, "%s{\"row\": %zu, \"path\": ", i == 0 ? "" : ", ", issue->neighbours[i]);
        text_json_or_null(row, clip.path);
        text_string(row, ", \"label\": ");
        text_json_or_null(row, clip.label);
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
    struct run_clip clip = run_clip_at(&results->clips, issue->row);
    text_format(row, "{\"rank\": %zu, \"row\": %zu, \"id\": ", rank, issue->row);
    text_json_or_null(row, clip.id == NULL ? clip.path : clip.id);
    text_string(row, ", \"path\": ");
    text_json_or_null(row, clip.path);
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
    if (run_has_marks(results)) append_marks_json(row, results, issue);
    append_neighbours_json(row, results, issue);
    text_string(row, "}\n");
}

/* annotations.csv: a row for every label that is wrong or missing. */
static enum error_code write_annotations(const struct folder *folder,
                                         const struct run_results *results, struct error *error) {
    struct table table;
    char number[16];
    table_open(&table, folder, "annotations.csv", error);
    text_string(&table.row, "rank,row,id,path,label,given,probability\n");
    for (size_t i = 0; i < results->issue_count && error->code == ERROR_NONE; i++) {
        const struct run_issue *issue = &results->issues[i];
        struct run_clip clip = run_clip_at(&results->clips, issue->row);
        for (size_t k = 0; k < issue->annotation_count; k++) {
            const struct run_annotation *annotation = &issue->annotations[k];
            text_format(&table.row, "%zu,%zu", i + 1, issue->row);
            cell_name(&table.row, clip.id == NULL ? clip.path : clip.id);
            cell_name(&table.row, clip.path);
            cell_name(&table.row, run_class_name(results, annotation->class_index, number));
            cell_integer(&table.row, annotation->given);
            cell_float(&table.row, annotation->probability);
            text_string(&table.row, "\n");
        }
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code run_write_issues(const struct folder *folder, const struct run_results *results,
                                 struct error *error) {
    struct table csv;
    struct table lines = {.open = false};
    table_open(&csv, folder, "issues.csv", error);
    if (error->code == ERROR_NONE) table_open(&lines, folder, "issues.jsonl", error);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (!columns[i].mark || run_has_marks(results))
            text_format(&csv.row, "%s%s", i == 0 ? "" : ",", columns[i].name);
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
