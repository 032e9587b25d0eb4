/* Kaldi data folders: the first byte chooses options and files, the rest is split at
 * bytes 0x1e into wav.scp, utt2label, segments and utt2spk. */
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"wav.scp", "utt2label", "segments", "utt2spk"};

/* Shell commands are never a clip's path. */
static void check_no_commands(const struct collection *input) {
    for (size_t i = 0; i < input->clips.count; i++) {
        const char *path = clip_path(&input->clips, i);
        size_t length = strlen(path);
        if (length > 0 && path[length - 1] == '|') abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_fill(data + 1, size - 1);
    const struct input_options options = set_options(data[0], "spk");
    check_set(&reader_kaldi, memory_folder, memory_folder, &options, check_no_commands);
    return 0;
}
