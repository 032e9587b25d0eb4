/* The interface between the program (host/) and the devices that compute.
 *
 * It is at the level of stages: load a model; submit a packed batch of decoded samples and
 * wait for its embeddings; open a classifier problem and evaluate loss and gradient of many
 * folds over the data. Layers, streams, staging buffers, batch sizes and threads are internal
 * to the device.
 *
 * Devices: kernels/cpu (oneDNN, OpenMP), kernels/cuda (loaded from earmark-cuda.so), and a
 * fake asynchronous one in tests/. All calls on a device come from one host thread; only the
 * memory of an acquired batch may be written by other threads, until it is submitted. */
#ifndef EARMARK_DEVICE_H
#define EARMARK_DEVICE_H

#include "error.h"
#include "matrix_rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A device that was built for another version is rejected. */
#define DEVICE_INTERFACE_VERSION 6

/* ---- the x-vector model, as in the file: batch normalisation is not folded in ---- */

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

/* Fewest feature frames of a clip that the network can reflect: largest padding per side + 1. */
size_t xvector_minimum_frames(const struct xvector_model *model);

/* Feature frames of a clip of `samples` samples at 16 kHz: 1 + samples / 160. */
size_t xvector_frames(size_t samples);

/* Fewest samples at 16 kHz that have xvector_minimum_frames() frames. */
size_t xvector_minimum_samples(const struct xvector_model *model);

/* ---- the statistics of a clip: what the network cannot see ---- */

/* S87: the front end subtracts every mel's mean over the clip before the network's first layer.
 * 87 numbers of a clip's mel powers before that, in this order: the mean (24) and the deviation
 * (24) of every mel's decibels below the clip's largest; 19 of the envelope, the frames' total
 * power; 20 of the shape of the spectrum. Deviations divide by n. Clips shorter than
 * STATISTICS_SAMPLES at 16 kHz are padded with zeros to that for the statistics, not for the
 * network. Defined for models of STATISTICS_MELS mels only. */
#define STATISTICS_COUNT 87
#define STATISTICS_MELS 24
#define STATISTICS_SAMPLES 1600
#define STATISTICS_FRAMES 11 /* of these */

/* Whether a device has statistics with this model loaded. */
static inline bool device_has_statistics(const struct xvector_model *model) {
    return model->mels == STATISTICS_MELS;
}

/* ---- samples ---- */

enum sample_format { SAMPLES_INT16 = 0, SAMPLES_FLOAT32 = 1 };

/* One clip in a batch: interleaved samples, to be mixed down (mean of the channels, int16
 * divided by 32768) and resampled from `rate` to 16 kHz. */
struct device_clip {
    size_t offset; /* in bytes, into the batch's samples; a multiple of DEVICE_ALIGNMENT */
    size_t frames; /* samples per channel */
    int channels;  /* >= 1 */
    int rate;      /* Hz: one that device_resamples() accepts */
    enum sample_format format;
};

#define DEVICE_ALIGNMENT 64

/* Whether devices accept samples at this rate, in Hz: 8, 11.025, 12, 22.05, 24, 32, 44.1, 48,
 * 88.2 and 96 kHz, which they resample (polyphase), and 16 kHz. The host resamples from any
 * other rate. */
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
    size_t batch_bytes;    /* recommended bytes of samples in a batch */
    size_t batch_clips;    /* at most this many clips in one */
    size_t batch_frames;   /* feature frames that are computed together; 0: any number */
};

/* A staging buffer owned by the device. The host writes clips and samples between acquire and
 * submit, reads embeddings, features and statistics between wait and release, and does not access
 * it between submit and wait. */
struct device_batch {
    size_t samples_capacity; /* bytes */
    size_t clip_capacity;
    size_t clip_count;    /* set by the host before submit */
    bool want_statistics; /* likewise; false when acquired */
    struct device_clip *clips;
    unsigned char *samples;  /* DEVICE_ALIGNMENT-aligned */
    const float *embeddings; /* (clip_count, embedding_size) */
    const float *features;   /* (sum of frames, mels) of all clips in order, or NULL */
    const float *statistics; /* (clip_count, STATISTICS_COUNT), or NULL: not wanted, or the model
                                has another number of mels */
    void *tag;               /* for the host; devices ignore it */
};

/* For devices, at submit: checks that all clips are inside the batch and valid. ERROR_USAGE names
 * the first that is not. */
enum error_code device_batch_check(const struct device_batch *batch, struct error *error);

/* Whether a batch of so many feature frames and bytes of samples should be submitted before a clip
 * of next_frames is added: the clip would begin another batch_frames, which take as long as full
 * ones, and batch_bytes has no room for as many again. */
bool device_batch_whole(const struct device_properties *properties, size_t frames, size_t bytes,
                        size_t next_frames);

/* Feature frames of a clip of a batch. */
size_t device_clip_frames(const struct device_clip *clip);

/* ---- the classifier: many multinomial logistic regressions over the same rows ---- */

/* Every evaluation uses the rows x' = (x - shift) * scale, rounded to float32 in single
 * precision, not rounded in double precision. */
struct classifier_problem {
    size_t rows;
    size_t features;
    size_t classes;          /* >= 2 */
    size_t folds;            /* >= 2 */
    struct matrix_rows data; /* (rows, features), finite; must stay valid until classifier_close */
    const int32_t *labels;   /* (rows), 0 .. classes - 1 */
    const int32_t *fold_of;  /* (rows), 0 .. folds - 1: the fold that holds the row out */
    const double *shift;     /* (features) */
    const double *scale;     /* (features) */
};

/* One fit: the softmax of the logits weights . (x', 1). Loss and gradient are sums over the
 * rows whose fold is not `fold`, without penalty: loss = sum -log p[label], gradient = sum
 * (p - onehot) (x', 1). A class that is absent from the fold's training rows has weights 0 and
 * intercept -1e30. */
struct classifier_task {
    size_t fold;
    const double *weights; /* (classes, features + 1): the last column is the intercept */
    double *gradient;      /* (classes, features + 1), written */
    double loss;           /* written */
};

enum classifier_precision { CLASSIFIER_SINGLE = 0, CLASSIFIER_DOUBLE = 1 };

/* ln 1e-12: the least logarithm of a probability. */
#define LOG_FLOOR (-27.631021115928547)

/* What classifier_predict writes. Logarithms come from the logits: a probability too small for
 * float32 still has one. */
enum classifier_output {
    CLASSIFIER_PROBABILITIES = 0,
    CLASSIFIER_LOGARITHMS = 1,      /* max(ln p, LOG_FLOOR) */
    CLASSIFIER_LOGARITHMS_WHOLE = 2 /* ln p, about -1e30 for an absent class */
};

/* ---- nearest rows ---- */

/* The rows to compare, and which of them may be found. */
struct nearest_problem {
    struct matrix_rows data; /* (rows, columns), finite */
    size_t rows, columns;
    /* (columns), or both NULL: rows are x' = (x - shift) * scale, computed in float64 and rounded
     * to float32, before the cosine */
    const double *shift, *scale;
    const size_t *references; /* (reference_count), ascending: only these are found; NULL: all */
    size_t reference_count;
    const int32_t *apart; /* (rows): rows whose number is the query's are not found; or NULL */
};

/* How many rows can be found: reference_count, or all rows. */
size_t nearest_candidates(const struct nearest_problem *problem);

/* For devices: checks that queries (query_count) and references are rows, that references ascend,
 * and that shift and scale come together. ERROR_INTERNAL. */
enum error_code nearest_check(const struct nearest_problem *problem, const size_t *queries,
                              size_t query_count, struct error *error);

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

#define DEVICE_MAXIMUM_KERNELS 64

/* What the launches of one kernel took together. */
struct device_kernel {
    char name[96]; /* "layer_float32_kernel" */
    double launches;
    double seconds;
};

struct device_kernel_times {
    struct device_kernel kernels[DEVICE_MAXIMUM_KERNELS]; /* in the order of their first launches */
    size_t count;
};

struct device;
struct classifier;

struct device_operations {
    int interface_version; /* DEVICE_INTERFACE_VERSION */
    const char *name;

    enum error_code (*open)(const struct device_settings *settings, struct device **device,
                            struct error *error);
    void (*close)(struct device *device); /* frees the device; takes NULL */
    void (*properties)(const struct device *device, struct device_properties *properties);
    void (*counters)(const struct device *device, struct device_counters *counters);

    /* Copies what it needs; the model may be freed afterwards. ERROR_USAGE while batches are in
     * use; ERROR_DATA or ERROR_UNSUPPORTED for a model that cannot be computed. */
    enum error_code (*load_model)(struct device *device, const struct xvector_model *model,
                                  struct error *error);

    /* A free batch with room for at least samples_bytes and clip_count (one long clip may need
     * more than properties' batch_bytes). With want_features the features are returned too.
     * ERROR_MEMORY only after the device has freed and shrunk what it can. */
    enum error_code (*acquire)(struct device *device, size_t samples_bytes, size_t clip_count,
                               bool want_features, struct device_batch **batch,
                               struct error *error);
    enum error_code (*submit)(struct device *device, struct device_batch *batch,
                              struct error *error);
    /* Waits for a submitted batch to finish, in any order, and returns it. ERROR_INTERNAL when
     * none is submitted. */
    enum error_code (*wait)(struct device *device, struct device_batch **batch,
                            struct error *error);
    /* Makes an acquired or finished batch free again; takes NULL. */
    void (*release)(struct device *device, struct device_batch *batch);

    /* Opens a problem, whose arrays but those of `data` are copied. ERROR_INTERNAL when a size,
     * label or fold is out of range. */
    enum error_code (*classifier_open)(struct device *device,
                                       const struct classifier_problem *problem,
                                       struct classifier **classifier, struct error *error);
    /* Writes gradient and loss of every task. */
    enum error_code (*classifier_evaluate)(struct classifier *classifier,
                                           enum classifier_precision precision,
                                           struct classifier_task *tasks, size_t task_count,
                                           struct error *error);
    /* Out-of-fold probabilities or their natural logarithms, computed in double precision, of
     * `set_count` sets of tasks, in one pass over the data: those of row i come from the set's task
     * whose fold is fold_of[i]. tasks (set_count, task_count): in each set one for each fold that
     * has rows; gradient is unused and may be NULL. Writes predictions (set_count), each (rows,
     * classes), float32, unless NULL, and log_losses (set_count): sums over rows of -log p[label].
     * A set's results do not depend on the others. */
    enum error_code (*classifier_predict)(struct classifier *classifier,
                                          const struct classifier_task *tasks, size_t task_count,
                                          size_t set_count, enum classifier_output output,
                                          float *const *predictions, double *log_losses,
                                          struct error *error);
    /* Over the rows that `fold` holds out, of x' not rounded to float32, summed in float64: sums
     * (classes, features) of each class's rows, products (features, features) of x' x'^T, both
     * triangles. Zeros for a fold without rows. */
    enum error_code (*classifier_scatter)(struct classifier *classifier, size_t fold, double *sums,
                                          double *products, struct error *error);
    void (*classifier_close)(struct classifier *classifier); /* takes NULL */

    /* For each query row (query_count): the `count` rows that are most similar (cosine), most
     * similar first, ties by the lower row, without the query row itself. A row of zeros has
     * similarity 0 to every other. Writes neighbours and similarities (query_count, count); where
     * fewer rows are found, SIZE_MAX and NaN. Reads `data` tile by tile, for some thousand queries
     * at a time: it may be mapped. ERROR_INTERNAL when a row or reference is out of range. */
    enum error_code (*nearest)(struct device *device, const struct nearest_problem *problem,
                               const size_t *queries, size_t query_count, size_t count,
                               size_t *neighbours, float *similarities, struct error *error);

    /* *speed: operations a second of the device's general float32 product of two matrices (size,
     * size), the best of `repeats` (>= 1). */
    enum error_code (*gemm_speed)(struct device *device, size_t size, int repeats, double *speed,
                                  struct error *error);

    /* Between these calls each kernel is timed, which slows short ones; both are NULL in a device
     * that launches no kernels. kernels_stop must follow, also after an error of the work between;
     * it waits for the kernels and returns the first error of their timing. */
    enum error_code (*kernels_start)(struct device *device, struct error *error);
    enum error_code (*kernels_stop)(struct device *device, struct device_kernel_times *times,
                                    struct error *error);
};

/* The first member of every device's own struct. */
struct device {
    const struct device_operations *operations;
};

struct classifier {
    struct device *device;
};

extern const struct device_operations device_cpu_operations;

#define DEVICE_LINE_SIZE 512

/* A device that was found, in words: which one and why, and with "cuda:all" the GPUs that cannot
 * be used and why, "" when there are none. */
struct device_choice {
    const struct device_operations *operations;
    char why[DEVICE_LINE_SIZE];
    char left_out[DEVICE_LINE_SIZE];
};

/* Finds a device by its name on the command line: "cpu", "cuda", "cuda:N", "cuda:all" or "auto".
 * ERROR_UNSUPPORTED with what is missing; only "auto" falls back to the CPU, and why then says
 * what was missing. ERROR_USAGE for any other name. The device may still fail to open. */
enum error_code device_find(const char *name, struct device_choice *choice, struct error *error);

/* Writes line (DEVICE_LINE_SIZE): device number `index` in words (0: the CPU, with this many
 * threads), or why there is no GPU; false past the last line. */
bool device_list(size_t index, int threads, char *line);

#ifdef __cplusplus
}
#endif
#endif
