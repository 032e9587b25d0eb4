#include "host/embedding/session.h"

#include "host/base/memory.h"
#include "host/base/npy.h"
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
    if (error->code == ERROR_NONE) collection_report(&session->input, settings->engine.quiet);
    return error->code;
}

enum error_code session_start(const struct session_settings *settings, const struct text *others,
                              struct session *session, struct error *error) {
    const struct resume_settings resume = {
        .precision = settings->engine.precision,
        .no_resample = settings->no_resample,
        /* Features are written while clips are embedded: every clip is embedded again. */
        .keep = settings->features_folder == NULL,
        .quiet = settings->engine.quiet,
        .others = others};
    TRY(engine_open(&settings->engine, true, &session->engine, error));
    TRY(run_folder_open(settings->out, settings->fresh, &session->folder, error));
    session->measures =
        memory_array(session->input.clips.count, sizeof *session->measures, "clip measures", error);
    if (session->measures == NULL) return error->code;
    return resume_open(&session->folder, &session->engine, &session->input, &resume,
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
            .progress = settings->progress,
            .features_folder = settings->features_folder,
            .next_step = settings->features_folder == NULL ? next_step.data : NULL,
        };
        embedding_run(session->engine.device, &session->engine.model.network, &session->input.clips,
                      &embedding, &session->store, session->measures, &session->counts, error);
    }
    text_free(&next_step);
    return error->code;
}

enum error_code session_write_embeddings(const struct session *session, const size_t *clips,
                                         size_t count, struct error *error) {
    const struct embedding_store *store = &session->store;
    const size_t shape[2] = {clips == NULL ? store->rows : count, store->key.columns};
    struct npy_writer writer;
    char *path = file_join(session->folder.path, "embeddings.npy", error);
    if (path == NULL) return error->code;
    if (npy_writer_open(path, NPY_FLOAT32, 2, shape, &writer, error) == ERROR_NONE) {
        for (size_t i = 0; i < shape[0] && error->code == ERROR_NONE; i++) {
            size_t row = clips == NULL ? i : session->measures[clips[i]].row;
            npy_writer_write(&writer, embedding_store_row(store, row), shape[1], error);
        }
        if (error->code == ERROR_NONE) npy_writer_commit(&writer, error);
        npy_writer_close(&writer);
    }
    free(path);
    return error->code;
}

void session_close(struct session *session) {
    embedding_store_close(&session->store);
    free(session->measures);
    collection_close(&session->input);
    run_folder_close(&session->folder);
    engine_close(&session->engine);
    decoders_close(session->decoders);
    *session = (struct session)SESSION_INITIAL;
}
