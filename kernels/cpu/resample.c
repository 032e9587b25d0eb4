#include "resample.h"

#include "memory.h"
#include "vector.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

void resample_workspace_free(struct resample_workspace *workspace) {
    free(workspace->mono);
    *workspace = (struct resample_workspace){NULL, 0};
}

static enum error_code reserve(struct resample_workspace *workspace, size_t count,
                               struct error *error) {
    if (count <= workspace->capacity) return ERROR_NONE;
    resample_workspace_free(workspace);
    workspace->mono = memory_aligned(count, sizeof(float), "mixing down", error);
    if (workspace->mono == NULL) return error->code;
    workspace->capacity = count;
    return ERROR_NONE;
}

/* Mean of the channels; the sum in double precision, so that it is exact for int16. */
static void mix_int16(const int16_t *samples, size_t channels, size_t count, float *mono) {
    if (channels == 1) {
        for (size_t i = 0; i < count; i++) mono[i] = (float)samples[i] * (1.0f / 32768.0f);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double sum = 0.0;
        for (size_t c = 0; c < channels; c++) sum += samples[i * channels + c];
        mono[i] = (float)(sum / (32768.0 * (double)channels));
    }
}

static void mix_float32(const float *samples, size_t channels, size_t count, float *mono) {
    if (channels == 1) {
        memcpy(mono, samples, count * sizeof(float));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double sum = 0.0;
        for (size_t c = 0; c < channels; c++) sum += (double)samples[i * channels + c];
        mono[i] = (float)(sum / (double)channels);
    }
}

/* Input samples first .. first + count - 1, zero outside the clip. */
static void mix_down(const struct device_clip *clip, const unsigned char *samples, ptrdiff_t first,
                     size_t count, float *mono) {
    const size_t channels = (size_t)clip->channels;
    const size_t before = first < 0 ? ((size_t)-first < count ? (size_t)-first : count) : 0;
    memset(mono, 0, before * sizeof(float));
    const size_t begin = (size_t)(first + (ptrdiff_t)before);
    size_t inside = begin < clip->frames ? clip->frames - begin : 0;
    if (inside > count - before) inside = count - before;
    if (inside > 0 && clip->format == SAMPLES_INT16)
        mix_int16((const int16_t *)(const void *)samples + begin * channels, channels, inside,
                  mono + before);
    else if (inside > 0)
        mix_float32((const float *)(const void *)samples + begin * channels, channels, inside,
                    mono + before);
    memset(mono + before + inside, 0, (count - before - inside) * sizeof(float));
}

#define LANES 8   /* of an output's partial sums: tap t goes to sum t % 8 */
#define OUTPUTS 4 /* computed together, so that a filter is read once for all */

/* ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)): what the AVX2 version's additions come to. */
static float add_lanes(const float sums[LANES]) {
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
           ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

static void filter_plain(const float *const inputs[OUTPUTS], const float *filter, size_t taps,
                         float result[OUTPUTS]) {
    for (size_t o = 0; o < OUTPUTS; o++) {
        float sums[LANES] = {0};
        for (size_t t = 0; t < taps; t += LANES)
            for (size_t l = 0; l < LANES; l++) sums[l] += filter[t + l] * inputs[o][t + l];
        result[o] = add_lanes(sums);
    }
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void filter_avx2(const float *const inputs[OUTPUTS],
                                                            const float *filter, size_t taps,
                                                            float result[OUTPUTS]) {
    __m256 a = _mm256_setzero_ps(), b = a, c = a, d = a;
    const float *x0 = inputs[0], *x1 = inputs[1], *x2 = inputs[2], *x3 = inputs[3];
    for (size_t t = 0; t < taps; t += LANES) {
        const __m256 h = _mm256_loadu_ps(filter + t);
        a = _mm256_fmadd_ps(h, _mm256_loadu_ps(x0 + t), a);
        b = _mm256_fmadd_ps(h, _mm256_loadu_ps(x1 + t), b);
        c = _mm256_fmadd_ps(h, _mm256_loadu_ps(x2 + t), c);
        d = _mm256_fmadd_ps(h, _mm256_loadu_ps(x3 + t), d);
    }
    __m128 e = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 f = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    __m128 g = _mm_add_ps(_mm256_castps256_ps128(c), _mm256_extractf128_ps(c, 1));
    __m128 i = _mm_add_ps(_mm256_castps256_ps128(d), _mm256_extractf128_ps(d, 1));
    _MM_TRANSPOSE4_PS(e, f, g, i);
    _mm_storeu_ps(result, _mm_add_ps(_mm_add_ps(e, g), _mm_add_ps(f, i)));
}
#endif

/* The outputs i * up + r, i = 0 .. steps - 1, within first .. first + count - 1: all
 * those that use one filter. mono: where the first tap of output 0 falls. */
static void filter_outputs(const struct resampler *resampler, size_t r, const float *mono,
                           size_t steps, size_t first, size_t count, float *output) {
    const size_t up = resampler->up, down = resampler->down, taps = resampler->taps;
    const float *filter = resampler->filters + r * down % up * taps;
    const size_t begin = r < first ? 1 : 0;
    const size_t end = (steps - 1) * up + r < first + count ? steps : steps - 1;
    for (size_t i = begin; i < end; i += OUTPUTS) {
        const float *inputs[OUTPUTS];
        float result[OUTPUTS];
        const size_t some = end - i < OUTPUTS ? end - i : OUTPUTS;
        for (size_t o = 0; o < OUTPUTS; o++) /* the last one again where there are fewer */
            inputs[o] = mono + (i + (o < some ? o : some - 1)) * down + r * down / up;
#if defined(__x86_64__)
        if (vector_has_avx2())
            filter_avx2(inputs, filter, taps, result);
        else
#endif
            filter_plain(inputs, filter, taps, result);
        for (size_t o = 0; o < some; o++) output[(i + o) * up + r - first] = result[o];
    }
}

enum error_code resample_stretch(const struct resampler *resampler, const struct device_clip *clip,
                                 const unsigned char *samples, size_t first, size_t count,
                                 float *output, struct resample_workspace *workspace,
                                 struct error *error) {
    if (count == 0) return ERROR_NONE;
    if (resampler == NULL) {
        mix_down(clip, samples, (ptrdiff_t)first, count, output);
        return ERROR_NONE;
    }
    const size_t up = resampler->up, down = resampler->down;
    const size_t begin = first / up, steps = (first + count - 1) / up + 1 - begin;
    const size_t length = steps * down + resampler->taps;
    if (reserve(workspace, length, error) != ERROR_NONE) return error->code;
    const ptrdiff_t origin = (ptrdiff_t)(begin * down) - (ptrdiff_t)resampler->half + 1;
    mix_down(clip, samples, origin, length, workspace->mono);
    for (size_t r = 0; r < up; r++)
        filter_outputs(resampler, r, workspace->mono, steps, first - begin * up, count, output);
    return ERROR_NONE;
}
