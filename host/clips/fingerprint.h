/* What tells a clip of one run from that of another without reading its sound:
 * its path in the list, the part of the file, and the file's size and times (those of
 * content and of status, so that a file that was put in its place with an old date is
 * another one). Not its number: some mounts give out new ones. */
#ifndef EARMARK_CLIPS_FINGERPRINT_H
#define EARMARK_CLIPS_FINGERPRINT_H

#include "host/clips/clips.h"

/* The fingerprint of clip `index`, whose file is `open_path` (clip_open_path); all
 * zero where the file cannot be looked at: such a clip is like no other. */
void clip_fingerprint(const struct clip_list *list, size_t index, const char *open_path,
                      uint64_t fingerprint[2]);

/* Whether it is not all zero. */
bool clip_fingerprint_is_known(const uint64_t fingerprint[2]);

#endif
