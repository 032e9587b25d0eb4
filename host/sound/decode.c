#include "host/sound/decode.h"

#include "host/base/memory.h"
#include "host/sound/channel_mix.h"
#include "host/sound/kept_files.h"
#include "host/sound/peaks.h"
#include "host/sound/second_pass.h"
#include "host/sound/segment.h"
#include "host/sound/sound_file.h"
#include "host/sound/sound_measures.h"

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
    bool mixes;     /* the result is mono, the source not */
    bool alone;     /* it is one channel, since all together cancel */
    size_t channel; /* that one */
    struct channel_mix mix;
    float level;               /* of the mean against unrelated channels, dB */
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
    struct sound_file *file = decoding->file;
    *got = small ? file->reader->read_short(file, (int16_t *)(void *)place, frames)
                 : file->reader->read_float(file, (float *)(void *)place, frames);
    const void *samples = place;
    if (small) {
        decoding->peak = peak_int16(samples, *got * channels, decoding->peak);
        decoding->loudest_mix =
            channels == 1 ? decoding->peak : peak_stereo_mean(samples, *got, decoding->loudest_mix);
        if (channels == 2) channel_mix_add_stereo(&decoding->mix, samples, *got);
    } else {
        decoding->peak = peak_float(samples, *got * channels, decoding->peak);
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
    *got = decoding->file->reader->read_float(decoding->file, decoding->block, frames);
    if (decoding->alone) {
        for (size_t i = 0; i < *got; i++)
            decoding->mixed[i] = decoding->block[i * channels + decoding->channel];
    } else {
        decoding->peak = peak_float(decoding->block, *got * channels, decoding->peak);
        if (decoding->meter != NULL)
            sound_meter_add(decoding->meter, decoding->block, SAMPLES_FLOAT32, *got);
        channel_mix_mean(decoding->block, channels, decoding->mixed, *got);
        if (channels > 1)
            channel_mix_add(&decoding->mix, decoding->block, channels, decoding->mixed, *got);
    }
    decoding->loudest_mix = peak_float(decoding->mixed, *got, decoding->loudest_mix);
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
        if (got == 0 || decoding->peak >= PEAK_INFINITE) return ERROR_NONE;
        if (decoding->read > most) {
            verdict_set_lasting(&decoding->decoded->verdict, CLIP_UNREADABLE,
                                "longer than %d s; cut it into clips", DECODE_MAXIMUM_SECONDS);
            return ERROR_NONE;
        }
    }
    return ERROR_NONE;
}

/* ---- channels that cancel ---- */

/* Decodes the clip again, from a file opened anew: not every decoder can go back. */
static enum error_code decode_alone(struct decoding *decoding, struct error *error) {
    struct second_pass pass = {decoding->settings, decoding->segment.first + decoding->read};
    const struct decode_settings settings = second_pass_settings(&pass);
    struct verdict *verdict = &decoding->decoded->verdict;
    if (sound_file_reopen(decoding->file, verdict) != CLIP_OK) return ERROR_NONE;
    decoding->read = decoding->stored = 0;
    decoding->loudest_mix = 0;
    if (decoding->state != NULL) src_reset(decoding->state);
    TRY(segment_begin(decoding->file, &settings, &decoding->segment, 0, decoding->block,
                      decoding->block_frames, verdict, error));
    if (verdict->status != CLIP_OK) return ERROR_NONE;
    decoding->settings = &settings;
    read_all(decoding, error);
    decoding->settings = pass.first;
    return error->code;
}

/* Of two channels, in their place. */
static void keep_channel(struct decoding *decoding) {
    int16_t *samples = decoding->data;
    for (size_t i = 0; i < decoding->stored; i++) samples[i] = samples[2 * i + decoding->channel];
    decoding->loudest_mix = peak_int16(samples, decoding->stored, 0);
}

/* Replaces the mean of channels that cancel by the loudest one. */
static enum error_code unmix(struct decoding *decoding, struct error *error) {
    const size_t channels = (size_t)decoding->file->channels;
    if (decoding->peak >= PEAK_INFINITE) return ERROR_NONE; /* judge() gives the reason */
    decoding->level = channel_mix_level(&decoding->mix, channels);
    if (!channel_mix_cancels(decoding->level)) return ERROR_NONE;
    decoding->alone = true;
    decoding->channel = channel_mix_loudest(&decoding->mix, channels);
    if (decoding->mixes) return decode_alone(decoding, error);
    keep_channel(decoding);
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
    bool finite = decoding->peak < PEAK_INFINITE; /* otherwise judge() gives the reason */
    if (finite && peak_float(decoding->data, decoding->stored, 0) >= PEAK_INFINITE)
        verdict_set_lasting(&decoding->decoded->verdict, CLIP_UNREADABLE,
                            "samples up to %g, too large to be resampled",
                            (double)peak_value(decoding->peak));
    return ERROR_NONE;
}

/* Sets the verdict by the first thing that is wrong with the whole clip. */
static void judge(const struct decoding *decoding) {
    const struct decoded *decoded = decoding->decoded;
    struct verdict *verdict = &decoding->decoded->verdict;
    struct sound_file *file = decoding->file;
    bool ends_early =
        file->promised_frames != SIZE_MAX && decoding->read < decoding->segment.wanted;
    const char *failure = file->reader->failure(file);
    bool failed = failure != NULL;
    int words = failed ? (int)sound_failure_length(failure) : 0;
    size_t minimum = decoding->settings->minimum_samples;
    size_t length = decoded->rate == decoding->settings->model_rate
                        ? decoded->frames
                        : device_resampled_length(decoded->frames, decoded->rate);
    if (verdict->status != CLIP_OK) return;
    if (file->failure != 0)
        verdict_set(verdict, CLIP_UNREADABLE,
                    "cannot read on after %zu samples: %s; check its disk or mount", decoding->read,
                    strerror(file->failure));
    else if (decoding->peak >= PEAK_INFINITE)
        verdict_set_lasting(verdict, CLIP_UNREADABLE,
                            "holds NaN or infinite samples; write the file again");
    else if (peak_value(decoding->peak) > DECODE_MAXIMUM_PEAK)
        verdict_set_lasting(verdict, CLIP_UNREADABLE,
                            "samples up to %g, which cannot be audio; write the file again",
                            (double)peak_value(decoding->peak));
    else if (ends_early)
        verdict_set_lasting(
            verdict, CLIP_TRUNCATED,
            "truncated: the header promises %zu samples, %zu could be decoded%s%.*s; "
            "copy the file again",
            file->promised_frames, decoding->segment.first + decoding->read, failed ? ": " : "",
            words, failed ? failure : "");
    else if (failed && file->promised_frames == SIZE_MAX)
        verdict_set_lasting(
            verdict, decoding->read > 0 ? CLIP_TRUNCATED : CLIP_UNREADABLE,
            "decoding fails after %zu samples: %.*s (%s); copy or convert the file again",
            decoding->read, words, failure, file->reader->library);
    else if (segment_ends_early(file, decoding->settings, &decoding->segment, decoding->read))
        verdict_set_lasting(verdict, CLIP_BAD_SEGMENT,
                            "ends at %g s, but the file is only %g s long",
                            decoding->settings->end_seconds,
                            (double)(decoding->segment.first + decoding->read) / file->rate);
    else if (length == 0 || length < minimum)
        verdict_set_lasting(verdict, CLIP_TOO_SHORT,
                            "too short: %zu samples at the model's rate, which needs at least %zu; "
                            "leave the clip out",
                            length, minimum == 0 ? 1 : minimum);
    else if (peak_value(decoding->loudest_mix) < DECODE_SILENT_PEAK)
        verdict_set(verdict, CLIP_SILENT, DECODE_SILENT_REASON);
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
    decoded->channels = decoding->mixes || decoding->alone ? 1 : file->channels;
    decoded->rate = at_model_rate ? settings->model_rate : file->rate;
    decoded->format = decoding->sample_bytes == sizeof(int16_t) ? SAMPLES_INT16 : SAMPLES_FLOAT32;
    decoded->bytes = decoding->stored * (size_t)decoded->channels * decoding->sample_bytes;
    decoded->source_frames = decoding->read;
    decoded->facts.seconds = (double)decoding->read / (double)file->rate;
    decoded->peak = peak_value(decoding->peak);
    if (decoding->meter != NULL) sound_meter_end(decoding->meter, &decoded->facts.sound);
    decoded->facts.sound.channels_cancel = decoding->level;
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
    decoded->facts.unfinished = decoding->file->layout.unfinished;
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
    if (decoded->verdict.status == CLIP_OK) TRY(unmix(decoding, error));
    if (decoding->file->handle == NULL) return ERROR_NONE; /* it could not be opened again */
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
        if (!sound_file_is_certain(&file->file)) decoded->verdict.lasts = 0;
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
