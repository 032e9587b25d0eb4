#include "host/lists/layout.h"

#include "host/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* UrbanSound8K's start and end are positions in the recording that the clip was cut from, not
 * in the file of the clip, so they are not a segment. */
static const struct layout layouts[] = {
    {.name = "ESC-50",
     .columns = {"filename", "fold", "target", "category"},
     .path = "filename",
     .folder_prefix = "",
     .label = "category",
     .fold = "fold"},
    {.name = "UrbanSound8K",
     .columns = {"slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class"},
     .path = "slice_file_name",
     .label = "class",
     .fold = "fold",
     .folder = "fold",
     .folder_prefix = "fold"},
};

const struct layout *layout_at(size_t index) {
    return index < sizeof layouts / sizeof layouts[0] ? &layouts[index] : NULL;
}

static bool holds_folder(const char *root, const char *name, struct text *path) {
    struct stat status;
    text_clear(path);
    text_format(path, "%s/%s", root, name);
    return !path->failed && stat(path->data, &status) == 0 && S_ISDIR(status.st_mode);
}

/* With ../audio the folder above becomes the root, so that paths stay inside the root. */
static enum error_code find_audio(struct builder *builder, struct error *error) {
    struct clip_list *clips = &builder->collection->clips;
    struct text path = TEXT_INITIAL;
    char first[64];
    snprintf(first, sizeof first, "%s1", builder->layout->folder_prefix);
    if (holds_folder(clips->root.path, "../audio", &path)) {
        builder->audio_folder = "audio/";
        text_clear(&path);
        text_format(&path, "%s/..", clips->root.path);
        if (!path.failed) {
            root_folder_close(&clips->root);
            root_folder_open(path.data, builder->options.allow_outside, &clips->root, error);
        }
    } else if (holds_folder(clips->root.path, "audio", &path)) {
        builder->audio_folder = "audio/";
    } else if (builder->layout->folder != NULL && holds_folder(clips->root.path, first, &path)) {
        builder->audio_folder = "";
    }
    text_check(&path, error);
    text_free(&path);
    return error->code;
}

static void describe(const struct builder *builder, const char *name, bool takes_folds,
                     struct text *reading) {
    const struct layout *layout = builder->layout;
    const struct input_options *options = &builder->options;
    text_format(reading, "%s is read as %s: path from '%s'", name, layout->name,
                options->path_column);
    if (builder->audio_folder != NULL) {
        text_format(reading, " in %s/%s", builder->collection->clips.root.path,
                    builder->audio_folder);
        if (layout->folder != NULL)
            text_format(reading, "%s{%s}/", layout->folder_prefix, layout->folder);
    }
    if (builder->has_pattern)
        text_string(reading, ", label from the pattern");
    else
        text_format(reading, ", label from '%s'", options->label_column);
    if (options->fold_column != NULL)
        text_format(reading, ", folds from '%s'%s", options->fold_column,
                    takes_folds ? " (--fold-column '' assigns new ones)" : "");
    else if (layout->fold != NULL)
        text_format(reading, ", its '%s' is not used", layout->fold);
}

enum error_code layout_apply(const struct layout *layout, struct builder *builder, const char *name,
                             struct error *error) {
    struct input_options *options = &builder->options;
    /* Folds take precedence over groups, so the layout's are not used with --group. */
    bool takes_folds = !builder->folds_decided && options->group_field == NULL;
    builder->layout = layout;
    if (options->path_column == NULL) options->path_column = layout->path;
    if (options->label_column == NULL && !builder->has_pattern)
        options->label_column = layout->label;
    if (takes_folds) options->fold_column = layout->fold;
    if (strcmp(options->path_column, layout->path) == 0) TRY(find_audio(builder, error));
    describe(builder, name, takes_folds, &builder->collection->reading);
    return text_check(&builder->collection->reading, error);
}
