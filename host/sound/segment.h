/* The segment of a sound file that is a clip: in frames, checked against the file, and
 * how its first frame is reached. */
#ifndef EARMARK_SOUND_SEGMENT_H
#define EARMARK_SOUND_SEGMENT_H

#include "host/base/error.h"
#include "host/clips/clips.h"
#include "host/sound/decode_settings.h"
#include "host/sound/sound_file.h"

struct segment {
    size_t first;  /* source frame that the clip begins with */
    size_t wanted; /* source frames after which to stop; SIZE_MAX: at the file's end */
};

/* The frames that the settings ask for. CLIP_BAD_SEGMENT with the reason
 * (DECODE_REASON_SIZE bytes) where they are outside the file according to its header. */
enum clip_status segment_choose(const struct sound_file *file,
                                const struct decode_settings *settings, struct segment *segment,
                                char *reason);

/* Whether a file of this kind allows exact seeking to any sample. */
bool segment_seeks(const struct sound_file *file);

/* Moves to segment->first in a file of which `position` frames have been read, at most
 * segment->first: by seeking where that is exact, otherwise by decoding what is before it
 * into `block` (block_frames x channels floats; not needed when first is 0). What is wrong
 * with the file becomes *status and the reason. Errors: ERROR_STOPPED when cancelled. */
enum error_code segment_begin(struct sound_file *file, const struct decode_settings *settings,
                              const struct segment *segment, size_t position, float *block,
                              size_t block_frames, enum clip_status *status, char *reason,
                              struct error *error);

/* Whether a file whose header does not state its length ended before the segment did. */
bool segment_ends_early(const struct sound_file *file, const struct decode_settings *settings,
                        const struct segment *segment, size_t frames_read);

#endif
