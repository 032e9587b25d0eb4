/* Mixing down and polyphase resampling to 16 kHz, from interleaved samples. */
#ifndef EARMARK_CUDA_RESAMPLE_H
#define EARMARK_CUDA_RESAMPLE_H

#include "kernels/cuda/clips.h"
#include "kernels/cuda/memory.h"

#include <stddef.h>

#define RESAMPLE_RATES 16            /* at least the number of rates to resample from */
#define RESAMPLE_THREADS 256         /* of a block */
#define RESAMPLE_OUTPUTS 4           /* neighbours that a thread computes: one float4 of filters */
#define RESAMPLE_PERIODS 4           /* in this many periods, with the same filters */
#define RESAMPLE_SHARED_FLOATS 12288 /* 48 KiB, available on every GPU by default */

/* A resampler (kernels/resampler.h) arranged for the kernel. Filters repeat every `period_out`
 * output samples, in which the input advances by `period_in`. */
struct resample_design {
    int period_in;
    int period_out;        /* a multiple of RESAMPLE_OUTPUTS */
    int stride;            /* of periods in shared memory: period_in, made odd */
    int groups;            /* period_out / RESAMPLE_OUTPUTS */
    int lanes;             /* a tile is RESAMPLE_PERIODS * lanes periods; lanes * groups threads */
    int half;              /* the filter of output o begins at input floor(o in / out) - half + 1 */
    int taps;              /* of a group's filters */
    int centre;            /* sums run forwards up to this tap, backwards from the last one */
    const float4 *filters; /* (taps, groups): the taps of four neighbours, aligned to the first */
    const int *bases;      /* (groups): input position in the period of a group's first output */
};

/* The designs of all rates that occurred so far, on one GPU. */
struct cuda_resamplers {
    int count;
    int rates[RESAMPLE_RATES];
    int taps[RESAMPLE_RATES]; /* of one output's filter, for the counters */
    struct resample_design designs[RESAMPLE_RATES];
    struct cuda_buffer memory[RESAMPLE_RATES]; /* filters, then bases */
};

/* Asks for the shared memory that the kernel needs; once for each GPU. */
enum error_code resample_prepare(struct error *error);

/* *index: the resampler of a rate in Hz, which is made and copied to the current GPU if it is new;
 * CLIP_AT_MODEL_RATE for 16000. The copy has ended when it returns. ERROR_MEMORY. */
enum error_code resample_find(struct cuda_resamplers *resamplers, int rate, int *index,
                              cudaStream_t stream, struct error *error);
void resample_free(struct cuda_resamplers *resamplers);

/* Number of tiles of a clip whose length and resampler are set. */
int resample_tiles(const struct cuda_resamplers *resamplers, const struct cuda_clip *clip);

/* Queues the resampling of clips (clip_count): clip c is read from samples + c.source and written
 * to output + c.sample, at 16 kHz. All are on the GPU. tiles: the number of all clips. */
enum error_code resample_run(const struct cuda_resamplers *resamplers,
                             const struct cuda_clip *clips, int clip_count, int tiles,
                             const unsigned char *samples, float *output, cudaStream_t stream,
                             struct error *error);

#endif
