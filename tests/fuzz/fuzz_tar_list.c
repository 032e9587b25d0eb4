/* Lists from a tar file: the first byte chooses options, the rest is the file. */
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"a.tar"};

/* Every clip that can be used is a window of the file. */
static void check_places(const struct collection *input) {
    const struct clip_list *clips = &input->clips;
    for (size_t i = 0; i < clips->count; i++) {
        const char *container = clip_container(clips, i);
        if (container == NULL && clips->clips[i].status == CLIP_OK) abort();
        if (container != NULL && strncmp(clip_path(clips, i), "a.tar/", 6) != 0) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const columns[] = {NULL, "cls", "label", "m.label", "txt", NULL, NULL, NULL};
    if (size < 2) return 0;
    memory_folder_make(names, 1);
    memory_folder_set(0, data + 1, size - 1);
    const uint8_t bits = data[0];
    const struct input_options options = {
        .label_column = columns[bits & 7],
        .label_pattern = (bits & 7) == 7 ? "{label}_{who}.wav" : NULL,
        .group_field = (bits & 8) != 0 ? "who" : NULL,
        .start_column = (bits & 16) != 0 ? "from" : NULL,
        .end_column = (bits & 16) != 0 ? "to" : NULL,
        .label_separator = (bits & 32) != 0 ? ";" : NULL,
        .allow_outside = true, /* names of members are only names */
    };
    char path[128];
    snprintf(path, sizeof path, "%s/a.tar", memory_folder);
    check_set(&reader_tar, memory_folder, path, &options, check_places);
    return 0;
}
