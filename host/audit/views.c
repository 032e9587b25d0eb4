#include "host/audit/views.h"

#include "host/base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *audit_views_name(const char *path, struct error *error) {
    const char *slash = strrchr(path, '/');
    char *name = memory_string(slash == NULL ? path : slash + 1, error);
    size_t length = name == NULL ? 0 : strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".npy") == 0) name[length - 4] = '\0';
    return name;
}

enum error_code audit_views_open(const char *const *paths, size_t count, size_t clips,
                                 struct audit_views *views, struct error *error) {
    views->paths = paths;
    for (size_t v = 0; v < count; v++) {
        struct npy_array *array = &views->given[v];
        TRY(npy_open(paths[v], array, error));
        npy_watch(array);
        views->file_count++;
        views->names[v] = audit_views_name(paths[v], error);
        if (views->names[v] == NULL) return error->code;
        if (array->dimensions == 2 && array->columns == 0)
            return FAIL(error, ERROR_DATA, "%s: embeddings of %zu rows and 0 columns hold nothing",
                        paths[v], array->rows);
        if (array->dimensions != 2)
            return FAIL(error, ERROR_DATA,
                        "%s: embeddings have two dimensions, (clips, features); this has %zu",
                        paths[v], array->dimensions);
        if (array->rows != clips)
            return FAIL(error, ERROR_DATA,
                        "%s: %zu rows, but INPUT has %zu clips; a row for each clip is needed, in "
                        "the order of clips.csv",
                        paths[v], array->rows, clips);
    }
    return ERROR_NONE;
}

static enum error_code check_row(const struct npy_array *array, const char *path, size_t row,
                                 const float *values, struct error *error) {
    for (size_t f = 0; f < array->columns; f++) {
        if (isfinite(values[f])) continue;
        double value = npy_element(array, row, f);
        return FAIL(error, ERROR_DATA, "%s: row %zu, column %zu: %g is %s", path, row, f, value,
                    isfinite(value) ? "too large for float32" : "not finite");
    }
    return ERROR_NONE;
}

/* Writes the rows of the array, from `path`, as folder/name. */
static enum error_code write_rows(const struct npy_array *array, const char *path,
                                  const struct folder *folder, const char *name,
                                  const size_t *clips, size_t count, struct error *error) {
    const size_t shape[2] = {count, array->columns};
    struct npy_writer writer;
    float *values = memory_array(array->columns, sizeof *values, "a row", error);
    if (values == NULL) return error->code;
    if (npy_writer_open(folder, name, NPY_FLOAT32, 2, shape, &writer, error) == ERROR_NONE) {
        for (size_t i = 0; i < count && error->code == ERROR_NONE; i++) {
            npy_copy_float32(array, clips[i], 1, values);
            if (check_row(array, path, clips[i], values, error) == ERROR_NONE)
                npy_writer_write(&writer, values, array->columns, error);
        }
        if (error->code == ERROR_NONE) npy_writer_commit(&writer, error);
        npy_writer_close(&writer);
    }
    free(values);
    return error->code;
}

void audit_views_add(struct audit_views *views, const struct ensemble_view *view) {
    if (views->count < MIX_VIEWS) views->views[views->count++] = *view;
}

enum error_code audit_views_gather(const struct folder *folder, const size_t *clips, size_t count,
                                   struct audit_views *views, struct error *error) {
    for (size_t v = 0; v < views->file_count; v++) {
        char name[32];
        snprintf(name, sizeof name, "view-%zu.npy", v + 1);
        TRY(write_rows(&views->given[v], views->paths[v], folder, name, clips, count, error));
        TRY(npy_unchanged(&views->given[v], error));
        TRY(npy_open_in(folder, name, &views->kept[v], error));
        const struct npy_array *kept = &views->kept[v];
        audit_views_add(
            views, &(struct ensemble_view){views->names[v], views->paths[v],
                                           matrix_of(npy_direct(kept, NPY_FLOAT32), kept->columns),
                                           kept->columns});
    }
    return ERROR_NONE;
}

void audit_views_close(struct audit_views *views) {
    for (size_t v = 0; v < MIX_VIEWS; v++) {
        npy_close(&views->given[v]);
        npy_close(&views->kept[v]);
        free(views->names[v]);
    }
    *views = (struct audit_views){0};
}
