/* Folders of the sounds in tar files: the class, as in a folder of clips, perhaps below folders
 * that all of them share (`tar cf set.tar set`), and below one for each part of the data set. */
#ifndef EARMARK_LISTS_TAR_FOLDERS_H
#define EARMARK_LISTS_TAR_FOLDERS_H

#include "host/lists/tar_samples.h"

struct tar_folders {
    size_t skipped;  /* folders that all sounds share */
    bool has_splits; /* the next one is the part of the data set */
    struct text label, split;
};

/* Looks at the sounds of all files. */
void tar_folders_find(struct tar_folders *folders, const struct tar_file *files, size_t count);

/* Whether there are sounds and each is in a folder of its class; else *file and *name are of the
 * first that is not. */
bool tar_folders_are(const struct tar_folders *folders, const struct tar_file *files, size_t count,
                     const char **file, const char **name);

/* Replaces label and split by those of the sound; false: it is in no folder of a class. */
bool tar_folders_take(struct tar_folders *folders, const char *name);

/* Whether the sound is in Speech Commands' folder of noise. */
bool tar_folders_are_background(const struct tar_folders *folders, const char *name);

#endif
