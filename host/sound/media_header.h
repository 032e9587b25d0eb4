/* Files for FFmpeg's libraries, by their first bytes: which demuxer reads them. */
#ifndef EARMARK_SOUND_MEDIA_HEADER_H
#define EARMARK_SOUND_MEDIA_HEADER_H

#include "host/sound/sound_source.h"

struct media_kind {
    const char *name;    /* "MP4" */
    const char *demuxer; /* of libavformat */
};

/* NULL: none. errno is not 0 afterwards when the system refused to read. */
const struct media_kind *media_header_kind(const struct sound_source *source);

/* Whether a file of this kind ends inside of the structure that holds the samples (media_cut.c):
 * *promised_bytes of it, of which *present_bytes are there. Most demuxers take that for the end of
 * the sound. errno as above. */
bool media_header_is_cut(const struct sound_source *source, const struct media_kind *kind,
                         uint64_t *promised_bytes, uint64_t *present_bytes);

/* Whether an Ogg file has streams one after the other, as recorders of broadcasts write them:
 * libsndfile reads only the first (media_cut.c). errno as above. */
bool media_header_is_chained(const struct sound_source *source);

/* What a file is that is no sound, "an HLS playlist, not a sound; leave it out"; NULL: not known.
 */
const char *media_header_other(const struct sound_source *source);

#endif
