#include "host/audit/audit.h"

#include "host/audit/detection_memory.h"
#include "host/audit/internal.h"
#include "host/base/memory.h"
#include "host/base/run_watch.h"
#include "host/base/scratch.h"
#include "host/base/stop.h"
#include "host/embedding/resume.h"
#include "host/output/files.h"
#include "host/report/report.h"

#include <stdlib.h>

/* Ends a stage for timing.json; the next begins. */
static void end_stage(struct audit *audit, const char *stage, double amount, const char *unit,
                      const char *next) {
    stage_times_end(&audit->times, stage, amount, unit, &audit->session, next);
}

static enum fold_source source_of_folds(const struct audit *audit) {
    if (audit->session.input.fold_column != NULL) return FOLDS_BY_COLUMN;
    return audit->session.input.group_field != NULL ? FOLDS_BY_GROUP : FOLDS_DEALT;
}

static enum error_code check_views(const struct audit_settings *settings, struct error *error) {
    size_t own = settings->session.views == VIEWS_NONE      ? 0
                 : settings->session.views == VIEWS_XVECTOR ? 1
                                                            : 2;
    if (own + settings->view_file_count == 0)
        return FAIL(error, ERROR_USAGE, "--views none leaves no view: give --embeddings");
    if (own + settings->view_file_count > 1 && settings->detection.detector == DETECTOR_LOGISTIC)
        return FAIL(error, ERROR_USAGE,
                    "logistic regression alone takes one view of a clip: give --views none with "
                    "one --embeddings, or --views xvector without");
    if (own + settings->view_file_count > MIX_VIEWS)
        return FAIL(error, ERROR_USAGE,
                    "%zu files of --embeddings and %zu views of --views: at most %d can be mixed",
                    settings->view_file_count, own, MIX_VIEWS);
    return ERROR_NONE;
}

/* What embedding takes beside the clips: the network's weights and its batches. Measured: 105 MB
 * and 5 MB a thread. */
#define EMBEDDING_BYTES ((size_t)128 << 20)
#define EMBEDDING_THREAD_BYTES ((size_t)24 << 20)

/* What is kept of a clip outside arrays of scratch.h: its share of tables of shards and folders. */
#define CLIP_BYTES ((size_t)8)

static enum error_code bound_memory(struct audit_settings *settings, struct audit *audit,
                                    struct error *error) {
    const struct session *session = &audit->session;
    struct detection_sizes sizes = {
        .features = session->engine.model.network.embedding_size,
        .rows = session->input.clips.count,
        .classes = audit->kind->multilabel ? 2 : session->input.clips.class_count,
        .folds = settings->detection.crossval.folds,
        .threads = session->engine.threads,
        .other = EMBEDDING_BYTES + (size_t)session->engine.threads * EMBEDDING_THREAD_BYTES +
                 session->input.clips.count * CLIP_BYTES};
    if (settings->memory == 0) return ERROR_NONE;
    for (size_t v = 0; v < audit->views.file_count; v++)
        if (audit->views.given[v].columns > sizes.features)
            sizes.features = audit->views.given[v].columns;
    return detection_bound(settings->memory, &sizes, "audit", &session->out.folder,
                           &settings->detection, error);
}

/* From INPUT to the opened store; what the list alone shows is reported before anything is
 * embedded. */
static enum error_code open_session(struct audit_settings *settings, struct audit *audit,
                                    struct error *error) {
    const struct input_options *options = &settings->session.input_options;
    TRY(check_views(settings, error));
    TRY(session_open(&settings->session, &audit->session, error));
    bool multilabel = audit->session.input.label_separator != NULL;
    audit->kind = multilabel ? &audit_multilabel : &audit_one_label;
    if (multilabel && options->label_separator == NULL && settings->take_several_labels != NULL) {
        TRY(settings->take_several_labels(settings->context, settings, error));
        TRY(check_views(settings, error));
    }
    TRY(audit_views_open(settings->view_files, settings->view_file_count,
                         audit->session.input.clips.count, &audit->views, error));
    for (size_t v = 0; v < audit->views.file_count && !multilabel; v++)
        if (settings->detection.detector == DETECTOR_ENSEMBLE)
            TRY(ensemble_check_columns(settings->view_files[v], audit->views.given[v].columns,
                                       error));
    TRY(audit_check_input(settings, source_of_folds(audit), audit, error));
    if (settings->from_shards)
        TRY(session_open_device(&settings->session, &audit->session, error));
    else
        TRY(session_start(&settings->session, &audit->session, error));
    TRY(bound_memory(settings, audit, error));
    end_stage(audit, "input", (double)audit->session.input.clips.count, "clips", "embedding");
    return ERROR_NONE;
}

static enum error_code embed(const struct audit_settings *settings, struct audit *audit,
                             struct error *error) {
    if (settings->from_shards) { /* OUT stays as it is if a part is missing */
        size_t parts;
        TRY(parts_take(&settings->session, &settings->parts, &audit->session, &parts, error));
        TRY(run_folder_open(settings->session.out, settings->session.fresh, &audit->session.out,
                            error));
        run_watch_folder(&audit->session.out.folder);
        end_stage(audit, "embedding", (double)parts, "shards read", "classifier");
        return ERROR_NONE;
    }
    TRY(session_embed(&settings->session, &audit->session, error));
    end_stage(audit, "embedding", audit->session.counts.audio_seconds, "seconds of audio",
              "classifier");
    return ERROR_NONE;
}

static enum error_code map_view(const struct audit *audit, const char *name, struct npy_array *view,
                                struct error *error) {
    TRY(npy_open_in(&audit->session.out.folder, name, view, error));
    if (npy_direct(view, NPY_FLOAT32) == NULL)
        FAIL(error, ERROR_INTERNAL, "%s cannot be used where it is", name);
    return error->code;
}

/* Writes the views of the store's rows that are audited, and maps them in their place. */
static enum error_code write_embeddings(struct audit *audit, struct error *error) {
    struct session *session = &audit->session;
    TRY(session_write_embeddings(session, audit->rows.clips, audit->rows.count, error));
    embedding_store_close(&session->store);
    TRY(map_view(audit, "embeddings.npy", &audit->embeddings, error));
    audit->own[0].embeddings =
        matrix_of(npy_direct(&audit->embeddings, NPY_FLOAT32), audit->embeddings.columns);
    if (!session->has_statistics) return ERROR_NONE;
    TRY(map_view(audit, "statistics.npy", &audit->statistics, error));
    audit->own[1].embeddings =
        matrix_of(npy_direct(&audit->statistics, NPY_FLOAT32), audit->statistics.columns);
    return ERROR_NONE;
}

/* The views that were computed, of the audited rows; they are among those that are audited unless
 * files take their place. */
static enum error_code take_own_views(const struct audit_settings *settings, struct audit *audit,
                                      struct error *error) {
    struct session *session = &audit->session;
    const size_t size = embedding_store_size(&session->store);
    const size_t count = session->has_statistics ? 2 : 1;
    audit->own[0] = (struct ensemble_view){.name = "xvector", .features = size};
    audit->own[1] = (struct ensemble_view){.name = "statistics", .features = STATISTICS_COUNT};
    resume_facts(&audit->results.facts, &session->store);
    if (settings->rows_in_store) {
        const float *const *rows =
            session_select_rows(session, audit->rows.clips, audit->rows.count);
        for (size_t v = 0; v < count; v++) audit->own[v].embeddings = matrix_at(rows, v * size);
    } else {
        TRY(write_embeddings(audit, error));
    }
    audit->results.embeddings = &audit->own[0].embeddings;
    audit->results.embedding_columns = size;
    for (size_t v = 0; v < count && settings->session.views != VIEWS_NONE; v++)
        audit_views_add(&audit->views, &audit->own[v]);
    return ERROR_NONE;
}

static enum error_code select_rows(const struct audit_settings *settings, struct audit *audit,
                                   struct error *error) {
    TRY(audit->kind->select_rows(settings, source_of_folds(audit), audit, error));
    if (audit->rows.joined_groups > 0)
        TRY(warnings_add(&audit->warnings, error,
                         "groups joined because they share identical audio: %zu",
                         audit->rows.joined_groups));
    TRY(take_own_views(settings, audit, error));
    TRY(audit_views_gather(&audit->session.out.folder, audit->rows.clips, audit->rows.count,
                           &audit->views, error));
    return audit->kind->write_labels(audit, error);
}

static enum error_code classify(const struct audit_settings *settings, struct audit *audit,
                                struct error *error) {
    const size_t shape[2] = {audit->rows.count, audit->rows.classes};
    TRY(audit->kind->cross_validate(settings, audit, error));
    TRY(npy_write_in(&audit->session.out.folder, "pred_probs.npy", NPY_FLOAT32, 2, shape,
                     audit->probabilities, error));
    end_stage(audit, "classifier", (double)audit->rows.count, "clips", "confident learning");
    return ERROR_NONE;
}

static enum error_code write_files(struct audit *audit, struct error *error) {
    const struct folder *folder = &audit->session.out.folder;
    struct report_sounds sounds;
    TRY(run_write_tables(folder, &audit->results, error));
    TRY(report_write(folder, &audit->results, audit->session.decoders, &sounds, error));
    end_stage(audit, "report", (double)sounds.played, "clips", "files");
    TRY(stop_check(error));
    TRY(stage_times_write(&audit->times, &audit->session, error));
    TRY(run_write_json(folder, &audit->results, error));
    return shards_remove(folder, error);
}

enum error_code audit_run(const struct audit_settings *asked, struct audit **result,
                          struct error *error) {
    struct audit_settings own = *asked;
    const struct audit_settings *settings = &own;
    struct audit *audit = memory_array(1, sizeof *audit, "an audit", error);
    *result = audit;
    if (audit == NULL) return error->code;
    audit->session = (struct session)SESSION_INITIAL;
    stage_times_begin(&audit->times, "input");
    TRY(open_session(&own, audit, error));
    TRY(embed(settings, audit, error));
    TRY(select_rows(settings, audit, error));
    TRY(classify(settings, audit, error));
    TRY(audit_find_issues(settings, audit, error));
    end_stage(audit, "confident learning", (double)audit->rows.count, "clips", "neighbours");
    TRY(audit_make_results(settings, audit, error));
    end_stage(audit, "neighbours", (double)audit->results.issue_count, "issues", "report");
    return write_files(audit, error);
}

const struct run_results *audit_results(const struct audit *audit) {
    return &audit->results;
}

const struct warnings *audit_list_warnings(const struct audit *audit) {
    static const struct warnings none = {0};
    return audit == NULL ? &none : &audit->session.input.warnings;
}

size_t audit_unreadable(const struct audit *audit) {
    return clip_list_unreadable(&audit->session.input.clips);
}

void audit_close(struct audit *audit) {
    if (audit == NULL) return;
    audit_free_results(audit);
    detection_free(&audit->detection);
    multilabel_free(&audit->multilabel);
    crossval_report_free(&audit->multilabel_crossval);
    scratch_free(audit->multilabel_probabilities);
    audit_views_close(&audit->views);
    npy_close(&audit->embeddings);
    npy_close(&audit->statistics);
    audit_rows_free(&audit->rows);
    session_close(&audit->session);
    free(audit);
}
