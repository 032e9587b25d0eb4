#include "host/commands/corpus_bench.h"

#include "host/audit/audit.h"
#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/progress.h"
#include "host/base/stop.h"
#include "host/commands/benchmark.h"
#include "host/commands/commands.h"
#include "host/commands/detection_options.h"
#include "host/commands/option_parse.h"
#include "host/lists/input.h"
#include "host/sound/decode_pool.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_RATE 16000
#define KEPT_BYTES ((size_t)64 << 20) /* of decoded clips, which the device is measured with */
#define DETECTOR_LEAST_ROWS 2000
#define DETECTOR_MOST_ROWS                                                                         \
    16384 /* beyond, a row's cost is the same: neighbours come from so many */
#define DETECTOR_FOLDS 5

const char *corpus_stage_name(enum corpus_stage stage) {
    static const char *const names[CORPUS_STAGES] = {"decode", "resample", "network", "detector"};
    return names[stage];
}

enum corpus_stage corpus_binds(const double seconds[CORPUS_STAGES]) {
    enum corpus_stage longest = CORPUS_DECODE;
    for (int stage = 0; stage < CORPUS_STAGES; stage++)
        if (seconds[stage] > seconds[longest]) longest = (enum corpus_stage)stage;
    return longest;
}

/* Decoded clips, end to end. */
struct kept {
    unsigned char *samples;
    struct device_clip *clips; /* (count) */
    size_t bytes, count, capacity;
    double audio_seconds;
};

static enum error_code keep_clip(struct kept *kept, const struct decoded *decoded,
                                 struct error *error) {
    const size_t end = kept->bytes + decoded->bytes;
    if (end > KEPT_BYTES && kept->count > 0) return ERROR_NONE;
    if (kept->count == 0 && decoded->bytes > KEPT_BYTES)
        return FAIL(error, ERROR_USAGE,
                    "the clips are too long to be measured; give --seconds of less");
    TRY(memory_grow(&kept->clips, &kept->capacity, kept->count + 1, sizeof *kept->clips, "clips",
                    error));
    memcpy(kept->samples + kept->bytes, decoded->samples, decoded->bytes);
    kept->clips[kept->count++] = (struct device_clip){.offset = kept->bytes,
                                                      .frames = decoded->frames,
                                                      .channels = decoded->channels,
                                                      .rate = decoded->rate,
                                                      .format = decoded->format};
    kept->bytes = (end + DEVICE_ALIGNMENT - 1) / DEVICE_ALIGNMENT * DEVICE_ALIGNMENT;
    kept->audio_seconds += decoded->facts.seconds;
    return ERROR_NONE;
}

/* ---- decoding alone ---- */

static enum error_code decode_all(const struct collection *input, struct decoders *decoders,
                                  struct corpus_bench *bench, struct kept *kept,
                                  struct error *error) {
    const struct decode_pool_settings settings = {
        .decoders = decoders,
        .threads = decoders_count(decoders),
        .maximum_bytes = (size_t)32 << 20, /* as much as in an audit */
        .decode = {.model_rate = MODEL_RATE, .measure = true}};
    struct decode_pool *pool = NULL;
    struct decode_item *item = NULL;
    struct progress progress = {0};
    size_t done = 0;
    progress_start(&progress, PROGRESS_AUTO, "decoding alone", "clips", input->clips.count);
    const double began = clock_seconds();
    double copying = 0;
    decode_pool_open(&input->clips, 0, input->clips.count, &settings, &pool, error);
    while (error->code == ERROR_NONE && decode_pool_next(pool, &item, error) == ERROR_NONE &&
           item != NULL) {
        if (item->decoded.verdict.status != CLIP_OK) {
            FAIL(error, ERROR_INTERNAL, "a clip of the corpus cannot be used: %s",
                 item->decoded.verdict.reason);
        } else {
            const double before = clock_seconds();
            bench->audio_seconds += item->decoded.facts.seconds;
            keep_clip(kept, &item->decoded, error);
            copying += clock_seconds() - before;
        }
        decode_pool_recycle(pool, item);
        progress_audio(&progress, bench->audio_seconds);
        progress_update(&progress, ++done);
    }
    bench->seconds[CORPUS_DECODE] = clock_seconds() - began - copying;
    progress_finish(&progress);
    decode_pool_close(pool);
    return error->code;
}

static enum error_code measure_decode(const char *corpus, const struct engine_settings *engine,
                                      struct corpus_bench *bench, struct kept *kept,
                                      struct error *error) {
    const struct input_options options = {.label_pattern = NULL};
    struct decoders *decoders = NULL;
    struct collection input = {0};
    TRY(decoders_open(engine_threads(engine), &decoders, error));
    if (input_open(corpus, &options, &input, error) == ERROR_NONE)
        decode_all(&input, decoders, bench, kept, error);
    collection_close(&input);
    decoders_close(decoders);
    return error->code;
}

/* ---- an audit, as the command runs it ---- */

static enum error_code read_timing(const char *out, struct corpus_bench *bench,
                                   struct error *error) {
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/timing.json", out);
    json_t *timing = json_load_file(path, 0, NULL), *stage;
    size_t i;
    bench->embedding = NAN;
    bench->audit = json_number_value(json_object_get(timing, "seconds"));
    json_array_foreach(json_object_get(timing, "stages"), i, stage) {
        const char *name = json_string_value(json_object_get(stage, "stage"));
        if (name != NULL && strcmp(name, "embedding") == 0)
            bench->embedding = json_number_value(json_object_get(stage, "seconds"));
    }
    json_decref(timing);
    if (!(bench->embedding > 0)) FAIL(error, ERROR_INTERNAL, "the audit has left no times");
    return error->code;
}

static enum error_code measure_audit(const char *corpus, const char *out,
                                     const struct engine_settings *engine,
                                     struct corpus_bench *bench, struct error *error) {
    char threads[16];
    snprintf(threads, sizeof threads, "%d", engine_threads(engine));
    char *words[16] = {"audit",       (char *)corpus,
                       "-o",          (char *)out,
                       "--device",    (char *)engine->device,
                       "--threads",   threads,
                       "--precision", (char *)engine_precision_name(engine->precision)};
    int count = 10;
    if (engine->model_path != NULL) {
        words[count++] = "--model";
        words[count++] = (char *)engine->model_path;
    }
    struct options options = OPTIONS_INITIAL;
    struct command_records records = COMMAND_RECORDS_INITIAL;
    struct audit_settings settings = {.context = NULL};
    struct audit *audit = NULL;
    TRY(options_parse(command_find("audit"), count, words, &options, error));
    if (command_detection(&options, COMMAND_AUDIT, false, &settings.detection, error) ==
            ERROR_NONE &&
        command_session(&options, COMMAND_AUDIT, &records, &settings.session, error) ==
            ERROR_NONE &&
        audit_run(&settings, &audit, error) == ERROR_NONE)
        read_timing(out, bench, error);
    audit_close(audit);
    command_records_free(&records);
    return error->code;
}

/* ---- the device alone ---- */

static enum error_code collect(struct engine *engine, int *in_flight, struct error *error) {
    struct device_batch *batch = NULL;
    TRY(engine->device->operations->wait(engine->device, &batch, error));
    engine->device->operations->release(engine->device, batch);
    --*in_flight;
    return ERROR_NONE;
}

/* Clips from `first` on as one batch; *first is the next one afterwards. */
static enum error_code submit(struct engine *engine, const struct kept *kept, size_t *first,
                              struct error *error) {
    const struct device_operations *operations = engine->device->operations;
    const struct device_properties *properties = &engine->properties;
    const size_t start = kept->clips[*first].offset;
    size_t last = *first + 1, end = kept->bytes, frames = device_clip_frames(&kept->clips[*first]);
    while (last < kept->count && last - *first < properties->batch_clips) {
        const size_t next = last + 1 < kept->count ? kept->clips[last + 1].offset : kept->bytes;
        const size_t more = device_clip_frames(&kept->clips[last]);
        if (next - start > properties->batch_bytes ||
            device_batch_whole(properties, frames, kept->clips[last].offset - start, more))
            break;
        frames += more;
        last++;
    }
    if (last < kept->count) end = kept->clips[last].offset;
    struct device_batch *batch = NULL;
    TRY(operations->acquire(engine->device, end - start, last - *first, false, &batch, error));
    batch->clip_count = last - *first;
    batch->want_statistics = device_has_statistics(&engine->model.network);
    for (size_t i = 0; i < batch->clip_count; i++) {
        batch->clips[i] = kept->clips[*first + i];
        batch->clips[i].offset -= start;
    }
    memcpy(batch->samples, kept->samples + start, end - start);
    *first = last;
    return operations->submit(engine->device, batch, error);
}

static enum error_code embed_kept(struct engine *engine, const struct kept *kept,
                                  struct progress *progress, struct error *error) {
    int in_flight = 0;
    for (size_t clip = 0; clip < kept->count && error->code == ERROR_NONE;) {
        if (stop_check(error) != ERROR_NONE || submit(engine, kept, &clip, error) != ERROR_NONE)
            break;
        in_flight++;
        while (in_flight >= engine->properties.batches_in_flight && error->code == ERROR_NONE)
            collect(engine, &in_flight, error);
        progress_update(progress, clip);
    }
    while (in_flight > 0 && error->code == ERROR_NONE) collect(engine, &in_flight, error);
    return error->code;
}

static enum error_code measure_device(struct engine *engine, const struct kept *kept,
                                      struct corpus_bench *bench, struct error *error) {
    struct device_counters before, after;
    struct progress progress = {0};
    struct kept few = *kept;
    if (few.count > 8) few.count = 8, few.bytes = kept->clips[8].offset;
    progress_start(&progress, PROGRESS_AUTO, "network alone", "clips", kept->count);
    embed_kept(engine, &few, &progress, error); /* a warm-up */
    engine->device->operations->counters(engine->device, &before);
    const double began = clock_seconds();
    if (error->code == ERROR_NONE) embed_kept(engine, kept, &progress, error);
    const double seconds = clock_seconds() - began;
    progress_finish(&progress);
    TRY(error->code);
    engine->device->operations->counters(engine->device, &after);
    /* Stages may overlap on a device: its time is divided as their own times are. */
    double stages = 0;
    for (int i = STAGE_RESAMPLE; i <= STAGE_POOLING; i++)
        stages += after.seconds[i] - before.seconds[i];
    const double resample = after.seconds[STAGE_RESAMPLE] - before.seconds[STAGE_RESAMPLE];
    const double share = stages > 0 ? resample / stages : 0;
    const double measured = kept->audio_seconds / bench->audio_seconds;
    bench->seconds[CORPUS_RESAMPLE] = seconds * share / measured;
    bench->seconds[CORPUS_NETWORK] = seconds * (1.0 - share) / measured;
    bench->measured[CORPUS_RESAMPLE] = bench->measured[CORPUS_NETWORK] = measured;
    return ERROR_NONE;
}

/* ---- the detector alone: rows of overlapping classes ---- */

static enum error_code detect_rows(const struct engine *engine, const float *data, size_t rows,
                                   const int32_t *labels, const int32_t *fold_of,
                                   struct corpus_bench *bench, struct error *error) {
    const size_t first = engine->model.network.embedding_size, columns = first + STATISTICS_COUNT;
    const struct ensemble_view views[2] = {
        {.name = "xvector", .embeddings = matrix_of(data, columns), .features = first},
        {.name = "statistics",
         .embeddings = {.first = data + first, .stride = columns},
         .features = STATISTICS_COUNT}};
    const struct detection_input input = {.views = views,
                                          .view_count = 2,
                                          .labels = labels,
                                          .fold_of = fold_of,
                                          .rows = rows,
                                          .classes = CORPUS_LABELS,
                                          .folds = DETECTOR_FOLDS,
                                          .threads = engine->threads};
    char *words[] = {"audit", "corpus", "-o", "out"};
    struct options options = OPTIONS_INITIAL;
    struct detection_settings settings = {.detector = DETECTOR_ENSEMBLE};
    struct detection detection = {0};
    TRY(options_parse(command_find("audit"), 4, words, &options, error));
    TRY(command_detection(&options, COMMAND_AUDIT, false, &settings, error));
    settings.crossval.threads = engine->threads;
    const double began = clock_seconds();
    if (detection_classify(engine->device->operations, engine->device, &input, &settings,
                           PROGRESS_AUTO, &detection, error) == ERROR_NONE)
        detection_find(&settings, &detection, error);
    const double seconds = clock_seconds() - began;
    detection_free(&detection);
    bench->detector_rows = rows;
    bench->seconds[CORPUS_DETECTOR] = seconds / bench->measured[CORPUS_DETECTOR];
    return error->code;
}

static enum error_code measure_detector(const struct engine *engine, size_t clips,
                                        struct corpus_bench *bench, struct error *error) {
    const size_t wanted = clips < DETECTOR_LEAST_ROWS ? DETECTOR_LEAST_ROWS : 8 * clips;
    const size_t rows = wanted < DETECTOR_MOST_ROWS ? wanted : DETECTOR_MOST_ROWS;
    const size_t columns = engine->model.network.embedding_size + STATISTICS_COUNT;
    float *data = memory_array(rows * columns, sizeof *data, "rows", error);
    int32_t *labels = memory_array(rows, sizeof *labels, "labels", error);
    int32_t *fold_of = memory_array(rows, sizeof *fold_of, "folds", error);
    bench->measured[CORPUS_DETECTOR] = (double)rows / (double)clips;
    if (error->code == ERROR_NONE) {
        benchmark_make_rows(rows, columns, CORPUS_LABELS, DETECTOR_FOLDS, data, labels, fold_of);
        detect_rows(engine, data, rows, labels, fold_of, bench, error);
    }
    free(data);
    free(labels);
    free(fold_of);
    return error->code;
}

enum error_code corpus_bench_run(const struct corpus_folder *folder,
                                 const struct corpus_settings *settings,
                                 const struct engine_settings *asked, struct corpus_bench *bench,
                                 struct error *error) {
    char corpus[PATH_MAX + 16], out[PATH_MAX + 16];
    struct engine_settings own = *asked;
    struct engine engine = {.model = MODEL_INITIAL};
    struct kept kept = {.samples = memory_array(KEPT_BYTES, 1, "clips", error)};
    *bench = (struct corpus_bench){.measured = {[CORPUS_DECODE] = 1.0}};
    snprintf(corpus, sizeof corpus, "%s/corpus", folder->path);
    snprintf(out, sizeof out, "%s/out", folder->path);
    const int threads = engine_threads(asked), processors = engine_processors();
    bench->threads = threads < processors ? threads : processors;
    own.quiet = true; /* the audit has said which one it is */
    /* Decoders are forked for the first two, so before the engine has threads. */
    if (error->code == ERROR_NONE &&
        corpus_write(folder, settings, &bench->bytes, error) == ERROR_NONE &&
        measure_decode(corpus, asked, bench, &kept, error) == ERROR_NONE &&
        measure_audit(corpus, out, asked, bench, error) == ERROR_NONE &&
        engine_open(&own, true, &engine, error) == ERROR_NONE) {
        snprintf(bench->device, sizeof bench->device, "%s", engine.properties.description);
        bench->gpu = strcmp(engine.properties.name, "cpu") != 0;
        if (measure_device(&engine, &kept, bench, error) == ERROR_NONE)
            measure_detector(&engine, settings->clips, bench, error);
    }
    engine_close(&engine);
    free(kept.samples);
    free(kept.clips);
    return error->code;
}
