/* Segments of files that can only be decoded from their beginning: the same samples, statuses
 * and reasons as of each segment alone, for any order, number of threads and memory, and about
 * one pass of the file for all of them. */
#include "host/sound/decode_pool.h"
#include "host/sound/kept_files.h"
#include "tests/support/decode_path.h"
#include "tests/support/injected_failures.h"
#include "tests/support/seen_clips.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define RATE 16000
#define SECONDS 3
#define FRAMES ((size_t)SECONDS * RATE)
#define LONG_SECONDS 12       /* of the file whose cost is measured */
#define SEGMENTS ((size_t)80) /* more than one thread may be ahead */

static struct decoders *decoders;
static char *folder;
static float sound[(size_t)LONG_SECONDS * RATE];

static const struct {
    const char *name;
    int format;
} kinds[] = {{"vorbis.ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
             {"opus.opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},
             {"layer3.mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III},
             {"named.wav", SF_FORMAT_OGG | SF_FORMAT_VORBIS}}; /* not what its name says */

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int make_files(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    assert_int_equal(decoders_open(3, &decoders, &error), ERROR_NONE);
    folder = test_folder_make();
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++)
        sound[i] = (float)(signal_hash(4, 2, (uint32_t)i) % 30000) / 32768.0F - 0.45F;
    for (size_t kind = 0; kind < KINDS; kind++)
        test_sound_float(test_path(folder, kinds[kind].name), kinds[kind].format, RATE, 1, sound,
                         FRAMES);
    return 0;
}

static int remove_files(void **state) {
    (void)state;
    test_folder_remove(folder);
    decoders_close(decoders);
    return 0;
}

/* ---- lists of segments ---- */

enum order { IN_ORDER, SHUFFLED, OVERLAPPING, BACKWARDS, TWO_FILES, ORDERS };

/* Segment i in the given order, of segments that span `seconds` of the file. */
static void add_segment(struct clip_list *list, enum order order, const char *name, double seconds,
                        size_t i) {
    struct error error = ERROR_INITIAL;
    size_t place = order == SHUFFLED    ? i * 37 % SEGMENTS
                   : order == BACKWARDS ? SEGMENTS - 1 - i
                                        : i;
    double step = seconds / (double)SEGMENTS;
    struct clip_entry entry = {.path = name, .label = "x", .start = (double)place * step};
    entry.end = entry.start + (order == OVERLAPPING ? 4.5 : 0.9) * step;
    if (order == TWO_FILES && i % 3 == 0) entry.path = kinds[0].name;
    if (i % 29 == 28 && seconds != LONG_SECONDS) entry.end = 0; /* to the file's end */
    assert_int_equal(clip_list_add(list, &entry, &error), ERROR_NONE);
}

static void make_list(struct clip_list *list, enum order order, const char *name, double seconds) {
    struct error error = ERROR_INITIAL;
    assert_int_equal(clip_list_init(list, folder, false, &error), ERROR_NONE);
    for (size_t i = 0; i < SEGMENTS; i++) add_segment(list, order, name, seconds, i);
    assert_int_equal(clip_list_finish(list, &error), ERROR_NONE);
}

/* The result of each segment decoded alone; samples count only where they are used. */
struct facts {
    struct verdict verdict;
    size_t frames;
    uint64_t hash[2];
};

static void take_facts(const struct decoded *decoded, struct facts *facts) {
    *facts = (struct facts){.verdict = decoded->verdict};
    if (decoded->verdict.status != CLIP_OK && decoded->verdict.status != CLIP_SILENT) return;
    facts->frames = decoded->frames;
    memcpy(facts->hash, decoded->facts.hash, sizeof facts->hash);
}

static bool same_facts(const struct facts *a, const struct facts *b) {
    return a->verdict.status == b->verdict.status && a->frames == b->frames &&
           a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1] &&
           strcmp(a->verdict.reason, b->verdict.reason) == 0;
}

static void decode_each(const struct clip_list *list, struct facts *facts) {
    struct decoded decoded = {0};
    struct text path = TEXT_INITIAL;
    for (size_t i = 0; i < list->count; i++) {
        struct error error = ERROR_INITIAL;
        struct decode_settings settings = {.model_rate = RATE,
                                           .start_seconds = list->clips[i].start,
                                           .end_seconds = list->clips[i].end};
        seen_path(list, i, &path);
        assert_int_equal(decode_path(path.data, &settings, &decoded, &error), ERROR_NONE);
        take_facts(&decoded, &facts[i]);
    }
    decoded_free(&decoded);
    text_free(&path);
}

static void compare_pool(const struct clip_list *list, const struct facts *facts, int threads,
                         size_t bytes) {
    struct decode_pool *pool = NULL;
    struct error error = ERROR_INITIAL;
    struct decode_pool_settings settings = {.decoders = decoders,
                                            .threads = threads,
                                            .maximum_bytes = bytes,
                                            .decode = {.model_rate = RATE}};
    assert_int_equal(decode_pool_open(list, 0, list->count, &settings, &pool, &error), ERROR_NONE);
    for (size_t i = 0; i < list->count; i++) {
        struct decode_item *item = NULL;
        struct facts found;
        assert_int_equal(decode_pool_next(pool, &item, &error), ERROR_NONE);
        assert_non_null(item);
        assert_int_equal(item->clip, i);
        take_facts(&item->decoded, &found);
        if (!same_facts(&found, &facts[i]))
            fail_msg("%s, %d threads: %s (%zu frames) instead of %s (%zu frames): '%s' '%s'",
                     clip_path(list, i), threads, clip_status_name(found.verdict.status),
                     found.frames, clip_status_name(facts[i].verdict.status), facts[i].frames,
                     found.verdict.reason, facts[i].verdict.reason);
        decode_pool_recycle(pool, item);
    }
    decode_pool_close(pool);
}

static void compare_list(const struct clip_list *list) {
    static struct facts facts[SEGMENTS];
    memset(facts, 0, sizeof facts);
    decode_each(list, facts);
    compare_pool(list, facts, 1, 1);
    compare_pool(list, facts, 1, 1 << 20);
    compare_pool(list, facts, 3, 50000);
    compare_pool(list, facts, 3, 1 << 24);
}

static void every_order(void **state) {
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++)
        for (enum order order = IN_ORDER; order < ORDERS; order++) {
            struct clip_list list;
            /* Also segments beyond the file's end. */
            make_list(&list, order, kinds[kind].name, SECONDS + 0.2);
            compare_list(&list);
            clip_list_free(&list);
        }
}

/* If a file fails, every segment must have the same status and reason as when decoded alone. */
static void damaged_files(void **state) {
    (void)state;
    for (size_t kind = 0; kind < KINDS - 1; kind++) {
        size_t size = 0;
        char name[32];
        unsigned char *bytes = test_file_read(test_path(folder, kinds[kind].name), &size);
        snprintf(name, sizeof name, "damaged%s", strrchr(kinds[kind].name, '.'));
        for (uint32_t round = 0; round < 4; round++) {
            struct clip_list list;
            size_t place = size / 4 + signal_hash(7, (uint32_t)kind, round) % (size / 2);
            size_t length = round % 2 == 0 ? 3 : 700;
            unsigned char *damaged = malloc(size);
            assert_non_null(damaged);
            memcpy(damaged, bytes, size);
            for (size_t i = 0; i < length; i++)
                damaged[place + i] = (unsigned char)signal_hash(8, round, (uint32_t)i);
            test_file_write(test_path(folder, name), damaged, round == 3 ? place : size);
            make_list(&list, round % 3 == 0 ? OVERLAPPING : IN_ORDER, name, SECONDS + 0.2);
            compare_list(&list);
            clip_list_free(&list);
            free(damaged);
        }
        free(bytes);
    }
}

/* ---- the cost ---- */

/* The number of reads of the file, which measures how much of it was decoded. */
static double pool_reads(const struct clip_list *list, size_t count, int threads,
                         const char *name) {
    struct decode_pool *pool = NULL;
    struct error error = ERROR_INITIAL;
    struct decode_pool_settings settings = {
        .threads = threads, .maximum_bytes = 8 << 20, .decode = {.model_rate = RATE}};
    const struct failure_plan plan = {.under = test_path(folder, name), .calls = FAIL_READ};
    failures_arm(&plan);
    assert_int_equal(decoders_open(threads, &settings.decoders, &error), ERROR_NONE);
    assert_int_equal(decode_pool_open(list, 0, count, &settings, &pool, &error), ERROR_NONE);
    for (size_t i = 0; i < count; i++) {
        struct decode_item *item = NULL;
        assert_int_equal(decode_pool_next(pool, &item, &error), ERROR_NONE);
        decode_pool_recycle(pool, item);
    }
    decode_pool_close(pool);
    decoders_close(settings.decoders);
    int reads = failures_count();
    failures_arm(NULL);
    return reads;
}

/* Decoded separately, eighty segments of a file cost forty passes, and overlapping ones no fewer.
 */
static void about_one_pass(void **state) {
    (void)state;
    const struct {
        enum order order;
        double passes;
    } cases[] = {{IN_ORDER, 1.5}, {SHUFFLED, 1.5}, {BACKWARDS, 3}, {OVERLAPPING, KEPT_FILES + 0.5}};
    for (size_t kind = 0; kind < KINDS - 1; kind++) {
        struct clip_list whole;
        struct error error = ERROR_INITIAL;
        char name[32];
        snprintf(name, sizeof name, "long%s", strrchr(kinds[kind].name, '.'));
        test_sound_float(test_path(folder, name), kinds[kind].format, RATE, 1, sound,
                         (size_t)LONG_SECONDS * RATE);
        struct clip_entry entry = {.path = name, .label = "x"};
        assert_int_equal(clip_list_init(&whole, folder, false, &error), ERROR_NONE);
        assert_int_equal(clip_list_add(&whole, &entry, &error), ERROR_NONE);
        assert_int_equal(clip_list_finish(&whole, &error), ERROR_NONE);
        double pass = pool_reads(&whole, 1, 1, name);
        clip_list_free(&whole);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct clip_list list;
            make_list(&list, cases[i].order, name, LONG_SECONDS);
            double reads = pool_reads(&list, SEGMENTS, 2, name);
            clip_list_free(&list);
            if (!(reads < cases[i].passes * pass))
                fail_msg("%s, order %zu: %g passes", kinds[kind].name, i, reads / pass);
        }
    }
}

int main(void) {
    alarm(300); /* a hang is a failure too */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order),
        cmocka_unit_test(damaged_files),
        cmocka_unit_test(about_one_pass),
    };
    return cmocka_run_group_tests_name("segments once", tests, make_files, remove_files);
}
