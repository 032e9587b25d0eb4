/* Kaldi data folders: the first byte chooses options and files, the rest is cut at
 * bytes 0x1e into wav.scp, utt2label, segments and utt2spk. */
#include "host/input/builder.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"wav.scp", "utt2label", "segments", "utt2spk"};

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
    memory_folder_make(names, sizeof names / sizeof names[0]);
    struct error error = ERROR_INITIAL;
    struct input input = {.kind = INPUT_KALDI};
    struct builder builder = {0};
    struct input_options options = {
        .label_column = (data[0] & 1) != 0 ? "spk" : NULL,
        .group_field = (data[0] & 2) != 0 ? "speaker" : NULL,
        .allow_outside = (data[0] & 4) != 0,
    };
    memory_folder_fill(data + 1, size - 1);
    if (builder_open(&builder, &options, memory_folder, &input, &error) == ERROR_NONE)
        kaldi_read(&builder, memory_folder, &error);
    if (error.code == ERROR_NONE) builder_finish(&builder, &error);
    if (error.code == ERROR_NONE) check_clips(&input, &options);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    builder_close(&builder);
    input_close(&input);
    return 0;
}
