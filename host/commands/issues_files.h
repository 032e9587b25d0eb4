/* What `earmark issues` writes into a folder. */
#ifndef EARMARK_COMMANDS_ISSUES_FILES_H
#define EARMARK_COMMANDS_ISSUES_FILES_H

#include "host/confident/confident.h"
#include "host/confident/multilabel.h"

/* issues.csv, issues.jsonl, issues.npy, mask.npy, scores.npy, classes.csv,
 * overlapping_classes.csv, confident_joint.csv, confident_joint.npy, thresholds.npy,
 * health.json (last). settings->scores are those of confident_find(). */
enum error_code issues_write(const struct folder *folder, const struct confident_input *input,
                             const struct confident_settings *settings,
                             const struct confident_result *result, struct error *error);

/* The same for multilabel rows: issues.csv, issues.jsonl, annotations.csv, issues.npy,
 * mask.npy, scores.npy, classes.csv, confident_joint.npy (classes, 2, 2), health.json. */
enum error_code issues_write_multilabel(const struct folder *folder,
                                        const struct multilabel_input *input,
                                        const struct confident_settings *settings,
                                        const struct multilabel_result *result,
                                        struct error *error);

#endif
