/* Folders in INPUT that are parts of a data set, each perhaps with a list of its own, as datasets
 * of Hugging Face have them: train/metadata.csv and test/metadata.csv. */
#ifndef EARMARK_LISTS_FOLDER_PARTS_H
#define EARMARK_LISTS_FOLDER_PARTS_H

#include "host/base/root_folder.h"
#include "host/base/text.h"

#include <stddef.h>

#define FOLDER_PARTS_MAXIMUM 100

/* What is said of their lists. */
#define FOLDER_PARTS_WORDS "; their folders are parts of the data set, the column split"

struct folder_parts {
    char *names[FOLDER_PARTS_MAXIMUM]; /* (count) sorted: "train", or "data/train" */
    size_t count;
    bool is_cut; /* there are more */
};

/* Finds the folders with names of parts; those in data/ if there are none. A folder that cannot be
 * read has none. folder_parts_free also after a
 * failure. */
enum error_code folder_parts_find(const struct root_folder *root, struct folder_parts *parts,
                                  struct error *error);
void folder_parts_free(struct folder_parts *parts); /* takes a zeroed one */

/* "train" of "data/train". */
const char *folder_part_name(const char *part);

/* Puts the folder of the part before a relative path, in `text`. NULL and "" stay. */
enum error_code folder_part_path(const char *part, const char **path, struct text *text,
                                 struct error *error);

#endif
