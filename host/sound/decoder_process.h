/* The other side of host/sound/decoder.h: what its processes do, and the messages between
 * them and the program. Private to host/sound/decoder*.c.
 *
 * A decoder has two connections. `clips` leads to the process that decodes, which is not to be
 * trusted: a file may have taken it over. `control` leads to its keeper, which reads no file;
 * only there is it said that the process has ended. */
#ifndef EARMARK_SOUND_DECODER_PROCESS_H
#define EARMARK_SOUND_DECODER_PROCESS_H

#include "host/sound/decode.h"

#include <sys/wait.h>

/* Memory that the codecs of one process may take, without the samples. */
#define DECODER_MEMORY ((size_t)1 << 30)

/* Clips of up to this many bytes of samples are decoded without asking for room, and
 * the memory for them is kept. */
#define DECODER_KEPT_BYTES ((size_t)4 << 20)

/* What the resampler needs beyond the samples of a clip. */
#define DECODER_SPARE_BYTES ((size_t)1 << 20)

/* How often a process that decodes reports that it advances. */
#define DECODER_REPORT_SECONDS 1.0

/* Exit codes of a process that used up DECODER_MEMORY, that could not map the samples, that could
 * not bound its memory for lack of /proc, that could not enter the sandbox, and that was given a
 * file for which its keeper has to load FFmpeg's libraries first (ffmpeg.h). */
#define DECODER_EXIT_MEMORY 101
#define DECODER_EXIT_NO_ROOM 102
#define DECODER_EXIT_NO_PROC 103
#define DECODER_EXIT_NO_SANDBOX 104
#define DECODER_EXIT_FFMPEG 105

enum decoder_request_kind {
    REQUEST_CLIP,  /* with the descriptor of the file */
    REQUEST_ROOM,  /* the answer to ANSWER_ROOM */
    REQUEST_FORGET /* close the files kept open for further segments; has no answer */
};

/* To the process that decodes, one message each. */
struct decoder_request {
    enum decoder_request_kind kind;
    bool granted;                    /* REQUEST_ROOM */
    uint64_t number;                 /* REQUEST_CLIP: returned with every answer */
    struct sound_source source;      /* REQUEST_CLIP: its descriptor comes beside the message */
    struct decode_settings settings; /* REQUEST_CLIP: without its functions */
};

enum decoder_answer_kind {
    ANSWER_CLIP,
    ANSWER_ROOM,    /* asks for room for `amount` bytes of samples */
    ANSWER_ADVANCES /* has read `amount` source frames, more than when it last said so */
};

/* From the process that decodes: to be checked (decoder_answer.h) before anything is used. */
struct decoder_answer {
    enum decoder_answer_kind kind;
    enum error_code code; /* ANSWER_CLIP: none, ERROR_MEMORY or ERROR_STOPPED */
    uint64_t number;      /* of its request */
    uint64_t amount;
    struct decoded decoded; /* ANSWER_CLIP: the samples are at the start of the shared memory;
                               its pointers mean nothing */
};

/* From the keeper. To the keeper: how many of these the program had (uint64_t), which ends the
 * process that was started after them, if it still runs. */
struct decoder_end {
    int status; /* of waitpid; the next request starts another process. -1: none could be started */
    int failure; /* then: errno */
};

static inline bool decoder_asks_for_ffmpeg(const struct decoder_end *end) {
    return end->status != -1 && WIFEXITED(end->status) &&
           WEXITSTATUS(end->status) == DECODER_EXIT_FFMPEG;
}

/* What a keeper and its processes have. */
struct decoder_process {
    int clips, control;
    int samples; /* the shared memory, of `capacity` bytes, which nobody can make longer or shorter
                  */
    size_t capacity;
    int seconds; /* of processor time that a process may take without progress */
};

/* The keeper's main function, in a process that was just forked. All descriptors but these are
 * closed, and the environment is emptied. */
_Noreturn void decoder_keeper(const struct decoder_process *process);

#endif
