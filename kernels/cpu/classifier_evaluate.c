/* Loss and gradient of many tasks over the data, which is read once for a block
 * of tasks: logits of all of them, softmax, gradient, while a tile is in cache. */
#include "kernels/cpu/classifier.h"

#include "kernels/clock.h"
#include "kernels/cpu/memory.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Panels and chains of one block of tasks; more tasks are done block after block. */
#define BLOCK_BYTES ((size_t)320 << 20)

/* The tasks that train on a tile's rows: all but those whose fold it is. */
struct view {
    size_t fold; /* SIZE_MAX: of every fold that no task of the block holds out */
    size_t task_count;
    size_t *tasks;      /* (task_count) in the block */
    char *panels;       /* packed weights of their classes side by side */
    double *intercepts; /* (task_count, classes) */
};

struct block {
    struct cpu_classifier *self;
    const struct tile_kernels *kernels;
    struct classifier_task *tasks;
    size_t task_count;
    size_t strips, padded; /* padded: features with padding */
    struct view *views;
    size_t view_count;
    size_t *view_tasks;     /* what the views' tasks point into */
    size_t chain_stride;    /* doubles of a chain: gradients, intercepts' gradients, losses */
    double *chains;         /* (chain_count, chain_stride) */
    size_t scratch_stride;  /* bytes of a thread's scratch */
    size_t scratch_columns; /* where the columns begin in it */
};

static size_t round_up(size_t value, size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

static size_t panel_bytes(const struct block *block, size_t task_count) {
    size_t columns = round_up(task_count * block->self->classes, block->kernels->lanes);
    return columns * block->padded * block->kernels->element;
}

/* Each fold that a task of the block holds out has its own view, all others share the
 * first. */
static enum error_code make_views(struct block *block, struct error *error) {
    struct cpu_classifier *self = block->self;
    size_t count = block->task_count;
    block->views = memory_aligned(count + 1, sizeof *block->views, "views", error);
    block->view_tasks = memory_aligned((count + 1) * count, sizeof(size_t), "views", error);
    if (block->views == NULL || block->view_tasks == NULL) return error->code;
    block->views[0].fold = SIZE_MAX;
    block->view_count = 1;
    for (size_t t = 0; t < count; t++) {
        size_t known = 1;
        while (known < block->view_count && block->views[known].fold != block->tasks[t].fold)
            known++;
        if (known == block->view_count)
            block->views[block->view_count++].fold = block->tasks[t].fold;
    }
    size_t bytes = panel_bytes(block, count);
    if (classifier_reserve(&self->panels, block->view_count, bytes, "packed weights", error) !=
            ERROR_NONE ||
        classifier_reserve(&self->intercepts, block->view_count * count,
                           self->classes * sizeof(double), "intercepts", error) != ERROR_NONE)
        return error->code;
    for (size_t v = 0; v < block->view_count; v++) {
        struct view *view = &block->views[v];
        view->tasks = block->view_tasks + v * count;
        view->task_count = 0;
        for (size_t t = 0; t < count; t++)
            if (block->tasks[t].fold != view->fold) view->tasks[view->task_count++] = t;
        view->panels = (char *)self->panels.data + v * bytes;
        view->intercepts = (double *)self->intercepts.data + v * count * self->classes;
    }
    return ERROR_NONE;
}

static const struct view *view_of(const struct block *block, size_t fold) {
    for (size_t v = 1; v < block->view_count; v++)
        if (block->views[v].fold == fold) return &block->views[v];
    return &block->views[0];
}

static const double *column_weights(const struct block *block, const struct view *view,
                                    size_t column) {
    size_t classes = block->self->classes;
    const struct classifier_task *task = &block->tasks[view->tasks[column / classes]];
    return task->weights + column % classes * (block->self->features + 1);
}

static void pack_view_group(const struct block *block, const struct view *view, size_t group) {
    const struct tile_kernels *kernels = block->kernels;
    size_t features = block->self->features;
    size_t columns = view->task_count * block->self->classes, first = group * kernels->lanes;
    const double *weights[TILE_STRIP_BYTES / sizeof(float)];
    size_t count = 0;
    for (; count < kernels->lanes && first + count < columns; count++) {
        weights[count] = column_weights(block, view, first + count);
        view->intercepts[first + count] = weights[count][features];
    }
    kernels->pack_weights(view->panels + group * block->padded * TILE_STRIP_BYTES, weights, count,
                          features);
}

static void pack_views(struct block *block) {
    size_t lanes = block->kernels->lanes, classes = block->self->classes;
    size_t groups = (block->task_count * classes + lanes - 1) / lanes;
#pragma omp parallel for collapse(2) schedule(static) num_threads(                                 \
    classifier_threads(block->self, (double)(block->view_count * groups * lanes * block->padded)))
    for (size_t v = 0; v < block->view_count; v++)
        for (size_t g = 0; g < groups; g++)
            if (g * lanes < block->views[v].task_count * classes)
                pack_view_group(block, &block->views[v], g);
}

/* One tile's share of the loss and gradient of every task that trains on it. */
static void add_tile(const struct block *block, size_t tile_index, double *chain, char *scratch,
                     double **targets) {
    const struct cpu_classifier *self = block->self;
    const struct tile_kernels *kernels = block->kernels;
    const struct classifier_tile *tile = &self->tiles[tile_index];
    const struct view *view = view_of(block, tile->fold);
    if (view->task_count == 0) return;
    size_t columns_all = block->task_count * self->classes, column_count;
    double *gradients = chain, *sums = chain + columns_all * block->padded;
    double *losses = sums + columns_all;
    char *columns = scratch + block->scratch_columns;
    classifier_pack_tile(self, kernels, tile_index, scratch);
    column_count = view->task_count * self->classes;
    kernels->multiply(scratch, tile->rows, block->strips, view->panels, column_count, columns);
    for (size_t t = 0; t < view->task_count; t++) {
        size_t task = view->tasks[t];
        losses[task] +=
            kernels->softmax(columns + t * self->classes * TILE_ROWS * kernels->element, tile->rows,
                             self->classes, view->intercepts + t * self->classes,
                             self->labels + tile->first, true, sums + task * self->classes);
        for (size_t c = 0; c < self->classes; c++)
            targets[t * self->classes + c] = gradients + (task * self->classes + c) * block->padded;
    }
    kernels->accumulate(scratch, tile->rows, block->strips, columns, column_count, targets);
}

static void run_chains(struct block *block) {
    struct cpu_classifier *self = block->self;
    size_t chains = self->chain_count;
#pragma omp parallel num_threads(                                                                  \
    classifier_threads(self, (double)self->rows *(double)block->chain_stride / 8))
    {
        char *scratch =
            (char *)self->scratch.data + (size_t)omp_get_thread_num() * block->scratch_stride;
        size_t columns = block->task_count * self->classes;
        double **targets = (double **)(void *)(scratch + block->scratch_stride -
                                               round_up(columns * sizeof *targets, 64));
#pragma omp for schedule(dynamic, 1)
        for (size_t c = 0; c < chains; c++) {
            double *chain = block->chains + c * block->chain_stride;
            memset(chain, 0, block->chain_stride * sizeof *chain);
            for (size_t tile = self->tile_count * c / chains;
                 tile < self->tile_count * (c + 1) / chains; tile++)
                add_tile(block, tile, chain, scratch, targets);
        }
    }
}

/* Adds the chains in their order into the tasks' gradients and losses. */
static void merge_chains(struct block *block) {
    const struct cpu_classifier *self = block->self;
    size_t columns = block->task_count * self->classes, features = self->features;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(classifier_threads(self, (double)(self->chain_count * block->chain_stride)))
    for (size_t column = 0; column < columns; column++) {
        double *gradient =
            block->tasks[column / self->classes].gradient + column % self->classes * (features + 1);
        memset(gradient, 0, (features + 1) * sizeof *gradient);
        for (size_t c = 0; c < self->chain_count; c++) {
            const double *chain = block->chains + c * block->chain_stride;
            const double *part = chain + column * block->padded;
            for (size_t f = 0; f < features; f++) gradient[f] += part[f];
            gradient[features] += chain[columns * block->padded + column];
        }
    }
    for (size_t t = 0; t < block->task_count; t++) {
        double loss = 0;
        for (size_t c = 0; c < self->chain_count; c++)
            loss += block->chains[c * block->chain_stride + columns * (block->padded + 1) + t];
        block->tasks[t].loss = loss;
    }
}

static enum error_code evaluate_block(struct block *block, struct error *error) {
    struct cpu_classifier *self = block->self;
    size_t columns = block->task_count * self->classes;
    block->chain_stride = round_up(columns * (block->padded + 1) + block->task_count, 8);
    block->scratch_columns = block->strips * TILE_ROWS * TILE_STRIP_BYTES;
    block->scratch_stride = block->scratch_columns +
                            round_up(columns * TILE_ROWS * block->kernels->element, 64) +
                            round_up(columns * sizeof(double *), 64);
    if (make_views(block, error) != ERROR_NONE ||
        classifier_reserve(&self->chains, self->chain_count * block->chain_stride, sizeof(double),
                           "gradients", error) != ERROR_NONE ||
        classifier_reserve(&self->scratch, (size_t)self->device->threads, block->scratch_stride,
                           "scratch", error) != ERROR_NONE)
        goto done;
    block->chains = self->chains.data;
    pack_views(block);
    run_chains(block);
    merge_chains(block);
done:
    free(block->views);
    free(block->view_tasks);
    return error->code;
}

/* How many tasks fit in BLOCK_BYTES together; at least one. */
static size_t block_tasks(const struct block *block, size_t task_count) {
    const struct cpu_classifier *self = block->self;
    size_t count = 1;
    while (count < task_count) {
        size_t next = count + 1, views = next + 1 < self->folds + 1 ? next + 1 : self->folds + 1;
        size_t chains = self->chain_count * next * self->classes * block->padded * sizeof(double);
        if (chains + views * panel_bytes(block, next) > BLOCK_BYTES) break;
        count = next;
    }
    return count;
}

enum error_code cpu_classifier_evaluate(struct classifier *classifier,
                                        enum classifier_precision precision,
                                        struct classifier_task *tasks, size_t task_count,
                                        struct error *error) {
    struct cpu_classifier *self = (struct cpu_classifier *)classifier;
    double started = clock_seconds();
    struct block block = {.self = self};
    block.kernels = precision == CLASSIFIER_SINGLE ? self->single : self->exact;
    block.strips = classifier_strips(self, block.kernels);
    block.padded = block.strips * block.kernels->lanes;
    size_t most = block_tasks(&block, task_count);
    for (size_t first = 0; first < task_count; first += block.task_count) {
        block.tasks = tasks + first;
        block.task_count = task_count - first < most ? task_count - first : most;
        if (evaluate_block(&block, error) != ERROR_NONE) return error->code;
    }
    struct device_counters *counters = &self->device->counters;
    counters->seconds[STAGE_CLASSIFIER] += clock_seconds() - started;
    for (size_t t = 0; t < task_count; t++) {
        size_t training = self->rows;
        for (size_t tile = 0; tile < self->tile_count; tile++)
            if (self->tiles[tile].fold == tasks[t].fold) training -= self->tiles[tile].rows;
        counters->operations[STAGE_CLASSIFIER] +=
            4.0 * (double)training * (double)self->features * (double)self->classes;
    }
    return ERROR_NONE;
}
