/* INPUT that is several files: those of a folder, a range in braces ("shard-{000..999}.tar") or a
 * glob ("shards/train-*.tar"). */
#ifndef EARMARK_LISTS_SHARDS_H
#define EARMARK_LISTS_SHARDS_H

#include "host/base/error.h"

struct root_folder;

/* Bounds for patterns made to expand; a collection has a few thousand files. */
#define SHARDS_MAXIMUM ((size_t)1000000)

struct shards {
    char *root;   /* the folder that the names start from; NULL for those of shards_in_folder() */
    char **names; /* (count) paths in it */
    size_t count;
    size_t capacity;
    bool whole; /* all that a folder has: none was named */
};

/* Whether the path may name several files. */
bool shards_is_pattern(const char *path);

/* The files that a pattern names, in the order of its braces, those of a glob bytewise. Names of
 * braces need not exist; a glob that finds nothing, and no more, is ERROR_FILE. As in bash and
 * webdataset: lists {a,b}, ranges {000..999}, {0..10..2} and {a..e} (letters of one case), and
 * those in each other; NeMo's _OP_ and _CL_ are braces, too. shards_free also after a failure. */
enum error_code shards_expand(const char *pattern, struct shards *shards, struct error *error);

/* The files in a folder and the folders below it, bytewise, whose names `accepts` takes; none
 * (count 0) if one of the files there is a sound, so that it is a folder of sounds. Errors:
 * ERROR_MEMORY. */
enum error_code shards_in_folder(const struct root_folder *folder,
                                 bool (*accepts)(const char *name), struct shards *shards,
                                 struct error *error);

/* For other ways to find files: adds a name, and sorts all bytewise. */
enum error_code shards_add(struct shards *shards, const char *name, struct error *error);
void shards_sort(struct shards *shards);

void shards_free(struct shards *shards); /* takes a zeroed one */

#endif
