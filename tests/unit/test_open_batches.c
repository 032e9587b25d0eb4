/* The batches that are being filled: where clips get a place, and when a batch is submitted. */
#include "host/embedding/open_batches.h"

#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define BYTES 1024
#define CLIPS 4

static const struct device_properties properties = {
    .batches_in_flight = 2, .batch_bytes = BYTES, .batch_clips = CLIPS};

struct made {
    struct device_batch batch;
    struct device_clip clips[CLIPS];
    unsigned char samples[2 * BYTES];
};

static struct made made[OPEN_BATCHES];
static struct open_batches open_now;

static struct device_batch *make(int index) {
    made[index].batch = (struct device_batch){.samples_capacity = BYTES,
                                              .clip_capacity = CLIPS,
                                              .clips = made[index].clips,
                                              .samples = made[index].samples};
    return &made[index].batch;
}

/* A clip of mono int16. */
static struct decoded clip_of(size_t frames) {
    return (struct decoded){.frames = frames,
                            .channels = 1,
                            .rate = 16000,
                            .format = SAMPLES_INT16,
                            .bytes = frames * sizeof(int16_t)};
}

static void *place(size_t frames, void **where) {
    const struct decoded decoded = clip_of(frames);
    return open_batches_place(&open_now, &decoded, where);
}

static int begin(void **state) {
    (void)state;
    open_batches_begin(&open_now, &properties);
    return 0;
}

static int end(void **state) {
    (void)state;
    open_batches_end(&open_now);
    return 0;
}

static void places_do_not_overlap(void **state) {
    (void)state;
    void *where = NULL;
    assert_null(place(10, &where));
    assert_int_equal(open_batches_wanted(&open_now), 1);
    open_batches_set(&open_now, 1, make(1));
    assert_int_equal(open_batches_wanted(&open_now), -1);
    assert_ptr_equal(place(33, &where), made[1].samples);
    assert_ptr_equal(where, &open_now.all[1]);
    assert_ptr_equal(place(100, &where), made[1].samples + 128); /* aligned */
    assert_int_equal(open_batches_wanted(&open_now), -1);
    assert_ptr_equal(place(100, &where), made[1].samples + 384);
    assert_int_equal(open_batches_wanted(&open_now), 0); /* more than half of it is taken */
    open_batches_set(&open_now, 0, make(0));
    assert_null(place(BYTES, &where)); /* larger than a batch: fills none */
    assert_false(open_now.all[1].full);
    assert_ptr_equal(place(300, &where), made[0].samples);
}

/* As many clips as one may have, however short. */
static void full_by_clips(void **state) {
    (void)state;
    void *where = NULL;
    open_batches_set(&open_now, 0, make(0));
    for (size_t i = 0; i < CLIPS; i++) assert_non_null(place(1, &where));
    assert_null(place(1, &where));
    assert_true(open_now.all[0].full);
}

/* A batch is taken once it is full and everything in it was delivered, used or not. */
static void taken_when_delivered(void **state) {
    (void)state;
    void *first = NULL, *second = NULL, *third = NULL;
    open_batches_set(&open_now, 0, make(0));
    open_batches_set(&open_now, 1, make(1));
    void *samples = place(200, &first);
    place(200, &second);
    assert_ptr_equal(place(200, &third), made[1].samples);
    assert_ptr_equal(first, second);
    const struct decoded decoded = clip_of(200);
    open_batches_list(&made[0].batch, &decoded, samples);
    assert_int_equal(made[0].batch.clip_count, 1);
    assert_int_equal(made[0].clips[0].offset, 0);
    assert_int_equal(made[0].clips[0].frames, 200);
    open_batches_delivered(&open_now, first);
    assert_null(open_batches_take(&open_now, false));
    assert_null(open_batches_take(&open_now, true)); /* the other one has a clip on its way, too */
    open_batches_delivered(&open_now, second);
    assert_ptr_equal(open_batches_take(&open_now, false), &made[0].batch);
    assert_null(open_batches_take(&open_now, false));
    assert_int_equal(open_now.older, 1);
    open_batches_delivered(&open_now, third);
    assert_null(open_batches_take(&open_now, false)); /* it has room */
    assert_ptr_equal(open_batches_take(&open_now, true), &made[1].batch);
}

/* No thread of a decoder gets a place in the batch of the device's thread. */
static void own_batch(void **state) {
    (void)state;
    void *where = NULL;
    const struct decoded decoded = clip_of(400);
    assert_null(open_batches_place_own(&open_now, &decoded));
    open_batches_set(&open_now, OPEN_OWN, make(OPEN_OWN));
    assert_null(place(10, &where));
    assert_ptr_equal(open_batches_place_own(&open_now, &decoded), made[OPEN_OWN].samples);
    assert_null(open_batches_take(&open_now, false));
    assert_null(open_batches_place_own(&open_now, &decoded));
    assert_ptr_equal(open_batches_take(&open_now, false), &made[OPEN_OWN].batch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places_do_not_overlap, begin, end),
        cmocka_unit_test_setup_teardown(full_by_clips, begin, end),
        cmocka_unit_test_setup_teardown(taken_when_delivered, begin, end),
        cmocka_unit_test_setup_teardown(own_batch, begin, end),
    };
    return cmocka_run_group_tests_name("open_batches", tests, NULL, NULL);
}
