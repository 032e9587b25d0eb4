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

/* Shapes depend on the problem only: not on the tasks, the GPUs or their free memory. */
static void choose_shapes(struct cuda_classifier *whole) {
    size_t largest = 0;
    for (size_t fold = 0; fold < whole->folds; fold++)
        largest = most(largest, whole->fold_rows[fold]);
    whole->chunk_rows = least(classifier_round_up(largest, 32), CHUNK_ROWS);
    whole->block_columns =
        least(classifier_round_up(whole->classes * whole->folds, 32), BLOCK_COLUMNS);
    if (whole->block_columns > 128) whole->block_columns = BLOCK_COLUMNS;
}

/* Likewise, of the rows with padding. */
static void choose_slices(struct cuda_classifier *whole) {
    const size_t columns = most(whole->stride + whole->classes + 7, PASS_COLUMNS);
    const size_t sums = SLICES_BYTES / (columns * (whole->stride + 1) * sizeof(double));
    const size_t chunks = whole->padded_rows / whole->chunk_rows;
    whole->slice_count = most(1, least(least(SLICES, sums), chunks / whole->folds / SLICE_CHUNKS));
}

/* Sorts the rows by fold (counting sort), each fold padded to whole chunks. */
static enum error_code sort_rows(struct cuda_classifier *whole,
                                 const struct classifier_problem *problem, struct error *error) {
    whole->fold_rows = (size_t *)host_array(whole->folds, sizeof(size_t), "folds", error);
    whole->fold_first = (size_t *)host_array(whole->folds + 1, sizeof(size_t), "folds", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t row = 0; row < whole->rows; row++) whole->fold_rows[problem->fold_of[row]]++;
    choose_shapes(whole);
    for (size_t fold = 0; fold < whole->folds; fold++)
        whole->fold_first[fold + 1] =
            whole->fold_first[fold] +
            classifier_round_up(whole->fold_rows[fold], whole->chunk_rows);
    whole->padded_rows = whole->fold_first[whole->folds];
    choose_slices(whole);
    whole->order = (size_t *)host_array(whole->padded_rows, sizeof(size_t), "row order", error);
    size_t *next = (size_t *)host_array(whole->folds, sizeof(size_t), "folds", error);
    if (error->code != ERROR_NONE) goto done;
    memcpy(next, whole->fold_first, whole->folds * sizeof(size_t));
    for (size_t i = 0; i < whole->padded_rows; i++) whole->order[i] = SIZE_MAX;
    for (size_t row = 0; row < whole->rows; row++)
        whole->order[next[problem->fold_of[row]]++] = row;
done:
    free(next);
    return error->code;
}

/* The rows of a slice and fold: [*first, *end), with padding. */
static void slice_rows(const struct cuda_classifier *whole, size_t slice, size_t fold,
                       size_t *first, size_t *end) {
    const size_t chunks =
        (whole->fold_first[fold + 1] - whole->fold_first[fold]) / whole->chunk_rows;
    *first = whole->fold_first[fold] + chunks * slice / whole->slice_count * whole->chunk_rows;
    *end = whole->fold_first[fold] + chunks * (slice + 1) / whole->slice_count * whole->chunk_rows;
}

/* Cuts the GPU's rows into tiles of at most tile_chunks chunks: (*count) in `tiles`, or only
 * counted where it is NULL. */
static void cut_tiles(const struct classifier_gpu *self, struct classifier_tile *tiles,
                      size_t *count) {
    const struct cuda_classifier *whole = self->whole;
    const size_t tile_rows = classifier_tile_rows(self);
    size_t at = 0, first, end;
    *count = 0;
    for (size_t slice = 0; slice < self->slice_count; slice++)
        for (size_t fold = 0; fold < whole->folds; fold++) {
            slice_rows(whole, self->first_slice + slice, fold, &first, &end);
            for (size_t rows; first < end; first += rows, at += rows, (*count)++) {
                rows = least(end - first, tile_rows);
                if (tiles == NULL) continue;
                tiles[*count].first = first;
                tiles[*count].at = at;
                tiles[*count].chunks = rows / whole->chunk_rows;
                tiles[*count].fold = fold;
                tiles[*count].slice = slice;
            }
        }
}

static enum error_code make_tiles(struct classifier_gpu *self, struct error *error) {
    size_t count;
    cut_tiles(self, NULL, &count);
    struct classifier_tile *tiles =
        (struct classifier_tile *)host_array(count, sizeof *tiles, "tiles", error);
    if (tiles == NULL) return error->code;
    cut_tiles(self, tiles, &self->tile_count);
    free(self->tiles);
    self->tiles = tiles;
    return ERROR_NONE;
}

/* The largest tile for which there is room: it changes no result. */
static void choose_tile(struct classifier_gpu *self) {
    const struct cuda_classifier *whole = self->whole;
    const size_t width = most(most(whole->stride, PASS_COLUMNS), whole->classes);
    const size_t chunks = TILE_BYTES / (width * whole->chunk_rows * sizeof(double));
    size_t largest = 0, first, end;
    for (size_t slice = 0; slice < self->slice_count; slice++)
        for (size_t fold = 0; fold < whole->folds; fold++) {
            slice_rows(whole, self->first_slice + slice, fold, &first, &end);
            largest = most(largest, (end - first) / whole->chunk_rows);
            self->padded_rows += end - first;
        }
    self->tile_chunks = most(1, least(least(chunks, TILE_CHUNKS), largest));
}

/* Copies labels, shift and scale, which stay on the GPU until the problem is closed. */
static enum error_code send_constants(struct classifier_gpu *self,
                                      const struct classifier_problem *problem,
                                      struct error *error) {
    const size_t features = problem->features, constants = features * sizeof(double);
    const size_t labels = self->padded_rows * sizeof(int32_t);
    const cudaStream_t stream = self->worker->stream;
    if (cuda_buffer_reserve(&self->labels, BUFFER_GPU, labels, 1, "labels", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->shift, BUFFER_GPU, constants, 1, "shift", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->scale, BUFFER_GPU, constants, 1, "scale", error) != ERROR_NONE ||
        cuda_buffer_reserve(&self->sent, BUFFER_PINNED, labels + 2 * constants, 1, "constants",
                            error) != ERROR_NONE)
        return error->code;
    double *shift = (double *)self->sent.data, *scale = shift + features;
    int32_t *sorted = (int32_t *)(scale + features);
    memcpy(shift, problem->shift, constants);
    memcpy(scale, problem->scale, constants);
    for (size_t t = 0; t < self->tile_count; t++) {
        const struct classifier_tile *tile = &self->tiles[t];
        for (size_t r = 0; r < tile->chunks * self->whole->chunk_rows; r++) {
            const size_t row = self->whole->order[tile->first + r];
            sorted[tile->at + r] = row == SIZE_MAX ? -1 : problem->labels[row];
        }
    }
    cuda_check(cudaMemcpyAsync(self->shift.data, shift, constants, cudaMemcpyHostToDevice, stream),
               "shift", error);
    cuda_check(cudaMemcpyAsync(self->scale.data, scale, constants, cudaMemcpyHostToDevice, stream),
               "scale", error);
    cuda_check(cudaMemcpyAsync(self->labels.data, sorted, labels, cudaMemcpyHostToDevice, stream),
               "labels", error);
    return cuda_check(cudaStreamSynchronize(stream), "the classifier's constants", error);
}

static enum error_code make_streams(struct classifier_gpu *self, struct error *error) {
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
static size_t working_bytes(const struct classifier_gpu *self) {
    const struct cuda_classifier *whole = self->whole;
    const size_t all = least(whole->classes * whole->folds, most(PASS_COLUMNS, whole->classes));
    const size_t columns = all + whole->block_columns, rows = classifier_tile_rows(self);
    const size_t numbers = rows * (whole->stride + columns + whole->folds) +
                           2 * columns * whole->stride +
                           (1 + self->slice_count) * columns * (whole->features + 1) +
                           self->tile_chunks * whole->block_columns * whole->stride;
    return numbers * sizeof(double) + 2 * rows * whole->features * sizeof(float);
}

static enum error_code open_gpu(struct classifier_gpu *self,
                                const struct classifier_problem *problem, struct error *error) {
    choose_tile(self);
    if (worker_choose(self->worker, error) != ERROR_NONE || make_tiles(self, error) != ERROR_NONE ||
        make_streams(self, error) != ERROR_NONE ||
        send_constants(self, problem, error) != ERROR_NONE)
        return error->code;
    return classifier_load(self, working_bytes(self), error);
}

static enum error_code open_problem(struct cuda_classifier *whole, struct cuda_device *device,
                                    const struct classifier_problem *problem, struct error *error) {
    if (sort_rows(whole, problem, error) != ERROR_NONE) return error->code;
    const size_t count = least((size_t)device->worker_count, whole->slice_count);
    whole->gpus = (struct classifier_gpu *)host_array(count, sizeof *whole->gpus, "GPUs", error);
    for (size_t g = 0; g < count && error->code == ERROR_NONE; g++) {
        struct classifier_gpu *self = &whole->gpus[whole->gpu_count++];
        self->whole = whole;
        self->worker = &device->workers[g];
        self->first_slice = whole->slice_count * g / count;
        self->slice_count = whole->slice_count * (g + 1) / count - self->first_slice;
        open_gpu(self, problem, error);
    }
    return error->code;
}

static enum error_code create(struct device *device, const struct classifier_problem *problem,
                              struct classifier **classifier, struct error *error) {
    struct cuda_classifier *whole =
        (struct cuda_classifier *)host_array(1, sizeof *whole, "classifier", error);
    if (whole == NULL) return error->code;
    whole->base.device = device;
    whole->counters = &cuda_device_of(device)->counters;
    whole->rows = problem->rows;
    whole->features = problem->features;
    whole->classes = problem->classes;
    whole->folds = problem->folds;
    whole->data = problem->data;
    whole->stride = classifier_round_up(whole->features, 4); /* rows are 16-byte aligned */
    if (open_problem(whole, cuda_device_of(device), problem, error) != ERROR_NONE) {
        cuda_classifier_close(&whole->base);
        return error->code;
    }
    *classifier = &whole->base;
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

static void settle(struct classifier_gpu *self) {
    (void)cudaSetDevice(self->worker->gpu);
    (void)cudaStreamSynchronize(self->worker->stream);
    if (self->copy_stream != NULL) (void)cudaStreamSynchronize(self->copy_stream);
}

void classifier_settle(struct cuda_classifier *whole) {
    for (size_t g = 0; g < whole->gpu_count; g++) settle(&whole->gpus[g]);
}

bool classifier_give_way(struct classifier_gpu *self) {
    struct error ignored = ERROR_INITIAL;
    settle(self);
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

static void close_gpu(struct classifier_gpu *self) {
    settle(self);
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
    free(self->tiles);
}

void cuda_classifier_close(struct classifier *classifier) {
    struct cuda_classifier *whole = (struct cuda_classifier *)classifier;
    if (whole == NULL) return;
    for (size_t g = 0; g < whole->gpu_count; g++) close_gpu(&whole->gpus[g]);
    free(whole->gpus);
    free(whole->order);
    free(whole->fold_first);
    free(whole->fold_rows);
    free(whole);
}
