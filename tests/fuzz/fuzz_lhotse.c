/* Lhotse supervision sets: the first byte chooses options, the rest is split at a byte 0x1e
 * into recordings and supervisions. */
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"recordings.jsonl", "supervisions.jsonl"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_fill(data + 1, size - 1);
    const struct input_options options = set_options(data[0], "custom.x");
    char path[128];
    snprintf(path, sizeof path, "%s/supervisions.jsonl", memory_folder);
    check_set(&reader_lhotse, memory_folder, path, &options, NULL);
    return 0;
}
