/* What decoding found about a clip: its status, and the reason where that is not CLIP_OK. */
#ifndef EARMARK_SOUND_VERDICT_H
#define EARMARK_SOUND_VERDICT_H

#include "host/clips/clips.h"

#define VERDICT_REASON_SIZE 512

struct verdict {
    enum clip_status status;
    char reason[VERDICT_REASON_SIZE]; /* a sentence with what to do; empty for CLIP_OK */
};

/* Replaces the verdict; a longer reason is cut. Returns `status`. */
__attribute__((format(printf, 3, 4))) enum clip_status
verdict_set(struct verdict *verdict, enum clip_status status, const char *format, ...);

#endif
