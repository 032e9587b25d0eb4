/* Mixing down and polyphase resampling to 16 kHz, straight from interleaved samples. */
#ifndef EARMARK_CUDA_RESAMPLE_H
#define EARMARK_CUDA_RESAMPLE_H

#include "kernels/cuda/clips.h"
#include "kernels/cuda/memory.h"

#include <stddef.h>

#define RESAMPLE_RATES 16            /* more than there are rates to resample from */
#define RESAMPLE_THREADS 256         /* of a block */
#define RESAMPLE_OUTPUTS 4           /* neighbours that a thread computes: one float4 of filters */
#define RESAMPLE_PERIODS 4           /* in which it does so, with the same filters */
#define RESAMPLE_SHARED_FLOATS 12288 /* 48 KiB, which every GPU grants without asking */

/* A resampler (kernels/resampler.h) laid out for the kernel. Outputs repeat their filters
 * every `period_out` samples, over which the input moves on by `period_in`. */
struct resample_design {
    int period_in;
    int period_out;        /* a multiple of RESAMPLE_OUTPUTS */
    int stride;            /* period_in made odd: what a period takes in shared memory */
    int groups;            /* period_out / RESAMPLE_OUTPUTS */
    int lanes;             /* a tile is RESAMPLE_PERIODS * lanes periods; lanes * groups threads */
    int half;              /* the filter of output o begins at input floor(o in / out) - half + 1 */
    int taps;              /* of a group's filters */
    int centre;            /* the tap up to which sums run forwards, behind it backwards */
    const float4 *filters; /* (taps, groups): the taps of four neighbours, aligned to the first */
    const int *bases;      /* (groups): input position of a group's first output in the period */
};

/* The designs of the rates met so far, on one GPU. */
struct cuda_resamplers {
    int count;
    int rates[RESAMPLE_RATES];
    int taps[RESAMPLE_RATES]; /* of one output's filter, for the count of operations */
    struct resample_design designs[RESAMPLE_RATES];
    struct cuda_buffer memory[RESAMPLE_RATES]; /* filters, then bases */
};

/* The index for a rate, made and copied to the GPU where it is new; CLIP_AT_MODEL_RATE for
 * 16000. The copy has ended when it returns. */
enum error_code resample_find(struct cuda_resamplers *resamplers, int rate, int *index,
                              cudaStream_t stream, struct error *error);
void resample_free(struct cuda_resamplers *resamplers);

/* Tiles of a clip whose length, resampler and frames are set. */
int resample_tiles(const struct cuda_resamplers *resamplers, const struct cuda_clip *clip);

/* clips (clip_count) and samples: on the GPU. output: where every clip's samples at 16 kHz
 * go, one `sample` after the other. tiles: of all clips. */
enum error_code resample_run(const struct cuda_resamplers *resamplers,
                             const struct cuda_clip *clips, int clip_count, int tiles,
                             const unsigned char *samples, float *output, cudaStream_t stream,
                             struct error *error);

#endif
