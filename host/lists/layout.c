#include "host/lists/layout.h"

#include <string.h>

static const struct layout layouts[] = {
    {.name = "ESC-50",
     .columns = {"filename", "fold", "target", "category"},
     .path = "filename",
     .paths = {"../audio/{filename}", "audio/{filename}", "{filename}"},
     .names = {"{filename}", "{filename:stem}"},
     .label = "category",
     .fold = "fold"},
    /* Its start and end are positions in the recording that the clip was cut from, not in the file
     * of the clip, so they are not a segment. */
    {.name = "UrbanSound8K",
     .columns = {"slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class"},
     .path = "slice_file_name",
     .paths = {"../audio/fold{fold}/{slice_file_name}", "audio/fold{fold}/{slice_file_name}",
               "fold{fold}/{slice_file_name}", "../fold{fold}/{slice_file_name}"},
     .names = {"{slice_file_name}", "fold{fold}/{slice_file_name}"},
     .label = "class",
     .fold = "fold"},
    /* Releases differ in their other columns: sentence_id, accent or accents, variant, segment. */
    {.name = "Common Voice",
     .columns = {"client_id", "path", "sentence", "up_votes", "down_votes"},
     .path = "path",
     .paths = {"clips/{path}", "clips/{path}.mp3", "../clips/{path}", "{path}"},
     .names = {"{path}", "{path:stem}"},
     .group = "client_id"},
    {.name = "FSD50K",
     .columns = {"fname", "labels", "mids"},
     .path = "fname",
     .paths = {"../FSD50K.dev_audio/{fname}.wav", "../FSD50K.eval_audio/{fname}.wav",
               "FSD50K.dev_audio/{fname}.wav", "FSD50K.eval_audio/{fname}.wav",
               "../dev_audio/{fname}.wav", "../eval_audio/{fname}.wav", "{fname}.wav"},
     .names = {"{fname}"},
     .label = "labels",
     .lists = {"labels", "mids"},
     .separator = ","},
    /* The clips of ten seconds, whose files have many forms of names; start and end are positions
     * in the video. */
    {.name = "AudioSet",
     .columns = {"YTID", "start_seconds", "end_seconds", "positive_labels"},
     .path = "YTID",
     .names = {"{YTID}", "Y{YTID}", "{YTID}_{start_seconds}_{end_seconds}",
               "{YTID}_{start_seconds}", "{YTID}_{start_seconds:s}_{end_seconds:s}",
               "{YTID}_{start_seconds:s}", "{YTID}_{start_seconds:ms}_{end_seconds:ms}",
               "{YTID}_{start_seconds:ms}"},
     .label = "positive_labels",
     .lists = {"positive_labels"},
     .separator = ",",
     .unused = "each file is taken as the clip, so start_seconds and end_seconds do not cut it"},
    {.name = "BirdCLEF",
     .columns = {"primary_label", "secondary_labels", "filename"},
     .path = "filename",
     .paths = {"train_audio/{filename}", "train_short_audio/{primary_label}/{filename}",
               "train_audio/{primary_label}/{filename}", "../train_audio/{filename}", "{filename}",
               "{primary_label}/{filename}"},
     .names = {"{filename}", "{filename:stem}", "{primary_label}/{filename}",
               "{primary_label}/{filename:stem}"},
     .label = "primary_label",
     .more = "secondary_labels"},
    {.name = "GTZAN",
     .columns = {"filename", "length", "chroma_stft_mean", "label"},
     .path = "filename",
     .paths = {"genres_original/{label}/{filename}", "genres/{label}/{filename}",
               "{label}/{filename}", "../genres_original/{label}/{filename}",
               "../genres/{label}/{filename}", "{filename}"},
     .names = {"{label}/{filename}", "{label}/{filename:stem}", "{filename}", "{filename:stem}"},
     .label = "label"},
    {.name = "CREMA-D",
     .columns = {"Stimulus_Number", "Filename"},
     .path = "Filename",
     .paths = {"AudioWAV/{Filename}.wav", "AudioMP3/{Filename}.mp3", "../AudioWAV/{Filename}.wav"},
     .names = {"{Filename}"},
     .pattern = "{actor}_{sentence}_{label}_{level}",
     .group = "actor"},
    {.name = "CREMA-D's votes",
     .columns = {"FileName", "VoiceVote", "FaceVote", "MultiModalVote"},
     .path = "FileName",
     .paths = {"../AudioWAV/{FileName}.wav", "AudioWAV/{FileName}.wav",
               "../AudioMP3/{FileName}.mp3"},
     .names = {"{FileName}"},
     .pattern = "{actor}_{sentence}_{label}_{level}",
     .group = "actor",
     .unused = "its votes are not used; --label-column VoiceVote takes them"},
    {.name = "MTG-Jamendo",
     .columns = {"TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "TAGS"},
     .path = "PATH",
     .paths = {"audio/{PATH}", "../audio/{PATH}", "{PATH}", "audio-low/{PATH:stem}.low.mp3",
               "../audio-low/{PATH:stem}.low.mp3", "audio/{PATH:stem}.low.mp3",
               "../audio/{PATH:stem}.low.mp3", "{PATH:stem}.low.mp3"},
     .names = {"{PATH}", "{PATH:stem}", "{PATH:stem}.low"},
     .label = "TAGS",
     .lists = {"TAGS"},
     .separator = ",",
     .takes_rest = true,
     .group = "ARTIST_ID"},
};

const struct layout *layout_at(size_t index) {
    return index < sizeof layouts / sizeof layouts[0] ? &layouts[index] : NULL;
}

static bool is_list(const struct layout *layout, const char *column) {
    for (size_t i = 0; i < 3 && layout->lists[i] != NULL; i++)
        if (column != NULL && strcmp(layout->lists[i], column) == 0) return true;
    return false;
}

/* The columns that its templates need are read with the first rows. */
static enum error_code bind(const struct layout *layout, struct builder *builder,
                            struct error *error) {
    const char *const *const lists[] = {layout->paths, layout->names};
    for (size_t i = 0; i < 2; i++)
        for (const char *const *text = lists[i]; *text != NULL; text++) {
            struct path_template made;
            if (path_template_parse(*text, &made, error) == ERROR_NONE)
                path_template_bind(&made, &builder->paths.columns, error);
            path_template_free(&made);
            TRY(error->code);
        }
    return ERROR_NONE;
}

enum error_code layout_apply(const struct layout *layout, struct builder *builder, const char *name,
                             struct error *error) {
    struct input_options *options = &builder->options;
    builder->layout = layout;
    builder->list_name = name;
    if (options->path_column == NULL) options->path_column = layout->path;
    builder->takes_paths = strcmp(options->path_column, layout->path) == 0;
    if (builder->takes_paths && !builder->paths.is_given) TRY(bind(layout, builder, error));
    /* Folds take precedence over groups, so the layout's are not used with --group. */
    builder->takes_folds =
        layout->fold != NULL && !builder->folds_decided && options->group_field == NULL;
    if (builder->takes_folds) options->fold_column = layout->fold;
    bool takes_pattern =
        layout->pattern != NULL && options->label_column == NULL && !builder->has_pattern;
    /* A class that is one group is never in training and test at once. */
    bool is_label = layout->group != NULL && options->label_column != NULL &&
                    strcmp(options->label_column, layout->group) == 0;
    builder->takes_groups = layout->group != NULL && !builder->groups_decided &&
                            !builder->folds_decided && !is_label &&
                            (layout->pattern == NULL || takes_pattern);
    if (builder->takes_groups) options->group_field = layout->group;
    if (takes_pattern) return builder_take_pattern(builder, layout->pattern, error);
    if (options->label_column == NULL && !builder->has_pattern)
        options->label_column = layout->label;
    if (options->label_separator == NULL && is_list(layout, options->label_column))
        options->label_separator = layout->separator;
    return ERROR_NONE;
}

enum error_code layout_describe(struct builder *builder, struct error *error) {
    const struct layout *layout = builder->layout;
    const struct input_options *options = &builder->options;
    struct text *reading = &builder->collection->reading;
    const struct path_template *made = &builder->paths.made;
    text_format(reading, "%s%s is read as %s: ", reading->length > 0 ? "; " : "",
                builder->list_name, layout->name);
    if (made->text != NULL)
        text_format(reading, "sound files are %s", made->text);
    else
        text_format(reading, "path from '%s'", options->path_column);
    if (builder->has_pattern)
        text_format(reading, ", label from the pattern '%s'", options->label_pattern);
    else
        text_format(reading, ", label%s from '%s'", options->label_separator == NULL ? "" : "s",
                    options->label_column);
    if (options->label_separator != NULL && layout->separator == options->label_separator)
        text_format(reading, " with '%s' between them", layout->separator);
    if (options->fold_column != NULL)
        text_format(reading, ", folds from '%s'%s", options->fold_column,
                    builder->takes_folds ? " (--fold-column '' assigns new ones)" : "");
    else if (layout->fold != NULL)
        text_format(reading, ", its '%s' is not used", layout->fold);
    if (builder->takes_groups)
        text_format(reading, ", groups from '%s' (--group '' for none)", options->group_field);
    if (layout->unused != NULL) text_format(reading, "; %s", layout->unused);
    return text_check(reading, error);
}
