/* The classifier's data: gathered by fold into pinned memory, copied to the GPU, and scaled. It
 * stays on the GPU if there is room; otherwise it is copied tile by tile while the previous tile
 * is used. */
#include "kernels/cuda/classifier_data.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_kernels.h"

#include <nvtx3/nvToolsExt.h>
#include <string.h>

static enum error_code reserve_staging(struct classifier_gpu *self, struct error *error) {
    const size_t numbers = classifier_tile_rows(self) * self->whole->features;
    for (int slot = 0; slot < 2; slot++)
        if (cuda_buffer_reserve(&self->staging[slot], BUFFER_PINNED, numbers, sizeof(float),
                                "rows being copied", error) != ERROR_NONE)
            return error->code;
    return ERROR_NONE;
}

enum error_code classifier_reserve_tile(struct classifier_gpu *self, size_t element,
                                        struct error *error) {
    const size_t rows = classifier_tile_rows(self);
    if (self->scaled.data != NULL && element == sizeof(float)) return ERROR_NONE;
    if (cuda_buffer_reserve(&self->tile, BUFFER_GPU, rows * self->whole->stride, element, "a tile",
                            error) != ERROR_NONE)
        return error->code;
    if (self->resident) return ERROR_NONE;
    for (int slot = 0; slot < 2; slot++)
        if (cuda_buffer_reserve(&self->upload[slot], BUFFER_GPU, rows * self->whole->features,
                                sizeof(float), "rows being copied", error) != ERROR_NONE)
            return error->code;
    return reserve_staging(self, error);
}

/* Writes the tile's rows to the slot's pinned memory, zeros for padding, once the slot's last
 * copy has ended. */
static enum error_code gather(struct classifier_gpu *self, const struct classifier_tile *tile,
                              size_t slot, struct error *error) {
    if (cuda_check(cudaEventSynchronize(self->copied[slot]), "a copy", error) != ERROR_NONE)
        return error->code;
    nvtxRangePushA("classifier gather");
    float *to = (float *)self->staging[slot].data;
    const size_t bytes = self->whole->features * sizeof(float);
    for (size_t r = 0; r < tile->chunks * self->whole->chunk_rows;
         r++, to += self->whole->features) {
        const size_t row = self->whole->order[tile->first + r];
        if (row == SIZE_MAX)
            memset(to, 0, bytes);
        else
            memcpy(to, matrix_row(&self->whole->data, row), bytes);
    }
    nvtxRangePop();
    return ERROR_NONE;
}

/* Queues the copy of a tile to `to` on the GPU: the resident data or the slot's memory. */
static enum error_code send_tile(struct classifier_gpu *self, const struct classifier_tile *tile,
                                 size_t slot, void *to, struct error *error) {
    if (gather(self, tile, slot, error) != ERROR_NONE) return error->code;
    const size_t bytes =
        tile->chunks * self->whole->chunk_rows * self->whole->features * sizeof(float);
    cuda_check(cudaStreamWaitEvent(self->copy_stream, self->used[slot], 0), "a wait", error);
    cuda_check(cudaMemcpyAsync(to, self->staging[slot].data, bytes, cudaMemcpyHostToDevice,
                               self->copy_stream),
               "rows", error);
    return cuda_check(cudaEventRecord(self->copied[slot], self->copy_stream), "an event", error);
}

static enum error_code load_raw(struct classifier_gpu *self, struct error *error) {
    if (reserve_staging(self, error) != ERROR_NONE) return error->code;
    for (size_t i = 0; i < self->tile_count; i++) {
        float *to = (float *)self->raw.data + self->tiles[i].at * self->whole->features;
        if (send_tile(self, &self->tiles[i], i % 2, to, error) != ERROR_NONE) return error->code;
    }
    return cuda_check(cudaStreamSynchronize(self->copy_stream), "the rows", error);
}

static enum error_code scale_tile(struct classifier_gpu *self, const struct classifier_tile *tile,
                                  const float *raw, float *to, struct error *error) {
    return launch_scale_rows<float>(
        raw, (const int32_t *)self->labels.data + tile->at, (const double *)self->shift.data,
        (const double *)self->scale.data, tile->chunks * self->whole->chunk_rows,
        self->whole->features, self->whole->stride, to, self->worker->stream, error);
}

/* Allocates the buffer if `working` bytes are left beside it; no room is not an error. */
static enum error_code try_reserve(struct cuda_buffer *buffer, size_t count, size_t taken,
                                   size_t working, const char *what, struct error *error) {
    size_t free_bytes;
    struct error attempt = ERROR_INITIAL;
    if (cuda_free_memory(taken, &free_bytes, error) != ERROR_NONE) return error->code;
    if (free_bytes < working || count > (free_bytes - working) / sizeof(float)) return ERROR_NONE;
    if (cuda_buffer_reserve(buffer, BUFFER_GPU, count, sizeof(float), what, &attempt) !=
            ERROR_NONE &&
        attempt.code != ERROR_MEMORY)
        *error = attempt;
    return error->code;
}

enum error_code classifier_load(struct classifier_gpu *self, size_t working, struct error *error) {
    const size_t raw = self->padded_rows * self->whole->features;
    const size_t scaled = self->padded_rows * self->whole->stride;
    if (try_reserve(&self->raw, raw, 0, working, "the data", error) != ERROR_NONE)
        return error->code;
    if (self->raw.data == NULL) return ERROR_NONE; /* streamed from the host */
    struct error attempt = ERROR_INITIAL;
    if (load_raw(self, &attempt) == ERROR_MEMORY) { /* of the copies: streamed too */
        cuda_buffer_free(&self->raw, BUFFER_GPU);
        return ERROR_NONE;
    }
    if (attempt.code != ERROR_NONE) {
        *error = attempt;
        return error->code;
    }
    self->resident = true;
    if (try_reserve(&self->scaled, scaled, self->raw.bytes, working, "the scaled data", error) !=
        ERROR_NONE)
        return error->code;
    if (self->scaled.data == NULL) return ERROR_NONE;
    for (size_t i = 0; i < self->tile_count; i++)
        if (scale_tile(self, &self->tiles[i],
                       (const float *)self->raw.data + self->tiles[i].at * self->whole->features,
                       (float *)self->scaled.data + self->tiles[i].at * self->whole->stride,
                       error) != ERROR_NONE)
            return error->code;
    return cuda_check(cudaStreamSynchronize(self->worker->stream), "the scaled data", error);
}

static const float *scaled_rows(const struct classifier_gpu *self, size_t first, const float *) {
    if (self->scaled.data == NULL) return NULL;
    return (const float *)self->scaled.data + first * self->whole->stride;
}
static const double *scaled_rows(const struct classifier_gpu *, size_t, const double *) {
    return NULL; /* x' is kept in float32 only */
}

template <typename Real>
enum error_code classifier_tile_data(struct classifier_gpu *self,
                                     const struct classifier_tile *tile, const Real **x,
                                     struct error *error) {
    *x = scaled_rows(self, tile->at, (const Real *)NULL);
    if (*x != NULL) return ERROR_NONE;
    const cudaStream_t stream = self->worker->stream;
    const size_t slot = self->next_slot;
    const float *raw = (const float *)self->raw.data + tile->at * self->whole->features;
    if (!self->resident) {
        raw = (const float *)self->upload[slot].data;
        if (send_tile(self, tile, slot, self->upload[slot].data, error) != ERROR_NONE ||
            cuda_check(cudaStreamWaitEvent(stream, self->copied[slot], 0), "a wait", error) !=
                ERROR_NONE)
            return error->code;
        self->next_slot = 1 - slot;
    }
    launch_scale_rows<Real>(raw, (const int32_t *)self->labels.data + tile->at,
                            (const double *)self->shift.data, (const double *)self->scale.data,
                            tile->chunks * self->whole->chunk_rows, self->whole->features,
                            self->whole->stride, (Real *)self->tile.data, stream, error);
    if (!self->resident) cuda_check(cudaEventRecord(self->used[slot], stream), "an event", error);
    *x = (const Real *)self->tile.data;
    return error->code;
}

template enum error_code classifier_tile_data<float>(struct classifier_gpu *,
                                                     const struct classifier_tile *, const float **,
                                                     struct error *);
template enum error_code classifier_tile_data<double>(struct classifier_gpu *,
                                                      const struct classifier_tile *,
                                                      const double **, struct error *);
