/* What `audit` and `embed` share: reading INPUT, opening the engine and OUT, and embedding
 * the clips, in this order and with the same messages. */
#ifndef EARMARK_EMBEDDING_SESSION_H
#define EARMARK_EMBEDDING_SESSION_H

#include "host/base/progress.h"
#include "host/embedding/embedding.h"
#include "host/embedding/engine.h"
#include "host/embedding/resume.h"
#include "host/embedding/run_folder.h"
#include "host/lists/collection.h"

/* Which views of a clip are computed: --views. */
enum session_views {
    VIEWS_XVECTOR_STATISTICS, /* the network's embedding and the statistics (kernels/device.h) */
    VIEWS_XVECTOR,
    VIEWS_NONE, /* audit: files of embeddings alone; the network's says what can be audited */
    VIEWS_COUNT
};

/* As the option's value: "xvector,statistics", "xvector" or "none". */
const char *session_views_name(enum session_views views);

struct session_settings {
    const char *input;
    const char *out;
    struct input_options input_options; /* exclude is set by the session */
    struct engine_settings engine;
    bool no_resample;
    size_t clip_memory; /* most bytes of the samples of a clip; 0: by the size of its file */
    enum session_views views;
    bool fresh;
    const char *state; /* the folder in which embeddings stay from run to run; NULL: OUT, until the
                          run is finished */
    bool verify;       /* decode the clips whose embeddings are there, and compare their samples */
    enum progress_style progress;
    /* Settings as lines of run_record.h; NULL: none. Embeddings that an unfinished run left with
     * another embedding_record are discarded. */
    const char *embedding_record;
    const char *results_record;
    const char *features_folder; /* every clip's features are written there; or NULL */
};

/* Owned by the session and used by the commands; valid until session_close. */
struct session {
    struct decoders *decoders;
    struct collection input;
    struct engine engine;
    struct folder_lock out;
    struct folder_lock state; /* not open without settings.state */
    struct folder features;   /* not open without features_folder */
    struct folder scratch;    /* for arrays that are too large for memory */
    struct embedding_store store;
    bool has_statistics;            /* the store's rows; not with --views xvector, nor with a model
                                       of another number of mels than STATISTICS_MELS */
    struct clip_measures *measures; /* (input.clips.count) */
    const size_t *list_rows;        /* (input.clips.count) of a part: the clips' rows in the whole
                                       list; the caller's, or NULL */
    void (*observe)(void *context, size_t clips, double audio_seconds); /* see embedding.h */
    void *observer;
    struct embedding_counts counts;
};

#define SESSION_INITIAL                                                                            \
    {                                                                                              \
        .engine = {.model = MODEL_INITIAL}, .out = FOLDER_LOCK_INITIAL,                            \
        .state = FOLDER_LOCK_INITIAL, .features = FOLDER_INITIAL, .scratch = FOLDER_INITIAL        \
    }

/* Starts the decoders and reads INPUT. Nothing is written yet, so that an input that cannot
 * be used leaves OUT as it is. session_close must be called, after a failure too. */
enum error_code session_open(const struct session_settings *settings, struct session *session,
                             struct error *error);

/* Opens the device with the model. A model that leaves out the statistics is a warning of the
 * input. */
enum error_code session_open_device(const struct session_settings *settings,
                                    struct session *session, struct error *error);
/* What resume_open() is told of the session. */
struct resume_settings session_resume(const struct session_settings *settings,
                                      const struct session *session);

/* session_open_device(), then OUT, and the shards that an unfinished run left there. */
enum error_code session_start(const struct session_settings *settings, struct session *session,
                              struct error *error);

/* Embeds every clip; measures, counts and the statuses of the list are filled in. */
enum error_code session_embed(const struct session_settings *settings, struct session *session,
                              struct error *error);

/* Writes OUT/embeddings.npy and, if there are statistics, OUT/statistics.npy, float32: the rows of
 * these clips (count), or of every embedded clip where clips is NULL, in this order. */
enum error_code session_write_embeddings(const struct session *session, const size_t *clips,
                                         size_t count, struct error *error);

/* The addresses (count) of the store's rows of these clips (count, ascending), until the session is
 * closed. They take the place of the store's own: afterwards no other row can be read. */
const float *const *session_select_rows(struct session *session, const size_t *clips, size_t count);

void session_close(struct session *session); /* takes SESSION_INITIAL */

#endif
