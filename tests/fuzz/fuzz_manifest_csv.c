/* CSV and TSV manifests. The first byte chooses the delimiter and the options. */
#include "host/base/utf16.h"
#include "host/lists/builder.h"
#include "host/lists/manifest.h"
#include "tests/fuzz/clip_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct error error = ERROR_INITIAL;
    struct collection input = {.format = "csv"};
    struct builder builder = {0};
    struct input_options options = manifest_options(data[0]);
    FILE *stream = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
    if (stream == NULL || utf16_open(&stream, "m.csv", &error) != ERROR_NONE) return 0;
    if (builder_open(&builder, &options, "/nowhere/at/all", &input, &error) == ERROR_NONE)
        manifest_csv_read(&builder, stream, "m.csv",
                          (data[0] & 1) != 0 ? MANIFEST_ANY : MANIFEST_COMMAS, &error);
    if (error.code == ERROR_NONE) manifest_finish(&builder, &error);
    if (error.code == ERROR_NONE) builder_finish(&builder, &error);
    if (error.code == ERROR_NONE) check_clips(&input, &options);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    builder_close(&builder);
    collection_close(&input);
    fclose(stream);
    return 0;
}
