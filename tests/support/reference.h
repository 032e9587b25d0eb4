/* Features and embeddings in double precision throughout, written as the formulas are:
 * a plain Fourier transform, batch normalisation not merged, clips not packed. Slow. */
#ifndef EARMARK_TEST_REFERENCE_H
#define EARMARK_TEST_REFERENCE_H

#include "kernels/device.h"

/* Log-mel features of samples (count) at 16 kHz: (xvector_frames(count), mels). */
void reference_features(const double *samples, size_t count, size_t mels, double *features);

/* Output o of a polyphase resampler to 16 kHz, filters as kernels/resampler.h designs them:
 * output (device_resampled_length(count, rate)). */
void reference_resample(const double *samples, size_t count, int rate, double *output);

/* The network over features (frames, mels): embedding (embedding_size). */
void reference_network(const struct xvector_model *model, const double *features, size_t frames,
                       double *embedding);

#endif
