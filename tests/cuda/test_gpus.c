/* The classifier and the search of nearest rows on several GPUs: the same bytes on one, two, three
 * and eight, with the data on them and streamed; one of them that is lost. Only the simulator has
 * so many; on other devices this is skipped and counted as skipped.
 *
 * Every number of GPUs has its own process, because the simulator reads its settings once. */
#include "tests/support/classifier_example.h"
#include "tests/support/compare.h"
#include "tests/support/cuda_plugin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Enough for all slices: of each fold, eight chunks of 512 rows in every slice. */
#define SLICES 8
#define SLICE_ROWS ((size_t)(FOLDS * 8 * 512))
#define ROWS (SLICES * SLICE_ROWS + 300) /* at most */
#define FEATURES 2
#define CLASSES 2
#define FOLDS 2
#define TASKS 3
#define NUMBERS                                                                                    \
    (2 * TASKS * (CLASSES * (FEATURES + 1) + 1) + ROWS * CLASSES + 1 +                             \
     (size_t)(FOLDS * (CLASSES + FEATURES) * FEATURES))

/* Four blocks of queries, the last one short, over three tiles of rows that may be found. */
#define QUERIES ((size_t)1000)
#define BLOCKS 4
#define TILES 3
#define NEIGHBOURS ((size_t)5)
#define EVERY 3 /* row may be found */

#define EXIT_OTHER_BYTES 50
#define EXIT_FAILED 60 /* + the error's code */

/* What the first run computed, shared with the child processes. */
struct results {
    double numbers[NUMBERS];
    size_t neighbours[QUERIES * NEIGHBOURS];
    float similarities[QUERIES * NEIGHBOURS];
};

static struct results *expected;

/* The neighbours of some of the example's rows, scaled as its classifier's, among some of the rows
 * of the other class. */
static void find_nearest(const struct device_operations *cuda, struct device *device,
                         const struct classifier_problem *of, struct results *results,
                         struct error *error) {
    static size_t references[ROWS / EVERY + 1], queries[QUERIES];
    struct nearest_problem problem = {.data = of->data,
                                      .rows = of->rows,
                                      .columns = of->features,
                                      .shift = of->shift,
                                      .scale = of->scale,
                                      .references = references,
                                      .apart = of->labels};
    for (size_t row = 0; row < of->rows; row += EVERY) references[problem.reference_count++] = row;
    for (size_t q = 0; q < QUERIES; q++) queries[q] = q * 61 % SLICE_ROWS;
    cuda->nearest(device, &problem, queries, QUERIES, NEIGHBOURS, results->neighbours,
                  results->similarities, error);
}

struct setting {
    int gpus;
    bool old; /* the first one cannot be used */
    const char *memory;
    const char *fail; /* CUDASIM_FAIL */
    size_t rows;
};

/* All of it on all GPUs. */
static enum error_code compute(const struct device_plugin *plugin, size_t rows,
                               struct results *results, char *left_out, struct error *error) {
    const struct device_operations *cuda = plugin->operations;
    const struct device_settings settings = {.threads = 1};
    struct classifier_example example =
        classifier_example_make(rows, FEATURES, CLASSES, FOLDS, TASKS);
    char description[DEVICE_LINE_SIZE];
    struct device *device = NULL;
    struct classifier *classifier = NULL;
    if (plugin->choose(DEVICE_PLUGIN_ALL, description, left_out, error) == ERROR_NONE &&
        cuda->open(&settings, &device, error) == ERROR_NONE &&
        cuda->classifier_open(device, &example.problem, &classifier, error) == ERROR_NONE)
        classifier_try_all(cuda, classifier, &example, results->numbers, error);
    if (classifier != NULL) cuda->classifier_close(classifier);
    if (error->code == ERROR_NONE) find_nearest(cuda, device, &example.problem, results, error);
    cuda->close(device);
    classifier_example_free(&example);
    return error->code;
}

/* Compares bytes, not values: NaN equals NaN here, and -0 differs from 0. */
static bool same_bytes(const void *a, const void *b, size_t size) {
    return memcmp(a, b, size) == 0;
}

static void run_child(const struct setting *setting, bool first) {
    struct error error = ERROR_INITIAL;
    char left_out[DEVICE_LINE_SIZE] = "";
    struct results *results = calloc(1, sizeof *results);
    if (results == NULL) exit(EXIT_FAILED);
    compute(cuda_plugin(), setting->rows, results, left_out, &error);
    if (error.code != ERROR_NONE) exit(EXIT_FAILED + (int)error.code);
    if (setting->old && strstr(left_out, "left out: GPU 0 ") == NULL) exit(EXIT_FAILED);
    if (first) memcpy(expected, results, sizeof *results);
    const bool same = same_bytes(expected, results, sizeof *results);
    free(results);
    exit(same ? 0 : EXIT_OTHER_BYTES);
}

/* What the simulator counted; zeros where nothing counts. */
struct counts {
    unsigned long long calls;
    unsigned long long packed;  /* launches, which every GPU needs for itself: of weights */
    unsigned long long lengths; /* of its queries, and of the rows of each tile */
};

static struct counts read_counts(const char *path) {
    struct counts counts = {0, 0, 0};
    unsigned long long found;
    char line[512];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "# calls %llu", &found) == 1) counts.calls = found;
        if (sscanf(line, "%*s %llu", &found) != 1) continue;
        if (strstr(line, "pack_weights") != NULL) counts.packed += found;
        if (strstr(line, "row_lengths") != NULL) counts.lengths += found;
    }
    fclose(file);
    return counts;
}

/* The child's exit status; one that ends by a signal fails the test. The first writes what the
 * others are compared with. */
static int run(const struct setting *setting, bool first, struct counts *counts) {
    char path[] = "/tmp/earmark-gpus-XXXXXX", number[16];
    const int file = mkstemp(path);
    int status;
    assert_true(file >= 0);
    close(file);
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        snprintf(number, sizeof number, "%d", setting->gpus);
        setenv("CUDASIM_GPUS", number, 1);
        setenv("CUDASIM_COUNTS", path, 1);
        setenv("CUDASIM_OLD", setting->old ? "1" : "0", 1);
        setenv("CUDASIM_FAIL", setting->fail, 1);
        setenv("EARMARK_CUDA_MEMORY", setting->memory, 1);
        run_child(setting, first);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    *counts = read_counts(path);
    unlink(path);
    return WEXITSTATUS(status);
}

static void begin(void) {
    if (getenv("EARMARK_CUDA_PLUGIN") == NULL) cuda_plugin(); /* skips */
    expected =
        mmap(NULL, sizeof *expected, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(expected != MAP_FAILED);
}

/* Skips the test unless something counted. */
static void end(bool counted) {
    munmap(expected, sizeof *expected);
    if (counted) return;
    print_message("# skipped: only the simulator has so many GPUs\n");
    skip();
}

static void test_same_bytes(void **state) {
    (void)state;
    static const struct setting runs[] = {{1, false, "", "", ROWS},
                                          {2, false, "", "", ROWS},
                                          {3, false, "1", "", ROWS},
                                          {3, true, "", "", ROWS},
                                          {8, false, "", "", ROWS}};
    bool counted = false;
    begin();
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        const int used = runs[i].gpus - runs[i].old, searching = used < BLOCKS ? used : BLOCKS;
        struct counts counts;
        assert_int_equal(run(&runs[i], i == 0, &counts), 0);
        if (i == 0) counted = counts.calls > 0;
        if (!counted) break;
        /* both evaluations on every GPU; the prediction once for each slice and fold */
        assert_int_equal(counts.packed, 2 * used + SLICES * FOLDS);
        assert_int_equal(counts.lengths, (1 + TILES) * searching);
    }
    end(counted);
}

#define LOST_RUNS 24
#define LOST_STRIDE 4

/* EARMARK_EVERY_STEP, which make test-long sets, tries all runs; otherwise one in LOST_STRIDE. */
static unsigned long long lost_stride(void) {
    return getenv("EARMARK_EVERY_STEP") != NULL ? 1 : LOST_STRIDE;
}

/* One of three GPUs is lost at any call: ERROR_DEVICE_LOST, though the others go on, and the
 * process ends by itself. Only the last calls, which close, may fail unseen. */
static void test_one_lost(void **state) {
    (void)state;
    struct setting setting = {3, false, "", "", 3 * SLICE_ROWS};
    const unsigned long long stride = lost_stride();
    unsigned long long unseen = 0;
    struct counts all, counts;
    begin();
    const int whole = run(&setting, true, &all);
    assert_int_equal(whole, 0);
    for (unsigned long long i = stride / 2; i < LOST_RUNS && all.calls > 0; i += stride) {
        char fail[48];
        snprintf(fail, sizeof fail, "gpu:%llu:%llu", i % 3, 1 + all.calls * i / LOST_RUNS);
        setting.fail = fail;
        const int status = run(&setting, false, &counts);
        unseen += status == 0;
        if (status != 0 && status != EXIT_FAILED + ERROR_DEVICE_LOST)
            fail_msg("%s: exit status %d", fail, status);
    }
    print_message("%llu calls; unseen: %llu of %llu\n", all.calls, unseen, LOST_RUNS / stride);
    assert_true(unseen <= (LOST_RUNS / stride + 7) / 8);
    end(all.calls > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bytes),
                                       cmocka_unit_test(test_one_lost)};
    return cmocka_run_group_tests_name("cuda_gpus", tests, NULL, NULL);
}
