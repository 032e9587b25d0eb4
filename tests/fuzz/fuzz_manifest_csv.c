/* CSV and TSV manifests. The first byte chooses the delimiter and the options. */
#include "host/input/builder.h"
#include "host/input/manifest.h"
#include "tests/fuzz/label_rules.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the rows say, a clip that goes on has all that the options ask for. */
static void check_clips(const struct input *input, const struct input_options *options) {
    const struct clip_list *clips = &input->clips;
    for (size_t i = 1; i < clips->class_count; i++)
        if (strcmp(clips->class_names[i - 1], clips->class_names[i]) >= 0) abort();
    for (size_t i = 0; i < clips->count; i++) {
        if (clips->clips[i].status >= CLIP_STATUS_COUNT) abort();
        if ((clips->clips[i].status == CLIP_OK) != (clip_reason(clips, i)[0] == '\0')) abort();
        if (clip_id(clips, i)[0] == '\0') abort();
        const struct clip *clip = &clips->clips[i];
        if (!(clip->start >= 0 && (clip->end == 0 || clip->end > clip->start))) abort();
        if (clip->status != CLIP_OK) continue;
        const char *path = clip_path(clips, i);
        if (path[0] == '\0' || clip_label(clips, i) == NULL) abort();
        if (options->group_field != NULL && clip_group(clips, i) == NULL) abort();
        if (options->fold_column != NULL && clips->clips[i].fold < 0) abort();
        if (options->allow_outside) continue;
        if (path[0] == '/' || strncmp(path, "../", 3) == 0 || strcmp(path, "..") == 0) abort();
    }
    if (input->warnings.count > 101) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct error error = ERROR_INITIAL;
    struct input input = {.kind = INPUT_CSV};
    struct builder builder = {0};
    struct input_options options = {
        .label_pattern = (data[0] & 2) != 0 ? "{label}_{who}.wav" : NULL,
        .path_column = (data[0] & 4) != 0 ? "p" : NULL,
        .group_field = (data[0] & 8) != 0 ? "who" : NULL,
        .fold_column = (data[0] & 16) != 0 ? "fold" : NULL,
        .allow_outside = (data[0] & 32) != 0,
        .start_column = (data[0] & 64) != 0 ? "from" : NULL,
        .end_column = (data[0] & 64) != 0 ? "to" : NULL,
        .label_separator = (data[0] & 128) != 0 ? ";" : NULL,
    };
    FILE *stream = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
    if (stream == NULL) return 0;
    if (builder_open(&builder, &options, "/nowhere/at/all", &input, &error) == ERROR_NONE)
        manifest_csv_read(&builder, stream, "m.csv", (data[0] & 1) != 0 ? '\t' : ',', &error);
    if (error.code == ERROR_NONE) manifest_finish(&builder, &error);
    if (error.code == ERROR_NONE) builder_finish(&builder, &error);
    if (error.code == ERROR_NONE) check_clips(&input, &options);
    if (error.code == ERROR_NONE) check_labels(&input);
    if (error.code != ERROR_NONE && error.message[0] == '\0') abort();
    builder_close(&builder);
    input_close(&input);
    fclose(stream);
    return 0;
}
