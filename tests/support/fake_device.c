#include "tests/support/fake_device.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FAKE_BATCHES 8

enum fake_state { FAKE_FREE, FAKE_ACQUIRED, FAKE_SUBMITTED, FAKE_FINISHED };

struct fake_batch {
    struct device_batch host; /* the host's view */
    enum fake_state state;
    unsigned char *pages; /* clips, samples, results, each page-aligned */
    size_t clips_size, samples_size, results_size;
    bool want_features;
};

struct fake_device {
    struct device base;
    struct device *inner;
    struct device_properties properties;
    struct fake_batch batches[FAKE_BATCHES];
    size_t embedding_size, mels;
    int model_rate;
    uint32_t random;
    int calls, fail_at;
    enum error_code fail_code;
};

static unsigned next_seed;
static int next_fail_at;
static enum error_code next_fail_code;
static struct fake_submits submits;
static bool times_kernels;
static int launches;

void fake_device_seed(unsigned seed) {
    next_seed = seed;
}

void fake_device_fail_at(int call, enum error_code code) {
    next_fail_at = call;
    next_fail_code = code;
}

struct fake_submits fake_device_submits(void) {
    return submits;
}

bool fake_device_times_kernels(void) {
    return times_kernels;
}

static uint32_t draw(struct fake_device *device, uint32_t below) {
    device->random = device->random * 1664525u + 1013904223u;
    return (device->random >> 8) % below;
}

static enum error_code count_call(struct fake_device *device, struct error *error) {
    if (++device->calls == device->fail_at)
        return FAIL(error, device->fail_code, "fake device: injected failure at call %d",
                    device->calls);
    return ERROR_NONE;
}

static size_t whole_pages(size_t size) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) / page * page;
}

static struct fake_device *fake(struct device *device) {
    return (struct fake_device *)device;
}

static enum error_code fake_open(const struct device_settings *settings, struct device **device,
                                 struct error *error) {
    struct fake_device *opened = calloc(1, sizeof *opened);
    if (opened == NULL) return FAIL(error, ERROR_MEMORY, "fake device");
    if (device_cpu_operations.open(settings, &opened->inner, error) != ERROR_NONE) {
        free(opened);
        return error->code;
    }
    opened->base.operations = &fake_device_operations;
    opened->random = next_seed * 2654435761u + 1;
    opened->random ^= opened->random >> 15; /* else neighbouring seeds draw alike at first */
    opened->random *= 2246822519u;
    opened->fail_at = next_fail_at;
    opened->fail_code = next_fail_code;
    device_cpu_operations.properties(opened->inner, &opened->properties);
    opened->properties.batches_in_flight = 1 + (int)draw(opened, 4);
    opened->properties.batch_bytes = 20000 + (size_t)draw(opened, 400000);
    opened->properties.batch_clips = 1 + (size_t)draw(opened, 24);
    opened->properties.batch_frames = (size_t)draw(opened, 3) * 60;
    submits = (struct fake_submits){0};
    times_kernels = false;
    *device = &opened->base;
    return ERROR_NONE;
}

static void unmap_batch(struct fake_batch *batch) {
    if (batch->pages != NULL)
        munmap(batch->pages, batch->clips_size + batch->samples_size + batch->results_size);
    *batch = (struct fake_batch){0};
}

static void fake_close(struct device *device) {
    if (device == NULL) return;
    for (size_t i = 0; i < FAKE_BATCHES; i++) unmap_batch(&fake(device)->batches[i]);
    device_cpu_operations.close(fake(device)->inner);
    free(device);
}

static void fake_properties(const struct device *device, struct device_properties *properties) {
    *properties = ((const struct fake_device *)device)->properties;
}

static void fake_counters(const struct device *device, struct device_counters *counters) {
    device_cpu_operations.counters(((const struct fake_device *)device)->inner, counters);
}

static enum error_code fake_load_model(struct device *device, const struct xvector_model *model,
                                       struct error *error) {
    fake(device)->embedding_size = model->embedding_size;
    fake(device)->mels = model->mels;
    fake(device)->model_rate = model->sample_rate;
    return device_cpu_operations.load_model(fake(device)->inner, model, error);
}

static enum error_code fake_acquire(struct device *device, size_t samples_bytes, size_t clip_count,
                                    bool want_features, struct device_batch **batch,
                                    struct error *error) {
    struct fake_device *self = fake(device);
    struct fake_batch *free_batch = NULL;
    for (size_t i = 0; i < FAKE_BATCHES && free_batch == NULL; i++)
        if (self->batches[i].state == FAKE_FREE) free_batch = &self->batches[i];
    if (free_batch == NULL) return FAIL(error, ERROR_INTERNAL, "fake device: no free batch");
    size_t bytes =
        samples_bytes > self->properties.batch_bytes ? samples_bytes : self->properties.batch_bytes;
    size_t clips =
        clip_count > self->properties.batch_clips ? clip_count : self->properties.batch_clips;
    /* Most frames that the samples can become: 8 kHz int16 doubles in length. */
    size_t frames = clips + bytes / 160;
    size_t results = clips * (self->embedding_size + STATISTICS_COUNT) +
                     (want_features ? frames * self->mels : 0);
    *free_batch = (struct fake_batch){.clips_size = whole_pages(clips * sizeof(struct device_clip)),
                                      .samples_size = whole_pages(bytes),
                                      .results_size = whole_pages(results * sizeof(float)),
                                      .want_features = want_features};
    size_t size = free_batch->clips_size + free_batch->samples_size + free_batch->results_size;
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return FAIL(error, ERROR_MEMORY, "fake device: no pages");
    free_batch->pages = pages;
    free_batch->state = FAKE_ACQUIRED;
    /* The host may not read this memory before the batch is done. */
    mprotect(free_batch->pages + free_batch->clips_size + free_batch->samples_size,
             free_batch->results_size, PROT_NONE);
    free_batch->host = (struct device_batch){
        .samples_capacity = bytes,
        .clip_capacity = clips,
        .clips = (struct device_clip *)pages,
        .samples = free_batch->pages + free_batch->clips_size,
    };
    *batch = &free_batch->host;
    return ERROR_NONE;
}

static void count_submit(const struct fake_device *self) {
    int in_flight = 0;
    for (size_t i = 0; i < FAKE_BATCHES; i++) in_flight += self->batches[i].state == FAKE_SUBMITTED;
    submits.all++;
    submits.alone += in_flight == 1;
    if (in_flight > submits.most) submits.most = in_flight;
    launches++;
}

static enum error_code fake_submit(struct device *device, struct device_batch *batch,
                                   struct error *error) {
    struct fake_batch *own = (struct fake_batch *)batch;
    if (count_call(fake(device), error) != ERROR_NONE) return error->code;
    if (own->state != FAKE_ACQUIRED || batch->clip_count > batch->clip_capacity)
        return FAIL(error, ERROR_INTERNAL, "fake device: submit of a batch that is not acquired");
    own->state = FAKE_SUBMITTED;
    count_submit(fake(device));
    mprotect(own->pages, own->clips_size + own->samples_size, PROT_NONE);
    return ERROR_NONE;
}

/* Copy to the device, computation and copy back, all at the last moment. */
static enum error_code compute(struct fake_device *self, struct fake_batch *own,
                               struct error *error) {
    const struct device_operations *cpu = &device_cpu_operations;
    struct device_batch *inner = NULL;
    mprotect(own->pages, own->clips_size + own->samples_size, PROT_READ);
    mprotect(own->pages + own->clips_size + own->samples_size, own->results_size,
             PROT_READ | PROT_WRITE);
    if (cpu->acquire(self->inner, own->host.samples_capacity, own->host.clip_count,
                     own->want_features, &inner, error) != ERROR_NONE)
        return error->code;
    inner->clip_count = own->host.clip_count;
    inner->want_statistics = own->host.want_statistics;
    memcpy(inner->clips, own->host.clips, inner->clip_count * sizeof *inner->clips);
    memcpy(inner->samples, own->host.samples, own->host.samples_capacity);
    size_t frames = 0;
    for (size_t i = 0; i < inner->clip_count; i++)
        frames +=
            xvector_frames(device_resampled_length(inner->clips[i].frames, inner->clips[i].rate));
    if (cpu->submit(self->inner, inner, error) != ERROR_NONE) return error->code;
    if (cpu->wait(self->inner, &inner, error) != ERROR_NONE) return error->code;
    size_t embedding_floats = inner->clip_count * self->embedding_size;
    float *results = (float *)(void *)(own->pages + own->clips_size + own->samples_size);
    memcpy(results, inner->embeddings, embedding_floats * sizeof *results);
    own->host.embeddings = results;
    results += embedding_floats;
    if (inner->statistics != NULL) {
        memcpy(results, inner->statistics, inner->clip_count * STATISTICS_COUNT * sizeof *results);
        own->host.statistics = results;
        results += inner->clip_count * STATISTICS_COUNT;
    }
    if (own->want_features) {
        memcpy(results, inner->features, frames * self->mels * sizeof *results);
        own->host.features = results;
    }
    cpu->release(self->inner, inner);
    mprotect(own->pages + own->clips_size + own->samples_size, own->results_size, PROT_READ);
    return ERROR_NONE;
}

static enum error_code fake_wait(struct device *device, struct device_batch **batch,
                                 struct error *error) {
    struct fake_device *self = fake(device);
    if (count_call(self, error) != ERROR_NONE) return error->code;
    struct fake_batch *submitted[FAKE_BATCHES];
    uint32_t count = 0;
    for (size_t i = 0; i < FAKE_BATCHES; i++)
        if (self->batches[i].state == FAKE_SUBMITTED) submitted[count++] = &self->batches[i];
    if (count == 0) return FAIL(error, ERROR_INTERNAL, "fake device: wait with nothing submitted");
    struct fake_batch *own = submitted[draw(self, count)];
    if (compute(self, own, error) != ERROR_NONE) return error->code;
    own->state = FAKE_FINISHED;
    *batch = &own->host;
    return ERROR_NONE;
}

static void fake_release(struct device *device, struct device_batch *batch) {
    (void)device;
    unmap_batch((struct fake_batch *)batch);
}

/* Like a device, the classifier keeps its own copy of the data, and reads the host's weights
 * and writes its gradients only inside a call. */
struct fake_classifier {
    struct classifier base;
    struct classifier *inner;
    float *data;
};

static enum error_code fake_classifier_open(struct device *device,
                                            const struct classifier_problem *problem,
                                            struct classifier **classifier, struct error *error) {
    struct fake_classifier *opened = calloc(1, sizeof *opened);
    size_t size = problem->rows * problem->features * sizeof(float);
    if (opened != NULL) opened->data = malloc(size == 0 ? 1 : size);
    if (opened == NULL || opened->data == NULL) {
        free(opened);
        return FAIL(error, ERROR_MEMORY, "fake device: classifier");
    }
    for (size_t row = 0; row < problem->rows; row++)
        memcpy(opened->data + row * problem->features, matrix_row(&problem->data, row),
               problem->features * sizeof(float));
    struct classifier_problem copied = *problem;
    copied.data = matrix_of(opened->data, problem->features);
    opened->base.device = device;
    if (device_cpu_operations.classifier_open(fake(device)->inner, &copied, &opened->inner,
                                              error) != ERROR_NONE) {
        free(opened->data);
        free(opened);
        return error->code;
    }
    *classifier = &opened->base;
    return ERROR_NONE;
}

static enum error_code fake_classifier_evaluate(struct classifier *classifier,
                                                enum classifier_precision precision,
                                                struct classifier_task *tasks, size_t task_count,
                                                struct error *error) {
    struct fake_classifier *self = (struct fake_classifier *)classifier;
    if (count_call(fake(classifier->device), error) != ERROR_NONE) return error->code;
    return device_cpu_operations.classifier_evaluate(self->inner, precision, tasks, task_count,
                                                     error);
}

static enum error_code
fake_classifier_predict(struct classifier *classifier, const struct classifier_task *tasks,
                        size_t task_count, size_t set_count, enum classifier_output output,
                        float *const *predictions, double *log_losses, struct error *error) {
    struct fake_classifier *self = (struct fake_classifier *)classifier;
    return device_cpu_operations.classifier_predict(self->inner, tasks, task_count, set_count,
                                                    output, predictions, log_losses, error);
}

static enum error_code fake_classifier_scatter(struct classifier *classifier, size_t fold,
                                               double *sums, double *products,
                                               struct error *error) {
    struct fake_classifier *self = (struct fake_classifier *)classifier;
    if (count_call(fake(classifier->device), error) != ERROR_NONE) return error->code;
    return device_cpu_operations.classifier_scatter(self->inner, fold, sums, products, error);
}

static void fake_classifier_close(struct classifier *classifier) {
    if (classifier == NULL) return;
    struct fake_classifier *self = (struct fake_classifier *)classifier;
    device_cpu_operations.classifier_close(self->inner);
    free(self->data);
    free(self);
}

static enum error_code fake_nearest(struct device *device, const struct nearest_problem *problem,
                                    const size_t *queries, size_t query_count, size_t count,
                                    size_t *neighbours, float *similarities, struct error *error) {
    return device_cpu_operations.nearest(fake(device)->inner, problem, queries, query_count, count,
                                         neighbours, similarities, error);
}

static enum error_code fake_gemm_speed(struct device *device, size_t size, int repeats,
                                       double *speed, struct error *error) {
    return device_cpu_operations.gemm_speed(fake(device)->inner, size, repeats, speed, error);
}

static enum error_code fake_kernels_start(struct device *device, struct error *error) {
    (void)device;
    (void)error;
    times_kernels = true;
    launches = 0;
    return ERROR_NONE;
}

static enum error_code fake_kernels_stop(struct device *device, struct device_kernel_times *times,
                                         struct error *error) {
    (void)device;
    times_kernels = false;
    *times = (struct device_kernel_times){
        .kernels = {{.name = "fake", .launches = launches, .seconds = 0.001 * launches}},
        .count = 1};
    return error->code;
}

const struct device_operations fake_device_operations = {
    .interface_version = DEVICE_INTERFACE_VERSION,
    .name = "fake",
    .open = fake_open,
    .close = fake_close,
    .properties = fake_properties,
    .counters = fake_counters,
    .load_model = fake_load_model,
    .acquire = fake_acquire,
    .submit = fake_submit,
    .wait = fake_wait,
    .release = fake_release,
    .classifier_open = fake_classifier_open,
    .classifier_evaluate = fake_classifier_evaluate,
    .classifier_predict = fake_classifier_predict,
    .classifier_scatter = fake_classifier_scatter,
    .classifier_close = fake_classifier_close,
    .nearest = fake_nearest,
    .gemm_speed = fake_gemm_speed,
    .kernels_start = fake_kernels_start,
    .kernels_stop = fake_kernels_stop,
};
