/* Lhotse cut sets: the first byte chooses options, the rest is the set. */
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"cuts.jsonl"};

/* A file whose first object is not a cut is read as a cut set, too. */
static enum error_code look_and_read(struct builder *builder, const char *path,
                                     struct error *error) {
    lhotse_is_cuts(path, error);
    TRY(error->code);
    return lhotse_cuts_read(builder, path, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_set(0, data + 1, size - 1);
    const struct input_options options = set_options(data[0], "custom.x");
    char path[128];
    snprintf(path, sizeof path, "%s/cuts.jsonl", memory_folder);
    check_set(INPUT_LHOTSE_CUTS, memory_folder, path, &options, look_and_read, NULL);
    return 0;
}
