/* Decoding a file a second time, for whoever waits for the first: what it asks for and how far it
 * is goes on from there. */
#ifndef EARMARK_SOUND_SECOND_PASS_H
#define EARMARK_SOUND_SECOND_PASS_H

#include "host/sound/decode_settings.h"

struct second_pass {
    const struct decode_settings *first;
    size_t frames; /* of the file, that the first pass read */
};

/* The settings with calls that know of the first pass; both have to stay. */
struct decode_settings second_pass_settings(struct second_pass *pass);

#endif
