/* The one interface between the program (host/) and whatever computes.
 *
 * It is at the level of stages: load a model; submit a packed batch of decoded
 * samples and wait for its embeddings; open a classifier problem and evaluate
 * loss and gradient of many folds over the data. Layers, streams, staging
 * buffers, batch sizes and threads are the device's own business.
 *
 * Devices: kernels/cpu (oneDNN, OpenMP), kernels/cuda (loaded from
 * earmark-cuda.so), and in tests/ a fake asynchronous one. All calls on one
 * device come from one host thread, but for batch memory: decode threads may
 * write into an acquired batch until it is submitted. */
#ifndef EARMARK_DEVICE_H
#define EARMARK_DEVICE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A device that was built for another version is refused. */
#define DEVICE_INTERFACE_VERSION 1

/* ---- the x-vector model, as it is in the file: nothing folded yet ---- */

#define XVECTOR_MAXIMUM_BLOCKS 16

#define XVECTOR_LEAKY_SLOPE 0.01f

/* reflect-pad -> convolution -> leaky ReLU -> batch normalisation (eps 1e-5). */
struct xvector_block {
    size_t in_channels;
    size_t out_channels;
    size_t kernel;              /* taps, odd */
    size_t dilation;            /* frames between taps, >= 1 */
    const float *weight;        /* (out_channels, in_channels, kernel) */
    const float *bias;          /* (out_channels) */
    const float *norm_weight;   /* gamma (out_channels) */
    const float *norm_bias;     /* beta (out_channels) */
    const float *norm_mean;     /* running mean (out_channels) */
    const float *norm_variance; /* running variance (out_channels), >= 0 */
};

struct xvector_model {
    int sample_rate; /* Hz; 16000 */
    size_t mels;     /* = blocks[0].in_channels */
    size_t block_count;
    struct xvector_block blocks[XVECTOR_MAXIMUM_BLOCKS];
    size_t embedding_size;
    const float *linear_weight; /* (embedding_size, 2 * last out_channels): means, deviations */
    const float *linear_bias;   /* (embedding_size) */
};

/* Fewest feature frames the network can reflect at: largest padding per side + 1. */
size_t xvector_minimum_frames(const struct xvector_model *model);

/* Feature frames of a clip of `samples` samples at the model's rate: 1 + samples / 160. */
size_t xvector_frames(size_t samples);

/* ---- samples ---- */

enum sample_format { SAMPLES_INT16 = 0, SAMPLES_FLOAT32 = 1 };

/* One clip inside a batch: interleaved samples, to be mixed down (mean of the
 * channels, int16 divided by 32768) and resampled from `rate` to the model's. */
struct device_clip {
    size_t offset; /* bytes from the batch's samples; a multiple of DEVICE_ALIGNMENT */
    size_t frames; /* samples per channel */
    int channels;  /* >= 1 */
    int rate;      /* Hz: the model's own, or one that device_resamples() accepts */
    enum sample_format format;
};

#define DEVICE_ALIGNMENT 64

/* Whether devices resample from this rate to 16 kHz themselves (polyphase;
 * 8, 11.025, 12, 22.05, 24, 32, 44.1, 48, 88.2, 96 kHz, and 16 kHz as it is).
 * Anything else is the host's: it hands over samples at the model's rate. */
bool device_resamples(int rate);

/* Samples after resampling: ceil(frames * 16000 / rate). */
size_t device_resampled_length(size_t frames, int rate);

/* ---- devices ---- */

enum device_precision { PRECISION_FLOAT32 = 0, PRECISION_TF32 = 1, PRECISION_BF16 = 2 };

struct device_settings {
    int threads; /* >= 1: compute threads of the CPU device */
    enum device_precision precision;
};

struct device_properties {
    char name[32];         /* "cpu" */
    char description[256]; /* instruction set, library versions, threads */
    int batches_in_flight; /* how many batches the host should keep submitted */
    size_t batch_bytes;    /* bytes of samples that make a good batch */
    size_t batch_clips;    /* at most this many clips in one */
};

/* A staging buffer owned by the device. The host writes clips and samples
 * between acquire and submit, reads embeddings and features between wait and
 * release, and touches nothing in between. */
struct device_batch {
    size_t samples_capacity; /* bytes */
    size_t clip_capacity;
    size_t clip_count; /* set by the host before submit */
    struct device_clip *clips;
    unsigned char *samples;  /* DEVICE_ALIGNMENT-aligned */
    const float *embeddings; /* (clip_count, embedding_size) */
    const float *features;   /* (sum of frames, mels) of all clips in order, or NULL */
    void *tag;               /* the host's own */
};

/* For devices, at submit: that all clips lie inside the batch and are such as a device
 * takes. ERROR_USAGE names the first that is not. */
enum error_code device_batch_check(const struct device_batch *batch, struct error *error);

/* ---- the classifier: many multinomial logistic regressions over the same rows ---- */

/* The rows seen by every evaluation are x' = (x - shift) * scale, rounded to
 * float32 in single precision, exact in double precision. */
struct classifier_problem {
    size_t rows;
    size_t features;
    size_t classes;         /* >= 2 */
    size_t folds;           /* >= 2 */
    const float *data;      /* (rows, features), finite; stays valid until classifier_close */
    const int32_t *labels;  /* (rows), 0 .. classes - 1 */
    const int32_t *fold_of; /* (rows), 0 .. folds - 1: the fold that holds the row out */
    const double *shift;    /* (features) */
    const double *scale;    /* (features) */
};

/* One fit under way: the softmax over logits weights . (x', 1). Loss and
 * gradient are sums over the rows whose fold is not `fold`, without penalty:
 * loss = sum -log p[label], gradient = sum (p - onehot) (x', 1). A class that
 * is absent from the fold's training rows has weights 0 and intercept -1e30. */
struct classifier_task {
    size_t fold;
    const double *weights; /* (classes, features + 1): the last column is the intercept */
    double *gradient;      /* (classes, features + 1), written */
    double loss;           /* written */
};

enum classifier_precision { CLASSIFIER_SINGLE = 0, CLASSIFIER_DOUBLE = 1 };

/* ---- counters, for progress and `earmark bench` ---- */

enum device_stage {
    STAGE_RESAMPLE = 0,
    STAGE_FEATURES = 1,
    STAGE_NETWORK = 2, /* the convolutions */
    STAGE_POOLING = 3, /* pooling and the linear layer */
    STAGE_CLASSIFIER = 4,
    STAGE_COUNT = 5
};

struct device_counters {
    double seconds[STAGE_COUNT];
    double operations[STAGE_COUNT]; /* useful floating-point operations: 2 per multiply-add */
    double samples;                 /* at the model's rate */
    double frames;                  /* feature frames */
};

struct device;
struct classifier;

struct device_operations {
    int interface_version; /* DEVICE_INTERFACE_VERSION */
    const char *name;

    enum error_code (*open)(const struct device_settings *settings, struct device **device,
                            struct error *error);
    void (*close)(struct device *device); /* takes NULL; frees all it owns */
    void (*properties)(const struct device *device, struct device_properties *properties);
    void (*counters)(const struct device *device, struct device_counters *counters);

    /* Copies, repacks and folds what it needs; the model may be freed afterwards. */
    enum error_code (*load_model)(struct device *device, const struct xvector_model *model,
                                  struct error *error);

    /* A free batch with room for at least so much (one long clip may need more
     * than properties' batch_bytes). With want_features the features come back
     * too. Out of memory: the device has already shrunk its batches and gone on. */
    enum error_code (*acquire)(struct device *device, size_t samples_bytes, size_t clip_count,
                               bool want_features, struct device_batch **batch,
                               struct error *error);
    enum error_code (*submit)(struct device *device, struct device_batch *batch,
                              struct error *error);
    /* The next finished batch, in any order; ERROR_INTERNAL when none is submitted. */
    enum error_code (*wait)(struct device *device, struct device_batch **batch,
                            struct error *error);
    void (*release)(struct device *device, struct device_batch *batch);

    enum error_code (*classifier_open)(struct device *device,
                                       const struct classifier_problem *problem,
                                       struct classifier **classifier, struct error *error);
    enum error_code (*classifier_evaluate)(struct classifier *classifier,
                                           enum classifier_precision precision,
                                           struct classifier_task *tasks, size_t task_count,
                                           struct error *error);
    /* Out-of-fold probabilities in double precision: row i is judged by the task
     * whose fold is fold_of[i]; tasks has one task per fold (gradient unused, may
     * be NULL). probabilities: (rows, classes) float32 or NULL. *log_loss: sum over
     * rows of -log p[label]. */
    enum error_code (*classifier_predict)(struct classifier *classifier,
                                          const struct classifier_task *tasks, size_t task_count,
                                          float *probabilities, double *log_loss,
                                          struct error *error);
    void (*classifier_close)(struct classifier *classifier); /* takes NULL */

    /* The `count` rows most similar (cosine) to each query row of data (rows,
     * columns), the row itself left out, ties to the lower row: neighbours and
     * similarities (queries, count); missing ones are SIZE_MAX and NaN. */
    enum error_code (*nearest)(struct device *device, const float *data, size_t rows,
                               size_t columns, const size_t *queries, size_t query_count,
                               size_t count, size_t *neighbours, float *similarities,
                               struct error *error);

    /* The device's float32 matrix product, size cubed, best of `repeats`: operations per second. */
    enum error_code (*gemm_speed)(struct device *device, size_t size, int repeats, double *speed,
                                  struct error *error);
};

/* Every implementation begins with this. */
struct device {
    const struct device_operations *operations;
};

struct classifier {
    struct device *device;
};

extern const struct device_operations device_cpu_operations;

#define DEVICE_LINE_SIZE 512

/* Finds a device by the name given on the command line: "cpu", "cuda", "cuda:N",
 * "cuda:all" or "auto"; *why (DEVICE_LINE_SIZE) says in words what was taken and why.
 * ERROR_UNSUPPORTED with a message that names what is missing otherwise: only "auto"
 * falls back to the CPU, and *why then says what was missing. */
enum error_code device_find(const char *name, const struct device_operations **operations,
                            char *why, struct error *error);

/* line (DEVICE_LINE_SIZE): the device of this number (0: the CPU, with so many threads) in
 * words, or why there is none of a kind; false past the last line. */
bool device_list(size_t index, int threads, char *line);

#ifdef __cplusplus
}
#endif
#endif
