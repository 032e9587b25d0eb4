/* Label Studio's exports: what its readers share. */
#ifndef EARMARK_LISTS_LABEL_STUDIO_H
#define EARMARK_LISTS_LABEL_STUDIO_H

#include "host/lists/json_label.h"
#include "host/lists/manifest.h"

struct label_studio {
    struct builder *builder;
    const char *name;  /* of the list */
    struct text field; /* the tag (from_name) that has the labels; empty: not known yet */
    struct text key;   /* the member of the data with the sound; empty: not known yet */

    struct text path; /* of the current clip, as the next four */
    struct text label;
    struct text start;
    struct text end;
    struct text more[2]; /* group and fold */
    struct text signature[2];
    char problem[JSON_LABEL_PROBLEM];

    size_t tasks;
    size_t moved;     /* whose files are found by a part of their path */
    size_t cancelled; /* left out, because all their annotations were cancelled */
    size_t cancelled_annotations;
    size_t predicted; /* that have only predictions */
    size_t unlabelled;
    size_t several; /* that have annotations which disagree */
};

/* Adds the clips of a task: those of the annotation that is the ground truth, else of the one that
 * was changed last. Errors: ERROR_USAGE where several tags have labels, ERROR_MEMORY. */
enum error_code label_studio_add_task(struct label_studio *studio, const json_t *task, size_t line,
                                      size_t number, struct error *error);

/* Adds the clips of a row of the exports JSON-MIN and CSV, whose members are those of the data, and
 * the tags. */
enum error_code label_studio_add_flat(struct label_studio *studio, const json_t *object,
                                      size_t line, size_t number, struct error *error);

/* The steps that both have. label_studio_sound: path, group and fold of a row from the data, or its
 * problem. label_studio_labels: the label from an array or a value, or the problem.
 * label_studio_segment: whether the object has start and end, which then are the row's. */
enum error_code label_studio_sound(struct label_studio *studio, const json_t *data,
                                   const json_t *task, struct manifest_row *row,
                                   struct error *error);
enum error_code label_studio_labels(struct label_studio *studio, const json_t *value,
                                    struct manifest_row *row, struct error *error);
bool label_studio_segment(struct label_studio *studio, const json_t *object,
                          struct manifest_row *row);

/* The labels of a result, or of a region of a flat row: an array; NULL: it has none. */
const json_t *label_studio_labels_of(const json_t *value, const char *type);

#endif
