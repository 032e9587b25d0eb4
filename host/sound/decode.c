#include "host/sound/decode.h"

#include "host/base/memory.h"
#include "host/sound/kept_files.h"
#include "host/sound/segment.h"
#include "host/sound/sound_file.h"
#include "host/sound/sound_measures.h"

#include <float.h>
#include <samplerate.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Samples (of all channels) read at a time. */
#define BLOCK_SAMPLES ((size_t)16384)

/* Frames of MP3 read at a time: libsndfile discards the samples of the call in which it
 * finds an error; with this size those are one or two MPEG frames. */
#define MPEG_BLOCK_FRAMES ((size_t)1152)

/* Medium: stop band 121 dB down, pass band to 90%, as the device's own filter. */
#define RESAMPLER SRC_SINC_MEDIUM_QUALITY

/* One clip on its way from the file to decoded->samples. */
struct decoding {
    struct sound_file *file;
    const struct decode_settings *settings;
    struct decoded *decoded;
    size_t sample_bytes; /* of one sample of the result */
    struct segment segment;
    bool plain; /* samples are kept as they are: no mixing, no resampling */
    size_t block_frames;
    bool mixes;                /* the result is mono, the source not */
    SRC_STATE *state;          /* of libsamplerate; NULL: the rate is kept */
    struct sound_meter *meter; /* NULL: nothing is measured */

    float *mixed;         /* (block_frames) scratch, when mixing or resampling */
    float *block;         /* (block_frames, channels) scratch, unless plain and from the start */
    void *data;           /* the result: decoded->buffer, or the target of decoded */
    size_t held;          /* bytes at data */
    size_t stored;        /* frames at data so far */
    size_t read;          /* source frames so far */
    uint32_t peak;        /* bits of the largest |x|; NaN and Inf are above all numbers */
    uint32_t loudest_mix; /* the same of the mean of the channels */
};

/* ---- measuring ----
 * The bits of |x| sort as integers as they do as floats, with NaN and Inf last: one
 * maximum finds them and the peak, in loops that the compiler vectorises. */

#define INFINITE_BITS 0x7f800000U

static uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7fffffffU;
}

static float bits_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t largest_float(const float *samples, size_t count, uint32_t largest) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = float_bits(samples[i]);
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

static uint32_t largest_int16(const int16_t *samples, size_t count, uint32_t largest) {
    int peak = 0;
    for (size_t i = 0; i < count; i++) {
        int magnitude = abs(samples[i]);
        peak = magnitude > peak ? magnitude : peak;
    }
    uint32_t bits = float_bits((float)peak / 32768.0F);
    return bits > largest ? bits : largest;
}

static uint32_t largest_stereo_mix(const int16_t *samples, size_t frames, uint32_t largest) {
    int peak = 0;
    for (size_t i = 0; i < frames; i++) {
        int magnitude = abs(samples[2 * i] + samples[2 * i + 1]);
        peak = magnitude > peak ? magnitude : peak;
    }
    uint32_t bits = float_bits((float)peak / 65536.0F);
    return bits > largest ? bits : largest;
}

static void mix_down(const float *block, size_t frames, size_t channels, float *mixed) {
    for (size_t i = 0; i < frames; i++) {
        double sum = 0;
        for (size_t c = 0; c < channels; c++) sum += (double)block[i * channels + c];
        mixed[i] = (float)(sum / (double)channels);
    }
}

/* ---- room for the result ---- */

static enum error_code reserve(struct decoding *decoding, size_t bytes, struct error *error) {
    const struct decode_settings *settings = decoding->settings;
    if (settings->reserve != NULL && !settings->reserve(settings->context, bytes))
        return FAIL(error, ERROR_STOPPED, "a clip was cancelled");
    return ERROR_NONE;
}

size_t decode_most_bytes(const struct decode_settings *settings,
                         const struct sound_source *source) {
    size_t most = settings->most_bytes;
    if (most == 0 && source->stored > DECODE_MAXIMUM_BYTES / DECODE_BYTES_PER_STORED_BYTE)
        most = DECODE_MAXIMUM_BYTES;
    if (most == 0) most = source->stored * DECODE_BYTES_PER_STORED_BYTE;
    if (settings->most_bytes == 0 && most < DECODE_FREE_BYTES) most = DECODE_FREE_BYTES;
    return most < DECODE_MAXIMUM_BYTES ? most : DECODE_MAXIMUM_BYTES;
}

/* The most that this clip may have. */
static size_t most_bytes(const struct decoding *decoding) {
    const struct decoded *decoded = decoding->decoded;
    size_t most = decode_most_bytes(decoding->settings, &decoding->file->source);
    bool less = decoded->target != NULL && decoded->target_capacity < most;
    return less ? decoded->target_capacity : most;
}

/* Room for `bytes`: in the target up to its capacity, otherwise in the clip's own buffer. */
static enum error_code enlarge(struct decoding *decoding, size_t bytes, struct error *error) {
    struct decoded *decoded = decoding->decoded;
    if (decoded->target != NULL) {
        size_t held = bytes < decoded->target_capacity ? bytes : decoded->target_capacity;
        TRY(reserve(decoding, held, error));
        decoding->data = decoded->target;
        decoding->held = held;
        return ERROR_NONE;
    }
    TRY(reserve(decoding, bytes > decoded->capacity ? bytes : decoded->capacity, error));
    if (bytes > decoded->capacity) {
        void *grown = realloc(decoded->buffer, bytes);
        if (grown == NULL)
            return FAIL(error, ERROR_MEMORY, "no memory for %zu bytes of samples", bytes);
        decoded->buffer = grown;
        decoded->capacity = bytes;
    }
    decoding->data = decoded->buffer;
    decoding->held = decoded->capacity;
    return ERROR_NONE;
}

/* Frames of the result for this many source frames. */
static size_t result_frames(const struct decoding *decoding, size_t frames) {
    if (decoding->state == NULL) return frames;
    size_t rate = (size_t)decoding->file->rate;
    return (frames * (size_t)decoding->settings->model_rate + rate - 1) / rate;
}

static size_t result_bytes(const struct decoding *decoding, size_t frames) {
    size_t channels = decoding->mixes ? 1 : (size_t)decoding->file->channels;
    return result_frames(decoding, frames) * channels * decoding->sample_bytes;
}

static void refuse_as_too_large(struct decoding *decoding) {
    const struct sound_source *source = &decoding->file->source;
    size_t most = most_bytes(decoding);
    bool is_small = source->stored < most / DECODE_BYTES_PER_STORED_BYTE;
    verdict_set(&decoding->decoded->verdict, CLIP_UNREADABLE,
                "more than %zu MiB of samples%s; %s, or give a larger --clip-memory", most >> 20,
                is_small ? ", which is much for the bytes that the file has on the disk" : "",
                is_small ? "copy it again" : "cut it into clips");
}

/* The first allocation: what the header promises, bounded by what a file of this size can
 * plausibly contain. */
static enum error_code first_room(struct decoding *decoding, struct error *error) {
    size_t plausible = decoding->file->source.bytes;
    if (plausible > DECODE_MAXIMUM_BYTES / 16) plausible = DECODE_MAXIMUM_BYTES / 16;
    plausible = plausible * 16 + ((size_t)1 << 16);
    bool known = decoding->segment.wanted != SIZE_MAX;
    size_t most = most_bytes(decoding);
    size_t bytes = known ? result_bytes(decoding, decoding->segment.wanted) : plausible;
    if (known && bytes > DECODE_MAXIMUM_BYTES) {
        refuse_as_too_large(decoding);
        return ERROR_NONE;
    }
    if (bytes > most) bytes = most; /* the header may lie: what is there decides */
    /* The resampler needs room for a block even for its last few samples. */
    if (decoding->state != NULL) bytes += 2 * BLOCK_SAMPLES * sizeof(float);
    if (bytes < 64) bytes = 64;
    return enlarge(decoding, bytes < plausible ? bytes : plausible, error);
}

/* Room for `frames` more of the result; false with the clip refused when it is too large. */
static enum error_code more_room(struct decoding *decoding, size_t frames, bool *fits,
                                 struct error *error) {
    size_t channels = decoding->mixes ? 1 : (size_t)decoding->file->channels;
    size_t bytes = (decoding->stored + frames) * channels * decoding->sample_bytes;
    *fits = true;
    if (bytes <= decoding->held) return ERROR_NONE;
    if (bytes > most_bytes(decoding)) {
        refuse_as_too_large(decoding);
        *fits = false;
        return ERROR_NONE;
    }
    size_t most = most_bytes(decoding);
    size_t doubled = decoding->held > most / 2 ? most : decoding->held * 2;
    return enlarge(decoding, doubled > bytes ? doubled : bytes, error);
}

/* ---- one block ---- */

/* Appends `frames` of mono source samples, through the resampler where there is one. */
static enum error_code append_mono(struct decoding *decoding, const float *mono, size_t frames,
                                   bool last, bool *goes_on, struct error *error) {
    if (decoding->state == NULL) {
        TRY(more_room(decoding, frames, goes_on, error));
        if (*goes_on)
            memcpy((float *)decoding->data + decoding->stored, mono, frames * sizeof *mono);
        decoding->stored += *goes_on ? frames : 0;
        return ERROR_NONE;
    }
    double ratio = (double)decoding->settings->model_rate / (double)decoding->file->rate;
    SRC_DATA data = {.data_in = mono, .input_frames = (long)frames, .src_ratio = ratio};
    data.end_of_input = last;
    do {
        TRY(more_room(decoding, BLOCK_SAMPLES, goes_on, error));
        if (!*goes_on) return ERROR_NONE;
        data.data_out = (float *)decoding->data + decoding->stored;
        data.output_frames = (long)BLOCK_SAMPLES;
        int failure = src_process(decoding->state, &data);
        if (failure != 0)
            return FAIL(error, ERROR_INTERNAL, "libsamplerate: %s", src_strerror(failure));
        decoding->stored += (size_t)data.output_frames_gen;
        data.data_in += data.input_frames_used;
        data.input_frames -= data.input_frames_used;
    } while (data.input_frames > 0 || data.output_frames_gen > 0);
    return ERROR_NONE;
}

/* int16 or float32 samples, read directly to their place. */
static enum error_code read_plain(struct decoding *decoding, size_t frames, size_t *got,
                                  bool *goes_on, struct error *error) {
    size_t channels = (size_t)decoding->file->channels;
    *got = 0;
    TRY(more_room(decoding, frames, goes_on, error));
    if (!*goes_on) return ERROR_NONE;
    unsigned char *place =
        (unsigned char *)decoding->data + decoding->stored * channels * decoding->sample_bytes;
    bool small = decoding->sample_bytes == sizeof(int16_t);
    sf_count_t count =
        small ? sf_readf_short(decoding->file->handle, (short *)(void *)place, (sf_count_t)frames)
              : sf_readf_float(decoding->file->handle, (float *)(void *)place, (sf_count_t)frames);
    *got = count > 0 ? (size_t)count : 0;
    const void *samples = place;
    if (small) {
        decoding->peak = largest_int16(samples, *got * channels, decoding->peak);
        decoding->loudest_mix = channels == 1
                                    ? decoding->peak
                                    : largest_stereo_mix(samples, *got, decoding->loudest_mix);
    } else {
        decoding->peak = largest_float(samples, *got * channels, decoding->peak);
        decoding->loudest_mix = decoding->peak;
    }
    if (decoding->meter != NULL)
        sound_meter_add(decoding->meter, samples, small ? SAMPLES_INT16 : SAMPLES_FLOAT32, *got);
    decoding->stored += *got;
    return ERROR_NONE;
}

/* Mixed down in float32, and resampled where needed. */
static enum error_code read_mixed(struct decoding *decoding, size_t frames, size_t *got,
                                  bool *goes_on, struct error *error) {
    size_t channels = (size_t)decoding->file->channels;
    sf_count_t count = sf_readf_float(decoding->file->handle, decoding->block, (sf_count_t)frames);
    *got = count > 0 ? (size_t)count : 0;
    decoding->peak = largest_float(decoding->block, *got * channels, decoding->peak);
    if (decoding->meter != NULL)
        sound_meter_add(decoding->meter, decoding->block, SAMPLES_FLOAT32, *got);
    mix_down(decoding->block, *got, channels, decoding->mixed);
    decoding->loudest_mix = largest_float(decoding->mixed, *got, decoding->loudest_mix);
    return append_mono(decoding, decoding->mixed, *got, *got == 0, goes_on, error);
}

/* ---- the whole clip ---- */

static enum error_code read_all(struct decoding *decoding, struct error *error) {
    const struct decode_settings *settings = decoding->settings;
    const size_t most = (size_t)DECODE_MAXIMUM_SECONDS * (size_t)decoding->file->rate;
    for (bool goes_on = true; goes_on;) {
        size_t frames = decoding->block_frames;
        size_t got = 0;
        if (settings->goes_on != NULL &&
            !settings->goes_on(settings->context, decoding->segment.first + decoding->read))
            return FAIL(error, ERROR_STOPPED, "a clip was cancelled");
        /* Calls end at the same positions of the file wherever they began, so that an error in
         * the file has the same result whether or not other segments were decoded before. */
        frames -= (decoding->segment.first + decoding->read) % frames;
        if (frames > decoding->segment.wanted - decoding->read)
            frames = decoding->segment.wanted - decoding->read;
        /* Zero wanted frames are the end too, which the resampler has to see. */
        if (decoding->plain)
            TRY(read_plain(decoding, frames, &got, &goes_on, error));
        else
            TRY(read_mixed(decoding, frames, &got, &goes_on, error));
        decoding->read += got;
        if (got == 0 || decoding->peak >= INFINITE_BITS) return ERROR_NONE;
        if (decoding->read > most) {
            verdict_set(&decoding->decoded->verdict, CLIP_UNREADABLE,
                        "longer than %d s; cut it into clips", DECODE_MAXIMUM_SECONDS);
            return ERROR_NONE;
        }
    }
    return ERROR_NONE;
}

/* Exactly ceil(N out / in) samples; libsamplerate rounds differently at the end. */
static enum error_code fix_length(struct decoding *decoding, struct error *error) {
    if (decoding->state == NULL) return ERROR_NONE;
    size_t exact = result_frames(decoding, decoding->read);
    bool fits = true;
    if (exact > decoding->stored) {
        size_t missing = exact - decoding->stored;
        TRY(more_room(decoding, missing, &fits, error));
        if (fits) memset((float *)decoding->data + decoding->stored, 0, missing * sizeof(float));
    }
    if (fits) decoding->stored = exact;
    bool finite = decoding->peak < INFINITE_BITS; /* otherwise judge() gives the reason */
    if (finite && largest_float(decoding->data, decoding->stored, 0) >= INFINITE_BITS)
        verdict_set(&decoding->decoded->verdict, CLIP_UNREADABLE,
                    "samples up to %g, too large to be resampled",
                    (double)bits_float(decoding->peak));
    return ERROR_NONE;
}

/* Sets the verdict by the first thing that is wrong with the whole clip. */
static void judge(const struct decoding *decoding) {
    const struct decoded *decoded = decoding->decoded;
    struct verdict *verdict = &decoding->decoded->verdict;
    const struct sound_file *file = decoding->file;
    bool ends_early =
        file->promised_frames != SIZE_MAX && decoding->read < decoding->segment.wanted;
    bool failed = sf_error(file->handle) != SF_ERR_NO_ERROR;
    const char *failure = sf_strerror(file->handle);
    int words = (int)strcspn(failure, "."); /* a sentence, without its full stop */
    size_t minimum = decoding->settings->minimum_samples;
    size_t length = decoded->rate == decoding->settings->model_rate
                        ? decoded->frames
                        : device_resampled_length(decoded->frames, decoded->rate);
    if (verdict->status != CLIP_OK) return;
    if (file->failure != 0)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "cannot read on after %zu samples: %s; check its disk or mount", decoding->read,
                    strerror(file->failure));
    else if (decoding->peak >= INFINITE_BITS)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "holds NaN or infinite samples; write the file again");
    else if (bits_float(decoding->peak) > DECODE_MAXIMUM_PEAK)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "samples up to %g, which cannot be audio; write the file again",
                    (double)bits_float(decoding->peak));
    else if (ends_early)
        verdict_set(verdict, CLIP_TRUNCATED,
                    "truncated: the header promises %zu samples, %zu could be decoded%s%.*s; "
                    "copy the file again",
                    file->promised_frames, decoding->segment.first + decoding->read,
                    failed ? ": " : "", failed ? words : 0, failure);
    else if (failed && file->promised_frames == SIZE_MAX)
        verdict_set(verdict, decoding->read > 0 ? CLIP_TRUNCATED : CLIP_UNREADABLE,
                    "decoding fails after %zu samples: %.*s (libsndfile); copy or convert the file "
                    "again",
                    decoding->read, words, failure);
    else if (segment_ends_early(file, decoding->settings, &decoding->segment, decoding->read))
        verdict_set(verdict, CLIP_BAD_SEGMENT, "ends at %g s, but the file is only %g s long",
                    decoding->settings->end_seconds,
                    (double)(decoding->segment.first + decoding->read) / file->rate);
    else if (length == 0 || length < minimum)
        verdict_set(verdict, CLIP_TOO_SHORT,
                    "too short: %zu samples at the model's rate, which needs at least %zu; "
                    "leave the clip out",
                    length, minimum == 0 ? 1 : minimum);
    else if (bits_float(decoding->loudest_mix) < DECODE_SILENT_PEAK)
        verdict_set(verdict, CLIP_SILENT,
                    "silent: no sample is louder than half a step of 16 bits");
}

void decoded_hash(struct decoded *decoded) {
    uint64_t seed = (uint64_t)decoded->rate << 8 | (uint64_t)decoded->channels << 1 |
                    (decoded->format == SAMPLES_INT16);
    XXH128_hash_t hash = XXH3_128bits_withSeed(decoded->samples, decoded->bytes, seed);
    decoded->facts.hash[0] = hash.low64;
    decoded->facts.hash[1] = hash.high64;
}

static void describe(const struct decoding *decoding) {
    struct decoded *decoded = decoding->decoded;
    const struct sound_file *file = decoding->file;
    const struct decode_settings *settings = decoding->settings;
    bool at_model_rate = settings->no_resample || decoding->state != NULL;
    decoded->samples = decoding->data;
    decoded->frames = decoding->stored;
    decoded->channels = decoding->mixes ? 1 : file->channels;
    decoded->rate = at_model_rate ? settings->model_rate : file->rate;
    decoded->format = decoding->sample_bytes == sizeof(int16_t) ? SAMPLES_INT16 : SAMPLES_FLOAT32;
    decoded->bytes = decoding->stored * (size_t)decoded->channels * decoding->sample_bytes;
    decoded->source_frames = decoding->read;
    decoded->facts.seconds = (double)decoding->read / (double)file->rate;
    decoded->peak = bits_float(decoding->peak);
    if (decoding->meter != NULL) sound_meter_end(decoding->meter, &decoded->facts.sound);
}

/* Chooses how samples are read, by the file's kind alone, and allocates what that needs. */
static enum error_code prepare(struct decoding *decoding, struct error *error) {
    const struct sound_file *file = decoding->file;
    const struct decode_settings *settings = decoding->settings;
    size_t channels = (size_t)file->channels;
    bool resamples = !settings->no_resample && file->rate != settings->model_rate &&
                     !device_resamples(file->rate);
    /* Mixing down here makes these smaller; 16-bit stereo would not become smaller. */
    decoding->mixes =
        channels > 2 || (channels == 2 && !file->sixteen_bits) || (channels == 2 && resamples);
    decoding->plain = !decoding->mixes && !resamples;
    decoding->sample_bytes =
        decoding->plain && file->sixteen_bits ? sizeof(int16_t) : sizeof(float);
    decoding->block_frames = BLOCK_SAMPLES / channels;
    if (file->container == CONTAINER_MPEG) decoding->block_frames = MPEG_BLOCK_FRAMES;
    if (!decoding->plain || decoding->segment.first > 0) {
        decoding->block = memory_array(BLOCK_SAMPLES, sizeof(float), "a block of samples", error);
        decoding->mixed = memory_array(BLOCK_SAMPLES, sizeof(float), "a block of samples", error);
    }
    if (settings->measure && error->code == ERROR_NONE)
        sound_meter_new(file->channels, file->rate, &decoding->meter, error);
    if (resamples && error->code == ERROR_NONE) {
        int failure = 0;
        decoding->state = src_new(RESAMPLER, 1, &failure);
        if (decoding->state == NULL)
            FAIL(error, ERROR_MEMORY, "libsamplerate: %s", src_strerror(failure));
    }
    return error->code;
}

static enum error_code decode_open_file(struct decoding *decoding, size_t position,
                                        struct error *error) {
    struct decoded *decoded = decoding->decoded;
    decoded->facts.channels = decoding->file->channels;
    decoded->facts.rate = decoding->file->rate;
    memcpy(decoded->source_kind, decoding->file->kind, sizeof decoded->source_kind);
    segment_choose(decoding->file, decoding->settings, &decoding->segment, &decoded->verdict);
    if (decoded->verdict.status != CLIP_OK) return ERROR_NONE;
    TRY(prepare(decoding, error));
    TRY(first_room(decoding, error));
    if (decoded->verdict.status == CLIP_OK)
        TRY(segment_begin(decoding->file, decoding->settings, &decoding->segment, position,
                          decoding->block, decoding->block_frames, &decoded->verdict, error));
    if (decoded->verdict.status != CLIP_OK) return ERROR_NONE;
    TRY(read_all(decoding, error));
    if (decoded->verdict.status == CLIP_OK) TRY(fix_length(decoding, error));
    describe(decoding);
    judge(decoding);
    decoded->facts.silent = decoded->verdict.status == CLIP_SILENT;
    return ERROR_NONE;
}

enum error_code decode_clip(struct sound_source *source, const struct decode_settings *settings,
                            struct decoded *decoded, struct error *error) {
    struct kept_files own = {0};
    struct kept_files *kept = settings->kept == NULL ? &own : settings->kept;
    struct kept_file *file = NULL;
    struct decoding decoding = {.settings = settings, .decoded = decoded};
    *decoded = (struct decoded){.buffer = decoded->buffer,
                                .capacity = decoded->capacity,
                                .target = decoded->target,
                                .target_capacity = decoded->target_capacity};
    kept_files_take(kept, source, settings, &file, &decoded->verdict);
    if (decoded->verdict.status == CLIP_OK) {
        decoding.file = &file->file;
        decode_open_file(&decoding, file->position, error);
        bool healthy =
            error->code == ERROR_NONE && !clip_status_is_unreadable(decoded->verdict.status);
        kept_files_give_back(kept, file, settings, decoding.segment.first + decoding.read, healthy);
    }
    kept_files_close(&own);
    if (decoding.state != NULL) src_delete(decoding.state);
    sound_meter_free(decoding.meter);
    free(decoding.block);
    free(decoding.mixed);
    return error->code;
}

void decoded_free(struct decoded *decoded) {
    free(decoded->buffer);
    *decoded = (struct decoded){0};
}
