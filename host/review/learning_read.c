#include "host/review/learning_read.h"

#include "host/base/memory.h"
#include "host/base/sort.h"

#include <math.h>
#include <stdlib.h>

static enum error_code does_not_fit(const struct folder *folder, const char *name,
                                    struct error *error) {
    return FAIL(error, ERROR_DATA,
                "%s/%s: does not fit the other files of the run; make the run again", folder->path,
                name);
}

static enum error_code read_embeddings(const struct folder *folder, struct learning_arrays *arrays,
                                       struct error *error) {
    struct npy_array *embeddings = &arrays->embeddings;
    TRY(npy_open_in(folder, "embeddings.npy", embeddings, error));
    if (npy_direct(embeddings, NPY_FLOAT32) == NULL || embeddings->dimensions != 2 ||
        embeddings->rows == 0 || embeddings->rows > INT32_MAX || embeddings->columns == 0)
        return does_not_fit(folder, "embeddings.npy", error);
    arrays->rows = embeddings->rows;
    arrays->features = embeddings->columns;
    return ERROR_NONE;
}

static enum error_code allocate(struct learning_arrays *arrays, struct error *error) {
    const char *what = "the labels of a run";
    arrays->labels = memory_array(arrays->rows, sizeof *arrays->labels, what, error);
    arrays->fold_of = memory_array(arrays->rows, sizeof *arrays->fold_of, what, error);
    arrays->suggested = memory_array(arrays->rows, sizeof *arrays->suggested, what, error);
    arrays->scores = memory_array(arrays->rows, sizeof *arrays->scores, what, error);
    arrays->clip_of = memory_array(arrays->rows, sizeof *arrays->clip_of, what, error);
    arrays->issue = memory_array(arrays->rows, sizeof *arrays->issue, what, error);
    return error->code;
}

static enum error_code place_clips(const struct folder *folder, const struct learning_clip *clips,
                                   size_t count, struct learning_arrays *arrays,
                                   struct error *error) {
    size_t placed = 0;
    for (size_t row = 0; row < arrays->rows; row++) arrays->clip_of[row] = RUN_NO_ROW;
    for (size_t clip = 0; clip < count; clip++) {
        size_t row = clips[clip].array_row;
        if (row == RUN_NO_ROW) continue;
        if (row >= arrays->rows || clips[clip].fold < 0 || arrays->clip_of[row] != RUN_NO_ROW)
            return does_not_fit(folder, "clips.csv", error);
        arrays->clip_of[row] = clip;
        arrays->fold_of[row] = clips[clip].fold;
        placed++;
    }
    return placed == arrays->rows ? ERROR_NONE : does_not_fit(folder, "clips.csv", error);
}

static enum error_code read_labels(const struct folder *folder, const struct npy_array *labels,
                                   struct learning_arrays *arrays, struct error *error) {
    if (labels->rows != arrays->rows || labels->dimensions != 1 ||
        !npy_type_is_integer(labels->type))
        return does_not_fit(folder, "labels.npy", error);
    for (size_t row = 0; row < arrays->rows; row++) {
        int64_t label;
        TRY(npy_copy_int64(labels, row, 1, &label, error));
        if (label < 0 || (uint64_t)label >= arrays->classes)
            return does_not_fit(folder, "labels.npy", error);
        arrays->labels[row] = (int32_t)label;
    }
    return ERROR_NONE;
}

static enum error_code read_scores(const struct folder *folder, const struct npy_array *scores,
                                   struct learning_arrays *arrays, struct error *error) {
    if (scores->rows != arrays->rows || scores->dimensions != 1)
        return does_not_fit(folder, "scores.npy", error);
    npy_copy_float32(scores, 0, arrays->rows, arrays->scores);
    for (size_t row = 0; row < arrays->rows; row++)
        if (!isfinite(arrays->scores[row])) return does_not_fit(folder, "scores.npy", error);
    return ERROR_NONE;
}

/* The likeliest class that is not the label. */
static enum error_code read_suggestions(const struct folder *folder, const struct npy_array *array,
                                        struct learning_arrays *arrays, struct error *error) {
    size_t classes = arrays->classes;
    if (array->rows != arrays->rows || array->dimensions != 2 || array->columns != classes)
        return does_not_fit(folder, "pred_probs.npy", error);
    float *values = memory_array(classes, sizeof *values, "probabilities", error);
    if (values == NULL) return error->code;
    for (size_t row = 0; row < arrays->rows; row++) {
        int32_t label = arrays->labels[row], best = label == 0 ? 1 : 0;
        npy_copy_float32(array, row, 1, values);
        for (int32_t c = 0; c < (int32_t)classes; c++)
            if (c != label && values[c] > values[best]) best = c;
        arrays->suggested[row] = best;
    }
    free(values);
    return ERROR_NONE;
}

static enum error_code read_array(const struct folder *folder, const char *name,
                                  enum error_code (*take)(const struct folder *,
                                                          const struct npy_array *,
                                                          struct learning_arrays *, struct error *),
                                  struct learning_arrays *arrays, struct error *error) {
    struct npy_array array = NPY_INITIAL;
    if (npy_open_in(folder, name, &array, error) == ERROR_NONE) take(folder, &array, arrays, error);
    npy_close(&array);
    return error->code;
}

struct place {
    float score;
    size_t row;
};

static int compare_places(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The issues, and of the other rows those with the lowest scores. */
static enum error_code choose_candidates(struct learning_arrays *arrays, size_t issue_count,
                                         struct error *error) {
    struct place *places = memory_array(arrays->rows, sizeof *places, "a ranking", error);
    bool *chosen = memory_array(arrays->rows, sizeof *chosen, "a ranking", error);
    size_t others = issue_count < LEARNING_CANDIDATES ? LEARNING_CANDIDATES - issue_count : 0;
    size_t count = 0;
    if (error->code != ERROR_NONE) goto done;
    for (size_t row = 0; row < arrays->rows; row++) {
        chosen[row] = arrays->issue[row];
        if (!chosen[row]) places[count++] = (struct place){arrays->scores[row], row};
    }
    sort_in_place(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count && i < others; i++) chosen[places[i].row] = true;
    arrays->candidates = memory_array(arrays->rows, sizeof *arrays->candidates, "a ranking", error);
    for (size_t row = 0; error->code == ERROR_NONE && row < arrays->rows; row++)
        if (chosen[row]) arrays->candidates[arrays->candidate_count++] = row;
done:
    free(places);
    free(chosen);
    return error->code;
}

enum error_code learning_arrays_open(const struct folder *folder, const struct learning_clip *clips,
                                     size_t count, const size_t *issues, size_t issue_count,
                                     size_t classes, struct learning_arrays *arrays,
                                     struct error *error) {
    *arrays = (struct learning_arrays){.classes = classes};
    if (classes < 2) return FAIL(error, ERROR_DATA, "%s: has one class only", folder->path);
    TRY(read_embeddings(folder, arrays, error));
    TRY(allocate(arrays, error));
    TRY(place_clips(folder, clips, count, arrays, error));
    TRY(read_array(folder, "labels.npy", read_labels, arrays, error));
    TRY(read_array(folder, "scores.npy", read_scores, arrays, error));
    TRY(read_array(folder, "pred_probs.npy", read_suggestions, arrays, error));
    for (size_t i = 0; i < issue_count; i++) {
        if (issues[i] >= count || clips[issues[i]].array_row == RUN_NO_ROW)
            return does_not_fit(folder, "issues.jsonl", error);
        arrays->issue[clips[issues[i]].array_row] = true;
    }
    return choose_candidates(arrays, issue_count, error);
}

void learning_arrays_close(struct learning_arrays *arrays) {
    npy_close(&arrays->embeddings);
    free(arrays->labels);
    free(arrays->fold_of);
    free(arrays->suggested);
    free(arrays->scores);
    free(arrays->clip_of);
    free(arrays->issue);
    free(arrays->candidates);
    *arrays = (struct learning_arrays){0};
}
