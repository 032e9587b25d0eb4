/* `earmark bench stream` on the fake asynchronous device: how many batches are in flight. */
#include "host/commands/benchmark_embedding.h"
#include "tests/support/compare.h"
#include "tests/support/device_rules.h"
#include "tests/support/fake_device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { CHANNELS = 8, SEEDS = 5, REPEATS = 2, CLIPS = 40 };

static const struct benchmark_settings settings = {
    .clips = CLIPS, .seconds = 0.1, .rate = 8000, .repeats = REPEATS};

/* An engine with the device of a seed, which has batches of other sizes and numbers. */
static struct engine open_engine(unsigned seed) {
    fake_device_seed(seed);
    struct engine engine = {.device = device_rules_open_loaded(&fake_device_operations, CHANNELS)};
    engine.device->operations->properties(engine.device, &engine.properties);
    return engine;
}

static void close_engine(struct engine *engine) {
    engine->device->operations->close(engine->device);
    fake_device_seed(0);
}

static const struct benchmark_row *find_row(const struct benchmark *benchmark, const char *stage) {
    for (size_t i = 0; i < benchmark->row_count; i++)
        if (strcmp(benchmark->rows[i].stage, stage) == 0) return &benchmark->rows[i];
    return NULL;
}

static void check_row(const struct benchmark *benchmark, const char *stage) {
    const struct benchmark_row *row = find_row(benchmark, stage);
    assert_non_null(row);
    assert_string_equal(row->unit, "clips");
    assert_true(row->amount == CLIPS && row->seconds > 0 && row->seconds < 100);
    assert_true(row->operations > 0);
}

/* Of all passes, only those of "waiting" submit every batch alone; the others only the first. */
static void check_passes(const struct engine *engine, int waiting, int streamed) {
    const struct fake_submits submits = fake_device_submits();
    const int batches = submits.all / (waiting + streamed);
    const int allowed = engine->properties.batches_in_flight;
    assert_int_equal(submits.all, batches * (waiting + streamed));
    assert_int_equal(submits.most, batches < allowed ? batches : allowed);
    assert_int_equal(submits.alone, waiting * batches + streamed * (allowed > 1 ? 1 : batches));
}

static void test_streamed(void **state) {
    (void)state;
    bool several = false;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct engine engine = open_engine(seed);
        struct benchmark benchmark = {0};
        struct error error = ERROR_INITIAL;
        benchmark_embedding(&engine, "stream", &settings, &benchmark, &error);
        assert_no_error(&error);
        assert_int_equal(benchmark.row_count, 2);
        check_row(&benchmark, "waiting");
        check_row(&benchmark, "streamed");
        assert_int_equal(benchmark.in_flight, engine.properties.batches_in_flight);
        check_passes(&engine, REPEATS, 1 + REPEATS + 1); /* a warm-up, and one for the kernels */
        several = several || fake_device_submits().most > 2;
        assert_int_equal(benchmark.kernels.count, 1);
        const int batches = fake_device_submits().all / (2 * REPEATS + 2);
        assert_true(benchmark.kernels.kernels[0].launches == (double)batches);
        assert_false(fake_device_times_kernels());
        close_engine(&engine);
    }
    assert_true(several);
}

/* A stage alone is measured with one batch at a time and nothing else. */
static void test_one_stage(void **state) {
    (void)state;
    struct engine engine = open_engine(1);
    struct benchmark benchmark = {0};
    struct error error = ERROR_INITIAL;
    benchmark_embedding(&engine, "network", &settings, &benchmark, &error);
    assert_no_error(&error);
    assert_int_equal(benchmark.row_count, 1);
    assert_non_null(find_row(&benchmark, "network"));
    assert_int_equal(benchmark.in_flight, 0);
    assert_int_equal(benchmark.kernels.count, 0);
    check_passes(&engine, REPEATS, 1);
    close_engine(&engine);
}

/* An error while kernels are timed ends the timing. */
static void test_error(void **state) {
    (void)state;
    struct engine engine = open_engine(2);
    struct benchmark benchmark = {0};
    struct error error = ERROR_INITIAL;
    benchmark_embedding(&engine, "stream", &settings, &benchmark, &error);
    assert_no_error(&error);
    const int calls = 2 * fake_device_submits().all;
    close_engine(&engine);
    fake_device_fail_at(calls, ERROR_DEVICE_LOST); /* the last wait */
    engine = open_engine(2);
    benchmark_embedding(&engine, "stream", &settings, &benchmark, &error);
    assert_int_equal(error.code, ERROR_DEVICE_LOST);
    assert_false(fake_device_times_kernels());
    fake_device_fail_at(0, ERROR_NONE);
    close_engine(&engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streamed),
        cmocka_unit_test(test_one_stage),
        cmocka_unit_test(test_error),
    };
    return cmocka_run_group_tests_name("benchmark", tests, NULL, NULL);
}
