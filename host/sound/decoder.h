/* Decoding in separate processes, so that a codec that crashes, never ends or
 * takes all memory costs only the file that it was decoding, and one that a file has taken over
 * reaches nothing (host/base/sandbox.h) and is not believed (decoder_answer.h).
 *
 * Each decoder is a keeper process, forked before this process has threads, locks or a GPU,
 * and its child, the process that decodes, which the keeper restarts when it dies.
 * Both end with this process, however that ends, and leave signals from a terminal or
 * a batch system to it. Samples are passed through shared memory. */
#ifndef EARMARK_SOUND_DECODER_H
#define EARMARK_SOUND_DECODER_H

#include "host/sound/decode.h"

struct decoders;

/* Starts `count` decoders (at least 1). To be called while this process has one thread.
 * EARMARK_DECODER_SECONDS in the environment bounds the processor time that a decoder may take
 * without progress in its file; on the clock it is ten times that. Errors: ERROR_MEMORY,
 * ERROR_FILE when the system refuses; ERROR_USAGE. */
enum error_code decoders_open(int count, struct decoders **decoders, struct error *error);

int decoders_count(const struct decoders *decoders);

/* decode_clip() by decoder `index`: the same samples, statuses and errors, except that
 * decoded->target and settings->kept are ignored (a decoder keeps files itself, until
 * decoders_forget), and that the source stays open. A file that breaks the decoder, or makes it
 * answer what cannot be true, is CLIP_UNREADABLE, with the reason. Threads that use the same
 * decoder wait for each other. */
enum error_code decoders_decode(struct decoders *decoders, int index,
                                const struct sound_source *source,
                                const struct decode_settings *settings, struct decoded *decoded,
                                struct error *error);

/* What all of them have done so far. */
struct decoders_usage {
    struct sound_reads reads; /* of their files; seconds: the sum over the decoders */
    double seconds;           /* that decoding took, the sum likewise; reads are part of it */
    uint64_t copied;          /* bytes of samples that came from them */
};

/* From any thread; does not wait for a clip. */
struct decoders_usage decoders_usage(struct decoders *decoders);

/* Opening a clip's file took this long: it counts as reading. */
void decoders_opened(struct decoders *decoders, double seconds);

/* Closes the files that the decoder keeps open for further segments of them. */
void decoders_forget(struct decoders *decoders, int index);

void decoders_close(struct decoders *decoders); /* ends the processes; takes NULL */

#endif
