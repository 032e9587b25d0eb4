/* The convolutions, and the pooling of their output. */
#ifndef EARMARK_CPU_NETWORK_H
#define EARMARK_CPU_NETWORK_H

#include "plan.h"

struct cpu_network;

enum error_code network_create(const struct xvector_model *model, enum device_precision precision,
                               int threads, struct cpu_network **network, struct error *error);
void network_free(struct cpu_network *network); /* takes NULL */

/* Columns of a row of statistics: means from 0 on, deviations from
 * network_channels() on; both parts padded to a multiple of PRODUCT_CHANNELS. */
size_t network_channels(const struct cpu_network *network);

/* features (rows, mels) of all clips -> statistics (clip_count, 2 * channels). Adds
 * to the counters' network and pooling stages. */
enum error_code network_run(struct cpu_network *network, const struct plan_clip *clips,
                            size_t clip_count, const float *features, float *statistics,
                            struct device_counters *counters, struct error *error);

#endif
