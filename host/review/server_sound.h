/* One clip as the server sends it: its sound at the file's own rate, its spectrogram and what the
 * player must know, all of one decoding. */
#ifndef EARMARK_REVIEW_SERVER_SOUND_H
#define EARMARK_REVIEW_SERVER_SOUND_H

#include "host/base/text.h"
#include "host/output/run.h"
#include "host/sound/clip_sources.h"
#include "host/sound/decoder.h"

/* One channel of 16 bits: 11 minutes at 48 kHz. A longer clip is cut there. */
#define SERVER_SOUND_BYTES ((size_t)64 << 20)
#define SERVER_SOUND_SECONDS 700
#define SERVER_SOUND_COLUMNS 320 /* of the waveform */

struct server_sound {
    bool readable;
    char reason[VERDICT_REASON_SIZE]; /* why it is not */
    unsigned char *data;              /* (size) a FLAC or WAV file, whichever is smaller */
    size_t size;
    const char *type; /* "audio/flac" or "audio/wav" */
    unsigned char *picture;
    size_t picture_size; /* a PNG; 0: there is none */
    struct text facts;   /* JSON */
};

/* Opens and decodes the clip's sound by the decoder `index`. What is wrong with it is in `reason`;
 * errors are of memory, of the decoder, and ERROR_STOPPED once *stopping is set. Any thread may
 * call this. */
enum error_code server_sound_load(struct decoders *decoders, int index,
                                  struct clip_sources *sources, const struct run_clip *clip,
                                  const volatile bool *stopping, struct server_sound *sound,
                                  struct error *error);
size_t server_sound_bytes(const struct server_sound *sound);
void server_sound_free(struct server_sound *sound); /* takes a zeroed one */

#endif
