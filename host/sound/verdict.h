/* What decoding found about a clip: its status, and the reason where that is not CLIP_OK. */
#ifndef EARMARK_SOUND_VERDICT_H
#define EARMARK_SOUND_VERDICT_H

#include "host/clips/clips.h"

#define VERDICT_REASON_SIZE 512

struct verdict {
    enum clip_status status;
    /* 1: the file itself is wrong, so that decoding it again finds the same, as long as it, the
     * model, the settings and the decoders' libraries stay the same */
    uint32_t lasts;
    char reason[VERDICT_REASON_SIZE]; /* a sentence with what to do; empty for CLIP_OK */
};

/* Replaces the verdict; a longer reason is cut. Returns `status`. */
__attribute__((format(printf, 3, 4))) enum clip_status
verdict_set(struct verdict *verdict, enum clip_status status, const char *format, ...);
/* The same for one that lasts. Not for what a failing disk, a lack of memory or time, the settings
 * of a run or a missing library can cause. */
__attribute__((format(printf, 3, 4))) enum clip_status
verdict_set_lasting(struct verdict *verdict, enum clip_status status, const char *format, ...);

/* A hash of the versions of libraries that verdicts that last depend on. Those through FFmpeg's
 * never last: its version is not known here. */
uint64_t verdict_basis(void);

#endif
