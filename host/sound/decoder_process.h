/* The other side of host/sound/decoder.h: what its processes do, and the messages between
 * them and the program. Private to decoder.c and decoder_process.c. */
#ifndef EARMARK_SOUND_DECODER_PROCESS_H
#define EARMARK_SOUND_DECODER_PROCESS_H

#include "host/sound/decode.h"

#include <limits.h>

/* Memory that the codecs of one process may take, without the samples. */
#define DECODER_MEMORY ((size_t)1 << 30)

/* Clips of up to this many bytes of samples are decoded without asking for room, and
 * the memory for them is kept. */
#define DECODER_KEPT_BYTES ((size_t)4 << 20)

/* Exit codes of a process that used up DECODER_MEMORY, and that could not map the samples. */
#define DECODER_EXIT_MEMORY 101
#define DECODER_EXIT_NO_ROOM 102

enum decoder_request_kind {
    REQUEST_CLIP,
    REQUEST_ROOM,  /* the answer to ANSWER_ROOM */
    REQUEST_FORGET /* close the files kept open for further segments; has no answer */
};

/* To the decoder, one message each; the path is sent up to its end only. */
struct decoder_request {
    enum decoder_request_kind kind;
    bool granted;                    /* REQUEST_ROOM */
    uint64_t number;                 /* REQUEST_CLIP: returned with the answer */
    struct decode_settings settings; /* without its functions */
    char path[PATH_MAX];
};

enum decoder_answer_kind {
    ANSWER_CLIP,
    ANSWER_ROOM, /* asks for room for `bytes` of samples */
    ANSWER_ENDED /* from the keeper: the process ended; the next request starts another */
};

struct decoder_answer {
    enum decoder_answer_kind kind;
    int status;             /* ANSWER_ENDED: status of waitpid; or -1: none could be started */
    int failure;            /* then: errno */
    uint64_t number;        /* ANSWER_CLIP: of its request */
    size_t bytes;           /* ANSWER_ROOM: wanted; ANSWER_CLIP: the most that the clip took */
    struct error error;     /* ANSWER_CLIP */
    struct decoded decoded; /* ANSWER_CLIP: the samples are at the start of the shared memory */
};

/* The keeper's main function. `socket` leads to the process that it was forked from, `samples`
 * is the shared memory, of `capacity` bytes; `seconds`: bound on processor time without
 * progress. */
_Noreturn void decoder_keeper(int socket, int samples, size_t capacity, int seconds);

#endif
