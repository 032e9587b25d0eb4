/* Shared by the fuzzers of tables that lie beside their sound. */
#ifndef EARMARK_FUZZ_TABLE_RULES_H
#define EARMARK_FUZZ_TABLE_RULES_H

#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

/* The first byte chooses the options, among them this label column, which may be NULL; the rest is
 * the table and, behind a byte 0x1e, the sound. */
static inline void check_table(const struct list_reader *reader, const char *label_column,
                               const uint8_t *data, size_t size) {
    static const char *const names[] = {"t.Table.1.selections.txt", "t.wav"};
    char path[128];
    if (size == 0) return;
    memory_folder_make(names, 2);
    memory_folder_fill(data + 1, size - 1);
    memory_folder_path(0, path, sizeof path);
    struct input_options options = set_options(data[0], label_column);
    check_set(reader, memory_folder, path, &options, NULL);
}

#endif
