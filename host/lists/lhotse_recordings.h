/* Recordings of Lhotse: which file each is, or why it is none. */
#ifndef EARMARK_LISTS_LHOTSE_RECORDINGS_H
#define EARMARK_LISTS_LHOTSE_RECORDINGS_H

#include "host/base/json.h"
#include "host/base/text.h"
#include "host/lists/collection.h"

/* One source of one recording. */
struct lhotse_source {
    size_t id;           /* offset into names */
    size_t path;         /* likewise */
    const char *problem; /* why it cannot be used, or NULL; a literal */
    size_t line;         /* of its recording */
    size_t order;        /* in the file */
    int channel;         /* the only one it holds; -1: several, or not told */
};

struct lhotse_recordings {
    struct text names;             /* NUL-terminated, end to end */
    struct lhotse_source *sources; /* (count), by id and order */
    size_t count;
    size_t capacity;
};

/* Reads the set, perhaps gzip; warns of recordings that are there twice (the first
 * counts) and of lines that are no recordings. Free it after a failure, too. */
enum error_code lhotse_recordings_read(struct lhotse_recordings *recordings, const char *path,
                                       struct collection *collection, struct error *error);
void lhotse_recordings_free(struct lhotse_recordings *recordings); /* takes a zeroed one */

/* The same for one recording at a time: whether the object is one, whose sources are kept
 * then (errors: ERROR_MEMORY), and forgetting them, so that the room is used again. */
bool lhotse_recordings_add(struct lhotse_recordings *recordings, const json_t *recording,
                           size_t line, struct error *error);
void lhotse_recordings_clear(struct lhotse_recordings *recordings);

/* The path of the file with a recording's channel (-1: whichever); what is wrong with
 * it, or NULL. *mixed: the file holds other channels as well. The path is valid as long
 * as the recordings. */
const char *lhotse_recordings_find(const struct lhotse_recordings *recordings, const char *id,
                                   int channel, const char **path, bool *mixed);

#endif
