/* Identifies a clip from one run to the next without reading its sound: by its path in the
 * list, its segment, and the size and times of the file (of content and of status, so that a
 * file that replaced it and has an old date is recognised as another one). The inode number
 * is not used: some mounts assign new ones. */
#ifndef EARMARK_CLIPS_FINGERPRINT_H
#define EARMARK_CLIPS_FINGERPRINT_H

#include "host/clips/clips.h"

#include <limits.h>
#include <sys/stat.h>

/* The fingerprint of clip `index`, whose file, once opened, has this status. */
void clip_fingerprint(const struct clip_list *list, size_t index, const struct stat *status,
                      uint64_t fingerprint[2]);

/* A look at the files of many clips, which costs little for one that is beside that of the clip
 * before, or the same. */
struct clip_looks {
    const struct clip_list *list;
    const char *path; /* of the file that was looked at last; NULL: none */
    bool is_there;    /* that one */
    struct stat status;
    char folder[PATH_MAX]; /* that was opened last: "" or ends in '/' */
    int descriptor;        /* of the folder; -1: none, or it cannot be opened */
    bool has_folder;
};

void clip_looks_begin(const struct clip_list *list, struct clip_looks *looks);
void clip_looks_end(struct clip_looks *looks);

/* The fingerprint of the file that is found there now; all zero where it cannot be opened: such a
 * clip matches no other. */
void clip_fingerprint_now(struct clip_looks *looks, size_t index, uint64_t fingerprint[2]);

/* Whether the file had not changed for some time at `now`, of CLOCK_REALTIME, when its status was
 * read: another change within the same tick of its file system's clock would leave its times as
 * they are. The fingerprint of a file that had is not kept. */
bool clip_fingerprint_is_settled(const struct stat *status, const struct timespec *now);

/* Whether it is not all zero. */
bool clip_fingerprint_is_known(const uint64_t fingerprint[2]);

/* Adds clip `index` to a hash over a list: its path, segment, label and group. */
uint64_t clip_hash(const struct clip_list *list, size_t index, uint64_t hash);

#endif
