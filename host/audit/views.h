/* The views of an audit: the embeddings that it made itself, and files of embeddings that the
 * user gave, a row for each clip of INPUT in its order. */
#ifndef EARMARK_AUDIT_VIEWS_H
#define EARMARK_AUDIT_VIEWS_H

#include "host/base/npy.h"
#include "host/classifier/ensemble.h"

struct audit_views {
    struct ensemble_view views[MIX_VIEWS]; /* (count) of the audited rows */
    size_t count;

    size_t file_count;
    struct npy_array given[MIX_VIEWS]; /* (file_count): a row for each clip */
    struct npy_array kept[MIX_VIEWS];  /* (file_count): view-N.npy, mapped */
    char *names[MIX_VIEWS];            /* (file_count) of the files, without folder and ".npy" */
    const char *const *paths;          /* (file_count): the caller's */
};

/* Opens the files (count, at most MIX_VIEWS). ERROR_DATA when one is not a matrix with a row for
 * each clip; what is in the rows is checked when they are gathered. audit_views_close() also after
 * a failure. */
enum error_code audit_views_open(const char *const *paths, size_t count, size_t clips,
                                 struct audit_views *views, struct error *error);

/* Writes folder/view-1.npy and so on, float32: the rows (count) of the given files that are
 * audited, by their clips' places, and adds them to the views. ERROR_DATA, with the file and row,
 * for values that are not finite or too large for float32. */
enum error_code audit_views_gather(const struct folder *folder, const size_t *clips, size_t count,
                                   struct audit_views *views, struct error *error);

/* Adds a view that the audit made; what it points to stays the caller's. */
void audit_views_add(struct audit_views *views, const struct ensemble_view *view);

void audit_views_close(struct audit_views *views); /* takes a zeroed one */

/* The name of a file of embeddings: without folder and ".npy"; to be freed. */
char *audit_views_name(const char *path, struct error *error);

#endif
