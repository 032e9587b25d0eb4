#include "host/confident/belief.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <math.h>
#include <stdlib.h>

static int32_t most_probable(const float *logs, size_t classes) {
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        if (logs[k] > logs[best]) best = k;
    return (int32_t)best;
}

/* Numbers of the rows by class, in their order; starts (classes + 1) are where each begins. */
static void sort_by_class(const struct mix_view *view, size_t *starts, size_t *rows) {
    for (size_t i = 0; i < view->rows; i++) starts[view->labels[i] + 1]++;
    for (size_t k = 0; k < view->classes; k++) starts[k + 1] += starts[k];
    for (size_t i = 0; i < view->rows; i++) rows[starts[view->labels[i]]++] = i;
    for (size_t k = view->classes; k > 0; k--) starts[k] = starts[k - 1];
    starts[0] = 0;
}

/* What the rows of a class look like. counts (classes): zero, and again afterwards. */
static struct belief_look look_at(const int32_t *seen, const size_t *rows, size_t count,
                                  int32_t class, size_t *counts) {
    struct belief_look look = {.other = -1, .rows = count};
    for (size_t i = 0; i < count; i++) counts[seen[rows[i]]]++;
    look.right = counts[class];
    for (size_t i = 0; i < count; i++) {
        int32_t k = seen[rows[i]];
        if (k != class && (counts[k] > look.wrong || (counts[k] == look.wrong && k < look.other))) {
            look.other = k;
            look.wrong = counts[k];
        }
    }
    for (size_t i = 0; i < count; i++) counts[seen[rows[i]]] = 0;
    return look;
}

static void summarise(struct belief *belief) {
    size_t present = 0, most = 0;
    double sum = 0;
    for (size_t k = 0; k < belief->classes; k++) {
        const struct belief_look *look = &belief->looks[k];
        belief->recall[k] = look->rows > 0 ? (double)look->right / (double)look->rows : (double)NAN;
        if (look->rows == 0) continue;
        sum += belief->recall[k];
        present++;
        if (look->rows > most) most = look->rows;
    }
    belief->balanced_accuracy = sum / (double)present;
    belief->chance = 1 / (double)present;
    belief->majority = (double)most / (double)belief->rows;
}

enum error_code belief_measure(const struct mix_view *view, struct belief *belief,
                               struct error *error) {
    *belief = (struct belief){.rows = view->rows, .classes = view->classes};
    belief->recall = memory_array(view->classes, sizeof *belief->recall, "belief", error);
    belief->looks = memory_array(view->classes, sizeof *belief->looks, "belief", error);
    belief->seen = scratch_array(view->rows, sizeof *belief->seen, "belief", error);
    size_t *starts = memory_array(view->classes + 1, sizeof *starts, "belief", error);
    size_t *rows = scratch_array(view->rows, sizeof *rows, "belief", error);
    size_t *counts = memory_array(view->classes, sizeof *counts, "belief", error);
    if (error->code != ERROR_NONE) goto done;
#pragma omp parallel for num_threads(view->threads) schedule(static)
    for (size_t i = 0; i < view->rows; i++)
        belief->seen[i] = most_probable(view->mix + i * view->classes, view->classes);
    sort_by_class(view, starts, rows);
    for (size_t k = 0; k < view->classes; k++)
        belief->looks[k] =
            look_at(belief->seen, rows + starts[k], starts[k + 1] - starts[k], (int32_t)k, counts);
    summarise(belief);
done:
    free(counts);
    scratch_free(rows);
    free(starts);
    return error->code;
}

void belief_free(struct belief *belief) {
    free(belief->recall);
    free(belief->looks);
    scratch_free(belief->seen);
    *belief = (struct belief)BELIEF_INITIAL;
}
