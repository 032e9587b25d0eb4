#include "host/embedding/session.h"

#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/base/run_state.h"
#include "host/base/run_watch.h"
#include "host/base/sandbox.h"
#include "host/base/scratch.h"
#include "host/embedding/state.h"
#include "host/lists/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Arrays as long as the list take this much memory; what is more is in files, so that the memory of
 * a run does not grow with its clips. Measured: those of 30,000 clips fit. */
#define SCRATCH_BYTES ((size_t)8 << 20)

/* The folder of OUT, or the one in which it will be made: there is room for its results. TMPDIR
 * takes precedence. */
static char *scratch_path(const char *out, struct error *error) {
    const char *given = getenv("TMPDIR");
    bool is_given = given != NULL && given[0] != '\0';
    char *path = memory_string(is_given ? given : out, error);
    while (!is_given && path != NULL && access(path, W_OK) != 0 && errno == ENOENT) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) { /* in the working folder */
            path[0] = '.';
            path[1] = '\0';
            break;
        }
        slash[slash == path] = '\0';
    }
    return path;
}

/* Bounds the memory of long arrays unless --memory has. */
static enum error_code bound_memory(const char *out, struct session *session, struct error *error) {
    struct error ignored = ERROR_INITIAL; /* without a folder there is no bound */
    if (scratch_is_bounded()) return ERROR_NONE;
    char *path = scratch_path(out, error);
    if (path == NULL) return error->code;
    if (folder_open(path, false, &session->scratch, &ignored) == ERROR_NONE)
        scratch_set(&(struct scratch_bound){.bytes = SCRATCH_BYTES,
                                            .least = SCRATCH_LEAST,
                                            .folder = &session->scratch,
                                            .is_default = true});
    free(path);
    return ERROR_NONE;
}

enum error_code session_open(const struct session_settings *settings, struct session *session,
                             struct error *error) {
    struct input_options options = settings->input_options;
    *session = (struct session)SESSION_INITIAL;
    /* First: the decoders are forked, and must not inherit threads, locks or a device. */
    TRY(decoders_open(engine_threads(&settings->engine), &session->decoders, error));
    TRY(bound_memory(settings->out, session, error));
    run_watch_start();
    options.exclude[0] = settings->out;
    options.exclude[1] = settings->state;
    input_open(settings->input, &options, &session->input, error);
    sandbox_report(settings->engine.quiet);
    if (error->code == ERROR_NONE) collection_report(&session->input, settings->engine.quiet);
    return error->code;
}

/* Decides which views there are, once the model is known. */
static enum error_code choose_views(const struct session_settings *settings,
                                    struct session *session, struct error *error) {
    const struct xvector_model *model = &session->engine.model.network;
    bool wanted = settings->views == VIEWS_XVECTOR_STATISTICS;
    session->has_statistics = wanted && device_has_statistics(model);
    if (session->has_statistics || !wanted) return ERROR_NONE;
    return warnings_add(&session->input.warnings, error,
                        "only the view xvector is used: the statistics of clips need %d mels, and "
                        "this model has %zu",
                        STATISTICS_MELS, model->mels);
}

enum error_code session_open_device(const struct session_settings *settings,
                                    struct session *session, struct error *error) {
    TRY(engine_open(&settings->engine, true, &session->engine, error));
    TRY(choose_views(settings, session, error));
    run_state_clips(session->input.clips.count);
    session->measures = scratch_array(session->input.clips.count, sizeof *session->measures,
                                      "clip measures", error);
    if (session->measures == NULL || settings->features_folder == NULL) return error->code;
    return folder_open(settings->features_folder, true, &session->features, error);
}

struct resume_settings session_resume(const struct session_settings *settings,
                                      const struct session *session) {
    return (struct resume_settings){
        .embedding_record = settings->embedding_record,
        .results_record = settings->results_record,
        .statistics = session->has_statistics,
        /* Features are written while clips are embedded: every clip is embedded again. */
        .keep = settings->features_folder == NULL,
        .quiet = settings->engine.quiet};
}

enum error_code session_start(const struct session_settings *settings, struct session *session,
                              struct error *error) {
    TRY(session_open_device(settings, session, error));
    if (settings->state != NULL) /* first: OUT stays as it is if this fails */
        TRY(state_open(settings->state, settings->out, &session->state, error));
    TRY(run_folder_open(settings->out, settings->fresh, &session->out, error));
    run_watch_folder(&session->out.folder);
    struct resume_settings resume = session_resume(settings, session);
    if (settings->state != NULL) {
        resume.state_of = settings->input;
        return resume_open(&session->state.folder, NULL, &session->engine, &session->input, &resume,
                           &session->store, error);
    }
    return resume_open(&session->out.folder, "shards", &session->engine, &session->input, &resume,
                       &session->store, error);
}

/* What follows the number of safe clips when the run is stopped. */
static void describe_next_step(const struct session_settings *settings, struct text *text) {
    text_format(text, "in %s; the same command%s goes on from there",
                settings->state == NULL ? settings->out : settings->state,
                settings->fresh && settings->state == NULL ? " without --fresh" : "");
}

enum error_code session_embed(const struct session_settings *settings, struct session *session,
                              struct error *error) {
    struct text next_step = TEXT_INITIAL;
    describe_next_step(settings, &next_step);
    if (text_check(&next_step, error) == ERROR_NONE) {
        const struct embedding_settings embedding = {
            .decoders = session->decoders,
            .no_resample = settings->no_resample,
            .clip_memory = settings->clip_memory,
            .progress = settings->progress,
            .features_folder = settings->features_folder == NULL ? NULL : &session->features,
            .state = settings->state,
            .verify = settings->verify,
            .next_step = settings->features_folder == NULL ? next_step.data : NULL,
            .list_rows = session->list_rows,
            .observe = session->observe,
            .observer = session->observer,
        };
        embedding_run(session->engine.device, &session->engine.model.network, &session->input.clips,
                      &embedding, &session->store, session->measures, &session->counts, error);
    }
    text_free(&next_step);
    if (error->code == ERROR_NONE && session->state.folder.descriptor >= 0)
        state_trim(&session->store, clip_list_unreadable(&session->input.clips),
                   settings->engine.quiet, error);
    return error->code;
}

/* Columns first .. first + count - 1 of the store's rows as OUT/name. */
static enum error_code write_columns(const struct session *session, const char *name,
                                     const size_t *clips, const size_t shape[2], size_t first,
                                     struct error *error) {
    const struct embedding_store *store = &session->store;
    struct npy_writer writer;
    if (npy_writer_open(&session->out.folder, name, NPY_FLOAT32, 2, shape, &writer, error) ==
        ERROR_NONE) {
        for (size_t i = 0; i < shape[0] && error->code == ERROR_NONE; i++) {
            size_t row = clips == NULL ? i : session->measures[clips[i]].row;
            npy_writer_write(&writer, embedding_store_row(store, row) + first, shape[1], error);
        }
        if (error->code == ERROR_NONE) npy_writer_commit(&writer, error);
        npy_writer_close(&writer);
    }
    return error->code;
}

enum error_code session_write_embeddings(const struct session *session, const size_t *clips,
                                         size_t count, struct error *error) {
    const struct embedding_store *store = &session->store;
    const size_t rows = clips == NULL ? store->rows : count, size = embedding_store_size(store);
    const size_t embeddings[2] = {rows, size}, statistics[2] = {rows, STATISTICS_COUNT};
    TRY(write_columns(session, "embeddings.npy", clips, embeddings, 0, error));
    if (!session->has_statistics) return ERROR_NONE;
    return write_columns(session, "statistics.npy", clips, statistics, size, error);
}

/* In place: rows are in the list's order, so that none is overwritten before it has moved. */
const float *const *session_select_rows(struct session *session, const size_t *clips,
                                        size_t count) {
    struct embedding_store *store = &session->store;
    for (size_t i = 0; i < count; i++)
        store->row_values[i] = embedding_store_row(store, session->measures[clips[i]].row);
    store->rows = count;
    return (const float *const *)store->row_values;
}

const char *session_views_name(enum session_views views) {
    static const char *const names[VIEWS_COUNT] = {[VIEWS_XVECTOR_STATISTICS] =
                                                       "xvector,statistics",
                                                   [VIEWS_XVECTOR] = "xvector",
                                                   [VIEWS_NONE] = "none"};
    return names[views];
}

void session_close(struct session *session) {
    run_watch_leave(); /* while OUT is locked */
    embedding_store_close(&session->store);
    scratch_free(session->measures);
    collection_close(&session->input);
    folder_close(&session->features);
    folder_lock_close(&session->state);
    folder_lock_close(&session->out);
    engine_close(&session->engine);
    decoders_close(session->decoders);
    if (session->scratch.descriptor >= 0) scratch_set(NULL);
    folder_close(&session->scratch);
    *session = (struct session)SESSION_INITIAL;
}
