/* Every sound format against another decoder: files written by SoX and the samples that SoX
 * decodes (tests/golden/formats, with the script that makes it). */
#include "host/sound/decode.h"
#include "tests/support/decode_path.h"
#include "tests/support/sound_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define GOLDEN "tests/golden/formats"
#define MAXIMUM_ROWS 100
#define STEP (1.0 / 32768.0) /* of 16 bits */

/* More than the delay of any coder of MP3, encoder and decoder together. */
#define MAXIMUM_SHIFT ((size_t)3000)
#define MINIMUM_COMMON ((size_t)2000) /* frames in the clip and in the reference */

struct row {
    char name[32];
    char kind[24];
    char comparison[16];
    int rate;
    int channels;
    size_t frames;
};

static struct row rows[MAXIMUM_ROWS];
static size_t row_count;

/* Without resampling, so that only the decoder is compared. */
static const struct decode_settings as_they_come = {.model_rate = 16000, .no_resample = true};

static int read_table(void **state) {
    (void)state;
    FILE *table = fopen(GOLDEN "/table.tsv", "r");
    assert_non_null(table);
    struct row row;
    while (fscanf(table, "%31[^\t]\t%23[^\t]\t%15[^\t]\t%d\t%d\t%zu\n", row.name, row.kind,
                  row.comparison, &row.rate, &row.channels, &row.frames) == 6) {
        assert_true(row_count < MAXIMUM_ROWS);
        rows[row_count++] = row;
    }
    assert_true(feof(table));
    assert_int_equal(fclose(table), 0);
    return 0;
}

/* The reference as float32 (*frames), mixed down like the decoded clip, to be freed. */
static float *read_reference(const struct row *row, int channels, size_t *frames) {
    char name[sizeof row->name + 4];
    size_t size = 0;
    snprintf(name, sizeof name, "%.31s.s32", row->name);
    unsigned char *bytes = test_file_read(test_path(GOLDEN, name), &size);
    size_t sources = (size_t)row->channels;
    size_t mixed = sources / (size_t)channels;
    *frames = size / (sizeof(int32_t) * sources);
    assert_int_equal(*frames * sources * sizeof(int32_t), size);
    float *values = calloc(*frames * (size_t)channels, sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < *frames * (size_t)channels; i++) {
        double sum = 0;
        for (size_t c = 0; c < mixed; c++) {
            int32_t value;
            memcpy(&value, bytes + (i * mixed + c) * sizeof value, sizeof value);
            sum += (double)((float)value / 2147483648.0F);
        }
        values[i] = (float)(sum / (double)mixed);
    }
    free(bytes);
    return values;
}

static float decoded_value(const struct decoded *decoded, size_t index) {
    if (decoded->format == SAMPLES_INT16)
        return (float)((const int16_t *)decoded->samples)[index] / 32768.0F;
    return ((const float *)decoded->samples)[index];
}

/* The largest difference from the reference if the clip begins at its frame `shift`. */
static double difference(const struct decoded *decoded, const float *reference, size_t frames,
                         size_t shift) {
    double largest = 0;
    size_t channels = (size_t)decoded->channels;
    for (size_t i = 0; i < frames * channels; i++) {
        double by =
            fabs((double)decoded_value(decoded, i) - (double)reference[shift * channels + i]);
        if (!(by <= largest)) largest = by;
    }
    return largest;
}

static void decode(const struct row *row, struct decoded *decoded) {
    struct error error = ERROR_INITIAL;
    if (decode_path(test_path(GOLDEN, row->name), &as_they_come, decoded, &error) != ERROR_NONE)
        fail_msg("%s: %s", row->name, error.message);
}

static void decode_ok(const struct row *row, struct decoded *decoded) {
    decode(row, decoded);
    if (decoded->verdict.status != CLIP_OK) fail_msg("%s: %s", row->name, decoded->verdict.reason);
    assert_string_equal(decoded->verdict.reason, "");
    assert_string_equal(decoded->source_kind, row->kind);
    assert_int_equal(decoded->facts.rate, row->rate);
    assert_int_equal(decoded->facts.channels, row->channels);
    if (row->frames > 0) assert_int_equal(decoded->source_frames, row->frames);
}

/* Decodes the rows of one comparison and checks `tolerance`; returns the number of rows. */
static size_t compare(const char *comparison, double tolerance, size_t maximum_shift) {
    struct decoded decoded = {0};
    size_t compared = 0;
    for (size_t i = 0; i < row_count; i++) {
        const struct row *row = &rows[i];
        if (strcmp(row->comparison, comparison) != 0) continue;
        decode_ok(row, &decoded);
        size_t frames = 0;
        float *reference = read_reference(row, decoded.channels, &frames);
        double best = INFINITY;
        for (size_t shift = 0; shift <= maximum_shift && shift < frames; shift++) {
            size_t common = frames - shift < decoded.frames ? frames - shift : decoded.frames;
            /* Without a shift everything is compared, with a shift nearly everything. */
            if (maximum_shift == 0 ? decoded.frames != frames : common < MINIMUM_COMMON) continue;
            double by = difference(&decoded, reference, common, shift);
            if (by < best) best = by;
        }
        if (!(best <= tolerance))
            fail_msg("%s: off by %g steps of 16 bits; %zu frames, the reference %zu", row->name,
                     best / STEP, decoded.frames, frames);
        free(reference);
        compared++;
    }
    decoded_free(&decoded);
    return compared;
}

static void every_sample(void **state) {
    (void)state;
    assert_true(compare("exact", 0, 0) > 0);
}

/* The reference has only 16 bits. */
static void coders_with_loss(void **state) {
    (void)state;
    assert_true(compare("step", STEP, 0) > 0);
    assert_true(compare("shifted", STEP, MAXIMUM_SHIFT) > 0);
}

static void what_is_refused(void **state) {
    (void)state;
    struct decoded decoded = {0};
    size_t refused = 0;
    for (size_t i = 0; i < row_count; i++) {
        if (strcmp(rows[i].comparison, "refused") != 0) continue;
        decode(&rows[i], &decoded);
        if (decoded.verdict.status != CLIP_UNREADABLE ||
            (strstr(decoded.verdict.reason, "not a known sound file") == NULL &&
             strstr(decoded.verdict.reason, "a codec that is not supported") == NULL &&
             strstr(decoded.verdict.reason, "needs FFmpeg's libraries") == NULL))
            fail_msg("%s: %s: %s", rows[i].name, clip_status_name(decoded.verdict.status),
                     decoded.verdict.reason);
        /* The format to convert to. */
        assert_non_null(strstr(decoded.verdict.reason, "FLAC"));
        refused++;
    }
    assert_true(refused > 0);
    decoded_free(&decoded);
}

static bool is_in_table(const char *kind, int rate, int channels) {
    for (size_t i = 0; i < row_count; i++)
        if ((kind == NULL || strcmp(rows[i].kind, kind) == 0) &&
            (rate == 0 || rows[i].rate == rate) && (channels == 0 || rows[i].channels == channels))
            return true;
    return false;
}

/* The formats that README lists. */
static void the_table_is_complete(void **state) {
    (void)state;
    static const char *const kinds[] = {
        "WAV PCM_U8",  "WAV PCM_16",     "WAV PCM_24",    "WAV PCM_32",    "WAV FLOAT",
        "WAV DOUBLE",  "WAV ULAW",       "WAV ALAW",      "WAV IMA_ADPCM", "WAV MS_ADPCM",
        "RF64 PCM_16", "FLAC PCM_S8",    "FLAC PCM_16",   "FLAC PCM_24",   "Ogg VORBIS",
        "Ogg OPUS",    "MPEG LAYER_III", "MPEG LAYER_II", "AIFF PCM_S8",   "AIFF PCM_16",
        "AIFF PCM_24", "AIFF PCM_32",    "AU ULAW",       "AU ALAW",       "AU PCM_S8",
        "W64 PCM_16",  "CAF PCM_16",     "CAF ALAC_16",   "AVR PCM_16",    "SPHERE PCM_16",
        "SPHERE ULAW", "IRCAM PCM_16",   "PAF PCM_16",    "PVF PCM_16",    "HTK PCM_16",
        "WVE ALAW",    "WAV GSM610",     "AU PCM_16",     "AU PCM_24",     "AU PCM_32",
        "AU FLOAT",    "AU DOUBLE",      "refused"};
    static const int rates[] = {8000,  11025, 12000, 16000, 22050, 24000,
                                32000, 44100, 48000, 88200, 96000, 192000};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!is_in_table(kinds[i], 0, 0)) fail_msg("no %s", kinds[i]);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++)
        if (!is_in_table(NULL, rates[i], 0)) fail_msg("nothing of %d Hz", rates[i]);
    for (int channels = 1; channels <= 8; channels++)
        if (!is_in_table(NULL, 0, channels)) fail_msg("nothing of %d channels", channels);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample),
        cmocka_unit_test(coders_with_loss),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_table_is_complete),
    };
    return cmocka_run_group_tests_name("formats", tests, read_table, NULL);
}
