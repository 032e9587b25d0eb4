/* Opening and closing the GPU's classifier problem, and its memory. */
#ifndef EARMARK_CUDA_CLASSIFIER_H
#define EARMARK_CUDA_CLASSIFIER_H

#include "kernels/cuda/classifier_state.h"

/* Waits until the GPUs have done all that was queued for the classifier. */
void classifier_settle(struct cuda_classifier *whole);

/* Frees GPU memory after ERROR_MEMORY: the scaled data first, then the data, then half of the
 * tile; false when nothing is left to free. The GPU is the current one, and its streams are idle
 * afterwards. */
bool classifier_give_way(struct classifier_gpu *self);

/* See struct device_operations; evaluate, predict and scatter are in files of those names. */
enum error_code cuda_classifier_open(struct device *device,
                                     const struct classifier_problem *problem,
                                     struct classifier **classifier, struct error *error);
enum error_code cuda_classifier_evaluate(struct classifier *classifier,
                                         enum classifier_precision precision,
                                         struct classifier_task *tasks, size_t task_count,
                                         struct error *error);
enum error_code cuda_classifier_predict(struct classifier *classifier,
                                        const struct classifier_task *tasks, size_t task_count,
                                        size_t set_count, enum classifier_output output,
                                        float *const *predictions, double *log_losses,
                                        struct error *error);
enum error_code cuda_classifier_scatter(struct classifier *classifier, size_t fold, double *sums,
                                        double *products, struct error *error);
void cuda_classifier_close(struct classifier *classifier);

#endif
