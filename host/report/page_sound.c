#include "host/report/page_sound.h"

#include "host/base/memory.h"
#include "host/report/sound_encode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_RATE 16000
#define LANES ((size_t)8)

/* More than this is not decoded for a page. */
#define DECODE_BOUND ((size_t)64 << 20)

static bool within_bound(void *context, size_t bytes) {
    (void)context;
    return bytes <= DECODE_BOUND;
}

/* What the page takes of the decoded samples. */
struct excerpt {
    size_t frames; /* kept, before the rate is reduced */
    size_t factor; /* of reducing the rate */
};

/* Seconds that are decoded: a little more than are kept. */
#define DECODED_SECONDS (SOUND_MAXIMUM_SECONDS + 1.0)

static struct excerpt choose_excerpt(const struct decoded *decoded, double duration, int seconds,
                                     struct sound *sound) {
    double rate = decoded->facts.rate;
    double frames = (double)decoded->frames;
    if (duration >= 0.0) frames = fmin(frames, duration * rate);
    struct excerpt excerpt = {(size_t)(frames + 0.5), 1};
    if (excerpt.frames > decoded->frames) excerpt.frames = decoded->frames;
    if (decoded->facts.rate > PAGE_RATE) excerpt.factor = (size_t)(decoded->facts.rate / PAGE_RATE);
    sound->rate = decoded->facts.rate / (int)excerpt.factor;
    /* Where decoding stopped early, only `duration` gives the length of the clip. */
    bool stopped = (double)decoded->source_frames >= DECODED_SECONDS * rate;
    sound->seconds = (double)excerpt.frames / rate;
    if (stopped) sound->seconds = duration >= 0.0 ? duration : (double)INFINITY;
    size_t most = SOUND_MAXIMUM_FRAMES;
    if (most > (size_t)sound->rate * (size_t)seconds) most = (size_t)sound->rate * (size_t)seconds;
    if (excerpt.frames > most * excerpt.factor) excerpt.frames = most * excerpt.factor;
    sound->kept = (double)excerpt.frames / rate;
    return excerpt;
}

/* Mean of the channels of one frame, full scale 1. */
static float mixed(const struct decoded *decoded, size_t frame) {
    size_t channels = (size_t)decoded->channels;
    float sum = 0.0F;
    for (size_t c = 0; c < channels; c++) {
        size_t at = frame * channels + c;
        sum += decoded->format == SAMPLES_INT16
                   ? (float)((const int16_t *)decoded->samples)[at] / 32768.0F
                   : ((const float *)decoded->samples)[at];
    }
    return sum / (float)channels;
}

/* A low pass below the reduced rate's Nyquist: a sinc under a Hann window. */
static void low_pass(float *taps, size_t count, size_t factor) {
    double middle = (double)(count - 1) / 2.0;
    double cutoff = 0.45 / (double)factor; /* cycles per sample */
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        double t = (double)i - middle;
        double sinc = t == 0.0 ? 2.0 * cutoff : sin(2.0 * M_PI * cutoff * t) / (M_PI * t);
        double window = 0.5 + 0.5 * cos(M_PI * t / (middle + 1.0));
        taps[i] = (float)(sinc * window);
        sum += sinc * window;
    }
    for (size_t i = 0; i < count; i++) taps[i] = (float)((double)taps[i] / sum);
}

/* Sum of taps x samples in a fixed order that the compiler can vectorise. */
static float product(const float *taps, const float *samples, size_t count) {
    float sums[LANES] = {0.0F};
    for (size_t k = 0; k < count; k += LANES)
        for (size_t j = 0; j < LANES; j++) sums[j] += taps[k + j] * samples[k + j];
    float sum = 0.0F;
    for (size_t j = 0; j < LANES; j++) sum += sums[j];
    return sum;
}

static int16_t to_int16(float value) {
    float scaled = rintf(value * 32768.0F);
    return (int16_t)(scaled >= 32767.0F ? 32767.0F : scaled <= -32768.0F ? -32768.0F : scaled);
}

/* Mixes down, reduces the rate by excerpt->factor; `small` has room for the frames. */
static enum error_code reduce(const struct decoded *decoded, const struct excerpt *excerpt,
                              int16_t *small, size_t small_frames, struct error *error) {
    const size_t factor = excerpt->factor;
    if (factor == 1) {
        for (size_t i = 0; i < small_frames; i++) small[i] = to_int16(mixed(decoded, i));
        return ERROR_NONE;
    }
    const size_t half = 16 * factor;
    const size_t count = (2 * half + LANES) / LANES * LANES; /* 2 half + 1, rounded up */
    float *taps = memory_array(count, sizeof *taps, "a filter", error);
    float *mono = taps == NULL ? NULL
                               : memory_array(excerpt->frames + count, sizeof *mono,
                                              "the sound of a clip", error);
    if (mono != NULL) {
        low_pass(taps, 2 * half + 1, factor);
        for (size_t i = 0; i < excerpt->frames; i++) mono[half + i] = mixed(decoded, i);
        for (size_t i = 0; i < small_frames; i++) {
            small[i] = to_int16(product(taps, mono + i * factor, count));
        }
    }
    free(taps);
    free(mono);
    return error->code;
}

static void measure_waveform(const int16_t *samples, size_t frames, struct sound *sound) {
    for (size_t column = 0; column < SOUND_COLUMNS; column++) {
        size_t first = frames * column / SOUND_COLUMNS;
        size_t last = frames * (column + 1) / SOUND_COLUMNS;
        if (last == first && first < frames) last = first + 1;
        float lowest = 0.0F;
        float highest = 0.0F;
        for (size_t i = first; i < last; i++) {
            float value = (float)samples[i] / 32768.0F;
            if (value < lowest) lowest = value;
            if (value > highest) highest = value;
        }
        sound->lowest[column] = lowest;
        sound->highest[column] = highest;
    }
}

/* The picture of the kept sound, and its true peak. */
static enum error_code draw(const struct decoded *decoded, size_t frames, struct sound *sound,
                            struct error *error) {
    sound->file_rate = decoded->facts.rate;
    for (size_t i = 0; i < frames; i++) sound->peak = fmaxf(sound->peak, fabsf(mixed(decoded, i)));
    return spectrogram_draw(decoded, frames, &sound->picture, &sound->picture_size, error);
}

/* From decoded samples to the file in the page. */
static enum error_code make_small(const struct decoded *decoded, double duration, int most,
                                  struct sound *sound, struct error *error) {
    struct excerpt excerpt = choose_excerpt(decoded, duration, most, sound);
    size_t frames = excerpt.frames / excerpt.factor;
    if (frames == 0) {
        snprintf(sound->reason, sizeof sound->reason, "the file has no sound there");
        return ERROR_NONE;
    }
    int16_t *small = memory_array(frames, sizeof *small, "the sound of a clip", error);
    if (small != NULL && reduce(decoded, &excerpt, small, frames, error) == ERROR_NONE) {
        measure_waveform(small, frames, sound);
        if (draw(decoded, excerpt.frames, sound, error) == ERROR_NONE &&
            sound_encode(small, frames, sound->rate, &sound->data, &sound->size, &sound->type,
                         error) == ERROR_NONE)
            sound->readable = true;
    }
    free(small);
    return error->code;
}

enum error_code sound_load(struct decoders *decoders, int index, struct clip_sources *sources,
                           const char *path, double start, double duration, int most,
                           struct sound *sound, struct error *error) {
    *sound = (struct sound){.readable = false};
    struct decode_settings settings = {.model_rate = PAGE_RATE,
                                       .no_resample = true,
                                       .start_seconds = start > 0.0 ? start : 0.0,
                                       .first_seconds = DECODED_SECONDS,
                                       .reserve = within_bound};
    struct decoded decoded = {.samples = NULL};
    struct error decoding = ERROR_INITIAL;
    struct sound_source source;
    if (clip_sources_find(sources, path, &source, &decoded.verdict, &decoding) == CLIP_OK)
        decoders_decode(decoders, index, &source, &settings, &decoded, &decoding);
    sound->outside = decoded.verdict.status == CLIP_OUTSIDE;
    if (decoding.code == ERROR_STOPPED)
        snprintf(sound->reason, sizeof sound->reason, "too long to be played in the page");
    else if (decoding.code != ERROR_NONE)
        FAIL(error, decoding.code, "%s", decoding.message);
    else if (decoded.verdict.status != CLIP_OK && decoded.verdict.status != CLIP_SILENT)
        snprintf(sound->reason, sizeof sound->reason, "%s", decoded.verdict.reason);
    else
        make_small(&decoded, duration, most, sound, error);
    sound_source_close(&source);
    decoded_free(&decoded);
    return error->code;
}

void sound_free(struct sound *sound) {
    free(sound->data);
    free(sound->picture);
    *sound = (struct sound){.readable = false};
}

void sound_append_uri(struct text *text, const char *type, const unsigned char *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text_format(text, "data:%s;base64,", type);
    char block[4096];
    size_t used = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16;
        if (left > 1) bits |= (uint32_t)data[i + 1] << 8;
        if (left > 2) bits |= data[i + 2];
        block[used++] = digits[bits >> 18];
        block[used++] = digits[bits >> 12 & 63];
        block[used++] = left > 1 ? digits[bits >> 6 & 63] : '=';
        block[used++] = left > 2 ? digits[bits & 63] : '=';
        if (used == sizeof block) {
            text_append(text, block, used);
            used = 0;
        }
    }
    text_append(text, block, used);
}

void sound_append_waveform(struct text *text, const struct sound *sound) {
    float peak = 1e-6F;
    for (size_t i = 0; i < SOUND_COLUMNS; i++) {
        if (sound->highest[i] > peak) peak = sound->highest[i];
        if (-sound->lowest[i] > peak) peak = -sound->lowest[i];
    }
    for (size_t i = 0; i < SOUND_COLUMNS; i++) {
        double top = 20.0 - 19.0 * (double)(sound->highest[i] / peak);
        double bottom = 20.0 - 19.0 * (double)(sound->lowest[i] / peak);
        if (bottom - top < 0.6) bottom = top + 0.6; /* silence is a thin line */
        text_format(text, "M%zu.5 %.1fV%.1f", i, top, bottom);
    }
}
