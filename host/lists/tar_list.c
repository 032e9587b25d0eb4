/* Tar files of sounds. What a sound is comes from the members of its name, as in WebDataset's
 * shards, or else from the folder that it is in, as in a packed folder of clips. Clips keep the
 * order of the files; one that is unpacked over by a later one of its name does not count.
 *
 * All files are read before the first clip is added, since one of them may lack what the labels of
 * the others show; that takes about 100 bytes a member. */
#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/lists/folder_rest.h"
#include "host/lists/readers.h"
#include "host/lists/shards.h"
#include "host/lists/tar_folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tar_list {
    struct builder *builder;
    const struct list_file *list;
    struct tar_fields fields;
    struct tar_file *files; /* (count) */
    size_t count;
    enum tar_source source;
    struct tar_folders folders;

    size_t sounds, silent, apart, replaced, background, joined, endless, missing, hidden;
    const char *apart_example, *replaced_example, *joined_example, *endless_example,
        *missing_example, *hidden_example;
    uint64_t after; /* bytes after the end of a file */
    const char *after_example;
    struct folder_rest rest;
    struct text path, scratch;
};

/* ---- reading the files ---- */

static void set_reason(struct tar_file *file, enum clip_status status, const char *reason) {
    const char *name = file->samples.file;
    size_t length = strlen(name);
    if (strncmp(reason, name, length) == 0 && strncmp(reason + length, ": ", 2) == 0)
        reason += length + 2;
    file->status = status;
    error_format(file->reason, sizeof file->reason, "%s", reason);
}

/* What is wrong with this file alone becomes its row. */
static enum error_code read_file(struct tar_list *list, struct tar_file *file,
                                 struct error *error) {
    struct error own = ERROR_INITIAL;
    struct stat status;
    int opened = root_folder_file(list->list->folder, file->samples.file, FILE_READING);
    if (opened < 0 && file_is_shortage(errno))
        return file_fail(error, file->samples.file, "open", errno);
    if (opened < 0 && errno == EXDEV)
        return set_reason(file, CLIP_OUTSIDE, CLIP_LEADS_OUT), ERROR_NONE;
    if (opened < 0 && errno == NOT_REGULAR)
        return set_reason(file, CLIP_UNREADABLE, "not a regular file"), ERROR_NONE;
    if (opened < 0 && errno == ENOENT && list->missing++ == 0)
        list->missing_example = file->samples.file;
    if (opened < 0 || fstat(opened, &status) != 0)
        file_fail(&own, file->samples.file, "open", errno);
    else if (!S_ISREG(status.st_mode))
        FAIL(&own, ERROR_FILE, "not a regular file");
    else
        tar_samples_read(&file->samples, &list->fields, opened, (uint64_t)status.st_size, &own);
    if (opened >= 0) close(opened);
    if (own.code == ERROR_MEMORY)
        *error = own;
    else if (own.code != ERROR_NONE)
        set_reason(file, CLIP_UNREADABLE, own.message);
    return error->code;
}

static enum error_code read_files(struct tar_list *list, struct error *error) {
    const struct shards *shards = list->list->shards;
    list->count = shards == NULL ? 1 : shards->count;
    list->files = memory_array(list->count, sizeof *list->files, "tar files", error);
    for (size_t i = 0; i < list->count && error->code == ERROR_NONE; i++) {
        list->files[i].samples.file = shards == NULL ? list->list->name : shards->names[i];
        read_file(list, &list->files[i], error);
    }
    return error->code;
}

/* ---- where labels come from ---- */

static enum error_code fail_column(const struct tar_list *list, enum manifest_role role,
                                   const char *option, const char *name, struct error *error) {
    const char *known = list->fields.known.data;
    if (name == NULL || list->fields.by_member[role] || list->fields.keys[role] != NULL)
        return ERROR_NONE;
    return FAIL(error, ERROR_USAGE,
                "%s: no member ends in .%s and no .json has '%s' for %s; JSON members have: %s",
                list->list->path, name, name, option, known == NULL ? "nothing" : known);
}

static enum error_code check_columns(const struct tar_list *list, struct error *error) {
    const struct builder *builder = list->builder;
    const struct input_options *options = &builder->options;
    TRY(fail_column(list, ROLE_LABEL, "--label-column", options->label_column, error));
    if (builder->group_field == SIZE_MAX)
        TRY(fail_column(list, ROLE_GROUP, "--group", options->group_field, error));
    if (builder->fold_field == SIZE_MAX)
        TRY(fail_column(list, ROLE_FOLD, "--fold-column", options->fold_column, error));
    TRY(fail_column(list, ROLE_START, "--start-column", options->start_column, error));
    return fail_column(list, ROLE_END, "--end-column", options->end_column, error);
}

/* Whether some sound gets a label, or a problem, from the source that is tried. */
static bool source_serves(struct tar_list *list) {
    bool together;
    for (size_t i = 0; i < list->count; i++) {
        struct tar_samples *samples = &list->files[i].samples;
        for (size_t k = 0; k < samples->index.count; k++) {
            struct manifest_row row = {0};
            const char *problem = NULL;
            if (!tar_is_clip(samples, &samples->index.entries[k])) continue;
            tar_samples_values(samples, k, list->source, &row, &problem, &together, &list->scratch);
            if (row.values[ROLE_LABEL] != NULL || problem != NULL) return true;
        }
    }
    return false;
}

static enum error_code find_source(struct tar_list *list, struct error *error) {
    const struct builder *builder = list->builder;
    const char *file = NULL, *name = NULL;
    list->source = TAR_FROM_COLUMN;
    tar_folders_find(&list->folders, list->files, list->count);
    if (builder->has_pattern || builder->options.label_column != NULL) return ERROR_NONE;
    bool foldered = tar_folders_are(&list->folders, list->files, list->count, &file, &name);
    for (; list->source < TAR_SOURCES; list->source++)
        if (list->source == TAR_FROM_FOLDER
                ? foldered
                : list->fields.sources[list->source] > 0 && source_serves(list))
            break;
    if (list->source < TAR_SOURCES) return ERROR_NONE;
    list->source = TAR_FROM_FOLDER;
    if (name == NULL) return ERROR_NONE;
    return FAIL(error, ERROR_DATA,
                "%s/%s: has no label: no .cls and no .json with a label beside it, and no folder; "
                "name the label with --label-column, or give --label-pattern if names contain it, "
                "for example '{label}.tar/{_}.wav'",
                file, name);
}

/* ---- clips ---- */

static bool leads_out(const char *name) {
    return strncmp(name, "../", 3) == 0 || strstr(name, "/../") != NULL;
}

static const char *problem_of(const struct tar_samples *samples, const struct tar_entry *entry,
                              struct text *text) {
    const char *name = tar_index_name(&samples->index, entry);
    const char *link = entry->link == 0 ? "" : samples->index.names.data + entry->link;
    if (leads_out(name))
        return "its name leads out of the tar file (..); pack it again under a name without";
    switch ((enum tar_kind)entry->kind) {
    case TAR_FILE:
        if (sound_name_of(name) == NAME_UNREAD) {
            text_clear(text);
            text_format(text, "sounds of the kind %s are not read; convert it to WAV or FLAC",
                        strrchr(name, '.'));
            return text->data;
        }
        return entry->is_cut ? "truncated: its tar file is cut off; copy the tar file again" : NULL;
    case TAR_HARD_LINK:
        text_clear(text);
        text_format(text, "a link to '%.*s', which is not in its tar file; pack both together",
                    UTF8_PIECE(link, 200));
        return text->data;
    case TAR_SYMBOLIC_LINK:
        return "a symbolic link, which is not followed; pack the file itself (tar --dereference)";
    case TAR_SPARSE:
        return "a sparse member, whose bytes lie apart in its tar file; pack it without --sparse, "
               "or unpack it";
    case TAR_CONTINUED:
        return "the rest of a file that begins in another tar file; join them, or unpack them";
    case TAR_FOLDER:
    case TAR_OTHER: break;
    }
    return "not a regular file in its tar file";
}

static enum error_code take_label(struct tar_list *list, struct tar_samples *samples, size_t index,
                                  struct clip_entry *entry, struct error *error) {
    struct manifest_row row = {0};
    const char *name = tar_index_name(&samples->index, &samples->index.entries[index]);
    const char *problem = NULL;
    bool together = true, foldered = tar_folders_take(&list->folders, name);
    tar_samples_values(samples, index, list->source, &row, &problem, &together, &list->scratch);
    TRY(text_check(&list->scratch, error));
    TRY(text_check(&list->folders.label, error));
    TRY(text_check(&list->folders.split, error));
    entry->label = row.values[ROLE_LABEL];
    if (list->source == TAR_FROM_FOLDER && foldered) entry->label = list->folders.label.data;
    entry->group = row.values[ROLE_GROUP];
    entry->fold = row.values[ROLE_FOLD];
    entry->split = row.values[ROLE_SPLIT];
    if (entry->split == NULL && list->folders.split.length > 0)
        entry->split = list->folders.split.data;
    if (!together && list->apart++ == 0) list->apart_example = name;
    if (problem == NULL) problem = manifest_segment(list->builder, &row, entry);
    if (problem == NULL || entry->status != CLIP_OK) return ERROR_NONE;
    entry->status = CLIP_BAD_ROW;
    entry->start = entry->end = 0;
    text_clear(&list->scratch);
    text_format(&list->scratch, "%s", problem);
    entry->reason = list->scratch.data;
    return text_check(&list->scratch, error);
}

static enum error_code add_clip(struct tar_list *list, struct tar_samples *samples, size_t index,
                                struct error *error) {
    const struct tar_entry *member = &samples->index.entries[index];
    const char *name = tar_index_name(&samples->index, member);
    text_clear(&list->path);
    text_format(&list->path, "%s/%s", samples->file, name);
    TRY(text_check(&list->path, error));
    struct clip_entry entry = {.path = list->path.data,
                               .container = samples->file,
                               .place = member->member.place,
                               .bytes = member->member.bytes};
    TRY(take_label(list, samples, index, &entry, error));
    const char *problem = problem_of(samples, member, &list->scratch);
    if (problem != NULL) {
        entry.status = CLIP_UNREADABLE;
        entry.reason = problem;
    }
    list->sounds++;
    return builder_add(list->builder, &entry, error);
}

/* A file that is not read, or not to its end. */
static enum error_code add_file(struct tar_list *list, const struct tar_file *file,
                                struct error *error) {
    struct clip_entry entry = {
        .path = file->samples.file, .status = file->status, .reason = file->reason};
    const struct tar_index *index = &file->samples.index;
    if (file->status == CLIP_OK) {
        if (index->problem[0] == '\0') return ERROR_NONE;
        entry.status = CLIP_UNREADABLE;
        entry.reason = index->problem;
    }
    return builder_add(list->builder, &entry, error);
}

/* A member that is no clip. */
static enum error_code skip_member(struct tar_list *list, const struct tar_samples *samples,
                                   size_t index, struct error *error) {
    const struct tar_entry *member = &samples->index.entries[index];
    const char *name = tar_index_name(&samples->index, member);
    const char *slash = strrchr(name, '/');
    if (tar_name_is_hidden(name)) {
        list->builder->collection->hidden_files++;
        if (tar_is_sound(name) && list->hidden++ == 0) list->hidden_example = name;
        return ERROR_NONE;
    }
    if (member->replaced) {
        if (tar_is_sound(name) && list->replaced++ == 0) list->replaced_example = name;
        return ERROR_NONE;
    }
    if (member->is_noted) return ERROR_NONE;
    list->builder->collection->other_files++;
    return folder_rest_add(&list->rest, slash == NULL ? name : slash + 1,
                           (size_t)(samples - &list->files[0].samples), samples->file, false,
                           error);
}

static void note_end(struct tar_list *list, const struct tar_samples *samples) {
    const struct tar_index *index = &samples->index;
    for (size_t i = 0; i < samples->side_count; i++) list->silent += !samples->sides[i].used;
    if (index->joined > 0 && list->joined++ == 0) list->joined_example = samples->file;
    if (index->rest > 0 && list->after++ == 0) list->after_example = samples->file;
    if (!index->has_end && index->problem[0] == '\0' && list->endless++ == 0)
        list->endless_example = samples->file;
}

static enum error_code add_clips(struct tar_list *list, struct error *error) {
    for (size_t i = 0; i < list->count; i++) {
        struct tar_samples *samples = &list->files[i].samples;
        for (size_t k = 0; k < samples->index.count; k++) {
            const struct tar_entry *entry = &samples->index.entries[k];
            const char *name = tar_index_name(&samples->index, entry);
            if (!tar_is_clip(samples, entry))
                TRY(skip_member(list, samples, k, error));
            else if (!list->builder->has_pattern &&
                     tar_folders_are_background(&list->folders, name))
                list->background++;
            else
                TRY(add_clip(list, samples, k, error));
        }
        TRY(add_file(list, &list->files[i], error));
        if (list->files[i].status == CLIP_OK) note_end(list, samples);
    }
    return ERROR_NONE;
}

/* ---- what is said ---- */

static enum error_code warn(struct tar_list *list, size_t count, const char *example,
                            const char *what, const char *hint, struct error *error) {
    if (count == 0) return ERROR_NONE;
    return warnings_add(&list->builder->collection->warnings, error,
                        "%s: %zu, for example '%.*s'; %s", what, count, UTF8_PIECE(example, 200),
                        hint);
}

static enum error_code warn_of_all(struct tar_list *list, struct error *error) {
    TRY(warn(list, list->missing, list->missing_example, "tar files that do not exist",
             "each is a row of clips.csv; copy them, or leave them out of the input", error));
    TRY(warn(list, list->hidden, list->hidden_example, "hidden sound files skipped",
             "a Mac leaves such files, which are no sounds; if they are clips, rename them",
             error));
    TRY(warn(list, list->replaced, list->replaced_example,
             "members whose name occurs again later in their tar file",
             "the last one counts, as when the file is unpacked", error));
    TRY(warn(list, list->apart, list->apart_example,
             "sounds whose labels are not beside them in their tar file",
             "webdataset takes such members for different samples; pack with tar --sort=name",
             error));
    TRY(warn(list, list->joined, list->joined_example,
             "tar files that hold several, one after the other",
             "all are read, but tar and webdataset stop after the first; join with tar "
             "--concatenate",
             error));
    TRY(warn(list, list->after, list->after_example,
             "tar files with bytes after their end that are no tar file",
             "these are not read; make the tar file again", error));
    TRY(warn(list, list->endless, list->endless_example, "tar files without the mark of their end",
             "whatever wrote them may have been stopped before the last member", error));
    if (list->silent > 0)
        TRY(warnings_add(&list->builder->collection->warnings, error,
                         "members .json, .cls or .txt with no sound of their name: %zu",
                         list->silent));
    if (list->background > 0)
        TRY(warnings_add(&list->builder->collection->warnings, error,
                         "sound files skipped in _background_noise_: %zu (it is not a class)",
                         list->background));
    return ERROR_NONE;
}

static const char *words_of(const struct tar_list *list, struct text *words) {
    const struct input_options *options = &list->builder->options;
    const char *key = list->fields.keys[ROLE_LABEL];
    text_clear(words);
    if (list->builder->has_pattern) return "the pattern";
    switch (list->source) {
    case TAR_FROM_CLASS: return "the members .cls";
    case TAR_FROM_TEXT: return "the members .txt (nothing else is a label)";
    case TAR_FROM_JSON: text_format(words, "'%s' of the members .json", key); break;
    case TAR_FROM_COLUMN:
        text_format(words,
                    list->fields.by_member[ROLE_LABEL] ? "the members .%s"
                                                       : "'%s' of the members .json",
                    options->label_column);
        break;
    default:
        text_string(words, list->folders.has_splits
                               ? "folders below those of the parts (column split)"
                               : "folders");
        break;
    }
    return words->data == NULL ? "" : words->data;
}

static enum error_code describe(struct tar_list *list, struct error *error) {
    struct collection *collection = list->builder->collection;
    bool samples = !list->builder->has_pattern && list->source != TAR_FROM_FOLDER;
    if (samples) collection->format = "webdataset";
    text_format(&collection->reading, "%s is read as ", list->list->path);
    if (list->count == 1)
        text_string(&collection->reading, samples ? "a shard of WebDataset" : "a tar file");
    else
        text_format(&collection->reading, samples ? "%zu shards of WebDataset" : "%zu tar files",
                    list->count);
    text_format(&collection->reading, ": %zu sounds, labels from %s", list->sounds,
                words_of(list, &list->scratch));
    if (list->fields.sources[TAR_FROM_CLASS] > 0 && list->fields.sources[TAR_FROM_JSON] > 0 &&
        list->source == TAR_FROM_CLASS)
        text_format(&collection->reading, " (--label-column %s takes those of .json)",
                    list->fields.keys[ROLE_LABEL]);
    folder_rest_sort(&list->rest);
    folder_rest_words(&list->rest, false, &collection->not_read);
    folder_rest_json(&list->rest, &collection->not_read_json);
    TRY(text_check(&collection->not_read, error));
    TRY(text_check(&collection->not_read_json, error));
    return text_check(&collection->reading, error);
}

static enum error_code fail_empty(const struct tar_list *list, struct error *error) {
    const struct collection *collection = list->builder->collection;
    const char *found = collection->not_read.length > 0 ? collection->not_read.data : "nothing";
    return FAIL(error, ERROR_DATA,
                "%s: no member is a sound (.wav .flac .ogg .mp3 .m4a and others); found %s, and "
                "%zu hidden ones",
                list->list->path, found, collection->hidden_files);
}

/* ---- all ---- */

static enum error_code read_all(struct tar_list *list, struct error *error) {
    TRY(read_files(list, error));
    if (list->fields.texts > 0 || list->builder->options.label_column != NULL)
        TRY(check_columns(list, error));
    TRY(find_source(list, error));
    TRY(add_clips(list, error));
    TRY(describe(list, error));
    if (list->builder->collection->clips.count == 0) return fail_empty(list, error);
    return warn_of_all(list, error);
}

static enum error_code read_tar(struct builder *builder, const struct list_file *file,
                                struct error *error) {
    struct tar_list list = {.builder = builder, .list = file};
    list.fields.builder = builder;
    if (builder->options.path_column != NULL)
        return FAIL(error, ERROR_USAGE,
                    "--path-column is for lists; in a tar file the sounds are its members");
    read_all(&list, error);
    for (size_t i = 0; list.files != NULL && i < list.count; i++)
        tar_samples_free(&list.files[i].samples);
    free(list.files);
    tar_fields_free(&list.fields);
    folder_rest_free(&list.rest);
    text_free(&list.path);
    text_free(&list.scratch);
    text_free(&list.folders.label);
    text_free(&list.folders.split);
    return error->code;
}

const struct list_reader reader_tar = {
    .name = "tar",
    .sentence = "a tar file, perhaps compressed, or several (a folder of them, "
                "'shard-{000..999}.tar', 'shards/*.tar'): WebDataset, or a packed folder",
    .labels = "a member beside the sound (cls) or a field of its .json (default: .cls, or label, "
              "class, ... of .json, or folders)",
    .endings = {".tar", ".tgz", ".tar.zst", ".tzst", ".tar.xz", ".txz", ".tar.bz2", ".tbz2"},
    .reads_shards = true,
    .read = read_tar,
};
