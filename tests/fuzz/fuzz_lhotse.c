/* Lhotse's sets: the first byte chooses options, the rest is cut at a byte 0x1e into
 * recordings and supervisions. */
#include "host/input/builder.h"
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"recordings.jsonl", "supervisions.jsonl"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_fill(data + 1, size - 1);
    struct error error = ERROR_INITIAL;
    struct input input = {.kind = INPUT_LHOTSE};
    struct builder builder = {0};
    struct input_options options = set_options(data[0], "custom.x");
    char path[128];
    snprintf(path, sizeof path, "%s/supervisions.jsonl", memory_folder);
    if (builder_open(&builder, &options, memory_folder, &input, &error) == ERROR_NONE)
        lhotse_read(&builder, path, &error);
    if (error.code == ERROR_NONE) builder_finish(&builder, &error);
    if (error.code == ERROR_NONE) check_clips(&input, &options);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    builder_close(&builder);
    input_close(&input);
    return 0;
}
