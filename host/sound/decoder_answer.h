/* Whether what a decoder answers can be true. A file may have taken the decoder over, so nothing
 * that it says is used before this. Private to host/sound/decoder*.c. */
#ifndef EARMARK_SOUND_DECODER_ANSWER_H
#define EARMARK_SOUND_DECODER_ANSWER_H

#include "host/sound/decoder_process.h"

/* What the answer is about. */
struct decoder_question {
    const struct decode_settings *settings;
    size_t granted; /* bytes of samples that the decoder was allowed, DECODER_KEPT_BYTES at least */
    bool cancelled; /* the program refused room, or has another request */
};

/* Copies the answer (ANSWER_CLIP) to *decoded, whose buffer, capacity and target stay, unless no
 * healthy decoder would give it: then false, and *decoded is unchanged. Counts fit each other,
 * the settings and the room, numbers are finite, and texts end and are visible. The samples and
 * their hash are not part of it. */
bool decoder_answer_take(const struct decoder_answer *answer,
                         const struct decoder_question *question, struct decoded *decoded);

/* Whether all samples are numbers that a healthy decoder lets pass. */
bool decoder_samples_are_finite(const struct decoded *decoded);

#endif
