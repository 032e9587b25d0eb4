/* The segment of a sound file that is a clip: in frames, checked against the file, and
 * how its first frame is reached. */
#ifndef EARMARK_SOUND_SEGMENT_H
#define EARMARK_SOUND_SEGMENT_H

#include "host/base/error.h"
#include "host/sound/decode_settings.h"
#include "host/sound/sound_file.h"
#include "host/sound/verdict.h"

struct segment {
    size_t first;  /* source frame that the clip begins with */
    size_t wanted; /* source frames after which to stop; SIZE_MAX: at the file's end */
};

/* The frames that the settings ask for. Returns CLIP_OK with *verdict unchanged, or
 * CLIP_BAD_SEGMENT, set in *verdict too, where they are outside the file according to its
 * header. */
enum clip_status segment_choose(const struct sound_file *file,
                                const struct decode_settings *settings, struct segment *segment,
                                struct verdict *verdict);

/* Whether a file of this kind allows exact seeking to any sample. */
bool segment_seeks(const struct sound_file *file);

/* Moves to segment->first in a file of which `position` frames have been read, at most
 * segment->first: by seeking where that is exact, otherwise by decoding what is before it
 * into `block` (block_frames x channels floats; not needed when first is 0). What is wrong
 * with the file is set in *verdict. Errors: ERROR_STOPPED when cancelled. */
enum error_code segment_begin(struct sound_file *file, const struct decode_settings *settings,
                              const struct segment *segment, size_t position, float *block,
                              size_t block_frames, struct verdict *verdict, struct error *error);

/* Whether a file whose header does not state its length ended before the segment did. */
bool segment_ends_early(const struct sound_file *file, const struct decode_settings *settings,
                        const struct segment *segment, size_t frames_read);

#endif
