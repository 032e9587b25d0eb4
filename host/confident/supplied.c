#include "host/confident/supplied.h"

#include "host/base/memory.h"
#include "host/base/npy.h"

#include <math.h>
#include <stdlib.h>

/* From here on a count does not fit the 64-bit integers that counts are computed in. */
#define TOO_LARGE 9223372036854775808.0

/* Why a value is no count, or NULL. */
static const char *fault_of(double value) {
    if (!isfinite(value)) return "it must be a number";
    if (value < 0) return "it must be at least 0";
    return value < TOO_LARGE ? NULL : "it must be below 2^63";
}

enum error_code supplied_check_removals(const double *num_to_remove, size_t classes,
                                        struct error *error) {
    for (size_t k = 0; k < classes; k++) {
        const char *fault = fault_of(num_to_remove[k]);
        if (fault != NULL)
            return FAIL(error, ERROR_DATA, "class %zu: %g rows to remove: %s", k, num_to_remove[k],
                        fault);
    }
    return ERROR_NONE;
}

enum error_code supplied_check_joint(const double *joint, size_t classes, struct error *error) {
    double total = 0;
    for (size_t k = 0; k < classes; k++) {
        double row = 0; /* rows are added up, so that their sums must fit too */
        for (size_t j = 0; j < classes; j++) {
            double value = joint[k * classes + j];
            const char *fault = fault_of(value);
            if (fault != NULL)
                return FAIL(error, ERROR_DATA,
                            "the confident joint has %g for given class %zu, true class %zu: %s",
                            value, k, j, fault);
            row += value;
        }
        if (!(row < TOO_LARGE))
            return FAIL(error, ERROR_DATA,
                        "the confident joint adds up to %g for given class %zu: the sum must be "
                        "below 2^63",
                        row, k);
        total += row;
    }
    if (total > 0) return ERROR_NONE;
    return FAIL(error, ERROR_DATA,
                "the confident joint is 0 throughout: it must have the counts of (given, true) "
                "classes");
}

/* ---- files ---- */

/* The numbers of a file of a known shape (dimensions). */
static enum error_code read_numbers(const char *path, size_t dimensions, const size_t *shape,
                                    const char *shape_name, double **values, struct error *error) {
    struct npy_array array;
    size_t columns = 1;
    for (size_t d = 1; d < dimensions; d++) columns *= shape[d];
    TRY(npy_read(path, shape[0], columns, &array, error));
    bool fits = array.dimensions == dimensions && !(array.fortran && dimensions > 2);
    for (size_t d = 0; d < dimensions && fits; d++) fits = array.shape[d] == shape[d];
    if (!fits)
        FAIL(error, ERROR_DATA,
             "%s: its shape is that of another array: numbers: %zu, dimensions: %zu; %s of %zu "
             "classes is expected",
             path, array.count, array.dimensions, shape_name, shape[0]);
    else
        *values = memory_array(array.count, sizeof **values, path, error);
    if (error->code == ERROR_NONE) npy_copy_float64(&array, 0, array.rows, *values);
    npy_close(&array);
    return error->code;
}

enum error_code supplied_read_removals(const char *path, size_t classes, double **values,
                                       struct error *error) {
    if (path == NULL) return ERROR_NONE;
    TRY(read_numbers(path, 1, &classes, "(classes)", values, error));
    if (supplied_check_removals(*values, classes, error) != ERROR_NONE)
        error_prefix(error, "%s", path);
    return error->code;
}

enum error_code supplied_read_joint(const char *path, size_t classes, bool multilabel,
                                    double **values, struct error *error) {
    const size_t square[2] = {classes, classes}, pairs[3] = {classes, 2, 2};
    if (path == NULL) return ERROR_NONE;
    TRY(read_numbers(path, multilabel ? 3 : 2, multilabel ? pairs : square,
                     multilabel ? "(classes, 2, 2)" : "(classes, classes)", values, error));
    if (!multilabel) supplied_check_joint(*values, classes, error);
    for (size_t c = 0; multilabel && c < classes && error->code == ERROR_NONE; c++)
        if (supplied_check_joint(*values + 4 * c, 2, error) != ERROR_NONE)
            error_prefix(error, "class %zu against the rest", c);
    if (error->code != ERROR_NONE) error_prefix(error, "%s", path);
    return error->code;
}
