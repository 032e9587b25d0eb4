#include "tests/support/made_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t made_mix(uint64_t seed, uint64_t stream, uint64_t at) {
    uint64_t z = seed * UINT64_C(0x9E3779B97F4A7C15) + stream * UINT64_C(0xD1B54A32D192ED03) +
                 at * UINT64_C(0x8CB92BA72F3D8DD7) + 1;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double made_unit(uint64_t seed, uint64_t stream, uint64_t at) {
    return (double)(made_mix(seed, stream, at) >> 40) / 16777216.0;
}

void *made_elements(const double *p, size_t rows, size_t classes, bool single, bool fortran) {
    void *elements = calloc(rows * classes, sizeof(double));
    for (size_t i = 0; elements != NULL && i < rows; i++)
        for (size_t k = 0; k < classes; k++) {
            size_t at = fortran ? k * rows + i : i * classes + k;
            if (single)
                ((float *)elements)[at] = (float)p[i * classes + k];
            else
                ((double *)elements)[at] = p[i * classes + k];
        }
    return elements;
}

static void style_row(double *p, size_t classes, int style) {
    static const double powers[4] = {1, 10, 100, 1000};
    size_t top = 0;
    for (size_t k = 1; k < classes; k++)
        if (p[k] > p[top]) top = k;
    for (size_t k = 0; k < classes; k++) {
        if (style >= 1 && style <= 3) p[k] = rint(p[k] * powers[style]) / powers[style];
        if (style == 4) p[k] = k == top ? 1 : 0;
        if (style == 5) p[k] = 1.0 / (double)classes;
    }
}

struct made_data made_data(const struct made_case *from) {
    size_t classes = from->classes;
    struct made_data data = {.labels = calloc(from->rows, sizeof *data.labels)};
    double *p = calloc(from->rows * classes, sizeof *p);
    if (data.labels == NULL || p == NULL) abort();
    for (size_t i = 0; i < from->rows; i++) {
        uint64_t true_class = made_mix(from->seed, 1, i) % classes;
        uint64_t other = made_mix(from->seed, 2, i) % classes;
        uint64_t label = made_unit(from->seed, 3, i) < 0.25 ? other : true_class;
        data.labels[i] = (int64_t)(label < from->missing ? classes - 1 : label);
        double *row = p + i * classes;
        for (size_t k = 0; k < classes; k++) {
            double u = made_unit(from->seed, 4, i * classes + k);
            row[k] = u * u * u;
        }
        row[true_class] += made_unit(from->seed, 5, i) * 2.0;
        double total = row[0];
        for (size_t k = 1; k < classes; k++) total += row[k];
        for (size_t k = 0; k < classes; k++) row[k] /= total;
        style_row(row, classes, from->style);
    }
    data.labels[0] = (int64_t)classes - 1;
    data.labels[1] = (int64_t)from->missing;
    data.elements = made_elements(p, from->rows, classes, from->single, from->fortran);
    free(p);
    data.label_view = npy_view(NPY_INT64, from->rows, 0, data.labels);
    data.probability_view =
        npy_view(from->single ? NPY_FLOAT32 : NPY_FLOAT64, from->rows, classes, data.elements);
    data.probability_view.fortran = from->fortran;
    return data;
}

void made_data_free(struct made_data *data) {
    free(data->labels);
    free(data->elements);
    *data = (struct made_data){.labels = NULL};
}

void made_check(const double *values, size_t count, int16_t check[4]) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        double value = values[i] + 0.0;
        memcpy(&word, &value, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x100000001B3);
    }
    for (int i = 0; i < 4; i++) check[i] = (int16_t)(hash >> (15 * i) & 0x7FFF);
}
