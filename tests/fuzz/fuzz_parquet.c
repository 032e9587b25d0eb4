/* Parquet files: the first byte chooses options, the rest is the file. It is read as a list, each
 * of its columns from its first value to its last, and its first sounds by their rows and names. */
#include "host/containers/container.h"
#include "host/containers/parquet.h"
#include "host/containers/parquet_cursor.h"
#include "tests/fuzz/clip_rules.h"
#include "tests/fuzz/memory_folder.h"

/* Rows without bytes only take time. */
#define MOST_ROWS 5000

static const char *const names[] = {"list.parquet"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_column(const struct parquet_file *file, size_t column) {
    struct parquet_cursor cursor;
    struct parquet_value value = {.state = PARQUET_NULL};
    struct error error = ERROR_INITIAL;
    uint64_t values = 0;
    unsigned char sum = 0;
    bool continues = false;
    parquet_cursor_open(&cursor, file, column);
    while (value.state != PARQUET_END && values++ < 4 * MOST_ROWS) {
        if (parquet_cursor_next(&cursor, &value, &error) != ERROR_NONE) break;
        for (size_t i = 0; i < value.scalar.size && i < 64; i++)
            sum = (unsigned char)(sum + value.scalar.bytes[i]);
        if (parquet_cursor_continues(&cursor, &continues, &error) != ERROR_NONE) break;
        if (continues && file->columns[column].repetition == 0) abort();
    }
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    parquet_cursor_close(&cursor);
}

static void read_sound(struct container *container, const struct container_member *member,
                       uint64_t size) {
    struct container_bytes bytes;
    struct error error = ERROR_INITIAL;
    uint8_t byte;
    if (container_bytes(container, member, &bytes, &error) != ERROR_NONE) {
        if (bytes.descriptor >= 0 || error.message[0] == '\0') abort();
        return;
    }
    /* A window is inside the file, or inside of memory that can be read. */
    if (bytes.count > 0 &&
        pread(bytes.descriptor, &byte, 1, (off_t)(bytes.offset + bytes.count - 1)) != 1)
        abort();
    if (size > 0 && bytes.count > size * 1000) abort();
    close(bytes.descriptor);
}

static void read_sounds(const char *path, size_t size, size_t columns, uint64_t rows) {
    struct container *container = NULL;
    struct container_member member;
    struct error error = ERROR_INITIAL;
    bool found = false;
    container_open(open(path, O_RDONLY | O_CLOEXEC), path, &container, &error);
    if (error.code != ERROR_NONE) return;
    for (size_t column = 0; column < columns && column < 4; column++)
        for (uint64_t row = 0; row <= rows && row < 40; row++) {
            member = (struct container_member){parquet_place(column, row * 7 % (rows + 1)), 0};
            read_sound(container, &member, size);
        }
    static const char *const wanted[] = {"clip0.wav", "row-2", "audio/row-1", ""};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct error own = ERROR_INITIAL;
        container_find(container, wanted[i], &member, &found, &own);
        if (found) read_sound(container, &member, size);
    }
    container_close(container);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct parquet_file file;
    struct error error = ERROR_INITIAL;
    char path[128];
    if (size < 2) return 0;
    memory_folder_make(names, sizeof names / sizeof names[0]);
    memory_folder_set(0, data + 1, size - 1);
    snprintf(path, sizeof path, "%s/list.parquet", memory_folder);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) abort();
    bool opened = parquet_open(descriptor, path, &file, &error) == ERROR_NONE;
    if (opened && file.rows <= MOST_ROWS) {
        struct input_options options = manifest_options(data[0] & 0xba);
        if ((data[0] & 1) != 0) options.label_column = "tags";
        for (size_t i = 0; i < file.column_count && i < 20; i++) read_column(&file, i);
        read_sounds(path, size, file.column_count, file.rows);
        check_set(&reader_parquet, memory_folder, path, &options, NULL);
    }
    parquet_close(&file);
    close(descriptor);
    return 0;
}
