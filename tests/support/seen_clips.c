#include "tests/support/seen_clips.h"

#include "tests/support/sound_files.h"

#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

void seen_path(const struct clip_list *list, size_t index, struct text *path) {
    const char *own = clip_path(list, index);
    text_clear(path);
    if (own[0] != '/') {
        text_string(path, list->root.path);
        if (path->length == 0 || path->data[path->length - 1] != '/') text_append(path, "/", 1);
    }
    text_string(path, own);
}

void seen_read(const char *folder, const char *name, const struct input_options *options,
               struct seen *seen) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    struct text path = TEXT_INITIAL;
    *seen = (struct seen){0};
    text_string(&seen->clips, "");
    text_string(&seen->reading, "");
    if (input_open(test_path(folder, name), options, &input, &error) != ERROR_NONE)
        text_format(&seen->clips, "!%s: %s", error_name(error.code), error.message);
    const struct clip_list *clips = &input.clips;
    for (size_t i = 0; error.code == ERROR_NONE && i < clips->count; i++) {
        const char *label = clip_label(clips, i);
        const char *group = clip_group(clips, i);
        int32_t fold = clips->clips[i].fold;
        text_format(&seen->clips, "%s|%s|%s|%s|%s\n", clip_path(clips, i),
                    label == NULL ? "" : label, group == NULL ? "" : group,
                    fold < 0 ? "" : clips->fold_names[fold],
                    clip_status_name(clips->clips[i].status));
        seen_path(clips, i, &path);
        text_format(&seen->opened, "%s\n", path.data);
    }
    for (size_t i = 0; i < input.warnings.count; i++)
        text_format(&seen->clips, "~%s\n", input.warnings.sentences[i]);
    if (input.reading.length > 0) text_string(&seen->reading, input.reading.data);
    text_free(&path);
    collection_close(&input);
}

void seen_end(struct seen *seen) {
    text_free(&seen->clips);
    text_free(&seen->opened);
    text_free(&seen->reading);
}

void seen_open(const char *path, const struct input_options *options, struct collection *input) {
    struct error error = ERROR_INITIAL;
    if (input_open(path, options, input, &error) != ERROR_NONE) fail_msg("%s", error.message);
}

void seen_expect_warning(const struct collection *input, const char *words) {
    for (size_t i = 0; i < input->warnings.count; i++)
        if (strstr(input->warnings.sentences[i], words) != NULL) return;
    fail_msg("no warning says '%s'", words);
}

void seen_expect(const char *folder, const char *name, const struct input_options *options,
                 const char *clips) {
    struct seen seen;
    seen_read(folder, name, options, &seen);
    assert_string_equal(seen.clips.data, clips);
    seen_end(&seen);
}

void seen_expect_reading(const char *folder, const char *name, const struct input_options *options,
                         const char *words) {
    struct seen seen;
    seen_read(folder, name, options, &seen);
    assert_non_null(seen.reading.data);
    if (strstr(seen.reading.data, words) == NULL)
        fail_msg("'%s' lacks '%s'", seen.reading.data, words);
    if (words[0] == '\0') assert_int_equal(seen.reading.length, 0);
    seen_end(&seen);
}

void seen_expect_words(const char *folder, const char *name, const struct input_options *options,
                       const char *words) {
    struct seen seen;
    seen_read(folder, name, options, &seen);
    if (strstr(seen.clips.data, words) == NULL) fail_msg("'%s' lacks '%s'", seen.clips.data, words);
    seen_end(&seen);
}
