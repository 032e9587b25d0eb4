/* Counts that a caller may supply in place of counted ones, and the files that they come from. */
#ifndef EARMARK_CONFIDENT_SUPPLIED_H
#define EARMARK_CONFIDENT_SUPPLIED_H

#include "host/base/error.h"

/* num_to_remove (classes) and joint (classes, classes): finite, at least 0 and below 2^63, and a
 * joint not 0 throughout. ERROR_DATA with the class and the reason. */
enum error_code supplied_check_removals(const double *num_to_remove, size_t classes,
                                        struct error *error);
enum error_code supplied_check_joint(const double *joint, size_t classes, struct error *error);

/* Reads a .npy file of numbers to remove (classes), or of a joint: (classes, classes), with
 * multilabel (classes, 2, 2). Nothing is read where path is NULL. The caller frees *values.
 * ERROR_FILE or ERROR_DATA with the name of the file, and the shape that is expected. */
enum error_code supplied_read_removals(const char *path, size_t classes, double **values,
                                       struct error *error);
enum error_code supplied_read_joint(const char *path, size_t classes, bool multilabel,
                                    double **values, struct error *error);

#endif
