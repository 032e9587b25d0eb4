#include "kernels/cuda/classifier_slices.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/classifier_kernels.h"

/* The slice to whose sum slice `slice` > 0, with those after it that were added to it, is added. */
static size_t left_of(size_t slice) {
    return slice & (slice - 1);
}

/* Whether that takes place on the GPU, which has both sums. */
static bool is_joined(const struct classifier_gpu *self, size_t slice) {
    if (slice == 0) return false;
    const size_t left = left_of(slice), end = slice + (slice - left);
    const size_t whole_end = self->whole->slice_count;
    return left >= self->first_slice &&
           (end < whole_end ? end : whole_end) <= self->first_slice + self->slice_count;
}

size_t classifier_sent(const struct classifier_gpu *self) {
    size_t sent = 0;
    for (size_t i = 0; i < self->slice_count; i++) sent += !is_joined(self, self->first_slice + i);
    return sent;
}

enum error_code classifier_join(struct classifier_gpu *self, size_t numbers, struct error *error) {
    double *totals = (double *)self->totals.data;
    for (size_t step = 1; step < self->whole->slice_count; step *= 2)
        for (size_t i = 0; i < self->slice_count; i++) {
            const size_t slice = self->first_slice + i;
            if (!is_joined(self, slice) || slice - left_of(slice) != step) continue;
            if (launch_add_sums(totals + i * numbers, 1, numbers, 0, numbers, 1,
                                totals + (i - step) * numbers, self->worker->stream,
                                error) != ERROR_NONE)
                return error->code;
        }
    return ERROR_NONE;
}

/* Queues the copies of the sums that the GPU sends; places (slice_count of all): where each is. */
static enum error_code queue_copies(struct classifier_gpu *self, size_t numbers, size_t first,
                                    size_t count, double **places, struct error *error) {
    const double *totals = (const double *)self->totals.data;
    double *to = (double *)self->received.data;
    worker_choose(self->worker, error);
    for (size_t i = 0; i < self->slice_count && error->code == ERROR_NONE; i++) {
        const size_t slice = self->first_slice + i;
        if (is_joined(self, slice)) continue;
        cuda_check(cudaMemcpyAsync(to, totals + i * numbers + first, count * sizeof *to,
                                   cudaMemcpyDeviceToHost, self->worker->stream),
                   "the sums", error);
        places[slice] = to;
        to += count;
    }
    return error->code;
}

enum error_code classifier_receive(struct cuda_classifier *whole, size_t numbers, size_t first,
                                   size_t count, const double **sums, struct error *error) {
    double *places[SLICES] = {};
    for (size_t g = 0; g < whole->gpu_count; g++)
        if (queue_copies(&whole->gpus[g], numbers, first, count, places, error) != ERROR_NONE)
            return error->code;
    for (size_t g = 0; g < whole->gpu_count; g++)
        if (cuda_check(cudaStreamSynchronize(whole->gpus[g].worker->stream), "the sums", error) !=
            ERROR_NONE)
            return error->code;
    for (size_t step = 1; step < whole->slice_count; step *= 2)
        for (size_t slice = step; slice < whole->slice_count; slice += 2 * step) {
            double *to = places[slice - step];
            const double *from = places[slice];
            for (size_t i = 0; from != NULL && i < count; i++) to[i] += from[i];
        }
    *sums = places[0];
    return ERROR_NONE;
}
