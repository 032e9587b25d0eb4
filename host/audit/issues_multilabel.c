#include "host/audit/issues_multilabel.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <stdlib.h>

/* ---- issues ---- */

/* Sorts the annotations, which come by class, by row and class. starts (rows + 1): where those
 * of a row begin. */
static enum error_code sort_annotations(const struct multilabel_input *input,
                                        const struct multilabel_result *found,
                                        struct run_annotation *annotations, size_t *starts,
                                        struct error *error) {
    size_t *next = scratch_array(found->rows + 1, sizeof *next, "issues", error);
    if (next == NULL) return error->code;
    for (size_t i = 0; i < found->annotation_count; i++) starts[found->annotations[i].row + 1]++;
    for (size_t row = 0; row < found->rows; row++) {
        starts[row + 1] += starts[row];
        next[row] = starts[row];
    }
    for (size_t i = 0; i < found->annotation_count; i++) {
        const struct multilabel_annotation *from = &found->annotations[i];
        double probability =
            npy_element(&input->probabilities, from->row, (size_t)from->class_index);
        annotations[next[from->row]++] =
            (struct run_annotation){from->class_index, from->given, (float)probability};
    }
    scratch_free(next);
    return ERROR_NONE;
}

/* The clip has the probability of its least probable annotation. */
static void take_probabilities(struct run_issue *issue) {
    float least = 1;
    for (size_t a = 0; a < issue->annotation_count; a++) {
        const struct run_annotation *annotation = &issue->annotations[a];
        float own = annotation->given ? annotation->probability : 1 - annotation->probability;
        if (own < least) least = own;
    }
    issue->given_probability = least;
    issue->suggested_probability = 1 - least;
}

/* All three scores of every flagged row: (SCORE_COUNT, issues). */
static double *score_issues(const struct multilabel_input *input,
                            const struct multilabel_result *found, struct error *error) {
    size_t count = found->issue_count;
    uint32_t *rows = scratch_array(count, sizeof *rows, "issues", error);
    double *scores = scratch_array(count, SCORE_COUNT * sizeof *scores, "scores", error);
    for (size_t i = 0; error->code == ERROR_NONE && i < count; i++) rows[i] = found->issues[i].row;
    for (int s = 0; error->code == ERROR_NONE && s < SCORE_COUNT; s++)
        multilabel_score_rows(input, (enum confident_score)s, NULL, rows, count,
                              scores + (size_t)s * count, error);
    scratch_free(rows);
    return scores;
}

enum error_code issues_make_multilabel(const struct multilabel_input *input,
                                       const struct multilabel_result *found, const size_t *clips,
                                       struct run_issue **issues,
                                       struct run_annotation **annotations, struct error *error) {
    size_t count = found->issue_count;
    size_t *starts = scratch_array(found->rows + 1, sizeof *starts, "issues", error);
    *issues = scratch_array(count, sizeof **issues, "issues", error);
    *annotations = scratch_array(found->annotation_count, sizeof **annotations, "issues", error);
    if (error->code == ERROR_NONE) sort_annotations(input, found, *annotations, starts, error);
    double *scores = error->code == ERROR_NONE ? score_issues(input, found, error) : NULL;
    for (size_t i = 0; error->code == ERROR_NONE && i < count; i++) {
        size_t row = found->issues[i].row;
        (*issues)[i] = (struct run_issue){
            .row = clips == NULL ? row : clips[row],
            .given = -1,
            .suggested = -1,
            .annotations = *annotations + starts[row],
            .annotation_count = starts[row + 1] - starts[row],
            .score = found->issues[i].score,
            .self_confidence = scores[SCORE_SELF_CONFIDENCE * count + i],
            .normalized_margin = scores[SCORE_NORMALIZED_MARGIN * count + i],
            .confidence_weighted_entropy = scores[SCORE_CONFIDENCE_WEIGHTED_ENTROPY * count + i],
        };
        take_probabilities(&(*issues)[i]);
    }
    scratch_free(scores);
    scratch_free(starts);
    return error->code;
}

/* ---- class health ---- */

static int worst_first(const void *left, const void *right) {
    const struct run_class *a = left;
    const struct run_class *b = right;
    if (a->label_quality != b->label_quality) return a->label_quality < b->label_quality ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

enum error_code class_health_make_multilabel(const struct multilabel_result *found,
                                             struct run_class **classes, struct error *error) {
    *classes = memory_array(found->classes, sizeof **classes, "classes", error);
    if (*classes == NULL) return error->code;
    for (size_t c = 0; c < found->classes; c++) {
        const struct multilabel_class *counts = &found->class_counts[c];
        (*classes)[c] = (struct run_class){
            .index = (int32_t)c,
            .examples = counts->rows,
            .label_issues = (int64_t)counts->label_issues,
            .inverse_label_issues = (int64_t)counts->inverse_label_issues,
            .label_noise = multilabel_noise(counts),
            .inverse_label_noise = multilabel_inverse_noise(counts, found->rows),
            .label_quality = 1 - multilabel_noise(counts),
        };
    }
    qsort(*classes, found->classes, sizeof **classes, worst_first);
    return ERROR_NONE;
}
