/* The part of a sound file that is a clip: in frames, checked against the file, and
 * how to get there. */
#ifndef EARMARK_SOUND_SEGMENT_H
#define EARMARK_SOUND_SEGMENT_H

#include "host/sound/decode.h"
#include "host/sound/sound_file.h"

struct segment {
    size_t first;  /* source frame that the clip begins with */
    size_t wanted; /* source frames after which to stop; SIZE_MAX: at the file's end */
};

/* The frames that the settings ask for. CLIP_BAD_SEGMENT with the reason
 * (DECODE_REASON_SIZE bytes) where they are no part of the file, as far as its
 * header tells. */
enum clip_status segment_choose(const struct sound_file *file,
                                const struct decode_settings *settings, struct segment *segment,
                                char *reason);

/* Whether a file of this kind can be gone to any sample of, exactly. */
bool segment_seeks(const struct sound_file *file);

/* Goes to segment->first in a file of which `position` frames have been read, at most
 * segment->first: by seeking where that is exact, elsewhere by decoding what lies before it
 * into `block` (block_frames x channels floats; not needed when first is 0). What is wrong
 * with the file becomes *status and the reason. Errors: ERROR_STOPPED when given up. */
enum error_code segment_begin(struct sound_file *file, const struct decode_settings *settings,
                              const struct segment *segment, size_t position, float *block,
                              size_t block_frames, enum clip_status *status, char *reason,
                              struct error *error);

/* Whether a file whose header does not tell its length ended before the part did. */
bool segment_ends_early(const struct sound_file *file, const struct decode_settings *settings,
                        const struct segment *segment, size_t frames_read);

#endif
