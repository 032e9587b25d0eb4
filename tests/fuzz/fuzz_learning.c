/* The arrays that the order of a review's list learns from: bytes that say how many clips, classes
 * and issues there are (3), where each clip is in the arrays and its fold (2 each) and which clips
 * are issues (1 each), then embeddings.npy, labels.npy, scores.npy and pred_probs.npy, split at
 * bytes 0x1e. What is read must be what the computation counts on. */
#include "host/review/learning_read.h"
#include "tests/fuzz/memory_folder.h"

#include <math.h>

#define CLIPS ((size_t)64)
#define NOWHERE 255 /* the clip is not in the arrays */

static const char *const names[] = {"embeddings.npy", "labels.npy", "scores.npy", "pred_probs.npy"};

struct made {
    struct learning_clip clips[CLIPS];
    size_t issues[CLIPS];
    size_t clip_count, issue_count, classes;
};

/* How many bytes were used; SIZE_MAX: there are too few. */
static size_t take(const uint8_t *data, size_t size, struct made *made) {
    if (size < 3) return SIZE_MAX;
    made->clip_count = data[0] % (CLIPS + 1);
    made->classes = data[1];
    made->issue_count = data[2] % (CLIPS + 1);
    size_t at = 3;
    if (size - at < 2 * made->clip_count + made->issue_count) return SIZE_MAX;
    for (size_t i = 0; i < made->clip_count; i++, at += 2)
        made->clips[i] = (struct learning_clip){data[at] == NOWHERE ? RUN_NO_ROW : data[at],
                                                (int8_t)data[at + 1]};
    for (size_t i = 0; i < made->issue_count; i++) made->issues[i] = data[at++];
    return at;
}

static bool is_class(int32_t label, size_t classes) {
    return label >= 0 && (size_t)label < classes;
}

static void look_at(const struct made *made, const struct learning_arrays *arrays) {
    size_t issues = 0, candidates = 0;
    double sum = 0;
    for (size_t row = 0; row < arrays->rows; row++) {
        const size_t clip = arrays->clip_of[row];
        const float *values = npy_direct(&arrays->embeddings, NPY_FLOAT32);
        for (size_t f = 0; f < arrays->features; f++)
            sum += (double)values[row * arrays->features + f];
        if (clip >= made->clip_count || made->clips[clip].array_row != row) abort();
        if (!is_class(arrays->labels[row], made->classes) || arrays->fold_of[row] < 0) abort();
        if (!is_class(arrays->suggested[row], made->classes)) abort();
        if (arrays->suggested[row] == arrays->labels[row] || !isfinite(arrays->scores[row]))
            abort();
        issues += arrays->issue[row];
    }
    for (size_t i = 0; i < arrays->candidate_count; i++) {
        if (arrays->candidates[i] >= arrays->rows) abort();
        if (i > 0 && arrays->candidates[i] <= arrays->candidates[i - 1]) abort();
        candidates += arrays->issue[arrays->candidates[i]];
    }
    if (candidates != issues || arrays->rows > made->clip_count || sum == 1e300) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct folder run;
    struct learning_arrays arrays = {0};
    struct made made;
    size_t used = take(data, size, &made);
    if (used == SIZE_MAX) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_fill(data + used, size - used);
    if (folder_open(memory_folder, false, &run, &error) != ERROR_NONE) abort();
    if (learning_arrays_open(&run, made.clips, made.clip_count, made.issues, made.issue_count,
                             made.classes, &arrays, &error) == ERROR_NONE)
        look_at(&made, &arrays);
    learning_arrays_close(&arrays);
    folder_close(&run);
    return 0;
}
