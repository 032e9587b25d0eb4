/* The file of --metrics, by a strict reader of the text format, and progress.json. */
#include "host/base/metrics.h"
#include "host/base/run_status.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stddef.h>
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* ---- the format, as its documentation says it ---- */

static const char *name_end(const char *at) {
    assert_true(isalpha((unsigned char)*at) || *at == '_');
    while (isalnum((unsigned char)*at) || *at == '_') at++;
    return at;
}

/* A label's value after its quote; what it stands for goes to `value`. */
static const char *take_value(const char *at, char *value, size_t size) {
    size_t length = 0;
    for (; *at != '"'; at++) {
        assert_true(*at != '\0' && *at != '\n');
        char byte = *at;
        if (byte == '\\') {
            at++;
            assert_true(*at == '\\' || *at == '"' || *at == 'n');
            byte = *at == 'n' ? '\n' : *at;
        }
        assert_true(length + 1 < size);
        value[length++] = byte;
    }
    value[length] = '\0';
    return at + 1;
}

/* One line of a sample of the family; its value. The first label is `run`. */
static double check_sample(const char *line, const char *family, const char *run) {
    char value[256];
    const char *at = name_end(line);
    assert_int_equal((size_t)(at - line), strlen(family));
    assert_memory_equal(line, family, strlen(family));
    assert_int_equal(*at++, '{');
    for (bool first = true;; first = false) {
        const char *end = name_end(at);
        assert_true(!first || (end - at == 3 && memcmp(at, "run", 3) == 0));
        assert_memory_equal(end, "=\"", 2);
        at = take_value(end + 2, value, sizeof value);
        if (first) assert_string_equal(value, run);
        if (*at == '}') break;
        assert_int_equal(*at++, ',');
    }
    assert_int_equal(at[1], ' ');
    char *end;
    double number = strtod(at + 2, &end);
    assert_true(end != at + 2 && *end == '\n' && isfinite(number)); /* and no time */
    return number;
}

/* Checks all of it; the value of the family's last sample is found by value_of. */
struct read {
    char names[64][96];
    double values[64];
    size_t count;
};

static const char *copy_word(const char *at, char *word, size_t size) {
    size_t length = strcspn(at, " \n");
    assert_true(length > 0 && length < size);
    memcpy(word, at, length);
    word[length] = '\0';
    return at + length + (at[length] == ' ');
}

static void check_text(const char *text, const char *run, struct read *read) {
    char type[16], again[96];
    read->count = 0;
    while (*text != '\0') {
        char *family = read->names[read->count];
        assert_memory_equal(text, "# HELP ", 7);
        text = copy_word(text + 7, family, sizeof read->names[0]);
        assert_true(strcspn(text, "\n") > 10);
        for (size_t i = 0; i < read->count; i++) assert_string_not_equal(read->names[i], family);
        text = strchr(text, '\n') + 1;
        assert_memory_equal(text, "# TYPE ", 7);
        text = copy_word(text + 7, again, sizeof again);
        assert_string_equal(again, family);
        text = copy_word(text, type, sizeof type) + 1;
        const char *total = strstr(family, "_total");
        bool counts = total != NULL && total[6] == '\0';
        assert_string_equal(type, counts ? "counter" : "gauge");
        read->values[read->count] = NAN;
        for (; *text != '#' && *text != '\0'; text = strchr(text, '\n') + 1)
            read->values[read->count] = check_sample(text, family, run);
        assert_true(++read->count < 64);
    }
}

static double value_of(const struct read *read, const char *name) {
    for (size_t i = 0; i < read->count; i++)
        if (strcmp(read->names[i], name) == 0) return read->values[i];
    return NAN;
}

/* ---- */

static struct run_state made_state(void) {
    return (struct run_state){.command = "audit",
                              .started_at = 1.7e9,
                              .stage = {.stage = "embedding",
                                        .unit = "clips",
                                        .done = 40,
                                        .total = 100,
                                        .elapsed = 2,
                                        .per_second = 20,
                                        .times_real_time = 33.5,
                                        .seconds_left = NAN},
                              .clips = 100,
                              .status_names = {"ok", "unreadable"},
                              .status_counts = {39, 1},
                              .audio_seconds = 67,
                              .issues = -1,
                              .messages = {1, 2, 3}};
}

static void test_running(void **state) {
    (void)state;
    struct text text = TEXT_INITIAL;
    struct run_state run = made_state();
    struct read read;
    metrics_write(&text, "nightly", &run, &(struct metrics_end){0});
    assert_false(text.failed);
    check_text(text.data, "nightly", &read);
    assert_true(value_of(&read, "earmark_run_active") == 1);
    assert_true(value_of(&read, "earmark_stage_done") == 40);
    assert_true(value_of(&read, "earmark_stage_done_per_second") == 20);
    assert_true(value_of(&read, "earmark_clips_total") == 1); /* the last: unreadable */
    assert_non_null(strstr(text.data, "earmark_clips_total{run=\"nightly\",status=\"ok\"} 39\n"));
    assert_true(value_of(&read, "earmark_audio_seconds_total") == 67);
    /* What is not known is left out. */
    assert_true(isnan(value_of(&read, "earmark_run_exit_code")));
    assert_true(isnan(value_of(&read, "earmark_issues")));
    assert_true(isnan(value_of(&read, "earmark_stage_remaining_seconds")));
    assert_true(isnan(value_of(&read, "earmark_last_success_timestamp_seconds")));
    text_free(&text);
}

/* The label is the name of a file, which may have any bytes. */
static void test_label(void **state) {
    (void)state;
    struct text text = TEXT_INITIAL;
    struct error error = ERROR_INITIAL;
    struct run_state run = made_state();
    struct read read;
    char *name = metrics_run_name("folder.x/a\"b\\c\nd\xff.prom", &error);
    metrics_write(&text, name, &run, &(struct metrics_end){true, 4, 1.8e9});
    check_text(text.data, "a\"b\\c\nd\xef\xbf\xbd", &read);
    assert_true(value_of(&read, "earmark_run_exit_code") == 4);
    assert_true(value_of(&read, "earmark_run_active") == 0);
    assert_true(metrics_last_success(text.data, text.length) == 1.8e9);
    text_free(&text);
    free(name);
}

static void test_last_success(void **state) {
    (void)state;
    static const char *const others[] = {
        "",
        "\n",
        "earmark_last_success_timestamp_seconds{",
        "x 1\n",
        "earmark_last_success_timestamp_seconds{run=\"a\"} \n",
        "earmark_last_success_timestamp_seconds{run=\"a\"} 1x\n",
        "earmark_last_success_timestamp_seconds{run=\"a\"} -1\n",
        "earmark_last_success_timestamp_seconds{run=\"a\"} nan\n",
        "earmark_last_success_timestamp_seconds{run=\"a\"} 1e99\n",
        "earmark_last_success_timestamp_seconds{}\n",
        "earmark_last_success_timestamp_seconds{} 00000000000000000000000000000000000000000001\n"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char *copy = strdup(others[i]); /* of this size: a sanitizer sees reads past it */
        assert_non_null(copy);
        assert_true(metrics_last_success(copy, strlen(copy)) == 0);
        free(copy);
    }
    static const char good[] = "a 1\nearmark_last_success_timestamp_seconds{run=\"x\"} 17\nb 2\n";
    assert_true(metrics_last_success(good, sizeof good - 1) == 17);
}

/* ---- progress.json ---- */

static void test_status(void **state) {
    (void)state;
    struct text text = TEXT_INITIAL;
    struct error error = ERROR_INITIAL;
    struct run_state run = made_state();
    struct run_status status;
    run_status_write(&text, &run, &(struct run_status_end){0});
    assert_int_equal(run_status_read(text.data, text.length, "x", &status, &error), ERROR_NONE);
    assert_string_equal(status.command, "audit");
    assert_string_equal(status.stage, "embedding");
    assert_int_equal(status.view.done, 40);
    assert_int_equal(status.view.total, 100);
    assert_true(status.view.per_second == 20 && isnan(status.view.seconds_left));
    assert_false(status.ended);
    assert_false(lock_owner_is_gone(&status.owner));
    run_status_free(&status);
    text_clear(&text);
    run_status_write(&text, &run, &(struct run_status_end){true, 75, "stopped \"by\"\n\xff"});
    assert_int_equal(run_status_read(text.data, text.length, "x", &status, &error), ERROR_NONE);
    assert_true(status.ended && status.exit_code == 75);
    assert_string_equal(status.message, "stopped \"by\"\n\xff");
    run_status_free(&status);
    text_free(&text);
}

static void test_foreign_status(void **state) {
    (void)state;
    static const char *const others[] = {"", "[]", "{}", "{\"format\": 2}", "{\"format\": 1", "7"};
    static const char odd[] = "{\"format\": 1, \"command\": 7, \"owner\": \"x\", \"progress\": [], "
                              "\"beat\": -1, \"exit_code\": 99999999999, \"stage\": null}";
    struct run_status status;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct error error = ERROR_INITIAL;
        run_status_read(others[i], strlen(others[i]), "x", &status, &error);
        assert_int_equal(error.code, ERROR_DATA);
        run_status_free(&status);
    }
    struct error error = ERROR_INITIAL;
    assert_int_equal(run_status_read(odd, sizeof odd - 1, "x", &status, &error), ERROR_NONE);
    assert_null(status.command);
    assert_null(status.stage);
    assert_true(isnan(status.beat) && status.ended && status.exit_code == 1);
    assert_int_equal(status.view.total, 0);
    run_status_free(&status);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_running), cmocka_unit_test(test_label),
                                       cmocka_unit_test(test_last_success),
                                       cmocka_unit_test(test_status),
                                       cmocka_unit_test(test_foreign_status)};
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
