/* Lhotse's cut sets: the first byte chooses options, the rest is the set. */
#include "host/input/builder.h"
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"cuts.jsonl"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_set(0, data + 1, size - 1);
    struct error error = ERROR_INITIAL;
    struct input input = {.kind = INPUT_LHOTSE_CUTS};
    struct builder builder = {0};
    struct input_options options = set_options(data[0], "custom.x");
    char path[128];
    snprintf(path, sizeof path, "%s/cuts.jsonl", memory_folder);
    if (builder_open(&builder, &options, memory_folder, &input, &error) == ERROR_NONE &&
        (lhotse_is_cuts(path, &error) || error.code == ERROR_NONE))
        lhotse_cuts_read(&builder, path, &error);
    if (error.code == ERROR_NONE) builder_finish(&builder, &error);
    if (error.code == ERROR_NONE) check_clips(&input, &options);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    builder_close(&builder);
    input_close(&input);
    return 0;
}
