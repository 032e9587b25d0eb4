/* A GPU that runs out of memory or is lost at any call, and several GPUs. Only the simulator
 * can do this on request; on other devices these tests are skipped and counted as skipped.
 *
 * Every case runs in its own process, because the simulator reads its settings once. */
#include "tests/support/cuda_plugin.h"
#include "tests/support/random_model.h"
#include "tests/support/signal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SIZE 8
#define BATCHES 4
#define CLIPS 6                                     /* of a batch */
#define RESULTS (CLIPS * (SIZE + STATISTICS_COUNT)) /* embeddings, then statistics */
#define VALUES (BATCHES * RESULTS)

#define EXIT_OTHER_BYTES 50
#define EXIT_FAILED 60 /* + the error's code */

/* Shared with the child processes. */
struct shared {
    float values[VALUES];
    char message[ERROR_MESSAGE_SIZE];
};

static const int rates[CLIPS] = {16000, 8000, 16000, 44100, 16000, 11025};

static size_t clip_frames(int batch, int clip) {
    return 700 + signal_hash(2, (uint32_t)batch, (uint32_t)clip) % 9000;
}

/* ---- in the child process ---- */

static enum error_code fill_and_submit(struct device *device, int number, int *tags,
                                       struct error *error) {
    struct device_batch *batch;
    if (device->operations->acquire(device, 200000, CLIPS, number % 2 == 0, &batch, error) !=
        ERROR_NONE)
        return error->code;
    size_t offset = 0;
    for (int c = 0; c < CLIPS; c++) {
        const size_t frames = clip_frames(number, c);
        batch->clips[c] = (struct device_clip){offset, frames, 1, rates[c], SAMPLES_INT16};
        signal_noise((int16_t *)(void *)(batch->samples + offset), frames,
                     (unsigned)(number * CLIPS + c));
        offset = (offset + frames * 2 + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
    }
    batch->clip_count = CLIPS;
    batch->want_statistics = true;
    batch->tag = &tags[number];
    return device->operations->submit(device, batch, error);
}

static enum error_code collect(struct device *device, const int *tags, float *values,
                               struct error *error) {
    struct device_batch *batch;
    if (device->operations->wait(device, &batch, error) != ERROR_NONE) return error->code;
    values += ((const int *)batch->tag - tags) * RESULTS;
    memcpy(values, batch->embeddings, sizeof(float) * CLIPS * SIZE);
    memcpy(values + CLIPS * SIZE, batch->statistics, sizeof(float) * CLIPS * STATISTICS_COUNT);
    device->operations->release(device, batch);
    return ERROR_NONE;
}

/* Keeps two batches in flight. */
static enum error_code embed(const struct device_plugin *plugin, int gpu, float *values,
                             struct error *error) {
    int tags[BATCHES];
    char description[DEVICE_LINE_SIZE], left_out[DEVICE_LINE_SIZE];
    const struct device_settings settings = {1, PRECISION_FLOAT32};
    const struct xvector_model *model = random_model_create(SIZE, 3);
    struct device *device = NULL;
    if (model == NULL) return ERROR_INTERNAL;
    if (plugin->choose(gpu, description, left_out, error) == ERROR_NONE &&
        plugin->operations->open(&settings, &device, error) == ERROR_NONE)
        device->operations->load_model(device, model, error);
    for (int b = 0; b < BATCHES && error->code == ERROR_NONE; b++) {
        fill_and_submit(device, b, tags, error);
        if (b > 0 && error->code == ERROR_NONE) collect(device, tags, values, error);
    }
    if (error->code == ERROR_NONE) collect(device, tags, values, error);
    plugin->operations->close(device);
    random_model_free(model);
    return error->code;
}

/* Compares bytes, not values: NaN equals NaN here, and -0 differs from 0. */
static bool same_bytes(const void *a, const void *b, size_t size) {
    return memcmp(a, b, size) == 0;
}

static void run_child(int gpu, struct shared *shared, bool first) {
    static float values[VALUES];
    struct error error = ERROR_INITIAL;
    if (embed(cuda_plugin(), gpu, values, &error) != ERROR_NONE) {
        memcpy(shared->message, error.message, sizeof shared->message);
        exit(EXIT_FAILED + (int)error.code);
    }
    if (first) memcpy(shared->values, values, sizeof values);
    const bool same = same_bytes(shared->values, values, sizeof values);
    exit(same ? 0 : EXIT_OTHER_BYTES);
}

/* ---- in the parent process ---- */

/* The child's exit status, or 1000 + the signal that ended it. */
static int run_case(const char *name, const char *value, int gpu, struct shared *shared,
                    bool first) {
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv(name, value, 1);
        run_child(gpu, shared, first);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

struct fixture {
    struct shared *shared;
    unsigned long long calls, allocating;
};

/* Runs without an injected error; skips the test without a simulator that counts the calls. */
static struct fixture begin(void) {
    struct fixture fixture = {NULL, 0, 0};
    if (getenv("EARMARK_CUDA_PLUGIN") == NULL) cuda_plugin(); /* skips */
    fixture.shared = mmap(NULL, sizeof *fixture.shared, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(fixture.shared != MAP_FAILED);
    char path[] = "/tmp/earmark-faults-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    assert_int_equal(run_case("CUDASIM_COUNTS", path, 0, fixture.shared, true), 0);
    FILE *counts = fopen(path, "r");
    assert_non_null(counts);
    const int found =
        fscanf(counts, "# calls %llu, of which allocate %llu", &fixture.calls, &fixture.allocating);
    fclose(counts);
    unlink(path);
    if (found != 2) {
        munmap(fixture.shared, sizeof *fixture.shared);
        print_message("# skipped: errors can be injected only in the simulator\n");
        skip();
    }
    return fixture;
}

static void end(struct fixture *fixture) {
    munmap(fixture->shared, sizeof *fixture->shared);
}

/* The same bytes on each of three GPUs and on all of them, on two and on three. */
static void test_several_gpus(void **state) {
    (void)state;
    struct fixture fixture = begin();
    assert_int_equal(run_case("CUDASIM_GPUS", "2", DEVICE_PLUGIN_ALL, fixture.shared, false), 0);
    for (int gpu = DEVICE_PLUGIN_ALL; gpu < 3; gpu++)
        assert_int_equal(run_case("CUDASIM_GPUS", "3", gpu, fixture.shared, false), 0);
    assert_int_equal(run_case("CUDASIM_GPUS", "3", 3, fixture.shared, false),
                     EXIT_FAILED + ERROR_UNSUPPORTED);
    assert_non_null(strstr(fixture.shared->message, "no GPU 3"));
    end(&fixture);
}

/* Different orders of threads, blocks and streams give the same bytes. */
static void test_seeds(void **state) {
    (void)state;
    struct fixture fixture = begin();
    for (int seed = 1; seed <= 8; seed++) {
        char value[16];
        snprintf(value, sizeof value, "%d", seed);
        assert_int_equal(run_case("CUDASIM_SEED", value, 0, fixture.shared, false), 0);
    }
    end(&fixture);
}

/* EARMARK_EVERY_STEP, which make test-long sets, tries every call; otherwise one in `stride`, which
 * one by the seed. Sanitizers make each of these processes ten times slower. */
static unsigned long long stride_of(unsigned long long stride) {
#ifdef __SANITIZE_ADDRESS__
    stride *= 3;
#endif
    return getenv("EARMARK_EVERY_STEP") != NULL ? 1 : stride;
}

static unsigned long long first_of(unsigned long long stride) {
    const char *seed = getenv("CUDASIM_SEED");
    return seed == NULL ? 1 : 1 + strtoull(seed, NULL, 10) % stride_of(stride);
}

/* Out of memory at any allocation: batches become smaller, the bytes stay the same. */
static void test_out_of_memory(void **state) {
    (void)state;
    struct fixture fixture = begin();
    assert_true(fixture.allocating > 20);
    print_message("%llu allocations\n", fixture.allocating);
    for (unsigned long long n = first_of(2); n <= fixture.allocating; n += stride_of(2)) {
        char value[32];
        snprintf(value, sizeof value, "memory:%llu", n);
        const int status = run_case("CUDASIM_FAIL", value, 0, fixture.shared, false);
        if (status >= EXIT_FAILED) print_message("%s: %s\n", value, fixture.shared->message);
        assert_int_equal(status, 0);
    }
    end(&fixture);
}

/* A GPU with very little memory: an out-of-memory error, or the same bytes. */
static void test_small_gpus(void **state) {
    (void)state;
    struct fixture fixture = begin();
    int worked = 0, refused = 0;
    for (unsigned long long kilobytes = 32 * 1024; kilobytes < 40 * 1024; kilobytes += 256) {
        char value[32];
        snprintf(value, sizeof value, "%llu", kilobytes * 1024);
        const int status = run_case("CUDASIM_MEMORY", value, 0, fixture.shared, false);
        if (status == EXIT_FAILED + ERROR_MEMORY)
            refused++;
        else
            assert_int_equal(status, 0);
        worked += status == 0;
    }
    print_message("%d sizes of memory worked, %d were too small\n", worked, refused);
    assert_true(worked > 0 && refused > 0);
    end(&fixture);
}

/* Lost at any call: the run fails with ERROR_DEVICE_LOST and the process ends by itself. Calls
 * that only fill in messages, or are made while closing, may fail without an error. */
static void test_lost(void **state) {
    (void)state;
    struct fixture fixture = begin();
    print_message("%llu calls\n", fixture.calls);
    unsigned long long tried = 0, unseen = 0, refused = 0;
    for (unsigned long long n = first_of(8); n <= fixture.calls; n += stride_of(8)) {
        char value[32];
        snprintf(value, sizeof value, "sticky:%llu", n);
        const int status = run_case("CUDASIM_FAIL", value, 0, fixture.shared, false);
        tried++;
        if (status == 0)
            unseen++;
        else if (status == EXIT_FAILED + ERROR_UNSUPPORTED)
            refused++; /* while the GPU is chosen: it does not start */
        else
            assert_int_equal(status, EXIT_FAILED + ERROR_DEVICE_LOST);
    }
    print_message("unseen %llu, refused %llu\n", unseen, refused);
    assert_true(tried * stride_of(8) > 400 && unseen < tried / 4 && refused < 10);
    end(&fixture);
}

/* One of three GPUs is lost: the same, though the others go on. Those that are lost while the GPUs
 * are chosen are left out. */
static void test_one_lost(void **state) {
    (void)state;
    struct fixture fixture = begin();
    unsigned long long tried = 0, lost = 0;
    setenv("CUDASIM_GPUS", "3", 1);
    for (unsigned long long n = first_of(24); n <= fixture.calls; n += stride_of(24), tried++) {
        char value[48];
        snprintf(value, sizeof value, "gpu:%llu:%llu", tried % 3, n);
        const int status =
            run_case("CUDASIM_FAIL", value, DEVICE_PLUGIN_ALL, fixture.shared, false);
        if (status != 0) assert_int_equal(status, EXIT_FAILED + ERROR_DEVICE_LOST);
        lost += status != 0;
    }
    unsetenv("CUDASIM_GPUS");
    print_message("%llu of %llu lost\n", lost, tried);
    assert_true(lost > tried / 2);
    end(&fixture);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_gpus),  cmocka_unit_test(test_seeds),
        cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_small_gpus),
        cmocka_unit_test(test_lost),          cmocka_unit_test(test_one_lost),
    };
    return cmocka_run_group_tests_name("cuda faults", tests, NULL, NULL);
}
