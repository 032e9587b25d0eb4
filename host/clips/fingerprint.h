/* Identifies a clip from one run to the next without reading its sound: by its path in the
 * list, its segment, and the size and times of the file (of content and of status, so that a
 * file that replaced it and has an old date is recognised as another one). The inode number
 * is not used: some mounts assign new ones. */
#ifndef EARMARK_CLIPS_FINGERPRINT_H
#define EARMARK_CLIPS_FINGERPRINT_H

#include "host/clips/clips.h"

#include <sys/stat.h>

/* The fingerprint of clip `index`, whose file, once opened, has this status. */
void clip_fingerprint(const struct clip_list *list, size_t index, const struct stat *status,
                      uint64_t fingerprint[2]);

/* The same of the file that is found there now; all zero where it cannot be opened: such a clip
 * matches no other. */
void clip_fingerprint_now(const struct clip_list *list, size_t index, uint64_t fingerprint[2]);

/* Whether it is not all zero. */
bool clip_fingerprint_is_known(const uint64_t fingerprint[2]);

/* Adds clip `index` to a hash over a list: its path, segment, label and group. */
uint64_t clip_hash(const struct clip_list *list, size_t index, uint64_t hash);

#endif
