#include "host/sound/decoder_answer.h"

#include "host/base/names.h"
#include "host/sound/channel_mix.h"

#include <math.h>
#include <string.h>

/* Larger than any measure of samples up to DECODE_MAXIMUM_PEAK. */
#define LARGEST_MEASURE 1e10F

static bool is_usable(enum clip_status status) {
    return status == CLIP_OK || status == CLIP_SILENT;
}

static bool status_fits(enum clip_status status) {
    return is_usable(status) || status == CLIP_UNREADABLE || status == CLIP_TRUNCATED ||
           status == CLIP_TOO_SHORT || status == CLIP_BAD_SEGMENT;
}

/* ---- texts ---- */

static bool take_kind(const char *from, size_t size, char *kind) {
    size_t length = strnlen(from, size);
    if (length == size) return false;
    for (size_t i = 0; i < length; i++)
        if (from[i] < ' ' || from[i] > '~') return false;
    memcpy(kind, from, length + 1);
    return true;
}

static bool take_verdict(const struct verdict *from, struct verdict *verdict) {
    struct text visible = TEXT_INITIAL;
    size_t length = strnlen(from->reason, sizeof from->reason);
    bool has_reason = length > 0;
    if (!status_fits(from->status) || length == sizeof from->reason ||
        has_reason == (from->status == CLIP_OK))
        return false;
    name_visible(&visible, from->reason);
    verdict_set(verdict, from->status, "%s", visible.data == NULL ? "" : visible.data);
    verdict->lasts = from->lasts != 0 && !is_usable(from->status);
    bool fits = !visible.failed;
    text_free(&visible);
    return fits;
}

/* ---- numbers ---- */

static bool measures_fit(const struct sound_measures *sound, int rate) {
    const float values[] = {sound->peak,          sound->level,          sound->clipped_share,
                            sound->offset,        sound->bandwidth,      sound->band_drop,
                            sound->silence_share, sound->channels_cancel};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (!(fabsf(values[i]) <= LARGEST_MEASURE)) return false;
    return sound->peak >= 0 && sound->clipped_share >= 0 && sound->clipped_share <= 1 &&
           sound->silence_share >= 0 && sound->silence_share <= 1 && sound->bandwidth >= 0 &&
           sound->bandwidth <= (float)rate;
}

/* The time of reading is only shown; that it is a number is all that matters. */
#define MOST_READ ((uint64_t)1 << 50)
static bool reads_fit(const struct sound_reads *reads) {
    return reads->bytes <= MOST_READ && reads->seconds >= 0 &&
           reads->seconds <= 2.0 * DECODE_MAXIMUM_SECONDS;
}

/* What is known of the file: nothing, or its rate, channels and how much of it was read. */
static bool take_file(const struct decoder_answer *answer, const struct decode_settings *settings,
                      struct decoded *decoded) {
    const struct decoded *from = &answer->decoded;
    struct clip_facts *facts = &decoded->facts;
    const int rate = from->facts.rate, channels = from->facts.channels;
    const bool usable = is_usable(from->verdict.status);
    if (rate == 0 && channels == 0 && from->source_frames == 0) return !usable;
    if (rate < DECODE_MINIMUM_RATE || rate > DECODE_MAXIMUM_RATE || channels < 1 ||
        channels > DECODE_MAXIMUM_CHANNELS)
        return false;
    /* Reading stops after the block that goes beyond the bound: 17 s at the least rate. */
    const size_t most = ((size_t)DECODE_MAXIMUM_SECONDS + 60) * (size_t)rate;
    if (from->source_frames > most) return false;
    facts->rate = rate;
    facts->channels = channels;
    facts->seconds = (double)from->source_frames / (double)rate;
    decoded->source_frames = from->source_frames;
    facts->silent = from->verdict.status == CLIP_SILENT;
    facts->unfinished = from->facts.unfinished != 0;
    /* A file that holds NaN is refused for that, and its measures are none. */
    bool fits = measures_fit(&from->facts.sound, rate);
    if (fits && settings->measure) facts->sound = from->facts.sound;
    if (!usable) return true;
    decoded->peak = from->peak;
    return fits && from->peak >= 0 && from->peak <= DECODE_MAXIMUM_PEAK;
}

/* The frames that a file of this many source frames has at the rate of the answer, by the rules of
 * decode_clip; 0: it does not give that rate. */
static size_t expected_frames(const struct decoded *from, const struct decode_settings *settings) {
    const size_t rate = (size_t)from->facts.rate, model_rate = (size_t)settings->model_rate;
    if (settings->no_resample) return from->rate == settings->model_rate ? from->source_frames : 0;
    if (rate == model_rate || device_resamples(from->facts.rate))
        return from->rate == from->facts.rate ? from->source_frames : 0;
    bool mixed = from->channels == 1 && from->format == SAMPLES_FLOAT32;
    if (from->rate != settings->model_rate || !mixed) return 0;
    return (from->source_frames * model_rate + rate - 1) / rate;
}

static bool take_samples(const struct decoded *from, const struct decoder_question *question,
                         struct decoded *decoded) {
    const struct decode_settings *settings = question->settings;
    const bool small = from->format == SAMPLES_INT16;
    if (!small && from->format != SAMPLES_FLOAT32) return false;
    if (from->channels != 1 && !(small && from->channels == 2)) return false;
    /* Of channels that cancel, one is left. */
    const bool cancel =
        from->facts.channels > 1 && channel_mix_cancels(from->facts.sound.channels_cancel);
    if (cancel ? from->channels != 1 : small && from->channels != from->facts.channels)
        return false;
    const size_t frames = expected_frames(from, settings);
    const size_t frame_bytes = (size_t)from->channels * (small ? sizeof(int16_t) : sizeof(float));
    if (frames == 0 || from->frames != frames) return false;
    if (frames > question->granted / frame_bytes || from->bytes != frames * frame_bytes)
        return false;
    size_t length =
        from->rate == settings->model_rate ? frames : device_resampled_length(frames, from->rate);
    if (length == 0 || length < settings->minimum_samples) return false;
    decoded->frames = frames;
    decoded->channels = from->channels;
    decoded->rate = from->rate;
    decoded->format = from->format;
    decoded->bytes = from->bytes;
    return true;
}

bool decoder_answer_take(const struct decoder_answer *answer,
                         const struct decoder_question *question, struct decoded *decoded) {
    struct decoded taken = {.buffer = decoded->buffer,
                            .capacity = decoded->capacity,
                            .target = decoded->target,
                            .target_capacity = decoded->target_capacity};
    const struct decoded *from = &answer->decoded;
    if (answer->kind != ANSWER_CLIP) return false;
    if (answer->code == ERROR_MEMORY) return true;
    if (answer->code == ERROR_STOPPED) return question->cancelled;
    if (answer->code != ERROR_NONE || !reads_fit(&from->reads) ||
        !take_verdict(&from->verdict, &taken.verdict) ||
        !take_kind(from->source_kind, sizeof from->source_kind, taken.source_kind) ||
        !take_file(answer, question->settings, &taken))
        return false;
    taken.reads = from->reads;
    if (is_usable(taken.verdict.status) && !take_samples(from, question, &taken)) return false;
    *decoded = taken;
    return true;
}

bool decoder_samples_are_finite(const struct decoded *decoded) {
    const float *samples = decoded->samples;
    const size_t count = decoded->frames * (size_t)decoded->channels;
    uint32_t largest = 0;
    if (decoded->format != SAMPLES_FLOAT32) return true;
    /* The bits of |x| sort as integers, with infinity and NaN last; the loop is vectorised. */
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &samples[i], sizeof bits);
        bits &= 0x7fffffffU;
        largest = bits > largest ? bits : largest;
    }
    return largest < 0x7f800000U;
}
