/* Label Studio's exports: the first byte chooses options and JSON or CSV, the rest is the list. */
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

static const char *const names[] = {"t.json", "t.csv", "x.wav"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    const bool csv = (data[0] & 16) != 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_set(2, data, 1);
    memory_folder_set(csv, data + 1, size - 1);
    const struct input_options options = set_options(data[0], "s");
    char path[128];
    snprintf(path, sizeof path, "%s/%s", memory_folder, names[csv]);
    struct error error = ERROR_INITIAL;
    const struct list_file list = {.path = path, .name = names[csv]};
    const struct list_reader *reader = csv ? &reader_label_studio_csv : &reader_label_studio;
    reader->sniff(&list, &error);
    check_set(reader, memory_folder, path, &options, NULL);
    return 0;
}
