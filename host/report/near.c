#include "host/report/near.h"

#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/base/scratch.h"
#include "kernels/matrix_rows.h"

#include <math.h>
#include <stdlib.h>

#define LANES 16

struct near {
    struct npy_array embeddings; /* unless the results have them */
    struct matrix_rows values;   /* (rows, features) */
    size_t rows, features, classes;
    size_t *row_of;    /* (rows): of clips.csv */
    bool *doubted;     /* (rows): whether it is an issue */
    size_t *starts;    /* (classes + 1) into members */
    uint32_t *members; /* rows of the arrays, by class, ascending */
};

/* ---- opening ---- */

/* Before anything is allocated for the rows: of no columns a file of a hundred bytes may have any
 * number. */
static enum error_code check_rows(const struct run_results *results, const struct near *near,
                                  const char *folder, struct error *error) {
    if (near->rows <= results->clips.count) return ERROR_NONE;
    return FAIL(error, ERROR_DATA,
                "%s/embeddings.npy: has %zu rows, but clips.csv has %zu clips; the run is damaged: "
                "make it again",
                folder, near->rows, results->clips.count);
}

/* Which clip each row of the arrays is of. */
static enum error_code find_rows(const struct run_results *results, struct near *near,
                                 const char *folder, struct error *error) {
    const struct run_clips *clips = &results->clips;
    size_t found = 0;
    for (size_t i = 0; i < near->rows; i++) near->row_of[i] = SIZE_MAX;
    for (size_t row = 0; row < clips->count; row++) {
        size_t at = run_clip_at(clips, row).array_row;
        if (at == RUN_NO_ROW) continue;
        if (at >= near->rows || near->row_of[at] != SIZE_MAX)
            return FAIL(error, ERROR_DATA,
                        "%s/embeddings.npy: has %zu rows, but by clips.csv row %zu is of clip "
                        "%zu, too; the run is damaged: make it again",
                        folder, near->rows, at, row);
        near->row_of[at] = row;
        found++;
    }
    if (found != near->rows)
        return FAIL(error, ERROR_DATA,
                    "%s/embeddings.npy: has %zu rows, but clips.csv has %zu audited clips; the "
                    "run is damaged: make it again",
                    folder, near->rows, found);
    return ERROR_NONE;
}

/* A clip whose label looks wrong is no example of its class. */
static enum error_code find_doubted(const struct run_results *results, struct near *near,
                                    struct error *error) {
    near->doubted = scratch_array(near->rows, sizeof *near->doubted, "the clips of a run", error);
    for (size_t i = 0; i < results->issue_count && near->doubted != NULL; i++) {
        size_t at = run_clip_at(&results->clips, results->issues[i].row).array_row;
        if (at < near->rows) near->doubted[at] = true;
    }
    return error->code;
}

/* Counts the row for the class, or with `next` puts it where it belongs. */
static void take_row(struct near *near, size_t k, size_t row, size_t *next) {
    if (next == NULL)
        near->starts[k + 1]++;
    else if (next[k] < near->starts[k + 1])
        near->members[next[k]++] = (uint32_t)row;
}

/* `numbers` has room for a row of labels.npy: its class, or 1 for each class that it has. */
static enum error_code walk_labels(struct near *near, const struct npy_array *labels,
                                   int64_t *numbers, size_t *next, struct error *error) {
    for (size_t row = 0; row < near->rows; row++) {
        if (near->doubted[row]) continue;
        TRY(npy_copy_int64(labels, row, 1, numbers, error));
        if (labels->dimensions == 1) {
            bool known = numbers[0] >= 0 && (uint64_t)numbers[0] < near->classes;
            if (known) take_row(near, (size_t)numbers[0], row, next);
            continue;
        }
        for (size_t k = 0; k < near->classes; k++)
            if (numbers[k] == 1) take_row(near, k, row, next);
    }
    return ERROR_NONE;
}

static enum error_code sort_by_class(struct near *near, const struct npy_array *labels,
                                     struct error *error) {
    static const char what[] = "the labels of a run";
    int64_t *numbers = memory_array(labels->columns, sizeof *numbers, what, error);
    size_t *next = memory_array(near->classes + 1, sizeof *next, what, error);
    near->starts = memory_array(near->classes + 1, sizeof *near->starts, what, error);
    if (error->code == ERROR_NONE &&
        walk_labels(near, labels, numbers, NULL, error) == ERROR_NONE) {
        for (size_t k = 0; k < near->classes; k++) {
            near->starts[k + 1] += near->starts[k];
            next[k] = near->starts[k];
        }
        near->members =
            scratch_array(near->starts[near->classes] + 1, sizeof *near->members, what, error);
        if (near->members != NULL) walk_labels(near, labels, numbers, next, error);
        /* Where labels.npy changed in between, what was not filled in is row 0. */
    }
    free(numbers);
    free(next);
    return error->code;
}

static enum error_code take_labels(const struct folder *folder, const struct npy_array *labels,
                                   struct near *near, struct error *error) {
    bool fits =
        labels->rows == near->rows && npy_type_is_integer(labels->type) &&
        (labels->dimensions == 1 || (labels->dimensions == 2 && labels->columns == near->classes));
    if (fits) return sort_by_class(near, labels, error);
    return FAIL(error, ERROR_DATA,
                "%s/labels.npy: does not fit embeddings.npy and classes.json; the run is damaged: "
                "make it again",
                folder->path);
}

static enum error_code open_embeddings(const struct folder *folder, struct near *near,
                                       struct error *error) {
    TRY(npy_open_in(folder, "embeddings.npy", &near->embeddings, error));
    const float *values = npy_direct(&near->embeddings, NPY_FLOAT32);
    near->rows = near->embeddings.rows;
    near->features = near->embeddings.columns;
    near->values = matrix_of(values, near->features);
    if (values == NULL || near->embeddings.dimensions != 2 || near->rows > UINT32_MAX)
        return FAIL(error, ERROR_DATA,
                    "%s/embeddings.npy: not a float32 matrix as earmark writes it; make the run "
                    "again",
                    folder->path);
    return ERROR_NONE;
}

/* Those of an audit that has just been made have a row for each of labels.npy. */
static enum error_code take_embeddings(const struct folder *folder,
                                       const struct run_results *results,
                                       const struct npy_array *labels, struct near *near,
                                       struct error *error) {
    if (results->embeddings == NULL) return open_embeddings(folder, near, error);
    near->values = *results->embeddings;
    near->features = results->embedding_columns;
    near->rows = labels->rows;
    return ERROR_NONE;
}

static enum error_code fill(const struct folder *folder, const struct run_results *results,
                            struct near *near, struct error *error) {
    struct npy_array labels = NPY_INITIAL;
    near->classes = results->class_count;
    TRY(npy_open_in(folder, "labels.npy", &labels, error));
    if (take_embeddings(folder, results, &labels, near, error) == ERROR_NONE &&
        check_rows(results, near, folder->path, error) == ERROR_NONE)
        near->row_of = scratch_array(near->rows, sizeof *near->row_of, "the clips of a run", error);
    if (error->code == ERROR_NONE && find_rows(results, near, folder->path, error) == ERROR_NONE &&
        find_doubted(results, near, error) == ERROR_NONE)
        take_labels(folder, &labels, near, error);
    npy_close(&labels);
    return error->code;
}

enum error_code near_open(const struct folder *folder, const struct run_results *results,
                          struct near **opened, struct error *error) {
    *opened = NULL;
    if (results->clips.get == NULL || !folder_has(folder, "labels.npy") ||
        (results->embeddings == NULL && !folder_has(folder, "embeddings.npy")))
        return ERROR_NONE;
    struct near *near = memory_array(1, sizeof *near, "the nearest clips", error);
    if (near == NULL) return error->code;
    if (fill(folder, results, near, error) == ERROR_NONE)
        *opened = near;
    else
        near_close(near);
    return error->code;
}

void near_close(struct near *near) {
    if (near == NULL) return;
    npy_close(&near->embeddings);
    scratch_free(near->row_of);
    scratch_free(near->doubted);
    free(near->starts);
    scratch_free(near->members);
    free(near);
}

/* ---- searching ---- */

static bool is_class(const struct near *near, int32_t class_index) {
    return near != NULL && class_index >= 0 && (size_t)class_index < near->classes;
}

uint64_t near_work(const struct near *near, int32_t class_index) {
    if (!is_class(near, class_index)) return 0;
    size_t count = near->starts[class_index + 1] - near->starts[class_index];
    return (uint64_t)count * near->features * 2;
}

/* Sums of a x b and b x b, in a fixed order that the compiler can vectorise. */
static void products(const float *a, const float *b, size_t count, double *ab, double *bb) {
    float first[LANES] = {0.0F}, second[LANES] = {0.0F};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            first[j] += a[i + j] * b[i + j];
            second[j] += b[i + j] * b[i + j];
        }
    for (; i < count; i++) {
        first[0] += a[i] * b[i];
        second[0] += b[i] * b[i];
    }
    *ab = *bb = 0.0;
    for (size_t j = 0; j < LANES; j++) {
        *ab += (double)first[j];
        *bb += (double)second[j];
    }
}

/* Keeps the most similar in descending order, equal ones as they come. */
static size_t insert(struct near_clip *found, size_t count, size_t most, struct near_clip clip) {
    if (count == most && clip.similarity <= found[count - 1].similarity) return count;
    size_t at = count < most ? count++ : count - 1;
    for (; at > 0 && found[at - 1].similarity < clip.similarity; at--) found[at] = found[at - 1];
    found[at] = clip;
    return count;
}

size_t near_find(const struct near *near, size_t array_row, int32_t class_index, size_t most,
                 struct near_clip *found) {
    size_t count = 0;
    double own, unused;
    if (!is_class(near, class_index) || array_row >= near->rows || most == 0) return 0;
    if (most > NEAR_MOST) most = NEAR_MOST;
    const float *query = matrix_row(&near->values, array_row);
    products(query, query, near->features, &unused, &own);
    for (size_t i = near->starts[class_index]; i < near->starts[class_index + 1]; i++) {
        double dot, other;
        size_t row = near->members[i];
        if (row == array_row) continue;
        products(query, matrix_row(&near->values, row), near->features, &dot, &other);
        float similarity = (float)(dot / sqrt(own * other));
        if (!isfinite(similarity)) continue;
        count = insert(found, count, most, (struct near_clip){near->row_of[row], similarity});
    }
    return count;
}
