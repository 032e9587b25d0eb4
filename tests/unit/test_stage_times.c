/* What timing.json says that a stage waited for. */
#include "host/embedding/stage_times.h"

#include <math.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const char *limit(double processors, double queued, int threads, double fetched) {
    const struct run_timing timing = {
        .seconds = 10, .processor_seconds = processors, .bytes_fetched = fetched};
    const char *name = stage_times_limit(&timing, queued, threads, false);
    return name == NULL ? "" : name;
}

static void limit_of_a_stage(void **state) {
    (void)state;
    assert_string_equal(limit(15, 0, 2, 0), "processors");
    assert_string_equal(limit(15, 20, 2, 0), "processors");
    assert_string_equal(limit(10, 0, 2, 5e6), "one processor");
    assert_string_equal(limit(2, 0.5, 2, 5e6), "disk");
    assert_string_equal(limit(2, 0.5, 2, NAN), "");
    /* Its threads had little, and could have had more. */
    assert_string_equal(limit(4, 12, 2, 5e6), "other programs");
    assert_string_equal(limit(9, 6, 2, 5e6), "other programs");
    assert_string_equal(limit(10, 1, 2, 5e6), "one processor");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_of_a_stage),
    };
    return cmocka_run_group_tests_name("stage_times", tests, NULL, NULL);
}
