/* The clips of a group (embedder.h), as the kernels read them. */
#ifndef EARMARK_CUDA_CLIPS_H
#define EARMARK_CUDA_CLIPS_H

#include <cuda_runtime.h>

#define CLIP_AT_MODEL_RATE (-1) /* the clip needs no resampler */

struct cuda_clip {
    long long source; /* offset in bytes of its first sample in the group's samples */
    long long frames; /* samples per channel */
    int channels;
    int format;          /* enum sample_format */
    int resampler;       /* index, or CLIP_AT_MODEL_RATE */
    int resampling_tile; /* its first tile in the group */
    long long length;    /* samples at 16 kHz */
    long long sample;    /* its first sample in the group's at 16 kHz; a multiple of 4 */
    int feature_frames;
    int row;     /* of its first frame in the group's features */
    int segment; /* of its first frame in the pooling's partial sums (pooling.h) */
    int padded;  /* index of the clip whose frames its statistics are of: itself, or a copy of it
                    with more frames */
    int short_of_frames; /* not 0: fewer frames than the network can reflect; its result is NaN */
};

#endif
