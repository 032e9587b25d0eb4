/* Mixing down and resampling any stretch of one clip. */
#ifndef EARMARK_CPU_RESAMPLE_H
#define EARMARK_CPU_RESAMPLE_H

#include "kernels/device.h"
#include "kernels/resampler.h"

/* One thread's buffer. */
struct resample_workspace {
    float *mono; /* mixed-down input */
    size_t capacity;
};

void resample_workspace_free(struct resample_workspace *workspace);

/* Samples first .. first + count - 1 of the clip at 16 kHz, which must be inside
 * it, into output (count). resampler: of the clip's rate, NULL at 16 kHz;
 * samples: where the clip begins. A sample's value does not depend on the stretch. */
enum error_code resample_stretch(const struct resampler *resampler, const struct device_clip *clip,
                                 const unsigned char *samples, size_t first, size_t count,
                                 float *output, struct resample_workspace *workspace,
                                 struct error *error);

#endif
