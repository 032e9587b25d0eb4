/* The CPU device: what its parts share. Products go through oneDNN (product.h),
 * threads are OpenMP's; every result is independent of their number. */
#ifndef EARMARK_CPU_DEVICE_CPU_H
#define EARMARK_CPU_DEVICE_CPU_H

#include "kernels/device.h"

struct cpu_embedder; /* embedder.h: the loaded model and its working buffers */
struct cpu_batch;    /* device_cpu.c: a staging buffer */

struct cpu_device {
    struct device base; /* first: a struct device * is a struct cpu_device * */
    int threads;        /* >= 1: give it to num_threads() of every parallel region */
    enum device_precision precision;
    struct device_counters counters; /* written by the host thread only, outside parallel regions */
    struct cpu_embedder *embedder;   /* NULL until load_model */
    struct cpu_batch *batches;       /* all of them */
    struct cpu_batch *oldest;        /* submitted, first to be waited for */
    struct cpu_batch *newest;
};

/* classifier.c: see struct device_operations */
enum error_code cpu_classifier_open(struct device *device, const struct classifier_problem *problem,
                                    struct classifier **classifier, struct error *error);
enum error_code cpu_classifier_evaluate(struct classifier *classifier,
                                        enum classifier_precision precision,
                                        struct classifier_task *tasks, size_t task_count,
                                        struct error *error);
enum error_code cpu_classifier_predict(struct classifier *classifier,
                                       const struct classifier_task *tasks, size_t task_count,
                                       size_t set_count, enum classifier_output output,
                                       float *const *predictions, double *log_losses,
                                       struct error *error);
enum error_code cpu_classifier_scatter(struct classifier *classifier, size_t fold, double *sums,
                                       double *products, struct error *error);
void cpu_classifier_close(struct classifier *classifier);

/* nearest.c: see struct device_operations */
enum error_code cpu_nearest(struct device *device, const struct nearest_problem *problem,
                            const size_t *queries, size_t query_count, size_t count,
                            size_t *neighbours, float *similarities, struct error *error);

/* gemm_speed.c: see struct device_operations */
enum error_code cpu_gemm_speed(struct device *device, size_t size, int repeats, double *speed,
                               struct error *error);

#endif
