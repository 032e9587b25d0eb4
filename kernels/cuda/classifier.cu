#include "kernels/cuda/classifier.h"

#include "kernels/classifier_problem.h"
#include "kernels/clock.h"
#include "kernels/cuda/batches.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_data.h"

#include <nvtx3/nvToolsExt.h>
#include <stdlib.h>
#include <string.h>

/* Most chunks of a tile, and most bytes of its x' or logits in float64. */
#define TILE_CHUNKS ((size_t)32)
#define TILE_BYTES ((size_t)512 << 20)

/* Most columns of one product, which fill a large GPU; when the folds of one C have fewer,
 * products have about as many as these. */
#define BLOCK_COLUMNS ((size_t)256)

static void *host_array(size_t count, size_t size, const char *what, struct error *error) {
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL)
        FAIL(error, ERROR_MEMORY, "%s: no room for %zu x %zu bytes", what, count, size);
    return memory;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}
static size_t most(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Shapes depend on the problem only, not on the tasks or on free memory, except tile_chunks,
 * which does not change any result. */
static void choose_shapes(struct cuda_classifier *self) {
    size_t largest = 0;
    for (size_t fold = 0; fold < self->folds; fold++)
        largest = most(largest, self->fold_rows[fold]);
    self->chunk_rows = least(classifier_round_up(largest, 32), CHUNK_ROWS);
    self->block_columns =
        least(classifier_round_up(self->classes * self->folds, 32), BLOCK_COLUMNS);
    if (self->block_columns > 128) self->block_columns = BLOCK_COLUMNS;
    const size_t width = most(most(self->stride, PASS_COLUMNS), self->classes);
    const size_t chunks = TILE_BYTES / (width * self->chunk_rows * sizeof(double));
    const size_t needed = (largest + self->chunk_rows - 1) / self->chunk_rows;
    self->tile_chunks = most(1, least(least(chunks, TILE_CHUNKS), needed));
}

/* Sorts the rows by fold (counting sort), each fold padded to whole chunks. */
static enum error_code sort_rows(struct cuda_classifier *self,
                                 const struct classifier_problem *problem, struct error *error) {
    self->fold_rows = (size_t *)host_array(self->folds, sizeof(size_t), "folds", error);
    self->fold_first = (size_t *)host_array(self->folds + 1, sizeof(size_t), "folds", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t row = 0; row < self->rows; row++) self->fold_rows[problem->fold_of[row]]++;
    choose_shapes(self);
    for (size_t fold = 0; fold < self->folds; fold++)
        self->fold_first[fold + 1] =
            self->fold_first[fold] + classifier_round_up(self->fold_rows[fold], self->chunk_rows);
    self->padded_rows = self->fold_first[self->folds];
    self->order = (size_t *)host_array(self->padded_rows, sizeof(size_t), "row order", error);
    size_t *next = (size_t *)host_array(self->folds, sizeof(size_t), "folds", error);
    if (error->code != ERROR_NONE) goto done;
    memcpy(next, self->fold_first, self->folds * sizeof(size_t));
    for (size_t i = 0; i < self->padded_rows; i++) self->order[i] = SIZE_MAX;
    for (size_t row = 0; row < self->rows; row++) self->order[next[problem->fold_of[row]]++] = row;
done:
    free(next);
    return error->code;
}

/* Cuts all folds into tiles of tile_chunks chunks. */
static enum error_code make_tiles(struct cuda_classifier *self, struct error *error) {
    const size_t tile_rows = classifier_tile_rows(self);
    size_t count = 0;
    for (size_t fold = 0; fold < self->folds; fold++)
        count += (self->fold_first[fold + 1] - self->fold_first[fold] + tile_rows - 1) / tile_rows;
    struct cuda_classifier_tile *tiles =
        (struct cuda_classifier_tile *)host_array(count, sizeof *tiles, "tiles", error);
    if (tiles == NULL) return error->code;
    size_t tile = 0;
    for (size_t fold = 0; fold < self->folds; fold++)
        for (size_t first = self->fold_first[fold]; first < self->fold_first[fold + 1];
             first += tile_rows) {
            const size_t rows = least(self->fold_first[fold + 1] - first, tile_rows);
            tiles[tile].first = first;
            tiles[tile].chunks = rows / self->chunk_rows;
            tiles[tile++].fold = fold;
        }
    free(self->tiles);
    self->tiles = tiles;
    self->tile_count = count;
    return ERROR_NONE;
}

/* Copies labels, shift and scale, which stay on the GPU until the problem is closed. */
static enum error_code send_constants(struct cuda_classifier *self,
                                      const struct classifier_problem *problem,
                                      struct error *error) {
    const size_t constants = self->features * sizeof(double);
    const size_t labels = self->padded_rows * sizeof(int32_t);
    const cudaStream_t stream = self->worker->stream;
    if (cuda_buffer_reserve(&self->labels, BUFFER_GPU, labels, 1, "labels", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->shift, BUFFER_GPU, constants, 1, "shift", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->scale, BUFFER_GPU, constants, 1, "scale", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->sent, BUFFER_PINNED, labels + 2 * constants, 1, "constants",
                            error) != ERROR_NONE)
        return error->code;
    double *shift = (double *)self->sent.data, *scale = shift + self->features;
    int32_t *sorted = (int32_t *)(scale + self->features);
    memcpy(shift, problem->shift, constants);
    memcpy(scale, problem->scale, constants);
    for (size_t i = 0; i < self->padded_rows; i++)
        sorted[i] = self->order[i] == SIZE_MAX ? -1 : problem->labels[self->order[i]];
    cuda_check(cudaMemcpyAsync(self->shift.data, shift, constants, cudaMemcpyHostToDevice, stream),
               "shift", error);
    cuda_check(cudaMemcpyAsync(self->scale.data, scale, constants, cudaMemcpyHostToDevice, stream),
               "scale", error);
    cuda_check(cudaMemcpyAsync(self->labels.data, sorted, labels, cudaMemcpyHostToDevice, stream),
               "labels", error);
    return cuda_check(cudaStreamSynchronize(stream), "the classifier's constants", error);
}

static enum error_code make_streams(struct cuda_classifier *self, struct error *error) {
    cuda_check(cudaStreamCreateWithFlags(&self->copy_stream, cudaStreamNonBlocking),
               "a stream for copies", error);
    for (int slot = 0; slot < 2; slot++) {
        cuda_check(cudaEventCreateWithFlags(&self->copied[slot], cudaEventDisableTiming),
                   "an event", error);
        cuda_check(cudaEventCreateWithFlags(&self->used[slot], cudaEventDisableTiming), "an event",
                   error);
    }
    return error->code;
}

/* Bytes that an evaluation of one C takes beside the data, in float64. */
static size_t working_bytes(const struct cuda_classifier *self) {
    const size_t columns =
        least(self->classes * self->folds, most(PASS_COLUMNS, self->classes)) + self->block_columns;
    const size_t rows = classifier_tile_rows(self);
    const size_t numbers = rows * (self->stride + columns + self->folds) +
                           2 * columns * self->stride + 2 * columns * (self->features + 1) +
                           self->tile_chunks * self->block_columns * self->stride;
    return numbers * sizeof(double) + 2 * rows * self->features * sizeof(float);
}

static enum error_code open_problem(struct cuda_classifier *self,
                                    const struct classifier_problem *problem, struct error *error) {
    if (cuda_check(cudaSetDevice(self->worker->gpu), "the GPU", error) != ERROR_NONE ||
        sort_rows(self, problem, error) != ERROR_NONE || make_tiles(self, error) != ERROR_NONE ||
        make_streams(self, error) != ERROR_NONE ||
        send_constants(self, problem, error) != ERROR_NONE)
        return error->code;
    return classifier_load(self, working_bytes(self), error);
}

static enum error_code create(struct device *device, const struct classifier_problem *problem,
                              struct classifier **classifier, struct error *error) {
    struct cuda_classifier *self =
        (struct cuda_classifier *)host_array(1, sizeof *self, "classifier", error);
    if (self == NULL) return error->code;
    self->base.device = device;
    self->worker = cuda_device_worker(device);
    self->counters = &cuda_device_of(device)->counters;
    self->rows = problem->rows;
    self->features = problem->features;
    self->classes = problem->classes;
    self->folds = problem->folds;
    self->data = problem->data;
    self->stride = classifier_round_up(self->features, 4); /* rows are 16-byte aligned */
    if (open_problem(self, problem, error) != ERROR_NONE) {
        cuda_classifier_close(&self->base);
        return error->code;
    }
    *classifier = &self->base;
    return ERROR_NONE;
}

enum error_code cuda_classifier_open(struct device *device,
                                     const struct classifier_problem *problem,
                                     struct classifier **classifier, struct error *error) {
    if (classifier_problem_check(problem, error) != ERROR_NONE) return error->code;
    const double started = clock_seconds();
    struct error first = ERROR_INITIAL;
    nvtxRangePushA("classifier open");
    cuda_batches_trim(device); /* frees what embeddings took */
    create(device, problem, classifier, &first);
    /* Even the small buffers did not fit: try once more, another program may have ended. */
    if (first.code == ERROR_MEMORY)
        create(device, problem, classifier, error);
    else if (first.code != ERROR_NONE)
        *error = first;
    nvtxRangePop();
    cuda_device_of(device)->counters.seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    return error->code;
}

void classifier_settle(struct cuda_classifier *self) {
    (void)cudaStreamSynchronize(self->worker->stream);
    if (self->copy_stream != NULL) (void)cudaStreamSynchronize(self->copy_stream);
}

bool classifier_give_way(struct cuda_classifier *self) {
    struct error ignored = ERROR_INITIAL;
    classifier_settle(self);
    if (self->scaled.data != NULL) {
        cuda_buffer_free(&self->scaled, BUFFER_GPU);
        return true;
    }
    if (self->resident) {
        cuda_buffer_free(&self->raw, BUFFER_GPU);
        self->resident = false;
        return true;
    }
    if (self->tile_chunks == 1) return false;
    const size_t before = self->tile_chunks;
    self->tile_chunks = (before + 1) / 2;
    if (make_tiles(self, &ignored) != ERROR_NONE) {
        self->tile_chunks = before;
        return false;
    }
    struct cuda_buffer *const smaller[] = {&self->tile,    &self->logits,    &self->losses,
                                           &self->partial, &self->upload[0], &self->upload[1]};
    for (size_t i = 0; i < sizeof smaller / sizeof smaller[0]; i++)
        cuda_buffer_free(smaller[i], BUFFER_GPU);
    return true;
}

void cuda_classifier_close(struct classifier *classifier) {
    struct cuda_classifier *self = (struct cuda_classifier *)classifier;
    if (self == NULL) return;
    (void)cudaSetDevice(self->worker->gpu);
    classifier_settle(self);
    struct cuda_buffer *const buffers[] = {
        &self->labels,  &self->shift,  &self->scale,  &self->raw,       &self->scaled,
        &self->tile,    &self->logits, &self->losses, &self->packed,    &self->weights,
        &self->partial, &self->sums,   &self->totals, &self->upload[0], &self->upload[1]};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        cuda_buffer_free(buffers[i], BUFFER_GPU);
    cuda_buffer_free(&self->sent, BUFFER_PINNED);
    cuda_buffer_free(&self->received, BUFFER_PINNED);
    for (int slot = 0; slot < 2; slot++) {
        cuda_buffer_free(&self->staging[slot], BUFFER_PINNED);
        if (self->copied[slot] != NULL) (void)cudaEventDestroy(self->copied[slot]);
        if (self->used[slot] != NULL) (void)cudaEventDestroy(self->used[slot]);
    }
    if (self->copy_stream != NULL) (void)cudaStreamDestroy(self->copy_stream);
    free(self->order);
    free(self->fold_first);
    free(self->fold_rows);
    free(self->tiles);
    free(self);
}
