/* Sound files kept open between clips that are segments of them. Ogg and MPEG do not allow
 * exact seeking, only decoding up to a sample, so a segment is cheap when the decoder's position
 * is shortly before it. The decoded samples are the same in any case. */
#ifndef EARMARK_SOUND_KEPT_FILES_H
#define EARMARK_SOUND_KEPT_FILES_H

#include "host/sound/segment.h"

/* Segments of which this many overlap still cost one pass of the file each. */
#define KEPT_FILES 8

struct kept_file {
    struct sound_file file; /* must not move: libsndfile has its address */
    size_t position;        /* source frames read so far */
    bool kept;              /* for a further segment */
    uint64_t used;          /* larger is later */
};

/* For one thread. Zero-initialise. */
struct kept_files {
    struct kept_file files[KEPT_FILES];
    uint64_t clock;
};

/* The file of the settings' segment: of those that were kept and are not beyond its start the
 * nearest, otherwise newly opened in the place of the least recently used one.
 * Closes the source, or takes it over. Sets *verdict and returns its status; nothing is open unless
 * that is CLIP_OK.
 * To be returned by kept_files_give_back. */
enum clip_status kept_files_take(struct kept_files *kept, struct sound_source *source,
                                 const struct decode_settings *settings, struct kept_file **file,
                                 struct verdict *verdict);

/* Keeps the file for the next segment, `position` being its decoder's; or closes it when
 * `healthy` is false (further samples could depend on the error), when it allows exact seeking,
 * or when the clip is a whole file. */
void kept_files_give_back(struct kept_files *kept, struct kept_file *file,
                          const struct decode_settings *settings, size_t position, bool healthy);

void kept_files_close(struct kept_files *kept); /* all of them */

#endif
