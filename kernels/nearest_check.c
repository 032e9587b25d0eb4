#include "kernels/device.h"

size_t nearest_candidates(const struct nearest_problem *problem) {
    return problem->references == NULL ? problem->rows : problem->reference_count;
}

enum error_code nearest_check(const struct nearest_problem *problem, const size_t *queries,
                              size_t query_count, struct error *error) {
    if ((problem->shift == NULL) != (problem->scale == NULL))
        return FAIL(error, ERROR_INTERNAL, "nearest: a shift without a scale, or a scale alone");
    for (size_t q = 0; q < query_count; q++)
        if (queries[q] >= problem->rows)
            return FAIL(error, ERROR_INTERNAL, "nearest: query row %zu of %zu", queries[q],
                        problem->rows);
    if (problem->references == NULL) return ERROR_NONE;
    for (size_t i = 0; i < problem->reference_count; i++)
        if (problem->references[i] >= problem->rows ||
            (i > 0 && problem->references[i] <= problem->references[i - 1]))
            return FAIL(error, ERROR_INTERNAL, "nearest: reference %zu is row %zu of %zu", i,
                        problem->references[i], problem->rows);
    return ERROR_NONE;
}
