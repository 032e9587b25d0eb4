/* One question to a decoder: a clip, until there is an answer that can be used, or the reason why
 * there is none. Private to host/sound/decoder*.c. */
#ifndef EARMARK_SOUND_DECODER_ASK_H
#define EARMARK_SOUND_DECODER_ASK_H

#include "host/sound/decoder_process.h"

#include <pthread.h>
#include <sys/types.h>

/* Of the shared memory: the most that one clip may have. */
#define DECODER_SHARED_BYTES (DECODE_MAXIMUM_BYTES + DECODER_SPARE_BYTES)

struct decoder {
    pthread_mutex_t lock;
    pid_t keeper;
    int clips, control; /* see decoder_process.h */
    int samples;        /* descriptor of the shared memory */
    int seconds;        /* of processor time that its process may take without progress */
    uint64_t number;    /* of the last request */
    uint64_t ends;      /* of its processes, as far as the keeper was heard */
    bool fresh;         /* its process has had no request yet */
    bool ffmpeg;        /* its keeper was asked to load FFmpeg's libraries */
};

/* decoders_decode() by this decoder, whose lock the caller has. */
enum error_code decoder_ask(struct decoder *decoder, const struct sound_source *source,
                            const struct decode_settings *settings, struct decoded *decoded,
                            struct error *error);

/* Sends a request, with a copy of the descriptor `file` unless that is -1; never waits. False: it
 * was not sent, with an error, or without one because the process has left too many unread. */
bool decoder_send(const struct decoder *decoder, const struct decoder_request *request, int file,
                  struct error *error);

/* Fails because the system refused, with this errno, what a decoder needs. */
enum error_code decoder_fail_start(int number, struct error *error);

#endif
