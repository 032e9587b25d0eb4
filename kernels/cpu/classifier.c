#include "kernels/cpu/classifier.h"

#include "kernels/classifier_problem.h"
#include "kernels/clock.h"
#include "kernels/cpu/memory.h"

#include <stdlib.h>
#include <string.h>

/* Chains: enough for many threads, each long enough that clearing and adding up
 * its sums costs little, and within bounds when there are many classes. */
#define CHAIN_TILES 10
#define CHAIN_MAXIMUM 64
#define CHAIN_MINIMUM 4
#define CHAIN_BYTES ((size_t)256 << 20)

enum error_code classifier_reserve(struct classifier_memory *memory, size_t count, size_t size,
                                   const char *what, struct error *error) {
    if (size != 0 && count > SIZE_MAX / 4 / size)
        return FAIL(error, ERROR_MEMORY, "%s: %zu x %zu bytes is more than can be addressed", what,
                    count, size);
    if (count * size <= memory->bytes) return ERROR_NONE;
    free(memory->data);
    memory->bytes = 0;
    memory->data = memory_aligned(count, size, what, error);
    if (memory->data == NULL) return error->code;
    memory->bytes = count * size;
    return ERROR_NONE;
}

void classifier_pack_tile(const struct cpu_classifier *classifier,
                          const struct tile_kernels *kernels, size_t tile, void *data) {
    const struct classifier_tile *at = &classifier->tiles[tile];
    const float *rows[TILE_ROWS];
    for (size_t r = 0; r < at->rows; r++)
        rows[r] = matrix_row(&classifier->data, classifier->order[at->first + r]);
    kernels->pack_data(data, rows, classifier->features, at->rows, classifier->shift,
                       classifier->scale);
}

/* Sorts the rows by fold (counting sort) and cuts them into tiles. */
static enum error_code make_tiles(struct cpu_classifier *self,
                                  const struct classifier_problem *problem, struct error *error) {
    size_t *starts = memory_aligned(self->folds + 1, sizeof *starts, "folds", error);
    if (starts == NULL) return error->code;
    memset(starts, 0, (self->folds + 1) * sizeof *starts);
    for (size_t row = 0; row < self->rows; row++) starts[problem->fold_of[row] + 1]++;
    size_t tiles = 0;
    for (size_t fold = 0; fold < self->folds; fold++) {
        tiles += (starts[fold + 1] + TILE_ROWS - 1) / TILE_ROWS;
        starts[fold + 1] += starts[fold];
    }
    self->tiles = memory_aligned(tiles, sizeof *self->tiles, "tiles", error);
    if (self->tiles == NULL) goto done;
    for (size_t fold = 0; fold < self->folds; fold++)
        for (size_t first = starts[fold]; first < starts[fold + 1]; first += TILE_ROWS) {
            size_t rows = starts[fold + 1] - first;
            self->tiles[self->tile_count++] =
                (struct classifier_tile){first, rows < TILE_ROWS ? rows : TILE_ROWS, fold};
        }
    for (size_t row = 0; row < self->rows; row++) {
        size_t at = starts[problem->fold_of[row]]++;
        self->order[at] = row;
        self->labels[at] = problem->labels[row];
    }
done:
    free(starts);
    return error->code;
}

/* Depends on the problem only, never on the threads: so do the sums. */
static size_t count_chains(const struct cpu_classifier *self) {
    size_t bytes = self->classes * self->features * sizeof(double);
    size_t chains = CHAIN_BYTES / (bytes == 0 ? 1 : bytes);
    if (chains > CHAIN_MAXIMUM) chains = CHAIN_MAXIMUM;
    if (chains < CHAIN_MINIMUM) chains = CHAIN_MINIMUM;
    size_t wanted = (self->tile_count + CHAIN_TILES - 1) / CHAIN_TILES;
    return chains < wanted ? chains : wanted;
}

enum error_code cpu_classifier_open(struct device *device, const struct classifier_problem *problem,
                                    struct classifier **classifier, struct error *error) {
    if (classifier_problem_check(problem, error) != ERROR_NONE) return error->code;
    double started = clock_seconds();
    struct cpu_classifier *self = calloc(1, sizeof *self);
    if (self == NULL) return FAIL(error, ERROR_MEMORY, "classifier");
    self->base.device = device;
    self->device = (struct cpu_device *)device;
    self->rows = problem->rows;
    self->features = problem->features;
    self->classes = problem->classes;
    self->folds = problem->folds;
    self->data = problem->data;
    self->single = tile_kernels_single();
    self->exact = tile_kernels_double();
    if ((self->shift = memory_aligned(self->features, sizeof(double), "shift", error)) == NULL ||
        (self->scale = memory_aligned(self->features, sizeof(double), "scale", error)) == NULL ||
        (self->order = memory_aligned(self->rows, sizeof(size_t), "row order", error)) == NULL ||
        (self->labels = memory_aligned(self->rows, sizeof(int32_t), "labels", error)) == NULL)
        goto done;
    memcpy(self->shift, problem->shift, self->features * sizeof(double));
    memcpy(self->scale, problem->scale, self->features * sizeof(double));
    if (make_tiles(self, problem, error) != ERROR_NONE) goto done;
    self->chain_count = count_chains(self);
done:
    if (error->code != ERROR_NONE) {
        cpu_classifier_close(&self->base);
        return error->code;
    }
    self->device->counters.seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    *classifier = &self->base;
    return ERROR_NONE;
}

void cpu_classifier_close(struct classifier *classifier) {
    struct cpu_classifier *self = (struct cpu_classifier *)classifier;
    if (self == NULL) return;
    free(self->shift);
    free(self->scale);
    free(self->order);
    free(self->labels);
    free(self->tiles);
    free(self->panels.data);
    free(self->intercepts.data);
    free(self->chains.data);
    free(self->scratch.data);
    free(self);
}
