/* The linear layer over pooled statistics. */
#ifndef EARMARK_CPU_LINEAR_H
#define EARMARK_CPU_LINEAR_H

#include "kernels/device.h"

struct cpu_linear;

/* channels: what network_channels() returns. */
enum error_code linear_create(const struct xvector_model *model, size_t channels, bool half,
                              int threads, struct cpu_linear **linear, struct error *error);
void linear_free(struct cpu_linear *linear); /* takes NULL */

/* statistics (clip_count, 2 * channels) -> embeddings (clip_count, embedding_size). */
enum error_code linear_run(const struct cpu_linear *linear, const float *statistics,
                           size_t clip_count, float *embeddings, struct error *error);

/* Useful operations of a clip. */
double linear_operations(const struct cpu_linear *linear);

#endif
