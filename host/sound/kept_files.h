/* Sound files kept open between clips that are parts of them. Ogg and MPEG cannot be
 * gone to a sample of, only decoded up to it, so a part is cheap when the decoder stands
 * not far before it. What is decoded is the same in any case. */
#ifndef EARMARK_SOUND_KEPT_FILES_H
#define EARMARK_SOUND_KEPT_FILES_H

#include "host/sound/segment.h"

/* Parts that overlap so many times over still cost one pass of the file each. */
#define KEPT_FILES 8

struct kept_file {
    struct sound_file file; /* stays where it is: libsndfile has its address */
    size_t position;        /* source frames read so far */
    char *path;             /* NULL: not kept */
    uint64_t used;          /* larger is later */
};

/* For one thread. Zero-initialise. */
struct kept_files {
    struct kept_file files[KEPT_FILES];
    uint64_t clock;
};

/* The file of the settings' part: one that was kept and is not beyond its start, the
 * nearest; or else opened anew, in the place of the one that was not used for longest.
 * CLIP_OK, or what is wrong, with the reason (DECODE_REASON_SIZE bytes) and nothing open.
 * Every file that was taken is given back. */
enum clip_status kept_files_take(struct kept_files *kept, const char *path,
                                 const struct decode_settings *settings, struct kept_file **file,
                                 char *reason);

/* Keeps the file for the next part, `position` being where its decoder stands; or closes
 * it, when `healthy` is false (what comes next could depend on what came before), when it
 * can be gone to anywhere, or when the clip is no part. */
void kept_files_give_back(struct kept_files *kept, struct kept_file *file, const char *path,
                          const struct decode_settings *settings, size_t position, bool healthy);

void kept_files_close(struct kept_files *kept); /* all of them */

#endif
