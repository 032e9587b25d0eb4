/* Decoding in processes of their own, so that a codec that crashes, never ends or
 * takes all memory costs the file it was given and not the run.
 *
 * Each decoder is a keeper, forked before this process has threads, locks or a GPU,
 * and under it the process that decodes, which the keeper starts again when it dies.
 * They end with this process, however that ends, and leave signals from a terminal or
 * a batch system to it. Samples come through shared memory. */
#ifndef EARMARK_SOUND_DECODER_H
#define EARMARK_SOUND_DECODER_H

#include "host/sound/decode.h"

struct decoders;

/* Starts so many (at least 1). To be called while this process has one thread.
 * EARMARK_DECODER_SECONDS in the environment bounds what a decoder may take of processor
 * time without getting on in its file. Errors: ERROR_MEMORY, ERROR_FILE when the system
 * refuses; ERROR_USAGE. */
enum error_code decoders_open(int count, struct decoders **decoders, struct error *error);

int decoders_count(const struct decoders *decoders);

/* decode_clip() by decoder `index`: the same samples, statuses and errors, decoded->target
 * and settings->kept left aside (a decoder keeps files itself, until told to forget them). A file
 * that breaks the decoder is CLIP_UNREADABLE, with the reason. Threads that ask the same decoder
 * wait for each other. */
enum error_code decoders_decode(struct decoders *decoders, int index, const char *path,
                                const struct decode_settings *settings, struct decoded *decoded,
                                struct error *error);

/* Lets the decoder close the files that it keeps open for further parts of them. */
void decoders_forget(struct decoders *decoders, int index);

void decoders_close(struct decoders *decoders); /* ends the processes; takes NULL */

#endif
