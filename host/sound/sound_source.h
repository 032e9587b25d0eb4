/* A sound file that was opened but not read yet. The program opens every file and passes the
 * descriptor to a decoder, which can open none (host/base/sandbox.h). */
#ifndef EARMARK_SOUND_SOUND_SOURCE_H
#define EARMARK_SOUND_SOUND_SOURCE_H

#include "host/base/error.h"
#include "host/sound/verdict.h"

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct sound_source {
    int descriptor;     /* for reading; -1: none */
    struct stat status; /* of the file, or of the container that the sound is in */
    uint64_t offset;    /* of the sound in the bytes of the descriptor; 0 for a file of its own */
    uint64_t member;    /* of the container, to tell its sounds apart; 0 for a file of its own */
    size_t bytes;       /* its length, above 0 */
    size_t stored;      /* bytes of it that the file system keeps: fewer in a sparse file */
    const unsigned char *head; /* (head_count) its first bytes, if they were read already */
    size_t head_count;
};

/* What reading sounds took. Of files in memory, too: the time says which those are. */
struct sound_reads {
    uint64_t bytes;
    double seconds;
};

/* What this thread has read with the next function since it last asked. */
struct sound_reads sound_source_reads(void);

/* As pread(), at a position of the sound, never past its end: -1 with errno, EINTR never. */
ssize_t sound_source_read(const struct sound_source *source, uint64_t position, void *bytes,
                          size_t count);

/* How a sound is opened: never waits for a FIFO, never makes a terminal its own. */
#define SOUND_SOURCE_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Takes what open() returned for `path`, with its errno where that is -1. Sets *verdict and
 * returns its status; unless that is CLIP_OK, the descriptor is closed. EXDEV: CLIP_OUTSIDE.
 * Errors: ERROR_FILE, for what is not the file's fault and would repeat with the next one: too
 * many open files, or no memory for one. */
enum clip_status sound_source_take(int descriptor, const char *path, struct sound_source *source,
                                   struct verdict *verdict, struct error *error);

void sound_source_close(struct sound_source *source); /* takes one that is closed */

#endif
