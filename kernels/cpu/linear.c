#include "linear.h"

#include "gather.h"
#include "kernels/batch_norm.h"
#include "memory.h"
#include "product.h"
#include "threads.h"

#include <stdlib.h>
#include <string.h>

#define ROWS ((size_t)64)    /* clips of one product */
#define INPUTS ((size_t)256) /* statistics of one product */

/* The 3,000 products of an output are summed in parts: float32 products of INPUTS
 * statistics, added up in double precision. In one float32 sum they would be the
 * largest error of the whole embedding. */
struct cpu_linear {
    int threads;
    size_t size;     /* embedding */
    size_t channels; /* of the model's last block */
    size_t width;    /* statistics of a clip, padded */
    size_t stride;   /* size, padded */
    size_t parts;
    bool half;
    double *bias; /* (size) */
    struct product *product;
    struct product_weights **weights;    /* (parts) */
    struct linear_workspace *workspaces; /* (threads) */
};

struct linear_workspace {
    void *input;   /* (ROWS, INPUTS) */
    float *output; /* (ROWS, stride) */
    double *sums;  /* (ROWS, size) */
};

/* Weights of every part from the folded ones (size, 2, channels); in the padded
 * statistics the deviations begin at width / 2. */
static enum error_code pack(struct cpu_linear *linear, const double *folded, struct error *error) {
    float *weight = malloc(linear->size * INPUTS * sizeof(float));
    if (weight == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the linear layer");
    for (size_t part = 0; part < linear->parts && error->code == ERROR_NONE; part++) {
        for (size_t e = 0; e < linear->size; e++)
            for (size_t i = 0; i < INPUTS; i++) {
                const size_t column = part * INPUTS + i;
                const size_t half = column / (linear->width / 2);
                const size_t channel = column % (linear->width / 2);
                weight[e * INPUTS + i] =
                    half < 2 && channel < linear->channels
                        ? (float)folded[(e * 2 + half) * linear->channels + channel]
                        : 0.0f;
            }
        if (product_weights_create(linear->product, &linear->weights[part], error) == ERROR_NONE)
            product_weights_set(linear->weights[part], weight, linear->size, INPUTS, NULL, error);
    }
    free(weight);
    return error->code;
}

static enum error_code fold_and_pack(struct cpu_linear *linear, const struct xvector_model *model,
                                     struct error *error) {
    double *folded = malloc(linear->size * 2 * linear->channels * sizeof(double));
    if (folded == NULL)
        FAIL(error, ERROR_MEMORY, "no memory to fold the model's linear layer");
    else {
        batch_norm_linear(model, folded, linear->bias);
        pack(linear, folded, error);
    }
    free(folded);
    return error->code;
}

static enum error_code create_workspaces(struct cpu_linear *linear, struct error *error) {
    linear->workspaces = calloc((size_t)linear->threads, sizeof *linear->workspaces);
    if (linear->workspaces == NULL)
        return FAIL(error, ERROR_MEMORY, "no memory for the linear layer");
    for (int t = 0; t < linear->threads; t++) {
        struct linear_workspace *workspace = &linear->workspaces[t];
        workspace->input = memory_aligned(ROWS * INPUTS, sizeof(float), "the linear layer", error);
        workspace->output =
            memory_aligned(ROWS * linear->stride, sizeof(float), "the linear layer", error);
        workspace->sums =
            memory_aligned(ROWS * linear->size, sizeof(double), "the linear layer", error);
        if (error->code != ERROR_NONE) return error->code;
        memset(workspace->input, 0, ROWS * INPUTS * sizeof(float));
    }
    return ERROR_NONE;
}

enum error_code linear_create(const struct xvector_model *model, size_t channels, bool half,
                              int threads, struct cpu_linear **result, struct error *error) {
    *result = NULL;
    struct cpu_linear *linear = calloc(1, sizeof *linear);
    if (linear == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the linear layer");
    linear->threads = threads;
    linear->half = half;
    linear->size = model->embedding_size;
    linear->channels = model->blocks[model->block_count - 1].out_channels;
    linear->width = 2 * channels;
    linear->stride = product_round(linear->size);
    linear->parts = (linear->width + INPUTS - 1) / INPUTS;
    linear->bias = malloc(linear->size * sizeof(double));
    linear->weights = calloc(linear->parts, sizeof(struct product_weights *));
    const struct product_shape shape = {.rows = ROWS,
                                        .inputs = INPUTS,
                                        .outputs = linear->stride,
                                        .source = half ? PRODUCT_BFLOAT16 : PRODUCT_FLOAT32,
                                        .destination = PRODUCT_FLOAT32};
    if (linear->bias == NULL || linear->weights == NULL)
        FAIL(error, ERROR_MEMORY, "no memory for the linear layer");
    if (error->code != ERROR_NONE ||
        product_create(&shape, &linear->product, error) != ERROR_NONE ||
        fold_and_pack(linear, model, error) != ERROR_NONE ||
        create_workspaces(linear, error) != ERROR_NONE) {
        linear_free(linear);
        return error->code;
    }
    *result = linear;
    return ERROR_NONE;
}

void linear_free(struct cpu_linear *linear) {
    if (linear == NULL) return;
    for (int t = 0; t < linear->threads && linear->workspaces != NULL; t++) {
        free(linear->workspaces[t].input);
        free(linear->workspaces[t].output);
        free(linear->workspaces[t].sums);
    }
    for (size_t part = 0; part < linear->parts && linear->weights != NULL; part++)
        product_weights_free(linear->weights[part]);
    free(linear->workspaces);
    free(linear->weights);
    free(linear->bias);
    product_free(linear->product);
    free(linear);
}

/* Columns part * INPUTS .. of `count` clips, then zeros. */
static void copy_part(const struct cpu_linear *linear, const float *statistics, size_t count,
                      size_t part, void *input) {
    const size_t first = part * INPUTS;
    const size_t columns = linear->width - first < INPUTS ? linear->width - first : INPUTS;
    for (size_t c = 0; c < count; c++) {
        const float *from = statistics + c * linear->width + first;
        if (linear->half) {
            uint16_t *to = (uint16_t *)input + c * INPUTS;
            gather_bfloat16(from, columns, to);
            memset(to + columns, 0, (INPUTS - columns) * sizeof *to);
        } else {
            float *to = (float *)input + c * INPUTS;
            memcpy(to, from, columns * sizeof(float));
            memset(to + columns, 0, (INPUTS - columns) * sizeof *to);
        }
    }
}

/* Clips 0 .. count - 1, at most ROWS. */
static enum error_code run_tile(const struct cpu_linear *linear, const float *statistics,
                                size_t count, struct linear_workspace *workspace, float *embeddings,
                                struct error *error) {
    const size_t size = linear->size;
    for (size_t c = 0; c < count; c++)
        memcpy(workspace->sums + c * size, linear->bias, size * sizeof(double));
    for (size_t part = 0; part < linear->parts; part++) {
        copy_part(linear, statistics, count, part, workspace->input);
        if (product_execute(linear->product, linear->weights[part], workspace->input,
                            workspace->output, error) != ERROR_NONE)
            return error->code;
        for (size_t c = 0; c < count; c++)
            for (size_t e = 0; e < size; e++)
                workspace->sums[c * size + e] += (double)workspace->output[c * linear->stride + e];
    }
    for (size_t i = 0; i < count * size; i++) embeddings[i] = (float)workspace->sums[i];
    return ERROR_NONE;
}

enum error_code linear_run(const struct cpu_linear *linear, const float *statistics,
                           size_t clip_count, float *embeddings, struct error *error) {
    const size_t tiles = (clip_count + ROWS - 1) / ROWS;
#pragma omp parallel num_threads(linear->threads)
    {
        threads_begin();
        struct error mine = ERROR_INITIAL;
#pragma omp for schedule(dynamic, 1)
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t first = tile * ROWS, rest = clip_count - first;
            if (mine.code == ERROR_NONE)
                run_tile(linear, statistics + first * linear->width, rest < ROWS ? rest : ROWS,
                         &linear->workspaces[threads_number()], embeddings + first * linear->size,
                         &mine);
        }
        threads_end(&mine, error);
    }
    return error->code;
}

double linear_operations(const struct cpu_linear *linear) {
    return 2.0 * 2.0 * (double)linear->channels * (double)linear->size;
}
