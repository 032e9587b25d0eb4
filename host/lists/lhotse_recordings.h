/* Recordings of Lhotse: the file of each, or why it cannot be read. */
#ifndef EARMARK_LISTS_LHOTSE_RECORDINGS_H
#define EARMARK_LISTS_LHOTSE_RECORDINGS_H

#include "host/base/json.h"
#include "host/base/long_text.h"
#include "host/lists/collection.h"
#include "host/lists/list_file.h"

/* One source of one recording. */
struct lhotse_source {
    size_t id;           /* offset into names */
    size_t path;         /* offset into names */
    const char *problem; /* why it cannot be used, or NULL; a literal */
    size_t line;         /* of its recording */
    size_t order;        /* in the file */
    int channel;         /* the only one it has; -1: several, or not given */
};

struct lhotse_recordings {
    struct long_text names;        /* NUL-terminated, one after the other */
    struct lhotse_source *sources; /* (count), by id and order */
    size_t count;
    size_t capacity;
};

/* Reads the set, perhaps gzip; warns of recordings that occur twice (the first counts) and of
 * lines that are not recordings. lhotse_recordings_free also after a failure. */
enum error_code lhotse_recordings_read(struct lhotse_recordings *recordings,
                                       const struct list_file *file, struct collection *collection,
                                       struct error *error);
void lhotse_recordings_free(struct lhotse_recordings *recordings); /* takes a zeroed one */

/* For one recording at a time: adds the sources of the object; false if it is not a recording.
 * lhotse_recordings_clear removes them and keeps the memory. Errors: ERROR_MEMORY. */
bool lhotse_recordings_add(struct lhotse_recordings *recordings, const json_t *recording,
                           size_t line, struct error *error);
void lhotse_recordings_clear(struct lhotse_recordings *recordings);

/* The path of the file with a channel of a recording (-1: any); returns the problem with it, or
 * NULL. *mixed: the file has other channels as well. The path is valid as long as the
 * recordings. */
const char *lhotse_recordings_find(const struct lhotse_recordings *recordings, const char *id,
                                   int channel, const char **path, bool *mixed);

#endif
