/* A sound file that was opened but not read yet. The program opens every file and passes the
 * descriptor to a decoder, which can open none (host/base/sandbox.h). */
#ifndef EARMARK_SOUND_SOUND_SOURCE_H
#define EARMARK_SOUND_SOUND_SOURCE_H

#include "host/base/error.h"
#include "host/sound/verdict.h"

#include <sys/stat.h>

struct sound_source {
    int descriptor; /* for reading; -1: none */
    struct stat status;
    size_t bytes;  /* its length, above 0 */
    size_t stored; /* bytes of it that the file system keeps: fewer in a sparse file */
};

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
