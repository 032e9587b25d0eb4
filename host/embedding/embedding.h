/* From clips to embeddings: decoders fill packed batches, the device answers in any order, and
 * every clip's embedding is stored in the clip's row. */
#ifndef EARMARK_EMBEDDING_EMBEDDING_H
#define EARMARK_EMBEDDING_EMBEDDING_H

#include "host/base/progress.h"
#include "host/clips/clip_facts.h"
#include "host/clips/clips.h"
#include "host/embedding/embedding_store.h"
#include "host/sound/decoder.h"

#define EMBEDDING_NO_ROW SIZE_MAX

/* What embedding finds out about a clip. */
struct clip_measures {
    struct clip_facts facts;
    size_t row; /* in the store, or EMBEDDING_NO_ROW */
};

struct embedding_settings {
    struct decoders *decoders; /* all are used */
    bool no_resample;
    size_t clip_memory; /* as in session.h */
    enum progress_style progress;
    const struct folder *features_folder; /* also write each clip's features there; or NULL */
    const char *state; /* the folder that keeps embeddings from run to run, for messages; or NULL */
    bool verify;       /* decode clips that are stored, too, and embed those again whose samples are
                          others */
    const char *next_step;   /* for stop_note, after "3 of 20 clips are safe"; NULL: a later run
                                takes none of them */
    const size_t *list_rows; /* (clips->count): what a clip's features are named by; NULL: its
                                number */
    /* Told how many clips are done, and the seconds of sound of those that were embedded; or
     * NULL. */
    void (*observe)(void *context, size_t clips, double audio_seconds);
    void *observer;
};

struct embedding_counts {
    size_t embedded;            /* rows in the store */
    size_t resumed;             /* of these: taken from an earlier run */
    size_t copied;              /* clips without a place in a batch (open_batches.h) */
    double audio_seconds;       /* of the clips that this run embedded */
    double decode_wait_seconds; /* time in which decoded clips were waited for */
    double device_seconds;      /* time in which the device was */
};

/* Embeds every clip of the list whose status is CLIP_OK. Clips that cannot be used get their
 * status and reason in the list; silent ones become CLIP_SILENT and have a row too. Rows are in
 * the list's order. measures: (count). Clips that the store has from an earlier run are taken
 * from it. After an error, ERROR_STOPPED included, everything that was computed is committed,
 * and stop_noted says how many clips are safe. */
enum error_code embedding_run(struct device *device, const struct xvector_model *model,
                              struct clip_list *clips, const struct embedding_settings *settings,
                              struct embedding_store *store, struct clip_measures *measures,
                              struct embedding_counts *counts, struct error *error);

#endif
