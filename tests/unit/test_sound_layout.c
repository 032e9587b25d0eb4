/* Headers that do not say, or say wrongly, how long the sound is: lengths that were never written
 * are those up to the end of the file, which is said; more samples than there are is a truncated
 * file; and what follows the samples is none. SPHERE headers of many kinds. */
#include "host/sound/audio_faults.h"
#include "host/sound/decode.h"
#include "tests/support/decode_path.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FRAMES ((size_t)4000)

static int16_t noise[FRAMES * 2];
static struct decoded decoded, whole;

static const struct decode_settings usual = {
    .model_rate = 16000, .minimum_samples = 480, .measure = true};

static int begin(void **state) {
    signal_noise(noise, FRAMES * 2, 3);
    return test_folder_begin(state);
}

static int end(void **state) {
    decoded_free(&decoded);
    decoded_free(&whole);
    return test_folder_end(state);
}

static enum clip_status decode(const char *name, struct decoded *result) {
    struct error error = ERROR_INITIAL;
    if (decode_path(test_path(test_folder, name), &usual, result, &error) != ERROR_NONE)
        fail_msg("%s", error.message);
    return result->verdict.status;
}

static void expect(const char *what, enum clip_status status, bool unfinished) {
    if (decode("sound", &decoded) != status || (decoded.facts.unfinished != 0) != unfinished)
        fail_msg("%s: %s (%s), unfinished %u", what, clip_status_name(decoded.verdict.status),
                 decoded.verdict.reason, decoded.facts.unfinished);
}

/* Usable, and with the samples of the whole file. */
static void expect_whole(const char *what, bool unfinished) {
    struct clip_audio audio = CLIP_AUDIO_INITIAL;
    expect(what, CLIP_OK, unfinished);
    if (decoded.bytes != whole.bytes || memcmp(decoded.samples, whole.samples, whole.bytes) != 0)
        fail_msg("%s: %zu frames instead of %zu", what, decoded.frames, whole.frames);
    audio.measured = true;
    audio.facts = decoded.facts;
    assert_int_equal(audio_faults_judge(CLIP_OK, &audio) >> AUDIO_FAULT_UNFINISHED_HEADER & 1,
                     unfinished);
}

/* ---- containers of chunks ---- */

struct container {
    int format;
    const char *chunk; /* before its length */
    size_t name_bytes;
    size_t length_bytes;
    bool big_endian;
    uint64_t counted; /* by the length, besides the samples */
};

static const struct container containers[] = {
    {SF_FORMAT_WAV | SF_FORMAT_PCM_16, "data", 4, 4, false, 0},
    {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, "data", 4, 4, false, 0},
    {SF_FORMAT_WAV | SF_FORMAT_FLOAT, "data", 4, 4, false, 0},
    {SF_FORMAT_WAVEX | SF_FORMAT_PCM_24, "data", 4, 4, false, 0},
    {SF_FORMAT_WAV | SF_FORMAT_PCM_16 | SF_ENDIAN_BIG, "data", 4, 4, true, 0},
    {SF_FORMAT_WAV | SF_FORMAT_ULAW, "data", 4, 4, false, 0},
    {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, "data", 4, 4, false, 0},
    {SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, "data", 4, 4, false, 0},
    {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, "ds64", 16, 8, false, 0},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, "SSND", 4, 4, true, 8},
    {SF_FORMAT_AIFF | SF_FORMAT_FLOAT, "SSND", 4, 4, true, 8},
    {SF_FORMAT_AU | SF_FORMAT_PCM_16, ".snd", 8, 4, true, 0},
    {SF_FORMAT_AU | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE, "dns.", 8, 4, false, 0},
    {SF_FORMAT_W64 | SF_FORMAT_PCM_16, "data\xf3", 16, 8, false, 24},
    {SF_FORMAT_W64 | SF_FORMAT_PCM_24, "data\xf3", 16, 8, false, 24},
    {SF_FORMAT_CAF | SF_FORMAT_PCM_16, "data", 4, 8, true, 4},
    {SF_FORMAT_CAF | SF_FORMAT_FLOAT, "data", 4, 8, true, 4}};

#define CONTAINERS (sizeof containers / sizeof containers[0])

/* The bytes of such a file, whose samples end it, to be freed; *at: of the length. */
static unsigned char *make(const struct container *container, int channels, size_t *size,
                           size_t *at) {
    const char *path = test_path(test_folder, "sound");
    test_sound_int16(path, container->format, 16000, channels, noise, FRAMES);
    assert_int_equal(decode("sound", &whole), CLIP_OK);
    assert_int_equal(whole.facts.unfinished, 0);
    unsigned char *bytes = test_file_read(path, size);
    const unsigned char *found = memmem(bytes, *size, container->chunk, strlen(container->chunk));
    assert_non_null(found);
    *at = (size_t)(found - bytes) + container->name_bytes;
    return bytes;
}

static void put_length(const struct container *container, unsigned char *at, uint64_t length) {
    for (size_t i = 0; i < container->length_bytes; i++)
        at[container->big_endian ? container->length_bytes - 1 - i : i] =
            (unsigned char)(length >> 8 * i);
}

static uint64_t get_length(const struct container *container, const unsigned char *at) {
    uint64_t length = 0;
    for (size_t i = 0; i < container->length_bytes; i++)
        length |= (uint64_t)at[container->big_endian ? container->length_bytes - 1 - i : i]
                  << 8 * i;
    return length;
}

static void lengths_that_nobody_wrote(void **state) {
    (void)state;
    for (size_t i = 0; i < CONTAINERS; i++)
        for (int channels = 1; channels <= 2; channels++) {
            const struct container *container = &containers[i];
            size_t size = 0, at = 0;
            char what[64];
            unsigned char *bytes = make(container, channels, &size, &at);
            /* 0, what the length counts of an empty file, and all ones. */
            const uint64_t values[] = {0, container->counted, UINT64_MAX};
            for (size_t v = 0; v < 3; v++) {
                const int major = container->format & SF_FORMAT_TYPEMASK;
                /* For these two it is a value of the format. */
                const bool legal = v == 2 && (major == SF_FORMAT_CAF || major == SF_FORMAT_AU);
                snprintf(what, sizeof what, "format %x, %d channels, %llx",
                         (unsigned)container->format, channels, (unsigned long long)values[v]);
                put_length(container, bytes + at, values[v]);
                test_file_write(test_path(test_folder, "sound"), bytes, size);
                expect_whole(what, !legal);
            }
            free(bytes);
        }
}

static void files_that_are_cut(void **state) {
    (void)state;
    for (size_t i = 0; i < CONTAINERS; i++) {
        size_t size = 0, at = 0;
        char what[64];
        unsigned char *bytes = make(&containers[i], 1, &size, &at);
        const size_t left[] = {size - 1, size - 300, size / 2};
        for (size_t k = 0; k < 3; k++) {
            snprintf(what, sizeof what, "format %x, %zu of %zu bytes",
                     (unsigned)containers[i].format, left[k], size);
            test_file_write(test_path(test_folder, "sound"), bytes, left[k]);
            /* The byte that pads a chunk may be missing. */
            if (k > 0 || get_length(&containers[i], bytes + at) % 2 == 0)
                expect(what, CLIP_TRUNCATED, false);
        }
        put_length(&containers[i], bytes + at, get_length(&containers[i], bytes + at) + 1000);
        test_file_write(test_path(test_folder, "sound"), bytes, size);
        expect("a false length", CLIP_TRUNCATED, false);
        free(bytes);
    }
}

/* A chunk after the samples is no sound, and a file that has only such a chunk has no samples. */
static void chunks_after_the_samples(void **state) {
    (void)state;
    static const unsigned char list[] = "LIST\x1c\0\0\0INFOISFT\x0f\0\0\0Lavf59.27.100\0\0\0";
    const struct container *wav = &containers[0];
    size_t size = 0, at = 0;
    unsigned char *bytes = make(wav, 1, &size, &at);
    unsigned char *longer = malloc(size + sizeof list - 1);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    memcpy(longer + size, list, sizeof list - 1);
    test_file_write(test_path(test_folder, "sound"), longer, size + sizeof list - 1);
    expect_whole("a list after the samples", false);
    /* Nothing tells the list from samples here. */
    put_length(wav, longer + at, 0);
    test_file_write(test_path(test_folder, "sound"), longer, size + sizeof list - 1);
    expect("the same without a length", CLIP_OK, true);
    put_length(wav, longer + at, 0);
    memcpy(longer + at + 4, list, sizeof list - 1);
    test_file_write(test_path(test_folder, "sound"), longer, at + 4 + sizeof list - 1);
    expect("an empty recording with a list", CLIP_TOO_SHORT, false);
    test_file_write(test_path(test_folder, "sound"), longer, at + 4);
    expect("an empty recording", CLIP_TOO_SHORT, false);
    free(longer);
    free(bytes);
    bytes = make(&containers[13], 1, &size, &at);
    longer = calloc(size + 824, 1);
    memcpy(longer, bytes, size);
    memcpy(longer + size, "junk\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a\x38\x03", 18);
    test_file_write(test_path(test_folder, "sound"), longer, size + 824);
    expect_whole("a chunk of W64 after the samples", false);
    free(longer);
    free(bytes);
}

/* ---- VOC ---- */

static void blocks_of_voc(void **state) {
    (void)state;
    size_t size = 0;
    const char *path = test_path(test_folder, "sound");
    test_sound_int16(path, SF_FORMAT_VOC | SF_FORMAT_PCM_16, 16000, 1, noise, FRAMES);
    expect("one block", CLIP_OK, false);
    assert_string_equal(decoded.source_kind, "VOC PCM_16");
    assert_int_equal(decoded.frames, FRAMES);
    assert_memory_equal(decoded.samples, noise, FRAMES * 2);
    unsigned char *bytes = test_file_read(path, &size);
    bytes[27] = (unsigned char)(bytes[27] + 1); /* bytes 27 to 29: the length of the block */
    test_file_write(path, bytes, size);
    expect("a block that ends elsewhere", CLIP_UNREADABLE, false);
    free(bytes);
}

/* ---- MPEG audio in a WAV ---- */

static void mpeg_in_a_wav(void **state) {
    (void)state;
    static const char *const names[] = {"mp3_16.wav", "mp3_44.wav", "mp3_variable.wav"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = 0;
        unsigned char *bytes = test_file_read(test_path("tests/golden/formats", names[i]), &size);
        unsigned char *fact = memmem(bytes, size, "fact", 4),
                      *data = memmem(bytes, size, "data", 4);
        assert_true(fact != NULL && data != NULL);
        test_file_write(test_path(test_folder, "sound"), bytes, size);
        assert_int_equal(decode("sound", &whole), CLIP_OK);
        /* As `fact`: what was encoded, with the encoder's padding, nothing, nonsense. */
        const uint32_t frames[] = {2501, 2501 + 1105, 2501 + 576, 0, 1, 100000, UINT32_MAX};
        for (size_t k = 0; k < sizeof frames / sizeof frames[0]; k++) {
            memcpy(fact + 8, &frames[k], 4);
            test_file_write(test_path(test_folder, "sound"), bytes, size);
            expect_whole(names[i], false);
        }
        const uint32_t unwritten = 0;
        const size_t content = (size_t)(data - bytes) + 8;
        test_file_write(test_path(test_folder, "sound"), bytes, content + (size - content) / 2);
        expect(names[i], CLIP_TRUNCATED, false);
        memcpy(data + 4, &unwritten, 4);
        test_file_write(test_path(test_folder, "sound"), bytes, size);
        expect(names[i], CLIP_OK, true);
        free(bytes);
    }
}

/* ---- SPHERE ---- */

/* A file of these lines, a header of `length` bytes and the bytes of `frames` of noise. */
static void write_sphere(const char *lines, int length, size_t samples, bool big_endian) {
    unsigned char *bytes = calloc((size_t)length + samples * 2, 1);
    assert_non_null(bytes);
    snprintf((char *)bytes, (size_t)length, "NIST_1A\n%7d\n%send_head\n", length, lines);
    for (size_t i = 0; i < samples; i++) {
        bytes[(size_t)length + 2 * i + big_endian] = (unsigned char)(noise[i] & 0xff);
        bytes[(size_t)length + 2 * i + !big_endian] = (unsigned char)((uint16_t)noise[i] >> 8);
    }
    test_file_write(test_path(test_folder, "sound"), bytes, (size_t)length + samples * 2);
    free(bytes);
}

#define RATE "sample_rate -i 16000\n"
#define COUNT "sample_count -i 4000\n"
#define SMALL "sample_n_bytes -i 2\nsample_byte_format -s2 01\n"

static void sphere(void **state) {
    (void)state;
    static const struct {
        const char *lines;
        int length;
        int channels;
        size_t samples;
        bool big_endian;
        bool unfinished;
    } right[] = {
        {"channel_count -i 1\n" RATE COUNT SMALL "sample_sig_bits -i 16\nsample_coding -s3 pcm\n",
         1024, 1, FRAMES, false, false},
        /* As in TIMIT. */
        {"database_id -s5 TIMIT\ndatabase_version -s3 1.0\nutterance_id -s8 cjf0_sa1\n"
         "channel_count -i 1\n" COUNT RATE "sample_min -i -2191\nsample_max -i 2790\n" SMALL
         "sample_sig_bits -i 16\n",
         1024, 1, FRAMES, false, false},
        {"channel_count -i 2\n" RATE COUNT
         "sample_n_bytes -i 2\nsample_byte_format -s2 10\nsample_coding -s3 pcm\n",
         2048, 2, 2 * FRAMES, true, false},
        {RATE COUNT SMALL "channels_interleaved -s4 TRUE\nchannel_count -i 2\n", 1024, 2,
         2 * FRAMES, false, false},
        {COUNT SMALL "sample_rate -r 16000.0\n", 1024, 1, FRAMES, false, false},
        {SMALL RATE COUNT, 1024, 1, FRAMES + 100, false, false}, /* more than was counted */
        {SMALL RATE, 1024, 1, FRAMES, false, true},
        {SMALL RATE "sample_count -i 0\n", 1024, 1, FRAMES, false, true},
        {"note -s25 sample_count -i 999999999\n" SMALL RATE COUNT, 1024, 1, FRAMES, false, false},
        {SMALL RATE COUNT, 16384, 1, FRAMES, false, false},
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        write_sphere(right[i].lines, right[i].length, right[i].samples, right[i].big_endian);
        expect(right[i].lines, CLIP_OK, right[i].unfinished);
        assert_int_equal(decoded.channels, right[i].channels);
        assert_int_equal(decoded.frames, FRAMES);
        assert_int_equal(decoded.format, SAMPLES_INT16);
        assert_memory_equal(decoded.samples, noise, FRAMES * 2 * (size_t)right[i].channels);
        assert_string_equal(decoded.source_kind, "SPHERE PCM_16");
    }
}

static void sphere_that_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *lines;
        const char *words;
    } wrong[] = {
        {SMALL RATE COUNT "sample_coding -s26 pcm,embedded-shorten-v2.00\n", "sph2pipe"},
        {RATE COUNT "sample_n_bytes -i 1\nsample_coding -s27 ulaw,embedded-shorten-v1.09\n",
         "sph2pipe"},
        {SMALL RATE COUNT "sample_coding -s26 pcm,embedded-wavpack-v1.0\n", "wavpack"},
        {SMALL RATE COUNT "sample_coding -s5 vader\n", "a kind that is not read"},
        {SMALL RATE COUNT "channel_count -i 2\nchannels_interleaved -s5 FALSE\n", "one channel"},
        {SMALL RATE "sample_count -i 100\nchannel_count -i 65\n", "65 channels"},
        {SMALL RATE "sample_count -i -5\n", "cannot be read"},
        {SMALL RATE "sample_count -i 1e30\n", "cannot be read"},
        {SMALL COUNT "sample_rate -i 99999999999999\n", "cannot be read"},
        {SMALL COUNT "sample_rate -i 999\n", "999 Hz"},
        {RATE COUNT "sample_n_bytes -i 7\n", "a kind that is not read"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_sphere(wrong[i].lines, 1024, 2 * FRAMES, false);
        expect(wrong[i].lines, CLIP_UNREADABLE, false);
        if (strstr(decoded.verdict.reason, wrong[i].words) == NULL)
            fail_msg("%s: %s", wrong[i].lines, decoded.verdict.reason);
    }
    write_sphere(SMALL RATE COUNT, 1024, FRAMES - 1, false);
    expect("cut", CLIP_TRUNCATED, false);
    test_text_write(test_path(test_folder, "sound"),
                    "NIST_1A\r\n   1024\r\nsample_rate -i 8000\r\n");
    expect("as text", CLIP_UNREADABLE, false);
    assert_non_null(strstr(decoded.verdict.reason, "as binary"));
    test_text_write(test_path(test_folder, "sound"), "NIST_1A\n   1024\nsample_rate -i 8000\n");
    expect("only a header", CLIP_UNREADABLE, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_that_nobody_wrote),
        cmocka_unit_test(files_that_are_cut),
        cmocka_unit_test(chunks_after_the_samples),
        cmocka_unit_test(mpeg_in_a_wav),
        cmocka_unit_test(blocks_of_voc),
        cmocka_unit_test(sphere),
        cmocka_unit_test(sphere_that_is_refused),
    };
    return cmocka_run_group_tests_name("sound layout", tests, begin, end);
}
