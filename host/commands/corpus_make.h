/* The synthetic corpus of `earmark bench corpus`: tones and noise, a folder for each label, in a
 * temporary folder that is removed in any case. */
#ifndef EARMARK_COMMANDS_CORPUS_MAKE_H
#define EARMARK_COMMANDS_CORPUS_MAKE_H

#include "host/base/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CORPUS_LABELS 10
#define CORPUS_LEAST_CLIPS 50 /* as many of each class as there are folds */

enum corpus_format {
    CORPUS_AS_WAV,
    CORPUS_FLAC,
    CORPUS_MP3,
    CORPUS_OGG,
    CORPUS_OPUS,
    CORPUS_AIFF,
    CORPUS_AU,
    CORPUS_FORMAT_COUNT
};

struct corpus_settings {
    size_t clips;
    double seconds; /* of each clip */
    int rate;       /* Hz; one channel */
    enum corpus_format format;
    bool tar; /* tar files of 1,000 clips in place of loose ones */
};

/* "wav", "flac" ...; NULL past the last. */
const char *corpus_format_name(enum corpus_format format);

struct corpus_folder {
    char path[PATH_MAX];
    pid_t keeper; /* removes the folder when this process ends, however it does */
    int alive;    /* held open by this process, and by its children for as long as they live */
};

/* Makes it below $TMPDIR, or /tmp. To be called while this process has one thread. */
enum error_code corpus_folder_open(struct corpus_folder *folder, struct error *error);
void corpus_folder_close(struct corpus_folder *folder); /* removes it */

/* Writes FOLDER/corpus, showing progress; *bytes: of its files. ERROR_USAGE for a rate that the
 * format does not have, and where the clips would not fit. */
enum error_code corpus_write(const struct corpus_folder *folder,
                             const struct corpus_settings *settings, double *bytes,
                             struct error *error);

#endif
