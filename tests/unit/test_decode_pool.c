/* The decode threads: clips in the order of the list, each exactly once, with the same samples
 * for any number of threads and any memory budget; no hangs. */
#include "host/base/stop.h"
#include "host/sound/decode_pool.h"
#include "tests/support/signal.h"
#include "tests/support/sound_files.h"

#include <pthread.h>
#include <signal.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define CLIPS ((size_t)300)
#define LONGEST ((size_t)60000)

#define MOST_THREADS 8

static struct decoders *decoders;
static char *folder;
static struct clip_list clips;
static int16_t noise[LONGEST + CLIPS];

/* Clip i is noise that differs from clip to clip, short or long; every 50th file is missing,
 * every 60th is long, clip 7 has no label. */
static size_t clip_frames(size_t i) {
    return i % 60 == 59 ? LONGEST : 500 + i * 37 % 3000;
}

static int make_clips(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    if (decoders_open(MOST_THREADS, &decoders, &error) != ERROR_NONE) fail_msg("%s", error.message);
    folder = test_folder_make();
    signal_noise(noise, LONGEST + CLIPS, 3);
    assert_int_equal(clip_list_init(&clips, folder, false, &error), ERROR_NONE);
    for (size_t i = 0; i < CLIPS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%zu.wav", i);
        struct clip_entry entry = {.path = name, .label = "x"};
        if (i == 7) {
            entry.label = NULL;
            entry.status = CLIP_NO_LABEL;
            entry.reason = "no label, as set by the test";
        }
        assert_int_equal(clip_list_add(&clips, &entry, &error), ERROR_NONE);
        if (i % 50 == 49) continue;
        test_sound_int16(test_path(folder, name), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1,
                         noise + i, clip_frames(i));
    }
    assert_int_equal(clip_list_finish(&clips, &error), ERROR_NONE);
    return 0;
}

static int remove_clips(void **state) {
    (void)state;
    clip_list_free(&clips);
    test_folder_remove(folder);
    decoders_close(decoders);
    return 0;
}

static struct decode_pool *open_pool(size_t first, size_t count, int threads, size_t bytes) {
    struct decode_pool *pool = NULL;
    struct error error = ERROR_INITIAL;
    struct decode_pool_settings settings = {.decoders = decoders,
                                            .threads = threads,
                                            .maximum_bytes = bytes,
                                            .decode = {.model_rate = 16000}};
    if (decode_pool_open(&clips, first, count, &settings, &pool, &error) != ERROR_NONE)
        fail_msg("%s", error.message);
    return pool;
}

static struct decode_item *next_item(struct decode_pool *pool) {
    struct decode_item *item = NULL;
    struct error error = ERROR_INITIAL;
    if (decode_pool_next(pool, &item, &error) != ERROR_NONE) fail_msg("%s", error.message);
    return item;
}

static void check_item(const struct decode_item *item, size_t clip) {
    const struct decoded *decoded = &item->decoded;
    assert_int_equal(item->clip, clip);
    if (clip % 50 == 49) {
        assert_int_equal(decoded->verdict.status, CLIP_UNREADABLE);
        assert_non_null(strstr(decoded->verdict.reason, "No such file"));
    } else if (clip == 7) {
        assert_int_equal(decoded->verdict.status, CLIP_NO_LABEL);
        assert_string_equal(decoded->verdict.reason, "no label, as set by the test");
        assert_null(decoded->samples);
    } else {
        assert_int_equal(decoded->verdict.status, CLIP_OK);
        assert_int_equal(decoded->frames, clip_frames(clip));
        assert_memory_equal(decoded->samples, noise + clip, decoded->bytes);
    }
}

/* Segments of one file have the samples of the whole file, with any number of threads. */
static void parts_of_one_file(void **state) {
    (void)state;
    struct clip_list segments;
    struct error error = ERROR_INITIAL;
    assert_int_equal(clip_list_init(&segments, folder, false, &error), ERROR_NONE);
    const size_t count = 40;
    for (size_t i = 0; i < count; i++) { /* 59.wav: 60000 samples; every segment is 1,000 long */
        struct clip_entry entry = {.path = "59.wav", .label = "x"};
        entry.start = (double)(i * 7 % count) * 0.075;
        entry.end = entry.start + 0.0625;
        assert_int_equal(clip_list_add(&segments, &entry, &error), ERROR_NONE);
    }
    assert_int_equal(clip_list_finish(&segments, &error), ERROR_NONE);
    for (int threads = 1; threads <= 3; threads++) {
        struct decode_pool *pool = NULL;
        struct decode_pool_settings settings = {.decoders = decoders,
                                                .threads = threads,
                                                .maximum_bytes = 100000,
                                                .decode = {.model_rate = 16000}};
        assert_int_equal(decode_pool_open(&segments, 0, count, &settings, &pool, &error),
                         ERROR_NONE);
        for (size_t i = 0; i < count; i++) {
            struct decode_item *item = next_item(pool);
            assert_int_equal(item->decoded.verdict.status, CLIP_OK);
            assert_int_equal(item->decoded.frames, 1000);
            assert_memory_equal(item->decoded.samples, noise + 59 + i * 7 % count * 1200, 2000);
            decode_pool_recycle(pool, item);
        }
        decode_pool_close(pool);
    }
    clip_list_free(&segments);
}

static void order_and_content(void **state) {
    (void)state;
    const int threads[] = {1, 2, 3, 8};
    const size_t bytes[] = {1, 10000, 1000000, (size_t)1 << 30};
    for (size_t t = 0; t < 4; t++)
        for (size_t b = 0; b < 4; b++) {
            struct decode_pool *pool = open_pool(0, CLIPS, threads[t], bytes[b]);
            for (size_t i = 0; i < CLIPS; i++) {
                struct decode_item *item = next_item(pool);
                assert_non_null(item);
                check_item(item, i);
                decode_pool_recycle(pool, item);
            }
            assert_null(next_item(pool));
            assert_null(next_item(pool));
            decode_pool_close(pool);
        }
}

static void parts_of_the_list(void **state) {
    (void)state;
    struct decode_pool *pool = open_pool(40, 25, 2, 100000);
    for (size_t i = 40; i < 65; i++) {
        struct decode_item *item = next_item(pool);
        check_item(item, i);
        decode_pool_recycle(pool, item);
    }
    assert_null(next_item(pool));
    decode_pool_close(pool);
    pool = open_pool(CLIPS, 0, 2, 100000);
    assert_null(next_item(pool));
    decode_pool_close(pool);
    struct error error = ERROR_INITIAL;
    struct decode_pool_settings settings = {
        .decoders = decoders, .threads = 1, .decode = {.model_rate = 16000}};
    assert_int_equal(decode_pool_open(&clips, 1, CLIPS, &settings, &pool, &error), ERROR_INTERNAL);
    assert_null(pool);
    error.code = ERROR_NONE;
    settings.threads = MOST_THREADS + 1;
    assert_int_equal(decode_pool_open(&clips, 0, CLIPS, &settings, &pool, &error), ERROR_INTERNAL);
    assert_null(pool);
    decode_pool_close(NULL);
}

/* Places for the samples, some of which are refused. */
static int16_t places[CLIPS][LONGEST];
static pthread_t consumer;
static bool placed_by_consumer;

static void *place_some(void *context, size_t clip, const struct decoded *decoded, void **place) {
    assert_ptr_equal(context, &clips);
    if (pthread_equal(pthread_self(), consumer)) placed_by_consumer = true;
    if (clip % 3 == 0 || decoded->bytes > sizeof places[clip]) return NULL;
    *place = &places[clip];
    return places[clip];
}

/* Decoders' threads copy into memory of the consumer. */
static void samples_are_placed(void **state) {
    (void)state;
    struct decode_pool *pool = NULL;
    struct error error = ERROR_INITIAL;
    const struct decode_pool_settings settings = {.decoders = decoders,
                                                  .threads = 3,
                                                  .maximum_bytes = 100000,
                                                  .place = place_some,
                                                  .place_context = &clips,
                                                  .decode = {.model_rate = 16000}};
    consumer = pthread_self();
    assert_int_equal(decode_pool_open(&clips, 0, CLIPS, &settings, &pool, &error), ERROR_NONE);
    for (size_t i = 0; i < CLIPS; i++) {
        struct decode_item *item = next_item(pool);
        const bool usable = item->decoded.verdict.status == CLIP_OK, placed = i % 3 != 0 && usable;
        check_item(item, i);
        assert_ptr_equal(item->place, placed ? &places[i] : NULL);
        if (usable) assert_true((item->decoded.samples == places[i]) == placed);
        if (usable) assert_true((item->decoded.samples == item->decoded.buffer) == !placed);
        decode_pool_recycle(pool, item);
    }
    assert_false(placed_by_consumer);
    decode_pool_close(pool);
}

/* A consumer that keeps all items, or releases them out of order, far beyond the budget. */
static void items_held_for_long(void **state) {
    (void)state;
    struct decode_pool *pool = open_pool(0, CLIPS, 3, 5000);
    static struct decode_item *held[CLIPS];
    for (size_t i = 0; i < CLIPS; i++) held[i] = next_item(pool);
    for (size_t i = 0; i < CLIPS; i++) check_item(held[i], i);
    for (size_t i = 0; i < CLIPS; i++) decode_pool_recycle(pool, held[i * 7 % CLIPS]);
    assert_null(next_item(pool));
    decode_pool_close(pool);

    pool = open_pool(0, CLIPS, 3, 5000);
    size_t count = 0;
    for (size_t i = 0; i < CLIPS; i++) {
        held[count++] = next_item(pool);
        check_item(held[count - 1], i);
        if (count == 5) {
            for (size_t k = 0; k < 4; k++) decode_pool_recycle(pool, held[(k + 2) % 5]);
            held[0] = held[1];
            count = 1;
        }
    }
    decode_pool_close(pool); /* with some items still out */
}

static void closed_early(void **state) {
    (void)state;
    for (size_t stop = 0; stop < 70; stop++) {
        struct decode_pool *pool = open_pool(0, CLIPS, 1 + (int)(stop % 4), 1000 + stop * 3000);
        for (size_t i = 0; i < stop; i++) {
            struct decode_item *item = next_item(pool);
            check_item(item, i);
            if (i % 3 != 0) decode_pool_recycle(pool, item);
        }
        if (stop % 5 == 0) usleep(2000);
        decode_pool_close(pool);
    }
}

/* Freed memory in AddressSanitizer's quarantine would count as held. */
const char *__asan_default_options(void);  /* NOLINT: the name is AddressSanitizer's */
const char *__asan_default_options(void) { /* NOLINT */
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64";
}

static size_t resident_bytes(void) {
    size_t pages = 0;
    FILE *stream = fopen("/proc/self/statm", "re");
    if (stream != NULL && fscanf(stream, "%*u %zu", &pages) != 1) pages = 0;
    if (stream != NULL) fclose(stream);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Sixty long clips of 4 MB each, a budget of 9 MB and a slow consumer: without the budget
 * the threads would hold all 240 MB. */
static void memory_stays_bounded(void **state) {
    (void)state;
    struct clip_list list;
    struct error error = ERROR_INITIAL;
    struct decode_pool *pool = NULL;
    const size_t frames = 2000000;
    int16_t *sound = calloc(frames, sizeof *sound);
    assert_non_null(sound);
    signal_noise(sound, 100000, 4);
    test_sound_int16(test_path(folder, "long.wav"), SF_FORMAT_WAV | SF_FORMAT_PCM_16, 16000, 1,
                     sound, frames);
    free(sound);
    assert_int_equal(clip_list_init(&list, folder, false, &error), ERROR_NONE);
    for (int i = 0; i < 60; i++) {
        struct clip_entry entry = {.path = "long.wav", .label = "x"};
        assert_int_equal(clip_list_add(&list, &entry, &error), ERROR_NONE);
    }
    assert_int_equal(clip_list_finish(&list, &error), ERROR_NONE);
    struct decode_pool_settings settings = {.decoders = decoders,
                                            .threads = 4,
                                            .maximum_bytes = 9 << 20,
                                            .decode = {.model_rate = 16000}};
    size_t before = resident_bytes();
    size_t most = 0;
    assert_int_equal(decode_pool_open(&list, 0, 60, &settings, &pool, &error), ERROR_NONE);
    for (int i = 0; i < 60; i++) {
        struct decode_item *item = next_item(pool);
        assert_int_equal(item->decoded.frames, frames);
        usleep(3000);
        if (resident_bytes() > most) most = resident_bytes();
        decode_pool_recycle(pool, item);
    }
    decode_pool_close(pool);
    clip_list_free(&list);
    /* The budget, the next clip in order, and memory kept by the allocator. */
    if (!(most < before + ((size_t)48 << 20)))
        fail_msg("%zu MB beyond the %zu at the start", (most - before) >> 20, before >> 20);
}

/* In a child process, since a stop cannot be undone: a signal ends the wait for a clip. */
static void stopped_by_a_signal(void **state) {
    (void)state;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error error = ERROR_INITIAL;
        struct decode_item *item = NULL;
        struct decode_pool *pool = open_pool(0, CLIPS, 2, 5000);
        stop_install();
        raise(SIGTERM);
        enum error_code code = decode_pool_next(pool, &item, &error);
        decode_pool_close(pool);
        _exit(code == ERROR_STOPPED && item == NULL ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    alarm(300); /* a hang is a failure */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_content),   cmocka_unit_test(parts_of_one_file),
        cmocka_unit_test(parts_of_the_list),   cmocka_unit_test(items_held_for_long),
        cmocka_unit_test(closed_early),        cmocka_unit_test(memory_stays_bounded),
        cmocka_unit_test(stopped_by_a_signal), cmocka_unit_test(samples_are_placed),
    };
    return cmocka_run_group_tests_name("decode_pool", tests, make_clips, remove_clips);
}
