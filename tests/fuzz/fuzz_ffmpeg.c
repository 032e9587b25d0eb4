/* Whole files through earmark-ffmpeg.so, which is loaded from the fuzzer's folder, and FFmpeg's
 * libraries (which are not instrumented: only their effects are seen). The first byte chooses how
 * many frames are read at a time, and as what. */
#include "host/sound/ffmpeg.h"
#include "host/sound/sound_file.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOT_BUILT 42                  /* exit code for tests/fuzz/run.sh */
#define MOST_VALUES ((size_t)1 << 16) /* that are read at a time */
#define LONGEST ((size_t)1 << 22)     /* frames: more would test nothing new */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__asan_default_options(void); /* NOLINT: the name is AddressSanitizer's */

/* Some of libavformat's demuxers leak when they give a file up; a decoder's process ends. */
const char *__asan_default_options(void) { /* NOLINT */
    return "detect_leaks=0";
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char line[FFMPEG_LINE_SIZE];
    (void)argc;
    (void)argv;
    ffmpeg_describe(line);
    if (strncmp(line, "none", 4) != 0) return 0;
    fprintf(stderr, "%s\n", line);
    exit(NOT_BUILT);
}

/* No more than there is room for; a short answer is the last one. */
static void read_sound(struct sound_file *file, size_t at_a_time, bool small) {
    static union {
        float wide[MOST_VALUES];
        int16_t small[MOST_VALUES];
    } samples;
    const size_t most = MOST_VALUES / (size_t)file->channels;
    const size_t wanted = at_a_time < most ? at_a_time : most;
    size_t frames = 0, got;
    do {
        got = small ? file->reader->read_short(file, samples.small, wanted)
                    : file->reader->read_float(file, samples.wide, wanted);
        if (got > wanted) abort();
        frames += got;
    } while (got == wanted && frames < LONGEST);
    if (got == wanted) return;
    const char *failure = file->reader->failure(file);
    if (failure != NULL && failure[0] == '\0') abort();
    if ((small ? file->reader->read_short(file, samples.small, 1)
               : file->reader->read_float(file, samples.wide, 1)) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int descriptor = -1;
    struct sound_file file;
    struct verdict verdict;
    if (size < 2) return 0;
    if (descriptor < 0) descriptor = memfd_create("sound", MFD_CLOEXEC);
    if (descriptor < 0 || ftruncate(descriptor, 0) != 0) abort();
    if (pwrite(descriptor, data + 1, size - 1, 0) != (ssize_t)size - 1) abort();
    const struct sound_source source = {.descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0),
                                        .bytes = size - 1};
    if (sound_file_open(&source, &file, &verdict) != CLIP_OK) {
        if (strchr(verdict.reason, ';') == NULL && verdict.status == CLIP_UNREADABLE) abort();
        return 0;
    }
    if (strcmp(file.reader->library, "FFmpeg") == 0) /* the others: fuzz_decode.c */
        read_sound(&file, 1 + (size_t)(data[0] >> 1) * 64, (data[0] & 1) != 0 && file.sixteen_bits);
    sound_file_close(&file);
    return 0;
}
