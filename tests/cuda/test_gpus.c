/* The classifier on several GPUs: the same bytes on one, two and eight, with the data on them and
 * streamed. Only the simulator has so many; on other devices this is skipped and counted as
 * skipped.
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
#define ROWS ((size_t)(SLICES * FOLDS * 8 * 512 + 300))
#define FEATURES 2
#define CLASSES 2
#define FOLDS 2
#define TASKS 3
#define NUMBERS                                                                                    \
    (2 * TASKS * (CLASSES * (FEATURES + 1) + 1) + ROWS * CLASSES + 1 +                             \
     (size_t)(FOLDS * (CLASSES + FEATURES) * FEATURES))

#define EXIT_OTHER_BYTES 50
#define EXIT_FAILED 60 /* + the error's code */

/* The numbers of the first run, shared with the child processes. */
static double *expected;

static void run_child(bool first, bool old) {
    struct error error = ERROR_INITIAL;
    const struct device_plugin *plugin = cuda_plugin();
    const struct device_operations *cuda = plugin->operations;
    const struct device_settings settings = {.threads = 1};
    struct classifier_example example =
        classifier_example_make(ROWS, FEATURES, CLASSES, FOLDS, TASKS);
    char description[DEVICE_LINE_SIZE], left_out[DEVICE_LINE_SIZE];
    struct device *device = NULL;
    struct classifier *classifier = NULL;
    size_t count = 0;
    if (plugin->choose(DEVICE_PLUGIN_ALL, description, left_out, &error) != ERROR_NONE ||
        cuda->open(&settings, &device, &error) != ERROR_NONE ||
        cuda->classifier_open(device, &example.problem, &classifier, &error) != ERROR_NONE)
        exit(EXIT_FAILED + (int)error.code);
    if ((strstr(left_out, "left out: GPU 0 ") != NULL) != old) exit(EXIT_FAILED);
    double *numbers = classifier_compute_all(cuda, classifier, &example, &count);
    cuda->classifier_close(classifier);
    cuda->close(device);
    classifier_example_free(&example);
    if (first) memcpy(expected, numbers, count * sizeof *numbers);
    const bool same = memcmp(expected, numbers, count * sizeof *numbers) == 0;
    free(numbers);
    exit(count != NUMBERS || !same ? EXIT_OTHER_BYTES : 0);
}

/* Fails the test unless this many GPUs compute the bytes of the first run. Returns how often
 * weights were packed, which every GPU does for itself; 0 where nothing counts it. */
static unsigned long long run(int gpus, bool old, const char *memory, bool first) {
    char path[] = "/tmp/earmark-gpus-XXXXXX", line[512], number[16];
    unsigned long long launches = 0, found;
    const int file = mkstemp(path);
    int status;
    assert_true(file >= 0);
    close(file);
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        snprintf(number, sizeof number, "%d", gpus);
        setenv("CUDASIM_GPUS", number, 1);
        setenv("CUDASIM_COUNTS", path, 1);
        setenv("EARMARK_CUDA_MEMORY", memory, 1);
        setenv("CUDASIM_OLD", old ? "1" : "0", 1);
        run_child(first, old);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    FILE *counts = fopen(path, "r");
    assert_non_null(counts);
    while (fgets(line, sizeof line, counts) != NULL)
        if (strstr(line, "pack_weights") != NULL && sscanf(line, "%*s %llu", &found) == 1)
            launches += found;
    fclose(counts);
    unlink(path);
    return launches;
}

static void test_same_bytes(void **state) {
    (void)state;
    static const struct {
        int gpus;
        bool old; /* the first one cannot be used */
        const char *memory;
    } runs[] = {{1, false, ""}, {2, false, ""}, {3, false, "1"}, {3, true, ""}, {8, false, ""}};
    unsigned long long alone = 0;
    if (getenv("EARMARK_CUDA_PLUGIN") == NULL) cuda_plugin(); /* skips */
    expected = mmap(NULL, NUMBERS * sizeof *expected, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(expected != MAP_FAILED);
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        unsigned long long launches = run(runs[i].gpus, runs[i].old, runs[i].memory, i == 0);
        if (i == 0) alone = launches;
        if (alone == 0) break;
        /* both evaluations on every GPU; the prediction once for each slice and fold */
        assert_int_equal(launches, 2 * (runs[i].gpus - runs[i].old) + SLICES * FOLDS);
    }
    munmap(expected, NUMBERS * sizeof *expected);
    if (alone > 0) return;
    print_message("# skipped: only the simulator has so many GPUs\n");
    skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bytes)};
    return cmocka_run_group_tests_name("cuda_gpus", tests, NULL, NULL);
}
