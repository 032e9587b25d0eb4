/* The network's state, shared by network.c, which creates it, and network_run.c. */
#ifndef EARMARK_CPU_NETWORK_STATE_H
#define EARMARK_CPU_NETWORK_STATE_H

#include "layer.h"
#include "plan.h"
#include "pooling.h"

/* Layers that are computed tile by tile in one go; layers with one tap after the
 * first, so that their inputs never leave the thread's buffers. */
enum group_kind {
    GROUP_GATHER,   /* the first layer's taps are gathered, side by side */
    GROUP_POINT,    /* the first layer has one tap: its rows are read where they are */
    GROUP_WINOGRAD, /* one layer by itself, in pairs of frames */
};

struct group {
    enum group_kind kind;
    size_t first; /* layer */
    size_t last;
};

struct network_workspace {
    void *gathered;  /* (LAYER_ROWS, inputs), or winograd's (4, WINOGRAD_ROWS, inputs) */
    void *inner[2];  /* (LAYER_ROWS, outputs) */
    float *products; /* (4, WINOGRAD_ROWS, outputs), or NULL */
};

struct cpu_network {
    int threads;
    size_t mels;
    size_t element; /* bytes of an activation between layers */
    size_t layer_count;
    struct layer layers[XVECTOR_MAXIMUM_BLOCKS];
    size_t group_count;
    struct group groups[XVECTOR_MAXIMUM_BLOCKS];
    struct plan plan;
    void *levels[2]; /* (plan.capacity rounded up, widest): read and written in turn */
    size_t slab_rows;
    float *slab; /* (slab_rows, channels): output of the last layer */
    struct pooling pooling;
    struct network_workspace *workspaces; /* (threads) */
};

#endif
