/* Comparisons in which NaN fails. */
#ifndef EARMARK_TEST_COMPARE_H
#define EARMARK_TEST_COMPARE_H

#include "kernels/error.h"

#include <stddef.h>

/* sqrt(sum (a - b)^2 / sum b^2) in double precision; NaN if any value is. */
double compare_relative_float(const float *actual, const double *expected, size_t count);
double compare_relative_floats(const float *actual, const float *expected, size_t count);

/* Largest |a - b|; NaN if any value is. */
double compare_largest_float(const float *actual, const double *expected, size_t count);
double compare_largest_floats(const float *actual, const float *expected, size_t count);

/* Fails the cmocka test unless difference <= tolerance; the message has `what`. */
void compare_within(double difference, double tolerance, const char *what, const char *file,
                    int line);
#define assert_within(difference, tolerance, what)                                                 \
    compare_within((difference), (tolerance), (what), __FILE__, __LINE__)

/* Fails the cmocka test with the error's message unless the code is ERROR_NONE. */
void compare_no_error(const struct error *error, const char *file, int line);
void compare_error(const struct error *error, enum error_code code, const char *part,
                   const char *file, int line);
#define assert_no_error(error) compare_no_error((error), __FILE__, __LINE__)

/* Fails the cmocka test unless the error has this code and its message contains `part`. */
#define assert_error(error, code, part) compare_error((error), (code), (part), __FILE__, __LINE__)

#endif
