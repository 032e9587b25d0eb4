#include "device_cpu.h"

#include "embedder.h"
#include "kernels/front_end.h"
#include "memory.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The device computes inside wait(), in the calling thread and `threads` - 1
 * others: submit() only queues, so that decode threads fill one batch while
 * another is computed. */

#define MAXIMUM_THREADS 1024
#define BATCH_FRAMES ((size_t)8192) /* of samples of two bytes: */
#define BATCH_BYTES (BATCH_FRAMES * FRAME_SHIFT * 2)
#define BATCH_CLIPS ((size_t)512)
#define KEEP_BYTES (4 * BATCH_BYTES) /* staging memory beyond this is given back */

enum batch_state { BATCH_FREE, BATCH_ACQUIRED, BATCH_SUBMITTED, BATCH_FINISHED };

struct cpu_batch {
    struct device_batch base; /* first */
    enum batch_state state;
    bool want_features;
    size_t embeddings_capacity; /* values */
    float *embeddings;
    size_t statistics_capacity; /* clips */
    float *statistics;
    size_t features_capacity; /* values */
    float *features;
    struct cpu_batch *next;  /* of all */
    struct cpu_batch *queue; /* submitted after this one */
};

static struct cpu_device *cpu_device(struct device *device) {
    return (struct cpu_device *)device;
}

/* ---- the device ---- */

/* An instruction set's bits include those of the sets that it contains, so sets
 * that a later oneDNN adds count as the best of these that they contain. */
static bool has_instructions(dnnl_cpu_isa_t wanted) {
    return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)wanted) == (unsigned)wanted;
}

static const char *instruction_set(void) {
    static const struct {
        dnnl_cpu_isa_t set;
        const char *name;
    } sets[] = {
        {dnnl_cpu_isa_avx512_core_amx, "AVX-512 with AMX"},
        {dnnl_cpu_isa_avx512_core_bf16, "AVX-512 with bfloat16"},
        {dnnl_cpu_isa_avx512_core_vnni, "AVX-512 with VNNI"},
        {dnnl_cpu_isa_avx512_core, "AVX-512"},
        {dnnl_cpu_isa_avx2_vnni, "AVX2 with VNNI"},
        {dnnl_cpu_isa_avx2, "AVX2"},
        {dnnl_cpu_isa_avx, "AVX"},
        {dnnl_cpu_isa_sse41, "SSE4.1"},
    };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (has_instructions(sets[i].set)) return sets[i].name;
    return "generic";
}

static bool has_bfloat16(void) {
    return has_instructions(dnnl_cpu_isa_avx512_core_bf16);
}

static enum error_code cpu_open(const struct device_settings *settings, struct device **device,
                                struct error *error) {
    *device = NULL;
    if (settings->threads < 1 || settings->threads > MAXIMUM_THREADS)
        return FAIL(error, ERROR_USAGE, "--threads %d: give a number from 1 to %d",
                    settings->threads, MAXIMUM_THREADS);
    if (settings->precision == PRECISION_TF32)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "--precision tf32 exists on CUDA devices only; use float32 on the CPU");
    if (settings->precision == PRECISION_BF16 && !has_bfloat16())
        return FAIL(error, ERROR_UNSUPPORTED,
                    "--precision bf16: this CPU (%s) has no bfloat16 instructions; use float32",
                    instruction_set());
    struct cpu_device *cpu = calloc(1, sizeof *cpu);
    if (cpu == NULL) return FAIL(error, ERROR_MEMORY, "no memory for the CPU device");
    cpu->base.operations = &device_cpu_operations;
    cpu->threads = settings->threads;
    cpu->precision = settings->precision;
    *device = &cpu->base;
    return ERROR_NONE;
}

static void free_batch(struct cpu_batch *batch) {
    free(batch->base.clips);
    free(batch->base.samples);
    free(batch->embeddings);
    free(batch->statistics);
    free(batch->features);
    free(batch);
}

static void cpu_close(struct device *device) {
    if (device == NULL) return;
    struct cpu_device *cpu = cpu_device(device);
    for (struct cpu_batch *batch = cpu->batches, *next; batch != NULL; batch = next) {
        next = batch->next;
        free_batch(batch);
    }
    embedder_free(cpu->embedder);
    free(cpu);
}

static void cpu_properties(const struct device *device, struct device_properties *properties) {
    const struct cpu_device *cpu = (const struct cpu_device *)device;
    static const char *const precisions[] = {"float32", "tf32", "bf16"};
    memset(properties, 0, sizeof *properties);
    const dnnl_version_t *version = dnnl_version();
    snprintf(properties->name, sizeof properties->name, "cpu");
    snprintf(properties->description, sizeof properties->description,
             "%s, %s, oneDNN %d.%d.%d, %d thread%s", instruction_set(), precisions[cpu->precision],
             version->major, version->minor, version->patch, cpu->threads,
             cpu->threads == 1 ? "" : "s");
    /* Every thread needs a few tiles of each batch. */
    const size_t share = (size_t)(cpu->threads + 7) / 8;
    properties->batches_in_flight = 2;
    properties->batch_bytes = BATCH_BYTES * share;
    properties->batch_clips = BATCH_CLIPS * share;
}

static void cpu_counters(const struct device *device, struct device_counters *counters) {
    *counters = ((const struct cpu_device *)device)->counters;
}

static enum error_code cpu_load_model(struct device *device, const struct xvector_model *model,
                                      struct error *error) {
    struct cpu_device *cpu = cpu_device(device);
    for (struct cpu_batch *batch = cpu->batches; batch != NULL; batch = batch->next)
        if (batch->state != BATCH_FREE)
            return FAIL(error, ERROR_USAGE, "a model cannot be loaded while batches are under way");
    embedder_free(cpu->embedder);
    cpu->embedder = NULL;
    return embedder_create(model, cpu->precision, cpu->threads, &cpu->embedder, error);
}

/* ---- batches ---- */

/* Makes room in a batch; nothing of it is kept. An error leaves it empty but whole. */
static enum error_code reserve_batch(struct cpu_batch *batch, size_t bytes, size_t clips,
                                     size_t size, struct error *error) {
    struct device_batch *base = &batch->base;
    if (bytes > base->samples_capacity) {
        free(base->samples);
        base->samples_capacity = 0;
        base->samples = memory_aligned(bytes, 1, "a batch of samples", error);
        if (base->samples == NULL) return error->code;
        base->samples_capacity = bytes;
    }
    if (clips > base->clip_capacity) {
        free(base->clips);
        base->clip_capacity = 0;
        base->clips = memory_aligned(clips, sizeof *base->clips, "the clips of a batch", error);
        if (base->clips == NULL) return error->code;
        base->clip_capacity = clips;
    }
    size_t values;
    if (__builtin_mul_overflow(base->clip_capacity, size, &values)) values = SIZE_MAX;
    if (values > batch->embeddings_capacity) {
        free(batch->embeddings);
        batch->embeddings_capacity = 0;
        batch->embeddings = memory_aligned(values, sizeof(float), "embeddings", error);
        if (batch->embeddings == NULL) return error->code;
        batch->embeddings_capacity = values;
    }
    return ERROR_NONE;
}

/* Gives back what free batches hold beyond `keep` bytes. */
static void trim(struct cpu_device *cpu, size_t keep) {
    for (struct cpu_batch *batch = cpu->batches; batch != NULL; batch = batch->next) {
        if (batch->state != BATCH_FREE) continue;
        if (batch->base.samples_capacity > keep) {
            free(batch->base.samples);
            batch->base.samples = NULL;
            batch->base.samples_capacity = 0;
        }
        if (batch->features_capacity * sizeof(float) > keep) {
            free(batch->features);
            batch->features = NULL;
            batch->features_capacity = 0;
        }
    }
}

static struct cpu_batch *free_or_new_batch(struct cpu_device *cpu) {
    for (struct cpu_batch *batch = cpu->batches; batch != NULL; batch = batch->next)
        if (batch->state == BATCH_FREE) return batch;
    struct cpu_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) return NULL;
    batch->next = cpu->batches;
    cpu->batches = batch;
    return batch;
}

static enum error_code cpu_acquire(struct device *device, size_t samples_bytes, size_t clip_count,
                                   bool want_features, struct device_batch **result,
                                   struct error *error) {
    struct cpu_device *cpu = cpu_device(device);
    *result = NULL;
    if (cpu->embedder == NULL)
        return FAIL(error, ERROR_USAGE, "a batch was asked for before a model was loaded");
    struct cpu_batch *batch = free_or_new_batch(cpu);
    if (batch == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a batch");
    struct device_properties properties;
    cpu_properties(device, &properties);
    const size_t size = embedder_size(cpu->embedder);
    const size_t bytes =
        samples_bytes > properties.batch_bytes ? samples_bytes : properties.batch_bytes;
    const size_t clips = clip_count > properties.batch_clips ? clip_count : properties.batch_clips;
    struct error first = ERROR_INITIAL;
    if (reserve_batch(batch, bytes, clips, size, &first) != ERROR_NONE) {
        /* Again with nothing but what is needed. */
        trim(cpu, 0);
        if (reserve_batch(batch, samples_bytes, clip_count, size, error) != ERROR_NONE)
            return error->code;
    }
    batch->state = BATCH_ACQUIRED;
    batch->want_features = want_features;
    batch->base.clip_count = 0;
    batch->base.want_statistics = false;
    batch->base.embeddings = NULL;
    batch->base.features = NULL;
    batch->base.statistics = NULL;
    batch->base.tag = NULL;
    *result = &batch->base;
    return ERROR_NONE;
}

static enum error_code cpu_submit(struct device *device, struct device_batch *submitted,
                                  struct error *error) {
    struct cpu_device *cpu = cpu_device(device);
    struct cpu_batch *batch = (struct cpu_batch *)submitted;
    if (batch->state != BATCH_ACQUIRED)
        return FAIL(error, ERROR_INTERNAL, "a batch was submitted that had not been acquired");
    if (device_batch_check(submitted, error) != ERROR_NONE) return error->code;
    batch->state = BATCH_SUBMITTED;
    batch->queue = NULL;
    if (cpu->newest != NULL)
        cpu->newest->queue = batch;
    else
        cpu->oldest = batch;
    cpu->newest = batch;
    return ERROR_NONE;
}

static enum error_code copy_features(struct cpu_batch *batch, const float *features, size_t values,
                                     struct error *error) {
    if (values > batch->features_capacity) {
        free(batch->features);
        batch->features_capacity = 0;
        batch->features = memory_aligned(values, sizeof(float), "features", error);
        if (batch->features == NULL) return error->code;
        batch->features_capacity = values;
    }
    if (values > 0) memcpy(batch->features, features, values * sizeof(float));
    batch->base.features = batch->features;
    return ERROR_NONE;
}

static enum error_code reserve_statistics(struct cpu_batch *batch, struct error *error) {
    if (batch->base.clip_count <= batch->statistics_capacity) return ERROR_NONE;
    free(batch->statistics);
    batch->statistics_capacity = 0;
    batch->statistics = memory_aligned(batch->base.clip_count, STATISTICS_COUNT * sizeof(float),
                                       "the statistics of clips", error);
    if (batch->statistics != NULL) batch->statistics_capacity = batch->base.clip_count;
    return error->code;
}

/* A batch that fails is free again: the host must not release it. */
static enum error_code cpu_wait(struct device *device, struct device_batch **result,
                                struct error *error) {
    struct cpu_device *cpu = cpu_device(device);
    *result = NULL;
    struct cpu_batch *batch = cpu->oldest;
    if (batch == NULL) return FAIL(error, ERROR_INTERNAL, "no batch is submitted");
    cpu->oldest = batch->queue;
    if (cpu->oldest == NULL) cpu->newest = NULL;
    batch->state = BATCH_FREE;
    const bool statistics = batch->base.want_statistics && embedder_has_statistics(cpu->embedder);
    if (statistics && reserve_statistics(batch, error) != ERROR_NONE) return error->code;
    struct embedder_results results = {.embeddings = batch->embeddings,
                                       .statistics = statistics ? batch->statistics : NULL};
    if (embedder_run(cpu->embedder, batch->base.clips, batch->base.clip_count, batch->base.samples,
                     &results, &cpu->counters, error) != ERROR_NONE)
        return error->code;
    if (batch->want_features &&
        copy_features(batch, results.features, results.frames * embedder_mels(cpu->embedder),
                      error) != ERROR_NONE)
        return error->code;
    batch->state = BATCH_FINISHED;
    batch->base.embeddings = batch->embeddings;
    batch->base.statistics = results.statistics;
    *result = &batch->base;
    return ERROR_NONE;
}

static void cpu_release(struct device *device, struct device_batch *released) {
    struct cpu_batch *batch = (struct cpu_batch *)released;
    if (batch == NULL || batch->state == BATCH_SUBMITTED) return;
    batch->state = BATCH_FREE;
    trim(cpu_device(device), KEEP_BYTES);
}

const struct device_operations device_cpu_operations = {
    .interface_version = DEVICE_INTERFACE_VERSION,
    .name = "cpu",
    .open = cpu_open,
    .close = cpu_close,
    .properties = cpu_properties,
    .counters = cpu_counters,
    .load_model = cpu_load_model,
    .acquire = cpu_acquire,
    .submit = cpu_submit,
    .wait = cpu_wait,
    .release = cpu_release,
    .classifier_open = cpu_classifier_open,
    .classifier_evaluate = cpu_classifier_evaluate,
    .classifier_predict = cpu_classifier_predict,
    .classifier_scatter = cpu_classifier_scatter,
    .classifier_close = cpu_classifier_close,
    .nearest = cpu_nearest,
    .gemm_speed = cpu_gemm_speed,
};
