#include "compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

double compare_relative_float(const float *actual, const double *expected, size_t count) {
    double difference = 0.0, size = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)actual[i] - expected[i];
        difference += d * d;
        size += expected[i] * expected[i];
    }
    return sqrt(difference / size);
}

double compare_relative_floats(const float *actual, const float *expected, size_t count) {
    double difference = 0.0, size = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)actual[i] - (double)expected[i];
        difference += d * d;
        size += (double)expected[i] * (double)expected[i];
    }
    return sqrt(difference / size);
}

/* The larger of the two, or NaN if either is. */
static double larger(double largest, double difference) {
    return isnan(largest) || difference <= largest ? largest : difference;
}

double compare_largest_float(const float *actual, const double *expected, size_t count) {
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
        largest = larger(largest, fabs((double)actual[i] - expected[i]));
    return largest;
}

double compare_largest_floats(const float *actual, const float *expected, size_t count) {
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
        largest = larger(largest, fabs((double)actual[i] - (double)expected[i]));
    return largest;
}

void compare_within(double difference, double tolerance, const char *what, const char *file,
                    int line) {
    if (difference <= tolerance) return;
    print_error("%s: off by %.3g, tolerance %.3g\n", what, difference, tolerance);
    _fail(file, line);
}

void compare_no_error(const struct error *error, const char *file, int line) {
    if (error->code == ERROR_NONE) return;
    print_error("%s: %s (%s:%d)\n", error_name(error->code), error->message,
                error->file == NULL ? "?" : error->file, error->line);
    _fail(file, line);
}

void compare_error(const struct error *error, enum error_code code, const char *part,
                   const char *file, int line) {
    if (error->code == code && strstr(error->message, part) != NULL) return;
    print_error("'%s' (%s) lacks '%s' (%s)\n", error->message, error_name(error->code), part,
                error_name(code));
    _fail(file, line);
}
