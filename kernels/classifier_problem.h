/* The check of a classifier problem that every device makes before it opens it. */
#ifndef EARMARK_CLASSIFIER_PROBLEM_H
#define EARMARK_CLASSIFIER_PROBLEM_H

#include "device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ERROR_INTERNAL with the row's number when a size, label or fold is out of range. */
enum error_code classifier_problem_check(const struct classifier_problem *problem,
                                         struct error *error);

#ifdef __cplusplus
}
#endif
#endif
