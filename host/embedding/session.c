#include "host/embedding/session.h"

#include "host/base/memory.h"
#include "host/base/npy.h"
#include "host/base/sandbox.h"
#include "host/embedding/resume.h"
#include "host/lists/input.h"

#include <stdlib.h>

enum error_code session_open(const struct session_settings *settings, struct session *session,
                             struct error *error) {
    struct input_options options = settings->input_options;
    *session = (struct session)SESSION_INITIAL;
    /* First: the decoders are forked, and must not inherit threads, locks or a device. */
    TRY(decoders_open(engine_threads(&settings->engine), &session->decoders, error));
    char *out = realpath(settings->out, NULL); /* NULL: no such folder, nothing to leave out */
    options.exclude = out;
    input_open(settings->input, &options, &session->input, error);
    free(out);
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

enum error_code session_start(const struct session_settings *settings, struct session *session,
                              struct error *error) {
    struct resume_settings resume = {
        .embedding_record = settings->embedding_record,
        .results_record = settings->results_record,
        /* Features are written while clips are embedded: every clip is embedded again. */
        .keep = settings->features_folder == NULL,
        .quiet = settings->engine.quiet};
    TRY(engine_open(&settings->engine, true, &session->engine, error));
    TRY(choose_views(settings, session, error));
    resume.statistics = session->has_statistics;
    if (settings->features_folder != NULL)
        TRY(folder_open(settings->features_folder, true, &session->features, error));
    TRY(run_folder_open(settings->out, settings->fresh, &session->out, error));
    session->measures =
        memory_array(session->input.clips.count, sizeof *session->measures, "clip measures", error);
    if (session->measures == NULL) return error->code;
    return resume_open(&session->out.folder, &session->engine, &session->input, &resume,
                       &session->store, error);
}

/* What follows the number of safe clips when the run is stopped. */
static void describe_next_step(const struct session_settings *settings, struct text *text) {
    text_format(text, "in %s; the same command%s goes on from there", settings->out,
                settings->fresh ? " without --fresh" : "");
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
            .next_step = settings->features_folder == NULL ? next_step.data : NULL,
        };
        embedding_run(session->engine.device, &session->engine.model.network, &session->input.clips,
                      &embedding, &session->store, session->measures, &session->counts, error);
    }
    text_free(&next_step);
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

const char *session_views_name(enum session_views views) {
    static const char *const names[VIEWS_COUNT] = {[VIEWS_XVECTOR_STATISTICS] =
                                                       "xvector,statistics",
                                                   [VIEWS_XVECTOR] = "xvector",
                                                   [VIEWS_NONE] = "none"};
    return names[views];
}

void session_close(struct session *session) {
    embedding_store_close(&session->store);
    free(session->measures);
    collection_close(&session->input);
    folder_close(&session->features);
    folder_lock_close(&session->out);
    engine_close(&session->engine);
    decoders_close(session->decoders);
    *session = (struct session)SESSION_INITIAL;
}
