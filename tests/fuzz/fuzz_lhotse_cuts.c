/* Lhotse cut sets: the first byte chooses options, the rest is the set. */
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"cuts.jsonl"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_set(0, data + 1, size - 1);
    const struct input_options options = set_options(data[0], "custom.x");
    char path[128];
    snprintf(path, sizeof path, "%s/cuts.jsonl", memory_folder);
    /* A file that is no cut set by its first object is read as one, too. */
    struct error error = ERROR_INITIAL;
    const struct list_file list = {.path = path};
    reader_lhotse_cuts.sniff(&list, &error);
    check_set(&reader_lhotse_cuts, memory_folder, path, &options, NULL);
    return 0;
}
