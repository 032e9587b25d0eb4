/* The measures of a sound, on both sides of every threshold. */
#include "host/sound/audio_faults.h"
#include "host/sound/sound_measures.h"
#include "host/sound/spectrum.h"
#include "tests/support/signal.h"

#include <math.h>
#include <samplerate.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)16000)
#define PI 3.14159265358979323846

static float sound[FRAMES * 3];
static int16_t speech[FRAMES];

/* Measures `frames` of `sound`, `block` at a time. */
static struct sound_measures measure_blocks(int channels, int rate, size_t frames, size_t block) {
    struct error error = ERROR_INITIAL;
    struct sound_meter *meter = NULL;
    struct sound_measures measures;
    assert_int_equal(sound_meter_new(channels, rate, &meter, &error), ERROR_NONE);
    for (size_t first = 0; first < frames; first += block)
        sound_meter_add(meter, sound + first * (size_t)channels, SAMPLES_FLOAT32,
                        block < frames - first ? block : frames - first);
    sound_meter_end(meter, &measures);
    sound_meter_free(meter);
    return measures;
}

static struct sound_measures measure(void) {
    return measure_blocks(1, 16000, FRAMES, FRAMES);
}

static bool has(struct sound_measures measures, enum audio_fault fault) {
    const struct clip_audio audio = {
        .measured = true, .facts.sound = measures, .relations = CLIP_RELATIONS_INITIAL};
    return (audio_faults_judge(CLIP_OK, &audio) >> fault & 1) != 0;
}

static void make_sine(double amplitude, double frequency) {
    for (size_t i = 0; i < FRAMES; i++)
        sound[i] = (float)(amplitude * sin(2 * PI * frequency * (double)i / 16000));
}

/* Speech with every sample times `gain`, clipped to 16 bits. */
static void make_speech(double gain, unsigned seed) {
    signal_speech(speech, FRAMES, 16000, seed);
    for (size_t i = 0; i < FRAMES; i++) {
        double value = fmax(-32768, fmin(32767, nearbyint(gain * speech[i])));
        sound[i] = (float)(value / 32768);
    }
}

static double near(double found, double expected, double tolerance) {
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%g instead of %g", found, expected);
    return found;
}

static void level_peak_and_offset(void **state) {
    (void)state;
    make_sine(0.5, 1000);
    struct sound_measures measures = measure();
    near((double)measures.peak, 0.5, 1e-6);
    near((double)measures.level, 20 * log10(0.5 / sqrt(2.0)), 1e-3);
    near((double)measures.offset, 0, 1e-6);
    for (size_t i = 0; i < FRAMES; i++) sound[i] -= 0.25F;
    measures = measure();
    near((double)measures.peak, 0.75, 1e-6);
    near((double)measures.level, 20 * log10(0.5 / sqrt(2.0)), 1e-3); /* without the offset */
    near((double)measures.offset, -0.25, 1e-6);
}

static void nearly_silent(void **state) {
    (void)state;
    make_sine(sqrt(2.0) * pow(10, -60.1 / 20), 440);
    assert_true(has(measure(), AUDIO_FAULT_NEARLY_SILENT));
    make_sine(sqrt(2.0) * pow(10, -59.9 / 20), 440);
    assert_false(has(measure(), AUDIO_FAULT_NEARLY_SILENT));
}

static void dc_offset(void **state) {
    (void)state;
    for (int side = -1; side <= 1; side += 2)
        for (int more = 0; more <= 1; more++) {
            make_sine(0.1, 440);
            for (size_t i = 0; i < FRAMES; i++)
                sound[i] += (float)side * (more == 1 ? 0.0101F : 0.0099F);
            assert_int_equal(has(measure(), AUDIO_FAULT_DC_OFFSET), more);
        }
}

static void digital_silence(void **state) {
    (void)state;
    for (int more = 0; more <= 1; more++) {
        make_speech(1, 3);
        for (size_t i = 0; i < FRAMES; i++) /* so that pauses of speech are not digital silence */
            if (i >= (more == 1 ? FRAMES / 2 - 300 : FRAMES / 2 + 300)) sound[i] = 0.125F;
        near((double)measure().silence_share, 0.5, 0.04);
        assert_int_equal(has(measure(), AUDIO_FAULT_DIGITAL_SILENCE), more);
    }
}

/* Four of a thousand samples at full scale, in pairs, or slightly fewer. */
static void clipped_share(void **state) {
    (void)state;
    for (size_t pairs = 31; pairs <= 32; pairs++) {
        make_sine(0.3, 440);
        for (size_t i = 0; i < pairs; i++) sound[400 * i] = sound[400 * i + 1] = 1;
        near((double)measure().clipped_share, (double)(2 * pairs) / FRAMES, 1e-9);
        assert_int_equal(has(measure(), AUDIO_FAULT_CLIPPED), pairs == 32);
    }
    /* Single samples at full scale are not a flat top. */
    make_sine(0.3, 440);
    for (size_t i = 0; i < 100; i++) sound[160 * i] = 1;
    assert_true(measure().clipped_share == 0);
}

static void clipped_speech(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < 20; seed++) {
        make_speech(1, seed);
        struct sound_measures plain = measure();
        assert_false(has(plain, AUDIO_FAULT_CLIPPED));
        const double to_full_scale = 1.0 / (double)plain.peak;
        make_speech(0.99 * to_full_scale, seed);
        assert_false(has(measure(), AUDIO_FAULT_CLIPPED));
        make_speech(4 * to_full_scale, seed);
        assert_true(has(measure(), AUDIO_FAULT_CLIPPED));
        for (size_t i = 0; i < FRAMES; i++) sound[i] *= 0.2F; /* attenuated afterwards */
        assert_true(has(measure(), AUDIO_FAULT_CLIPPED));
    }
}

/* Naturally flat: low and coarsely quantised sounds that were never clipped. */
static void not_clipped(void **state) {
    (void)state;
    make_sine(0.9, 20);
    for (size_t i = 0; i < FRAMES; i++) sound[i] = nearbyintf(sound[i] * 32768) / 32768;
    assert_false(has(measure(), AUDIO_FAULT_CLIPPED));
    for (size_t i = 0; i < FRAMES; i++) sound[i] = nearbyintf(sound[i] * 100) / 128; /* 8 bits */
    assert_false(has(measure(), AUDIO_FAULT_CLIPPED));
    memset(sound, 0, sizeof sound);
    assert_false(has(measure(), AUDIO_FAULT_CLIPPED));
}

/* Resampled to `ratio` times the rate and back, by libsamplerate; rounded to 16 bits. */
static void resample(double ratio) {
    static float other[FRAMES];
    SRC_DATA data = {.data_in = sound,
                     .data_out = other,
                     .input_frames = FRAMES,
                     .output_frames = FRAMES,
                     .src_ratio = ratio};
    assert_int_equal(src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1), 0);
    data = (SRC_DATA){.data_in = other,
                      .data_out = sound,
                      .input_frames = data.output_frames_gen,
                      .output_frames = FRAMES,
                      .src_ratio = 1 / ratio};
    assert_int_equal(src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1), 0);
    for (size_t i = 0; i < FRAMES; i++) sound[i] = nearbyintf(sound[i] * 32768) / 32768;
}

/* Half and a third of the rate are reported, two thirds and more are not. */
static void narrow_band(void **state) {
    (void)state;
    const struct {
        double ratio;
        bool narrow;
    } cases[] = {{0.99, false}, {0.7, false}, {0.5, true}, {1.0 / 3, true}};
    for (size_t k = 0; k < 4; k++)
        for (unsigned seed = 0; seed < 10; seed++) {
            for (size_t i = 0; i < FRAMES; i++) /* white noise of changing level */
                sound[i] = 0.3F / (1.0F + (float)seed * 10) *
                           ((float)signal_hash(seed, 1, (uint32_t)i) / 2147483648.0F - 1);
            if (cases[k].ratio < 0.99) resample(cases[k].ratio);
            struct sound_measures measures = measure();
            if (has(measures, AUDIO_FAULT_NARROW_BAND) != cases[k].narrow)
                fail_msg("ratio %g, seed %u: %g dB at %g Hz", cases[k].ratio, seed,
                         (double)measures.band_drop, (double)measures.bandwidth);
            if (cases[k].narrow) near((double)measures.bandwidth, 8000 * cases[k].ratio, 600);
        }
}

/* A pure tone, or a sound too quiet for its band to stand out, gives no result. */
static void band_unknown(void **state) {
    (void)state;
    make_sine(0.5, 300);
    assert_false(has(measure(), AUDIO_FAULT_NARROW_BAND));
    for (size_t i = 0; i < FRAMES; i++) sound[i] = (float)((i / 7) % 3) / 32768;
    resample(0.5);
    assert_false(has(measure(), AUDIO_FAULT_NARROW_BAND));
    assert_false(has(measure_blocks(1, 16000, 100, 100), AUDIO_FAULT_NARROW_BAND));
    struct sound_measures none = measure_blocks(1, 16000, 0, 1);
    assert_true(none.level == -200 && none.peak == 0 && none.bandwidth == 0);
}

/* The drop of the spectrum, on both sides of its threshold and at every edge. */
static void cliff_depth(void **state) {
    (void)state;
    for (size_t edge = 4; edge <= 17; edge++)
        for (int more = -1; more <= 1; more += 2) {
            float bands[SPECTRUM_BANDS];
            size_t found = 0;
            const float ordinary = edge < 14 ? 2.2F * (float)(14 - edge) : 0;
            /* The slope of a filter between them. */
            for (size_t b = 0; b < SPECTRUM_BANDS; b++)
                bands[b] = b + 1 < edge               ? -30
                           : b < edge + 1 + edge / 14 ? -35
                                                      : -30 - (18 + (float)more + ordinary);
            const float drop = spectrum_cliff(bands, &found);
            near((double)drop, 18 + more, 1e-3);
            assert_int_equal(found, edge);
            assert_int_equal(
                has((struct sound_measures){.band_drop = drop}, AUDIO_FAULT_NARROW_BAND), more > 0);
        }
}

/* A sine of full scale is -3 dB in its band; leakage stays far below. */
static void spectrum_is_calibrated(void **state) {
    (void)state;
    struct spectrum spectrum = {0};
    float bands[SPECTRUM_BANDS];
    make_sine(1, 2625);
    for (size_t i = 0; i + SPECTRUM_FRAME <= FRAMES; i += SPECTRUM_FRAME)
        spectrum_add(&spectrum, sound + i);
    spectrum_bands(&spectrum, bands);
    near((double)bands[10], -3.01, 0.1);
    for (size_t b = 0; b < SPECTRUM_BANDS; b++)
        if (b < 8 || b > 12) assert_true(bands[b] < -70);
}

static void the_same_however_cut(void **state) {
    (void)state;
    for (int channels = 1; channels <= 3; channels++) {
        for (size_t i = 0; i < FRAMES * 3; i++)
            sound[i] = (float)(int16_t)(signal_hash(1, 2, (uint32_t)i) >> 18) / 32768.0F - 0.2F;
        struct sound_measures whole = measure_blocks(channels, 16000, FRAMES, FRAMES);
        const size_t blocks[] = {1, 255, 256, 257, 1152};
        for (size_t k = 0; k < 5; k++) {
            struct sound_measures cut = measure_blocks(channels, 16000, FRAMES, blocks[k]);
            assert_memory_equal(&cut, &whole, sizeof cut);
        }
    }
}

/* Each channel is compared with its own extreme. */
static void channels(void **state) {
    (void)state;
    for (size_t i = 0; i < FRAMES; i++) {
        sound[2 * i] = 0.1F * (float)sin((double)i);
        sound[2 * i + 1] = i % 100 < 2 ? 0.5F : 0.2F * (float)sin((double)i);
    }
    struct sound_measures measures = measure_blocks(2, 8000, FRAMES, 1000);
    near((double)measures.clipped_share, 0.01, 1e-6);
    near((double)measures.peak, 0.5, 1e-6);
    near((double)measures.offset, 0.01, 1e-3);
}

static void statuses_are_faults(void **state) {
    (void)state;
    const struct clip_audio nothing = CLIP_AUDIO_INITIAL;
    assert_int_equal(audio_faults_judge(CLIP_SILENT, &nothing), 1U << AUDIO_FAULT_SILENT);
    assert_int_equal(audio_faults_judge(CLIP_TRUNCATED, &nothing), 1U << AUDIO_FAULT_TRUNCATED);
    assert_int_equal(audio_faults_judge(CLIP_TOO_SHORT, &nothing), 1U << AUDIO_FAULT_TOO_SHORT);
    assert_int_equal(audio_faults_judge(CLIP_UNREADABLE, &nothing), 0);
    assert_int_equal(audio_faults_judge(CLIP_NO_LABEL, &nothing), 0);
    for (int more = 0; more <= 1; more++) {
        const struct clip_audio audio = {
            .measured = true,
            .relations = {.identical_same_label = more == 1 ? 7 : CLIP_NO_RELATION,
                          .identical_other_label = CLIP_NO_RELATION,
                          .near_duplicate = 3,
                          .similarity = more == 1 ? 0.9901F : 0.9899F}};
        assert_int_equal(
            audio_faults_judge(CLIP_OK, &audio),
            more * (1 << AUDIO_FAULT_NEAR_DUPLICATE | 1 << AUDIO_FAULT_IDENTICAL_SAME_LABEL));
    }
}

static void names_and_back(void **state) {
    (void)state;
    for (uint32_t faults = 0; faults < 1U << AUDIO_FAULT_COUNT; faults++) {
        struct text text = TEXT_INITIAL;
        text_string(&text, "");
        audio_faults_names(&text, faults);
        assert_int_equal(audio_faults_parse(text.length == 0 ? "" : text.data), faults);
        text_free(&text);
    }
    assert_int_equal(audio_faults_parse("clipped;unheard_of;;clippe"), 1U << AUDIO_FAULT_CLIPPED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_peak_and_offset),
        cmocka_unit_test(nearly_silent),
        cmocka_unit_test(dc_offset),
        cmocka_unit_test(digital_silence),
        cmocka_unit_test(clipped_share),
        cmocka_unit_test(clipped_speech),
        cmocka_unit_test(not_clipped),
        cmocka_unit_test(narrow_band),
        cmocka_unit_test(band_unknown),
        cmocka_unit_test(cliff_depth),
        cmocka_unit_test(spectrum_is_calibrated),
        cmocka_unit_test(the_same_however_cut),
        cmocka_unit_test(channels),
        cmocka_unit_test(statuses_are_faults),
        cmocka_unit_test(names_and_back),
    };
    return cmocka_run_group_tests_name("sound measures", tests, NULL, NULL);
}
