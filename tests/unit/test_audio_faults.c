/* Audio faults in a whole collection: a thousand speech-like digits with planted faults, one
 * in a hundred clips for each kind, and how well the audit finds them. */
#include "host/audit/audit.h"
#include "host/embedding/duplicates.h"
#include "host/embedding/identical.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <math.h>
#include <samplerate.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define DIGITS 10
#define TAKES 100
#define CLIPS (DIGITS * TAKES)
#define PLANTED (CLIPS / 100) /* of each kind */
#define RATE 8000
#define LONGEST 5000

/* Kinds of planted faults: what is done to take PLANT_FIRST + kind of every digit. */
enum plant {
    PLANT_NONE = -1,
    PLANT_CLIPPED,
    PLANT_SILENCED,
    PLANT_CUT_FILE,
    PLANT_CUT_SHORT,
    PLANT_DOUBLED,
    PLANT_DOWNSAMPLED,
    PLANT_KINDS
};

static const struct {
    const char *name;
    enum audio_fault fault;
} plants[PLANT_KINDS] = {
    [PLANT_CLIPPED] = {"clipped", AUDIO_FAULT_CLIPPED},
    [PLANT_SILENCED] = {"silenced", AUDIO_FAULT_SILENT},
    [PLANT_CUT_FILE] = {"file cut", AUDIO_FAULT_TRUNCATED},
    [PLANT_CUT_SHORT] = {"cut to a few samples", AUDIO_FAULT_TOO_SHORT},
    [PLANT_DOUBLED] = {"doubled under another label", AUDIO_FAULT_IDENTICAL_OTHER_LABEL},
    [PLANT_DOWNSAMPLED] = {"downsampled and back", AUDIO_FAULT_NARROW_BAND},
};

static int16_t samples[LONGEST];

/* Every kind once in each digit, at takes that differ from digit to digit. */
static enum plant plant_of(int digit, int take) {
    int place = (take + TAKES - (digit * 37 + 11) % TAKES) % TAKES;
    return place % 7 == 0 && place / 7 < PLANT_KINDS ? (enum plant)(place / 7) : PLANT_NONE;
}

static const char *clip_file(int digit, int take, bool doubled) {
    char name[64];
    snprintf(name, sizeof name, "digits/%d/take%03d%s.wav", (digit + (doubled ? 3 : 0)) % DIGITS,
             take, doubled ? "again" : "");
    return test_path(test_folder, name);
}

/* Resamples to half the rate and back. */
static void narrow(size_t frames) {
    static float full[LONGEST], half[LONGEST];
    for (size_t i = 0; i < frames; i++) full[i] = (float)samples[i];
    SRC_DATA data = {.data_in = full,
                     .data_out = half,
                     .input_frames = (long)frames,
                     .output_frames = LONGEST,
                     .src_ratio = 0.5};
    assert_int_equal(src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1), 0);
    data = (SRC_DATA){.data_in = half,
                      .data_out = full,
                      .input_frames = data.output_frames_gen,
                      .output_frames = (long)frames,
                      .src_ratio = 2};
    assert_int_equal(src_simple(&data, SRC_SINC_MEDIUM_QUALITY, 1), 0);
    for (size_t i = 0; i < frames; i++)
        samples[i] = i < (size_t)data.output_frames_gen ? (int16_t)lrintf(full[i]) : 0;
}

/* 12 dB above full scale. */
static void overdrive(size_t frames) {
    int peak = 1;
    for (size_t i = 0; i < frames; i++) peak = abs(samples[i]) > peak ? abs(samples[i]) : peak;
    for (size_t i = 0; i < frames; i++) {
        double value = samples[i] * 4.0 * 32768 / peak;
        samples[i] = (int16_t)fmax(-32768, fmin(32767, value));
    }
}

static void write_digit(int digit, int take) {
    const int format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
    const unsigned seed = (unsigned)(digit * TAKES + take);
    const enum plant plant = plant_of(digit, take);
    const double loudness = 0.1 + 0.9 * (double)(signal_hash(seed, 1, 1) % 1000) / 1000;
    size_t frames = 2400 + signal_hash(seed, 1, 2) % (LONGEST - 2400);
    const char *path = clip_file(digit, take, false);
    signal_speech(samples, frames, RATE, seed);
    for (size_t i = 0; i < frames; i++) samples[i] = (int16_t)lrint(loudness * samples[i]);
    if (plant == PLANT_CLIPPED) overdrive(frames);
    if (plant == PLANT_SILENCED) memset(samples, 0, sizeof samples);
    if (plant == PLANT_DOWNSAMPLED) narrow(frames);
    if (plant == PLANT_CUT_SHORT) frames = 1 + (size_t)digit * 20;
    test_file_write(path, "", 0); /* creates the folders */
    test_sound_int16(path, format, RATE, 1, samples, frames);
    if (plant == PLANT_CUT_FILE) test_file_cut(path, 44 + frames);
    if (plant == PLANT_DOUBLED)
        test_sound_int16(clip_file(digit, take, true), format, RATE, 1, samples, frames);
}

static void make_digits(void) {
    for (int digit = 0; digit < DIGITS; digit++) /* so that every folder exists for the twins */
        test_file_write(clip_file(digit, 0, false), "", 0);
    for (int digit = 0; digit < DIGITS; digit++)
        for (int take = 0; take < TAKES; take++) write_digit(digit, take);
}

/* The planted fault by a clip's path; a twin and its original are both duplicates. */
static enum plant plant_by_path(const char *path) {
    int digit = 0, take = 0;
    assert_int_equal(sscanf(path, "%d/take%d", &digit, &take), 2);
    if (strstr(path, "again") != NULL) return PLANT_DOUBLED;
    return plant_of(digit, take);
}

static void check_plant(const struct run_results *results, enum plant plant) {
    size_t planted = 0, found = 0, right = 0;
    for (size_t row = 0; row < results->clips.count; row++) {
        struct run_clip clip;
        results->clips.get(results->clips.context, row, &clip);
        bool is_planted = plant_by_path(clip.path) == plant;
        bool is_found = (clip.audio.faults >> plants[plant].fault & 1) != 0;
        planted += is_planted;
        found += is_found;
        right += is_planted && is_found;
    }
    double recall = (double)right / (double)planted;
    double precision = found == 0 ? 0 : (double)right / (double)found;
    printf("%-28s planted %2zu, found %2zu, recall %.3f, precision %.3f\n", plants[plant].name,
           planted, found, recall, precision);
    assert_int_equal(planted, plant == PLANT_DOUBLED ? 2 * PLANTED : PLANTED);
    assert_int_equal(results->audio_fault_counts[plants[plant].fault], found);
    assert_true(recall >= 0.95);
    assert_true(precision >= 0.95);
}

static void planted_faults(void **state) {
    (void)state;
    struct corpus corpus; /* for its small model */
    struct error error = ERROR_INITIAL;
    struct audit *audit = NULL;
    corpus_make(&corpus);
    make_digits();
    char input[512], out[512];
    snprintf(input, sizeof input, "%s", test_path(test_folder, "digits"));
    snprintf(out, sizeof out, "%s", test_path(test_folder, "out"));
    struct audit_settings settings = {
        .session = {.input = input,
                    .out = out,
                    .engine = {.device = "cpu", .threads = 2, .model_path = corpus.model},
                    .views = VIEWS_XVECTOR,
                    .progress = PROGRESS_QUIET},
        .detection = DETECTION_LOGISTIC,
    };
    settings.detection.crossval.c_auto = false; /* one fit a fold: labels are not tested here */
    settings.detection.crossval.c_count = 1;
    settings.detection.crossval.c_values[0] = 0.01;
    settings.detection.crossval.max_iterations = 5;
    audit_run(&settings, &audit, &error);
    assert_no_error(&error);
    const struct run_results *results = audit_results(audit);
    assert_int_equal(results->clips.count, CLIPS + PLANTED);
    for (int plant = 0; plant < PLANT_KINDS; plant++) check_plant(results, (enum plant)plant);
    /* Only the specified faults exclude a clip from the audit. */
    assert_int_equal(results->status_counts[CLIP_OK], CLIPS + PLANTED - 3 * PLANTED);
    for (int i = 0; i < CLIP_STATUS_COUNT; i++)
        if (i != CLIP_OK && i != CLIP_SILENT && i != CLIP_TRUNCATED && i != CLIP_TOO_SHORT)
            assert_int_equal(results->status_counts[i], 0);
    audit_close(audit);
    corpus_remove(&corpus);
}

/* ---- duplicates ---- */

static void identical_by_every_pair(void **state) {
    (void)state;
    enum { ROWS = 200 };
    uint64_t hashes[ROWS][2];
    int32_t labels[ROWS];
    size_t same[ROWS], other[ROWS];
    struct error error = ERROR_INITIAL;
    for (unsigned seed = 0; seed < 50; seed++) {
        for (uint32_t i = 0; i < ROWS; i++) {
            hashes[i][0] = signal_hash(seed, 1, i) % (10 + seed * 4);
            hashes[i][1] = signal_hash(seed, 2, i) % 3;
            labels[i] = (int32_t)(signal_hash(seed, 3, i) % 4) - 1;
        }
        identical_find((const uint64_t(*)[2])hashes, labels, ROWS, same, other, &error);
        assert_no_error(&error);
        for (size_t i = 0; i < ROWS; i++) {
            size_t expected[2] = {SIZE_MAX, SIZE_MAX};
            for (size_t j = ROWS; j-- > 0;)
                if (j != i && memcmp(hashes[i], hashes[j], sizeof hashes[i]) == 0)
                    expected[labels[i] == labels[j] ? 0 : 1] = j;
            assert_true(same[i] == expected[0]);
            assert_true(other[i] == expected[1]);
        }
    }
}

/* Neighbours with the same samples are skipped: they are reported as identical. */
static void near_duplicates(void **state) {
    (void)state;
    const struct clip_measures measures[] = {{.facts.hash = {1, 1}},
                                             {.facts.hash = {1, 1}},
                                             {.facts.hash = {2, 1}},
                                             {.facts.hash = {1, 3}}};
    const size_t neighbours[] = {1, 2, 3};
    const float similarities[] = {1.0F, 0.995F, 0.9F};
    struct clip_relations relations[4] = {CLIP_RELATIONS_INITIAL};
    duplicates_take_neighbours(measures, 0, neighbours, similarities, 1, relations);
    assert_true(relations[0].near_duplicate == SIZE_MAX);
    duplicates_take_neighbours(measures, 0, neighbours, similarities, 3, relations);
    assert_true(relations[0].near_duplicate == 2);
    assert_true(relations[0].similarity == 0.995F);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_faults),
        cmocka_unit_test(identical_by_every_pair),
        cmocka_unit_test(near_duplicates),
    };
    return cmocka_run_group_tests_name("audio faults", tests, test_folder_begin, test_folder_end);
}
