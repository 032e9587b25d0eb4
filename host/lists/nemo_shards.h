/* Where the shards of NeMo's tarred manifests are. */
#ifndef EARMARK_LISTS_NEMO_SHARDS_H
#define EARMARK_LISTS_NEMO_SHARDS_H

#include "host/base/error.h"

struct root_folder;
struct shards;

/* The manifests manifest_0.json, manifest_1.json ... of a folder, and of those below it. */
enum error_code nemo_shards_in_folder(const struct root_folder *folder, struct shards *shards,
                                      struct error *error);

/* NeMo writes manifests to the folder sharded_manifests/ and the tar files to the one above, which
 * becomes the root of such names. Errors: ERROR_MEMORY. */
enum error_code nemo_shards_raise(struct shards *shards, struct error *error);

/* The same for an INPUT that exists: such a folder, or (not is_folder) a file in it. No names: it
 * is none, and read as any other. */
enum error_code nemo_shards_find(const char *path, bool is_folder, struct shards *shards,
                                 struct error *error);

#endif
