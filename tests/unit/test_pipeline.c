/* The whole audit: the same bytes for any device, order and number of batches, and no
 * results that look complete after a failure. */
#include "host/audit/audit.h"
#include "host/base/file.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/fake_device.h"
#include "tests/support/same_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FAKE_SEEDS 12

static struct corpus corpus;

static int make_corpus(void **state) {
    (void)state;
    corpus_make(&corpus);
    return 0;
}

static int drop_corpus(void **state) {
    (void)state;
    corpus_remove(&corpus);
    return 0;
}

static struct audit_settings settings_for(const char *out, int threads,
                                          const struct device_operations *operations) {
    struct audit_settings settings = {
        .session = {.input = corpus.clips,
                    .out = out,
                    .engine = {.device = "cpu",
                               .threads = threads,
                               .model_path = corpus.model,
                               .operations = operations},
                    .fresh = true,
                    .progress = PROGRESS_QUIET},
        .detection = DETECTION_LOGISTIC,
    };
    settings.detection.detector = DETECTOR_ENSEMBLE;
    settings.detection.confident.filter = FILTER_ENSEMBLE;
    settings.detection.confident.score = SCORE_LOG_MARGIN;
    settings.detection.crossval.folds = 4;
    return settings;
}

/* Runs an audit into OUT; the caller checks the error. */
static struct error run_audit(const char *out, int threads,
                              const struct device_operations *operations) {
    struct error error = ERROR_INITIAL;
    struct audit *audit = NULL;
    struct audit_settings settings = settings_for(out, threads, operations);
    audit_run(&settings, &audit, &error);
    audit_close(audit);
    return error;
}

static void test_two_runs_and_threads(void **state) {
    (void)state;
    char first[512], other[512];
    snprintf(first, sizeof first, "%s", corpus_path(&corpus, "one"));
    struct error error = run_audit(first, 1, &device_cpu_operations);
    assert_no_error(&error);
    assert_true(count_run_files(first) >= 11);
    for (int threads = 1; threads <= 3; threads++) {
        snprintf(other, sizeof other, "%s", corpus_path(&corpus, "other"));
        error = run_audit(other, threads, &device_cpu_operations);
        assert_no_error(&error);
        assert_same_run(first, other);
    }
}

static void test_fake_device_gives_the_same_bytes(void **state) {
    (void)state;
    char first[512], other[512];
    snprintf(first, sizeof first, "%s", corpus_path(&corpus, "cpu"));
    struct error error = run_audit(first, 2, &device_cpu_operations);
    assert_no_error(&error);
    snprintf(other, sizeof other, "%s", corpus_path(&corpus, "fake"));
    for (unsigned seed = 0; seed < FAKE_SEEDS; seed++) {
        fake_device_seed(seed);
        error = run_audit(other, 1 + (int)(seed % 2), &fake_device_operations);
        assert_no_error(&error);
        assert_same_run(first, other);
    }
}

static void test_every_clip_has_a_status(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct audit *audit = NULL;
    struct audit_settings settings =
        settings_for(corpus_path(&corpus, "status"), 2, &device_cpu_operations);
    audit_run(&settings, &audit, &error);
    assert_no_error(&error);
    const struct run_results *results = audit_results(audit);
    const uint64_t *counts = results->status_counts;
    assert_int_equal(counts[CLIP_OK], CORPUS_CLASSES * CORPUS_CLIPS_PER_CLASS);
    assert_int_equal(counts[CLIP_SILENT], CORPUS_SILENT);
    assert_int_equal(counts[CLIP_TOO_SHORT], CORPUS_TOO_SHORT);
    assert_int_equal(counts[CLIP_UNREADABLE] + counts[CLIP_TRUNCATED], CORPUS_UNREADABLE);
    assert_int_equal(audit_unreadable(audit), CORPUS_UNREADABLE);
    assert_int_equal(results->class_count, CORPUS_CLASSES);
    audit_close(audit);
}

/* The wrong labels: clip03 of every class sounds like the next class. An untrained
 * network of 32 channels misses one of the three. */
static void test_planted_labels_are_found(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct audit *audit = NULL;
    struct audit_settings settings =
        settings_for(corpus_path(&corpus, "planted"), 2, &device_cpu_operations);
    size_t planted = 0;
    audit_run(&settings, &audit, &error);
    assert_no_error(&error);
    const struct run_results *results = audit_results(audit);
    for (size_t i = 0; i < results->issue_count; i++) {
        struct run_clip clip;
        results->clips.get(results->clips.context, results->issues[i].row, &clip);
        planted += strstr(clip.path, "clip03") != NULL;
    }
    assert_true(planted >= CORPUS_CLASSES - 1);
    assert_true(results->issue_count * 2 < results->clips.count);
    audit_close(audit);
}

/* Whichever call fails, the run reports it and leaves no file that looks complete. */
static void test_device_failures_end_the_run(void **state) {
    (void)state;
    char out[512];
    snprintf(out, sizeof out, "%s", corpus_path(&corpus, "failing"));
    static const enum error_code codes[] = {ERROR_DEVICE, ERROR_DEVICE_LOST};
    int failures = 0;
    for (int call = 1; call <= 40; call += 3) {
        enum error_code code = codes[call % 2];
        fake_device_seed(5);
        fake_device_fail_at(call, code);
        struct error error = run_audit(out, 1, &fake_device_operations);
        fake_device_fail_at(0, ERROR_NONE);
        if (error.code == ERROR_NONE) continue; /* the whole run made fewer calls */
        failures++;
        assert_int_equal(error.code, code);
        char *path = file_join(out, "run.json", &error);
        FILE *file = fopen(path, "r");
        assert_null(file);
        free(path);
    }
    assert_true(failures >= 5);
}

static bool exists(const char *folder, const char *name) {
    struct error error = ERROR_INITIAL;
    char *path = file_join(folder, name, &error);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

/* A model of another number of mels: the network's embeddings alone, which the run says. */
static void test_other_mels_have_no_statistics(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct audit *audit = NULL;
    struct audit_settings settings =
        settings_for(corpus_path(&corpus, "mels"), 2, &device_cpu_operations);
    corpus_write_model(&corpus, 25);
    for (int i = 0; i < 2; i++) {
        bool told = false;
        settings.session.views = i == 0 ? VIEWS_XVECTOR_STATISTICS : VIEWS_XVECTOR;
        audit_run(&settings, &audit, &error);
        assert_no_error(&error);
        const struct run_results *results = audit_results(audit);
        for (size_t w = 0; w < results->warning_count; w++)
            told = told || strstr(results->warnings[w], "this model has 25") != NULL;
        assert_true(told == (i == 0));
        assert_true(exists(settings.session.out, "embeddings.npy"));
        assert_false(exists(settings.session.out, "statistics.npy"));
        audit_close(audit);
    }
    corpus_write_model(&corpus, STATISTICS_MELS);
}

static void remove_file(const char *folder, const char *name) {
    struct error error = ERROR_INITIAL;
    char *path = file_join(folder, name, &error);
    assert_int_equal(unlink(path), 0);
    free(path);
}

/* Rows that stay in the shards: no copy of the embeddings, all other files are the same. */
static void test_rows_in_store(void **state) {
    (void)state;
    struct audit *audit = NULL;
    char written[512], other[512];
    snprintf(written, sizeof written, "%s", corpus_path(&corpus, "written"));
    snprintf(other, sizeof other, "%s", corpus_path(&corpus, "in_store"));
    struct error error = run_audit(written, 2, &device_cpu_operations);
    assert_no_error(&error);
    struct audit_settings settings = settings_for(other, 2, &device_cpu_operations);
    settings.rows_in_store = true;
    audit_run(&settings, &audit, &error);
    assert_no_error(&error);
    audit_close(audit);
    assert_false(exists(other, "embeddings.npy"));
    assert_false(exists(other, "statistics.npy"));
    remove_file(written, "embeddings.npy");
    remove_file(written, "statistics.npy");
    assert_same_run(written, other);
}

/* Everything fits into one batch here, so that the thread of the device copies no clip. */
static void test_decoders_fill_batches(void **state) {
    (void)state;
    struct session session;
    struct error error = ERROR_INITIAL;
    const struct audit_settings settings =
        settings_for(corpus_path(&corpus, "filled"), 2, &device_cpu_operations);
    session_open(&settings.session, &session, &error);
    assert_no_error(&error);
    session_start(&settings.session, &session, &error);
    assert_no_error(&error);
    session_embed(&settings.session, &session, &error);
    assert_no_error(&error);
    assert_true(session.counts.embedded > 0);
    assert_int_equal(session.counts.copied, 0);
    session_close(&session);
}

static void test_a_finished_run_is_not_overwritten(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct audit *audit = NULL;
    const char *out = corpus_path(&corpus, "kept");
    error = run_audit(out, 1, &device_cpu_operations);
    assert_no_error(&error);
    struct audit_settings settings = settings_for(out, 1, &device_cpu_operations);
    settings.session.fresh = false;
    assert_int_equal(audit_run(&settings, &audit, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "--fresh"));
    audit_close(audit);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_runs_and_threads),
        cmocka_unit_test(test_fake_device_gives_the_same_bytes),
        cmocka_unit_test(test_every_clip_has_a_status),
        cmocka_unit_test(test_planted_labels_are_found),
        cmocka_unit_test(test_device_failures_end_the_run),
        cmocka_unit_test(test_other_mels_have_no_statistics),
        cmocka_unit_test(test_rows_in_store),
        cmocka_unit_test(test_decoders_fill_batches),
        cmocka_unit_test(test_a_finished_run_is_not_overwritten),
    };
    return cmocka_run_group_tests_name("pipeline", tests, make_corpus, drop_corpus);
}
