#include "host/lists/layout.h"

#include "host/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* UrbanSound8K's start and end are places in the recording that a clip was cut
 * from, not in the clip's own file: they are no segment. */
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

/* The data set's own folder becomes the root, so that paths stay inside it. */
static enum error_code find_audio(struct builder *builder, struct error *error) {
    struct clip_list *clips = &builder->collection->clips;
    struct text path = TEXT_INITIAL;
    char first[64];
    snprintf(first, sizeof first, "%s1", builder->layout->folder_prefix);
    if (holds_folder(clips->root, "../audio", &path)) {
        builder->audio_folder = "audio/";
        text_clear(&path);
        text_format(&path, "%s/..", clips->root);
        char *root = path.failed ? NULL : memory_string(path.data, error);
        if (root != NULL) {
            free(clips->root);
            clips->root = root;
        }
    } else if (holds_folder(clips->root, "audio", &path)) {
        builder->audio_folder = "audio/";
    } else if (builder->layout->folder != NULL && holds_folder(clips->root, first, &path)) {
        builder->audio_folder = "";
    }
    text_check(&path, error);
    text_free(&path);
    return error->code;
}

static void tell(const struct builder *builder, const char *name, bool takes_folds,
                 struct text *said) {
    const struct layout *layout = builder->layout;
    const struct input_options *options = &builder->options;
    text_format(said, "%s is read as %s: path from '%s'", name, layout->name, options->path_column);
    if (builder->audio_folder != NULL) {
        text_format(said, " in %s/%s", builder->collection->clips.root, builder->audio_folder);
        if (layout->folder != NULL)
            text_format(said, "%s{%s}/", layout->folder_prefix, layout->folder);
    }
    if (builder->has_pattern)
        text_string(said, ", label from the pattern");
    else
        text_format(said, ", label from '%s'", options->label_column);
    if (options->fold_column != NULL)
        text_format(said, ", folds from '%s'%s", options->fold_column,
                    takes_folds ? " (--fold-column '' deals new ones)" : "");
    else if (layout->fold != NULL)
        text_format(said, ", its '%s' is not used", layout->fold);
}

enum error_code layout_apply(const struct layout *layout, struct builder *builder, const char *name,
                             struct error *error) {
    struct input_options *options = &builder->options;
    /* Groups that were asked for would be ignored beside folds that were not. */
    bool takes_folds = !builder->folds_decided && options->group_field == NULL;
    builder->layout = layout;
    if (options->path_column == NULL) options->path_column = layout->path;
    if (options->label_column == NULL && !builder->has_pattern)
        options->label_column = layout->label;
    if (takes_folds) options->fold_column = layout->fold;
    if (strcmp(options->path_column, layout->path) == 0) TRY(find_audio(builder, error));
    tell(builder, name, takes_folds, &builder->collection->reading);
    return text_check(&builder->collection->reading, error);
}
