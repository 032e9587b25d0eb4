#include "host/classifier/lockstep.h"
#include "host/base/memory.h"
#include "host/base/stop.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An intercept at which a class has probability 0, in float32 too. */
#define ABSENT_INTERCEPT (-1e30)

/* scikit-learn's ftol for L-BFGS. */
#define FLATNESS (64 * DBL_EPSILON)

/* The rounding error of float32 in the mean gradient of columns of unit variance, roughly. A
 * tolerance down to this is met in float32, a smaller one in float64. */
#define SINGLE_FLOOR 2e-6

/* In float32, a line search that takes more steps is limited by rounding: go on in float64. */
#define SINGLE_SEARCH_STEPS 6

/* Below this many numbers in a step's gradients, one thread is fastest. */
#define SMALL_STEP 8000

size_t lockstep_fit_bytes(size_t features, size_t classes) {
    size_t size = classes * (features + 1);
    return lbfgs_bytes(size) + 3 * size * sizeof(double);
}

void lockstep_fit_trim(struct lockstep_fit *fit) {
    lbfgs_close(&fit->lbfgs);
    free(fit->free_classes);
    free(fit->gradient);
    free(fit->device_gradient);
    fit->free_classes = NULL;
    fit->gradient = NULL;
    fit->device_gradient = NULL;
}

void lockstep_fit_close(struct lockstep_fit *fit) {
    lockstep_fit_trim(fit);
    free(fit->weights);
    fit->weights = NULL;
}

/* The tolerance to which float32 is used. Without standardising, the gradient is compared in
 * the columns as they are, where a large mean multiplies the rounding error. */
static double single_tolerance(const struct lockstep *lockstep) {
    double floor = SINGLE_FLOOR, largest = 0;
    if (lockstep->settings->scale == SCALE_NONE)
        for (size_t f = 0; f < lockstep->features; f++)
            largest = fmax(largest, fabs(lockstep->scaling->shift[f]));
    floor *= 1 + largest;
    return fmax(floor, lockstep->settings->tolerance);
}

/* Chooses the classes whose weights are fitted: those with training rows, but of exactly two
 * only the second (a binomial regression). Absent classes are fixed at probability 0. */
static enum error_code choose_free(struct lockstep_fit *fit, const bool *present, size_t classes,
                                   struct error *error) {
    fit->free_classes = memory_array(classes, sizeof(size_t), "classes", error);
    if (fit->free_classes == NULL) return error->code;
    for (size_t c = 0; c < classes; c++)
        if (present[c]) fit->free_classes[fit->free_count++] = c;
    if (fit->free_count < 2)
        return FAIL(error, ERROR_DATA,
                    "fold %zu: its training rows have %zu class only, but two are needed; use "
                    "other folds or groups",
                    fit->fold, fit->free_count);
    if (fit->free_count == 2) {
        fit->free_classes[0] = fit->free_classes[1];
        fit->free_count = 1;
    }
    return ERROR_NONE;
}

enum error_code lockstep_fit_open(struct lockstep_fit *fit, size_t fold, double c,
                                  const struct lockstep *lockstep, const bool *present,
                                  struct error *error) {
    *fit = (struct lockstep_fit){.fold = fold, .c = c};
    fit->training_rows = lockstep->scaling->training_rows[fold];
    TRY(choose_free(fit, present, lockstep->classes, error));
    size_t row = lockstep->features + 1;
    struct lbfgs_settings settings = {.tolerance = single_tolerance(lockstep),
                                      .flatness = FLATNESS,
                                      .max_iterations = lockstep->settings->max_iterations,
                                      .search_steps = SINGLE_SEARCH_STEPS,
                                      .stop_at_once = true};
    TRY(lbfgs_open(&fit->lbfgs, fit->free_count * row, &settings, error));
    fit->gradient = memory_array(fit->free_count, row * sizeof(double), "gradient", error);
    fit->weights = memory_array(lockstep->classes, row * sizeof(double), "weights", error);
    fit->device_gradient = memory_array(lockstep->classes, row * sizeof(double), "gradient", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t k = 0; k < lockstep->classes; k++)
        if (!present[k]) fit->weights[k * row + lockstep->features] = ABSENT_INTERCEPT;
    return ERROR_NONE;
}

static void send_weights(const struct lockstep *lockstep, struct lockstep_fit *fit) {
    size_t row = lockstep->features + 1;
    for (size_t k = 0; k < fit->free_count; k++)
        scaling_weights(lockstep->scaling, fit->fold, fit->lbfgs.point + k * row,
                        fit->weights + fit->free_classes[k] * row);
}

/* From the device's sums to the objective, its gradient, and the norm that is compared with the
 * tolerance. */
static void take_gradient(const struct lockstep *lockstep, struct lockstep_fit *fit, double loss) {
    size_t features = lockstep->features, row = features + 1;
    double rows = (double)fit->training_rows, penalty = 1 / (fit->c * rows);
    double square = 0, norm = 0;
    for (size_t k = 0; k < fit->free_count; k++) {
        const double *point = fit->lbfgs.point + k * row;
        double *gradient = fit->gradient + k * row;
        scaling_gradient(lockstep->scaling, fit->fold,
                         fit->device_gradient + fit->free_classes[k] * row, gradient);
        double part = 0;
        for (size_t f = 0; f < features; f++) {
            gradient[f] = gradient[f] / rows + penalty * point[f];
            part += point[f] * point[f];
        }
        square += part;
        gradient[features] /= rows;
        norm = fmax(norm, fabs(gradient[features]));
        for (size_t f = 0; f < features; f++) {
            /* Without standardising: in the columns as they are. */
            double unshifted = lockstep->settings->scale == SCALE_NONE
                                   ? lockstep->scaling->shift[f] * gradient[features]
                                   : 0;
            norm = fmax(norm, fabs(gradient[f] + unshifted));
        }
    }
    fit->value = loss / rows + penalty * square / 2;
    fit->norm = norm;
}

/* Continues a fit that has stopped in float32 in float64, unless it met the tolerance or ran
 * out of iterations. */
static void settle(const struct lockstep *lockstep, struct lockstep_fit *fit) {
    if (fit->lbfgs.stop == LBFGS_RUNNING) return;
    bool met =
        fit->lbfgs.stop == LBFGS_GRADIENT && fit->lbfgs.norm <= lockstep->settings->tolerance;
    if (fit->exact || met || fit->lbfgs.stop == LBFGS_ITERATIONS) {
        fit->finished = true;
        return;
    }
    struct lbfgs_settings settings = fit->lbfgs.settings;
    settings.tolerance = lockstep->settings->tolerance;
    settings.search_steps = LBFGS_SEARCH_STEPS;
    settings.stop_at_once = false;
    lbfgs_resume(&fit->lbfgs, &settings);
    fit->exact = true;
}

static void report_step(const struct lockstep *lockstep) {
    if (lockstep->progress == NULL || lockstep->progress->step == NULL) return;
    size_t finished = lockstep->finished_before;
    double worst = 0;
    for (size_t i = 0; i < lockstep->fit_count; i++) {
        finished += lockstep->fits[i].finished;
        worst = fmax(worst, lockstep->fits[i].norm);
    }
    lockstep->progress->step(lockstep->progress->context, finished, lockstep->all_fits, worst);
}

/* Threads for the sums of `count` fits; a few small fits are not worth a second thread. */
static int lockstep_threads(const struct lockstep *lockstep, size_t count) {
    size_t numbers = count * lockstep->classes * (lockstep->features + 1);
    return numbers < SMALL_STEP ? 1 : lockstep->settings->threads;
}

/* One step of all unfinished fits in this precision; *stepped: how many there were. */
static enum error_code step(struct lockstep *lockstep, bool exact, struct classifier_task *tasks,
                            size_t *indices, size_t *stepped, struct error *error) {
    size_t count = 0;
    for (size_t i = 0; i < lockstep->fit_count; i++)
        if (!lockstep->fits[i].finished && lockstep->fits[i].exact == exact) indices[count++] = i;
    *stepped = count;
    if (count == 0) return ERROR_NONE;
    TRY(stop_check(error));
#pragma omp parallel for schedule(static) num_threads(lockstep_threads(lockstep, count))
    for (size_t i = 0; i < count; i++) {
        struct lockstep_fit *fit = &lockstep->fits[indices[i]];
        send_weights(lockstep, fit);
        tasks[i] = (struct classifier_task){fit->fold, fit->weights, fit->device_gradient, 0};
    }
    TRY(lockstep->operations->classifier_evaluate(
        lockstep->classifier, exact ? CLASSIFIER_DOUBLE : CLASSIFIER_SINGLE, tasks, count, error));
#pragma omp parallel for schedule(static) num_threads(lockstep_threads(lockstep, count))
    for (size_t i = 0; i < count; i++) {
        struct lockstep_fit *fit = &lockstep->fits[indices[i]];
        take_gradient(lockstep, fit, tasks[i].loss);
        fit->exact_evaluations += exact;
        lbfgs_advance(&fit->lbfgs, fit->value, fit->gradient, fit->norm);
        settle(lockstep, fit);
    }
    report_step(lockstep);
    return ERROR_NONE;
}

enum error_code lockstep_run(struct lockstep *lockstep, struct error *error) {
    struct classifier_task *tasks =
        memory_array(lockstep->fit_count, sizeof *tasks, "tasks", error);
    size_t *indices = memory_array(lockstep->fit_count, sizeof *indices, "tasks", error);
    if (error->code != ERROR_NONE) goto done;
    for (int exact = 0; exact <= 1; exact++) {
        size_t stepped = 1;
        while (stepped > 0)
            if (step(lockstep, exact != 0, tasks, indices, &stepped, error) != ERROR_NONE)
                goto done;
    }
    /* The last point evaluated need not be the result. */
    for (size_t i = 0; i < lockstep->fit_count; i++) send_weights(lockstep, &lockstep->fits[i]);
done:
    free(tasks);
    free(indices);
    return error->code;
}
