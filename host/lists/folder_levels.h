/* Which level of a folder's folders names the label, and which the part of the data set: train,
 * test and the like are no labels. */
#ifndef EARMARK_LISTS_FOLDER_LEVELS_H
#define EARMARK_LISTS_FOLDER_LEVELS_H

#include "host/lists/folder_walk.h"

/* Levels count from 0, the first folder of a path. */
struct folder_levels {
    size_t label;
    size_t split; /* FOLDER_NO_SPLIT: none */
};

#define FOLDER_NO_SPLIT SIZE_MAX

/* Finds the levels, and appends to `reading` how they were found. ERROR_DATA, with the pattern
 * that decides it, where folders may be either. */
enum error_code folder_levels_find(const struct folder_walk *walk, struct folder_levels *levels,
                                   struct text *reading, struct error *error);

/* Whether a folder, or the file before its ending, has the name of a part: "train", "Test_2". */
bool folder_is_split(const char *name, size_t length);
/* Whether it is called so and no more: "train", but not "Test_2". */
bool folder_is_plain_split(const char *name, size_t length);

/* The folder of a path at a level: *length bytes; NULL: the path has fewer folders. */
const char *folder_level_name(const char *path, size_t level, size_t *length);

#endif
