/* Rows of a list whose paths are members of tar files beside it. */
#ifndef EARMARK_LISTS_TAR_ROWS_H
#define EARMARK_LISTS_TAR_ROWS_H

#include "host/lists/manifest.h"

struct shards;

/* Reads the members of these files in the folder of the list; manifest_add() looks for paths among
 * them from then on. tar_rows_close() also after a failure. Errors: ERROR_FILE, ERROR_MEMORY. */
enum error_code tar_rows_open(struct builder *builder, const struct root_folder *folder,
                              const struct shards *shards, bool by_stem, struct error *error);
void tar_rows_close(struct builder *builder); /* takes a builder that was not opened */

/* With by_stem: rows are of this file from now on. */
void tar_rows_file(struct builder *builder, size_t file);

/* NeMo: rows are of this list from now on, whose name may have the number of its shard. */
void tar_rows_list(struct builder *builder, const char *name);

/* Adds each tar file in which no row was found, with this reason. */
enum error_code tar_rows_unlisted(struct builder *builder, const char *reason, struct error *error);

#endif
