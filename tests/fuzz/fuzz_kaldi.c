/* Kaldi data folders: the first byte chooses options and files, the rest is cut at
 * bytes 0x1e into wav.scp, utt2label, segments and utt2spk. */
#include "host/input/builder.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CUT 0x1e

static const char *const names[] = {"wav.scp", "utt2label", "segments", "utt2spk"};

enum { NAMES = sizeof names / sizeof names[0] };

static char folder[64];

static void part_path(size_t part, char *path, size_t size) {
    snprintf(path, size, "%s/%s", folder, names[part]);
}

static void remove_folder(void) {
    for (size_t i = 0; i < NAMES; i++) {
        char path[128];
        part_path(i, path, sizeof path);
        unlink(path);
    }
    rmdir(folder);
}

static void make_folder(void) {
    if (folder[0] != '\0') return;
    /* In memory where that can be: the files are new for every input. */
    snprintf(folder, sizeof folder, "%s/earmark-fuzz-kaldi.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(folder) == NULL) abort();
    atexit(remove_folder);
}

static void write_part(size_t part, const uint8_t *data, size_t size) {
    char path[128];
    part_path(part, path, sizeof path);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || (size > 0 && write(file, data, size) != (ssize_t)size)) abort();
    close(file);
}

/* Whatever the files say, a clip that goes on has a path, a label and a part that can be. */
static void check_clips(const struct input *input, const struct input_options *options) {
    const struct clip_list *clips = &input->clips;
    for (size_t i = 0; i < clips->count; i++) {
        const struct clip *clip = &clips->clips[i];
        const char *path = clip_path(clips, i);
        size_t length = strlen(path);
        if ((clip->status == CLIP_OK) != (clip_reason(clips, i)[0] == '\0')) abort();
        if (clip_id(clips, i)[0] == '\0') abort();
        if (!(clip->start >= 0 && (clip->end == 0 || clip->end > clip->start))) abort();
        if (length > 0 && path[length - 1] == '|') abort();
        if (clip->status != CLIP_OK) continue;
        if (length == 0 || clip_label(clips, i) == NULL) abort();
        if (options->group_field != NULL && clip_group(clips, i) == NULL) abort();
        if (!options->allow_outside && (path[0] == '/' || strncmp(path, "../", 3) == 0)) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    make_folder();
    remove_folder();
    if (mkdir(folder, 0700) != 0) abort();
    struct error error = ERROR_INITIAL;
    struct input input = {.kind = INPUT_KALDI};
    struct builder builder = {0};
    struct input_options options = {
        .label_column = (data[0] & 1) != 0 ? "spk" : NULL,
        .group_field = (data[0] & 2) != 0 ? "speaker" : NULL,
        .allow_outside = (data[0] & 4) != 0,
    };
    const uint8_t *at = data + 1;
    const uint8_t *end = data + size;
    for (size_t part = 0; part < NAMES && at <= end; part++) {
        const uint8_t *cut = at == end ? NULL : memchr(at, CUT, (size_t)(end - at));
        write_part(part, at, (size_t)((cut == NULL ? end : cut) - at));
        at = cut == NULL ? end + 1 : cut + 1;
    }
    if (builder_open(&builder, &options, folder, &input, &error) == ERROR_NONE)
        kaldi_read(&builder, folder, &error);
    if (error.code == ERROR_NONE) builder_finish(&builder, &error);
    if (error.code == ERROR_NONE) check_clips(&input, &options);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    builder_close(&builder);
    input_close(&input);
    return 0;
}
