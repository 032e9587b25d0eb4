#include "host/review/server_sound.h"

#include "host/base/memory.h"
#include "host/report/sound_encode.h"
#include "host/sound/spectrogram.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Decoded samples may take more than what is kept of them: stereo, and 32 bits. */
#define DECODE_BOUND (4 * SERVER_SOUND_BYTES + ((size_t)16 << 20))

struct loading {
    const volatile bool *stopping;
    bool too_large;
};

static bool within_bound(void *context, size_t bytes) {
    struct loading *loading = context;
    loading->too_large = bytes > DECODE_BOUND;
    return !loading->too_large && !*loading->stopping;
}

static bool goes_on(void *context, size_t frames) {
    const struct loading *loading = context;
    (void)frames;
    return !*loading->stopping;
}

/* Mean of the channels of one frame, full scale 1. */
static float mixed(const struct decoded *decoded, size_t frame) {
    const size_t channels = (size_t)decoded->channels;
    float sum = 0.0F;
    for (size_t c = 0; c < channels; c++) {
        const size_t at = frame * channels + c;
        sum += decoded->format == SAMPLES_INT16
                   ? (float)((const int16_t *)decoded->samples)[at] / 32768.0F
                   : ((const float *)decoded->samples)[at];
    }
    return sum / (float)channels;
}

static int16_t to_int16(float value) {
    const float scaled = rintf(value * 32768.0F);
    return (int16_t)(scaled >= 32767.0F ? 32767.0F : scaled <= -32768.0F ? -32768.0F : scaled);
}

static void append_waveform(struct text *facts, const int16_t *samples, size_t frames) {
    int peak = 0;
    text_string(facts, ",\"waveform\":[");
    for (size_t column = 0; column < SERVER_SOUND_COLUMNS; column++) {
        const size_t first = frames * column / SERVER_SOUND_COLUMNS;
        size_t last = frames * (column + 1) / SERVER_SOUND_COLUMNS;
        int low = 0, high = 0;
        if (last == first) last = first + 1; /* fewer frames than columns */
        for (size_t i = first; i < last; i++) {
            if (samples[i] < low) low = samples[i];
            if (samples[i] > high) high = samples[i];
        }
        if (high > peak) peak = high;
        if (-low > peak) peak = -low;
        text_format(facts, "%s[%.4g,%.4g]", column == 0 ? "" : ",", low / 32768.0, high / 32768.0);
    }
    text_format(facts, "],\"peak\":%.4g}", peak / 32768.0);
}

/* From decoded samples to what is sent. */
static enum error_code make(const struct decoded *decoded, const struct run_clip *clip,
                            struct server_sound *sound, struct error *error) {
    const double rate = decoded->facts.rate;
    const double duration = run_clip_duration(clip);
    size_t frames = decoded->frames;
    if (duration >= 0.0 && rint(duration * rate) < (double)frames)
        frames = (size_t)rint(duration * rate);
    if (frames > SERVER_SOUND_BYTES / sizeof(int16_t))
        frames = SERVER_SOUND_BYTES / sizeof(int16_t);
    if (frames == 0) {
        snprintf(sound->reason, sizeof sound->reason, "the file has no sound there");
        return ERROR_NONE;
    }
    int16_t *samples = memory_array(frames, sizeof *samples, "the sound of a clip", error);
    if (samples == NULL) return error->code;
    for (size_t i = 0; i < frames; i++) samples[i] = to_int16(mixed(decoded, i));
    const double kept = (double)frames / rate;
    text_format(&sound->facts, "{\"seconds\":%.10g,\"kept\":%.10g,\"rate\":%d,\"top\":%g",
                duration >= 0.0 ? duration : kept, kept, decoded->facts.rate, rate / 2.0);
    append_waveform(&sound->facts, samples, frames);
    if (text_check(&sound->facts, error) == ERROR_NONE &&
        spectrogram_draw(decoded, frames, &sound->picture, &sound->picture_size, error) ==
            ERROR_NONE &&
        sound_encode(samples, frames, decoded->facts.rate, &sound->data, &sound->size, &sound->type,
                     error) == ERROR_NONE)
        sound->readable = true;
    free(samples);
    return error->code;
}

enum error_code server_sound_load(struct decoders *decoders, int index,
                                  struct clip_sources *sources, const struct run_clip *clip,
                                  const volatile bool *stopping, struct server_sound *sound,
                                  struct error *error) {
    struct loading loading = {.stopping = stopping};
    const struct decode_settings settings = {.model_rate = 16000,
                                             .no_resample = true,
                                             .start_seconds = clip->start > 0.0 ? clip->start : 0.0,
                                             .first_seconds = SERVER_SOUND_SECONDS,
                                             .most_bytes = DECODE_BOUND,
                                             .reserve = within_bound,
                                             .goes_on = goes_on,
                                             .context = &loading};
    struct decoded decoded = {.samples = NULL};
    struct error decoding = ERROR_INITIAL;
    struct sound_source source = {.descriptor = -1};
    *sound = (struct server_sound){.readable = false};
    if (clip->path == NULL) {
        snprintf(sound->reason, sizeof sound->reason, "the run has no sounds");
        return ERROR_NONE;
    }
    if (clip_sources_find(sources, clip->path, &source, &decoded.verdict, &decoding) == CLIP_OK)
        decoders_decode(decoders, index, &source, &settings, &decoded, &decoding);
    if (decoding.code == ERROR_STOPPED && loading.too_large)
        snprintf(sound->reason, sizeof sound->reason, "too large to be played here");
    else if (decoding.code != ERROR_NONE)
        FAIL(error, decoding.code, "%s", decoding.message);
    else if (decoded.verdict.status != CLIP_OK && decoded.verdict.status != CLIP_SILENT)
        snprintf(sound->reason, sizeof sound->reason, "%s", decoded.verdict.reason);
    else
        make(&decoded, clip, sound, error);
    sound_source_close(&source);
    decoded_free(&decoded);
    return error->code;
}

size_t server_sound_bytes(const struct server_sound *sound) {
    return sizeof *sound + sound->size + sound->picture_size + sound->facts.capacity;
}

void server_sound_free(struct server_sound *sound) {
    free(sound->data);
    free(sound->picture);
    text_free(&sound->facts);
    *sound = (struct server_sound){.readable = false};
}
