/* The embedder's state, for embedder.cu (memory) and embedder_run.cu (work). */
#ifndef EARMARK_CUDA_EMBEDDER_STATE_H
#define EARMARK_CUDA_EMBEDDER_STATE_H

#include "kernels/cuda/features.h"
#include "kernels/cuda/layer.h"
#include "kernels/cuda/linear.h"
#include "kernels/cuda/plan.h"
#include "kernels/cuda/pooling.h"
#include "kernels/cuda/resample.h"
#include "kernels/cuda/statistics.h"
#include "kernels/cuda/worker.h"

#define LANES 2

/* Buffers that a group's copies use. */
struct embedder_lane {
    struct cuda_buffer host_tables; /* pinned: clips, then pieces */
    struct cuda_buffer samples;     /* this and the others on the GPU: as the host wrote them */
    struct cuda_buffer tables;
    struct cuda_buffer decibels;   /* (rows, mels) */
    struct cuda_buffer embeddings; /* (clips, size) */
    struct cuda_buffer statistics; /* (clips, STATISTICS_COUNT) */
    cudaEvent_t uploaded, computed, downloaded;
};

/* Buffers that only the computation uses, for one group after another. */
struct embedder_scratch {
    struct cuda_buffer samples;   /* at 16 kHz */
    struct cuda_buffer row_clips; /* int (rows) */
    struct cuda_buffer input;     /* (rows, inputs of layer 0), as stored for the network */
    struct cuda_buffer tables;    /* struct layer_row (layers, chunk_rows) */
    struct cuda_buffer levels[2]; /* outputs of even and of odd layers: chunk_rows rows */
    struct cuda_buffer partial;   /* float2 (segments, channels) */
    struct cuda_buffer pooled;    /* (clips, width) */
    struct cuda_buffer powers;    /* (rows, mels), for statistics */
    struct cuda_buffer numbers;   /* double (STATISTICS_NUMBERS, rows), likewise */
};

struct cuda_embedder {
    struct cuda_worker *worker;
    enum device_precision precision;
    size_t size;
    size_t mels;
    size_t minimum_frames;
    struct cuda_features features;
    struct cuda_resamplers resamplers;
    struct plan_shape shape;
    int layer_count;
    struct cuda_layer layers[XVECTOR_MAXIMUM_BLOCKS];
    struct cuda_linear linear;
    int chunk_rows;     /* most rows of a chunk at any level */
    size_t group_bytes; /* GPU memory that a group of more than one clip may take */
    struct embedder_lane lanes[LANES];
    int next_lane;
    struct embedder_scratch scratch;
    struct cuda_clip *clips; /* of the group that is being queued, then padded ones */
    int clip_capacity;
    struct cuda_plan plan; /* likewise */
};

/* The clips and sizes of a group. */
struct embedder_group {
    size_t first_clip; /* of the work's */
    int clip_count;
    bool want_statistics;
    int padded_count; /* clips that are padded for the statistics: their copies follow the clips */
    int rows;         /* feature frames of all clips */
    int padded_rows;  /* those of the copies, after them */
    int segments;     /* of the pooling */
    int resampling_tiles;
    long long samples;   /* at 16 kHz, with gaps between clips */
    size_t source_begin; /* its bytes of the work's samples: first, and one past the last */
    size_t source_end;
    size_t bytes; /* of GPU memory that it takes */
};

/* Makes room for a group in a lane and in the scratch buffers. Waits for the GPU before a buffer
 * grows. ERROR_MEMORY: embedder_shrink() and try again. */
enum error_code embedder_reserve(struct cuda_embedder *embedder, struct embedder_lane *lane,
                                 const struct embedder_group *group, struct error *error);

/* Waits for all work, frees all buffers and halves the size of groups and chunks; false when they
 * cannot be halved. */
bool embedder_shrink(struct cuda_embedder *embedder, struct error *error);

/* Bytes of GPU memory that one more clip takes. */
size_t embedder_clip_bytes(const struct cuda_embedder *embedder, size_t source_bytes,
                           const struct cuda_clip *clip, bool want_statistics);

/* Bytes of a row that a layer writes. */
size_t embedder_row_bytes(const struct cuda_embedder *embedder, int layer);

#endif
