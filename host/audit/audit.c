#include "host/audit/internal.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/stop.h"
#include "host/embedding/run_record.h"
#include "host/lists/input.h"
#include "host/output/files.h"
#include "host/report/report.h"

#include <stdlib.h>
#include <string.h>

/* Ends a stage for timing.json; the next begins. */
static void end_stage(struct audit *audit, const char *stage, double amount, const char *unit) {
    double time = clock_seconds();
    if (audit->timing_count < AUDIT_STAGES)
        audit->timings[audit->timing_count++] =
            (struct run_timing){stage, time - audit->stage_began, amount, unit};
    audit->stage_began = time;
}

static enum fold_source source_of_folds(const struct audit_settings *settings,
                                        const struct audit *audit) {
    if (audit->input.fold_column != NULL) return FOLDS_BY_COLUMN;
    return settings->input_options.group_field != NULL ? FOLDS_BY_GROUP : FOLDS_DEALT;
}

static enum error_code open_all(const struct audit_settings *settings, struct audit *audit,
                                struct error *error) {
    struct input_options options = settings->input_options;
    /* First: they are processes, and are to have nothing of this one. */
    TRY(decoders_open(engine_threads(&settings->engine), &audit->decoders, error));
    TRY(engine_open(&settings->engine, true, &audit->engine, error));
    TRY(run_folder_open(settings->out, settings->fresh, &audit->folder, error));
    audit->several = options.label_separator != NULL;
    options.exclude = audit->folder.resolved;
    TRY(input_open(settings->input, &options, &audit->input, error));
    collection_report(&audit->input, settings->engine.quiet);
    TRY(audit_check_input(settings, source_of_folds(settings, audit), audit, error));
    end_stage(audit, "input", (double)audit->input.clips.count, "clips");
    return ERROR_NONE;
}

/* Settings that no embedding depends on: a run that goes on may have others. */
static void record_settings(const struct audit_settings *settings, struct text *record) {
    const struct crossval_settings *crossval = &settings->crossval;
    const struct confident_settings *confident = &settings->confident;
    const char *separator = settings->input_options.label_separator;
    run_record_add(record, "label_separator", "%s", separator == NULL ? "" : separator);
    run_record_add(record, "folds", "%zu %d %u", crossval->folds, crossval->shuffle,
                   (unsigned)crossval->seed);
    text_string(record, crossval->c_auto ? "C auto" : "C");
    for (size_t i = 0; i < crossval->c_count; i++)
        text_format(record, " %.17g", crossval->c_values[i]);
    text_string(record, "\n");
    run_record_add(record, "scale", "%d", crossval->standardise);
    run_record_add(record, "tol", "%.17g", crossval->tolerance);
    run_record_add(record, "max_iterations", "%d", crossval->max_iterations);
    run_record_add(record, "filter", "%s", confident_filter_name(confident->filter));
    run_record_add(record, "score", "%s", confident_score_name(confident->score));
}

static enum error_code open_store(const struct audit_settings *settings, struct audit *audit,
                                  struct error *error) {
    struct text others = TEXT_INITIAL;
    record_settings(settings, &others);
    const struct resume_settings resume = {.precision = settings->engine.precision,
                                           .no_resample = settings->no_resample,
                                           .keep = true,
                                           .quiet = settings->engine.quiet,
                                           .others = &others};
    if (text_check(&others, error) == ERROR_NONE)
        resume_open(&audit->folder, &audit->engine, &audit->input, &resume, &audit->store, error);
    text_free(&others);
    return error->code;
}

static enum error_code embed(const struct audit_settings *settings, struct audit *audit,
                             struct error *error) {
    struct embedding_settings embedding = {.decoders = audit->decoders,
                                           .no_resample = settings->no_resample,
                                           .progress = settings->progress};
    const struct xvector_model *network = &audit->engine.model.network;
    audit->columns = network->embedding_size;
    audit->measures =
        memory_array(audit->input.clips.count, sizeof *audit->measures, "clip measures", error);
    if (audit->measures == NULL) return error->code;
    TRY(open_store(settings, audit, error));
    TRY(embedding_run(audit->engine.device, network, &audit->input.clips, &embedding, &audit->store,
                      audit->measures, &audit->counts, error));
    end_stage(audit, "embedding", audit->counts.audio_seconds, "seconds of audio");
    return ERROR_NONE;
}

/* embeddings.npy: the store's rows that are audited, in order; then mapped. */
static enum error_code write_embeddings(struct audit *audit, struct error *error) {
    const size_t shape[2] = {audit->rows.count, audit->columns};
    struct npy_writer writer;
    char *path = file_join(audit->folder.path, "embeddings.npy", error);
    if (path == NULL) return error->code;
    if (npy_writer_open(path, NPY_FLOAT32, 2, shape, &writer, error) == ERROR_NONE) {
        for (size_t i = 0; i < audit->rows.count && error->code == ERROR_NONE; i++)
            npy_writer_write(
                &writer,
                embedding_store_row(&audit->store, audit->measures[audit->rows.clips[i]].row),
                audit->columns, error);
        if (error->code == ERROR_NONE) npy_writer_commit(&writer, error);
        npy_writer_close(&writer);
    }
    if (error->code == ERROR_NONE) npy_open(path, &audit->embeddings, error);
    free(path);
    if (error->code == ERROR_NONE && npy_direct(&audit->embeddings, NPY_FLOAT32) == NULL)
        FAIL(error, ERROR_INTERNAL, "embeddings.npy cannot be used where it is");
    return error->code;
}

static enum error_code write_array(const struct audit *audit, const char *name, enum npy_type type,
                                   size_t rows, size_t columns, const void *values,
                                   struct error *error) {
    char *path = file_join(audit->folder.path, name, error);
    if (path == NULL) return error->code;
    npy_write(path, type, rows, columns, values, error);
    free(path);
    return error->code;
}

static enum error_code select_rows(const struct audit_settings *settings, struct audit *audit,
                                   struct error *error) {
    enum fold_source source = source_of_folds(settings, audit);
    TRY(audit_rows_select(&audit->input.clips, audit->measures, &audit->store, &settings->crossval,
                          source, audit->several ? &audit->input.labels : NULL, &audit->rows,
                          error));
    if (audit->rows.joined_groups > 0)
        TRY(warnings_add(&audit->warnings, error,
                         "%zu groups share identical audio with others and were joined",
                         audit->rows.joined_groups));
    TRY(write_embeddings(audit, error));
    resume_facts(&audit->results.facts, &audit->store);
    embedding_store_close(&audit->store);
    if (audit->several)
        return write_array(audit, "labels.npy", NPY_INT8, audit->rows.count, audit->rows.classes,
                           audit->rows.label_matrix, error);
    audit->labels = memory_array(audit->rows.count, sizeof *audit->labels, "labels", error);
    if (audit->labels == NULL) return error->code;
    for (size_t i = 0; i < audit->rows.count; i++) audit->labels[i] = audit->rows.labels[i];
    return write_array(audit, "labels.npy", NPY_INT64, audit->rows.count, 0, audit->labels, error);
}

static void show_fits(void *context, size_t finished, size_t all, double worst_gradient) {
    struct progress *progress = context;
    (void)worst_gradient;
    progress->total = all;
    progress_update(progress, finished);
}

/* Cross-validation of the rows, whatever their labels are. */
static enum error_code cross_validate(struct audit *audit, const struct crossval_settings *settings,
                                      const struct crossval_progress *step, struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    const struct crossval_input input = {
        .embeddings = npy_direct(&audit->embeddings, NPY_FLOAT32),
        .labels = rows->labels,
        .fold_of = rows->fold_of,
        .rows = rows->count,
        .features = audit->columns,
        .classes = rows->classes,
        .folds = rows->folds,
    };
    const struct crossval_multilabel_input labels = {
        .embeddings = input.embeddings,
        .labels = rows->label_matrix,
        .fold_of = rows->fold_of,
        .rows = rows->count,
        .features = audit->columns,
        .classes = rows->classes,
        .folds = rows->folds,
    };
    struct device *device = audit->engine.device;
    if (audit->several)
        return crossval_multilabel_run(device->operations, device, &labels, settings, step,
                                       audit->probabilities, &audit->crossval, error);
    return crossval_run(device->operations, device, &input, settings, step, audit->probabilities,
                        &audit->crossval, error);
}

static enum error_code classify(const struct audit_settings *settings, struct audit *audit,
                                struct error *error) {
    const struct audit_rows *rows = &audit->rows;
    struct crossval_settings crossval = settings->crossval;
    struct progress progress = {0};
    struct crossval_progress step = {show_fits, &progress};
    crossval.threads = audit->engine.threads;
    audit->probabilities = memory_array(rows->count * rows->classes, sizeof *audit->probabilities,
                                        "probabilities", error);
    if (audit->probabilities == NULL) return error->code;
    progress_start(&progress, settings->progress, "classifier", "fits", 0);
    cross_validate(audit, &crossval, &step, error);
    progress_finish(&progress);
    if (error->code != ERROR_NONE) return error->code;
    TRY(write_array(audit, "pred_probs.npy", NPY_FLOAT32, rows->count, rows->classes,
                    audit->probabilities, error));
    end_stage(audit, "classifier", (double)rows->count, "clips");
    return ERROR_NONE;
}

static enum error_code write_files(struct audit *audit, struct error *error) {
    struct report_sounds sounds;
    TRY(report_write(audit->folder.path, &audit->results, audit->decoders, &sounds, error));
    end_stage(audit, "report", (double)sounds.played, "clips");
    TRY(stop_check(error));
    TRY(run_write_timing(audit->folder.path, audit->timings, audit->timing_count,
                         clock_seconds() - audit->began, error));
    TRY(run_write(audit->folder.path, &audit->results, error));
    return shards_remove(audit->folder.path, error);
}

enum error_code audit_run(const struct audit_settings *settings, struct audit **result,
                          struct error *error) {
    struct audit *audit = memory_array(1, sizeof *audit, "an audit", error);
    *result = audit;
    if (audit == NULL) return error->code;
    audit->folder.descriptor = -1;
    audit->began = audit->stage_began = clock_seconds();
    TRY(open_all(settings, audit, error));
    TRY(embed(settings, audit, error));
    TRY(select_rows(settings, audit, error));
    TRY(classify(settings, audit, error));
    TRY(audit_find_issues(settings, audit, error));
    end_stage(audit, "confident learning", (double)audit->rows.count, "clips");
    TRY(audit_make_results(settings, audit, error));
    end_stage(audit, "neighbours", (double)audit->results.issue_count, "issues");
    return write_files(audit, error);
}

const struct run_results *audit_results(const struct audit *audit) {
    return &audit->results;
}

size_t audit_unreadable(const struct audit *audit) {
    size_t count = 0;
    for (size_t i = 0; i < audit->input.clips.count; i++)
        count += clip_status_is_unreadable((enum clip_status)audit->input.clips.clips[i].status);
    return count;
}

void audit_close(struct audit *audit) {
    if (audit == NULL) return;
    audit_free_results(audit);
    confident_free(&audit->confident);
    multilabel_free(&audit->multi);
    crossval_report_free(&audit->crossval);
    free(audit->probabilities);
    free(audit->labels);
    npy_close(&audit->embeddings);
    audit_rows_free(&audit->rows);
    embedding_store_close(&audit->store);
    free(audit->measures);
    collection_close(&audit->input);
    run_folder_close(&audit->folder);
    engine_close(&audit->engine);
    decoders_close(audit->decoders);
    free(audit);
}
