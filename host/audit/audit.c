#include "host/audit/audit.h"

#include "host/audit/internal.h"
#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/stop.h"
#include "host/embedding/resume.h"
#include "host/output/files.h"
#include "host/report/report.h"

#include <stdlib.h>

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
    if (audit->session.input.fold_column != NULL) return FOLDS_BY_COLUMN;
    return settings->session.input_options.group_field != NULL ? FOLDS_BY_GROUP : FOLDS_DEALT;
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

/* From INPUT to the opened store; what the list alone shows is reported before anything is
 * embedded. */
static enum error_code open_session(const struct audit_settings *settings, struct audit *audit,
                                    struct error *error) {
    bool multilabel = settings->session.input_options.label_separator != NULL;
    audit->kind = multilabel ? &audit_multilabel : &audit_one_label;
    TRY(check_views(settings, error));
    TRY(session_open(&settings->session, &audit->session, error));
    TRY(audit_views_open(settings->view_files, settings->view_file_count,
                         audit->session.input.clips.count, &audit->views, error));
    for (size_t v = 0; v < audit->views.file_count && !multilabel; v++)
        if (settings->detection.detector == DETECTOR_ENSEMBLE)
            TRY(ensemble_check_columns(settings->view_files[v], audit->views.given[v].columns,
                                       error));
    TRY(audit_check_input(settings, source_of_folds(settings, audit), audit, error));
    TRY(session_start(&settings->session, &audit->session, error));
    end_stage(audit, "input", (double)audit->session.input.clips.count, "clips");
    return ERROR_NONE;
}

static enum error_code embed(const struct audit_settings *settings, struct audit *audit,
                             struct error *error) {
    TRY(session_embed(&settings->session, &audit->session, error));
    end_stage(audit, "embedding", audit->session.counts.audio_seconds, "seconds of audio");
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
    resume_facts(&audit->results.facts, &session->store);
    embedding_store_close(&session->store);
    TRY(map_view(audit, "embeddings.npy", &audit->embeddings, error));
    if (!session->has_statistics) return ERROR_NONE;
    return map_view(audit, "statistics.npy", &audit->statistics, error);
}

/* The views that were computed, unless files take their place. */
static void add_own_views(const struct audit_settings *settings, struct audit *audit) {
    if (settings->session.views == VIEWS_NONE) return;
    audit_views_add(&audit->views, "xvector", NULL, npy_direct(&audit->embeddings, NPY_FLOAT32),
                    audit->embeddings.columns);
    if (audit->session.has_statistics)
        audit_views_add(&audit->views, "statistics", NULL,
                        npy_direct(&audit->statistics, NPY_FLOAT32), audit->statistics.columns);
}

static enum error_code select_rows(const struct audit_settings *settings, struct audit *audit,
                                   struct error *error) {
    TRY(audit->kind->select_rows(settings, source_of_folds(settings, audit), audit, error));
    if (audit->rows.joined_groups > 0)
        TRY(warnings_add(&audit->warnings, error,
                         "groups joined because they share identical audio: %zu",
                         audit->rows.joined_groups));
    TRY(write_embeddings(audit, error));
    add_own_views(settings, audit);
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
    end_stage(audit, "classifier", (double)audit->rows.count, "clips");
    return ERROR_NONE;
}

static enum error_code write_files(struct audit *audit, struct error *error) {
    const struct folder *folder = &audit->session.out.folder;
    struct report_sounds sounds;
    TRY(report_write(folder, &audit->results, audit->session.decoders, &sounds, error));
    end_stage(audit, "report", (double)sounds.played, "clips");
    TRY(stop_check(error));
    TRY(run_write_timing(folder, audit->timings, audit->timing_count,
                         clock_seconds() - audit->began, error));
    TRY(run_write(folder, &audit->results, error));
    return shards_remove(folder, error);
}

enum error_code audit_run(const struct audit_settings *settings, struct audit **result,
                          struct error *error) {
    struct audit *audit = memory_array(1, sizeof *audit, "an audit", error);
    *result = audit;
    if (audit == NULL) return error->code;
    audit->session = (struct session)SESSION_INITIAL;
    audit->began = audit->stage_began = clock_seconds();
    TRY(open_session(settings, audit, error));
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
    return clip_list_unreadable(&audit->session.input.clips);
}

void audit_close(struct audit *audit) {
    if (audit == NULL) return;
    audit_free_results(audit);
    detection_free(&audit->detection);
    multilabel_free(&audit->multilabel);
    crossval_report_free(&audit->multilabel_crossval);
    free(audit->multilabel_probabilities);
    audit_views_close(&audit->views);
    npy_close(&audit->embeddings);
    npy_close(&audit->statistics);
    audit_rows_free(&audit->rows);
    session_close(&audit->session);
    free(audit);
}
