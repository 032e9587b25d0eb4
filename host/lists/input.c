#include "host/lists/input.h"

#include "host/base/file.h"
#include "host/base/gzip.h"
#include "host/base/memory.h"
#include "host/lists/builder.h"
#include "host/lists/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

const char *input_kind_name(enum input_kind kind) {
    static const char *const names[] = {"folder", "csv",    "tsv",        "jsonl",
                                        "kaldi",  "lhotse", "lhotse-cuts"};
    return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}

/* ---- the kind of INPUT ---- */

struct source {
    enum input_kind kind;
    const char *inside; /* the manifest's name in the folder that was given; NULL: INPUT itself */
};

/* Whether the path has this extension, in any case, perhaps with .gz behind it. */
static bool has_extension(const char *path, const char *extension) {
    static const char *const endings[] = {"", ".gz"};
    size_t length = strlen(path);
    size_t own = strlen(extension);
    for (size_t i = 0; i < 2; i++) {
        size_t rest = strlen(endings[i]);
        if (length > own + rest && strcasecmp(path + length - rest, endings[i]) == 0 &&
            strncasecmp(path + length - rest - own, extension, own) == 0)
            return true;
    }
    return false;
}

/* Whether folder/name is a file whose first lines hold `word`. Trouble is told
 * later, by who reads the file. */
static bool begins_with_word(const char *folder, const char *name, const char *word,
                             struct error *error) {
    char start[4096];
    char *path = file_join(folder, name, error);
    int descriptor = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    bool regular = descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    ssize_t size = regular ? read(descriptor, start, sizeof start) : 0;
    if (descriptor >= 0) close(descriptor);
    free(path);
    return size > 0 && memmem(start, (size_t)size, word, strlen(word)) != NULL;
}

static bool is_lhotse(enum input_kind kind) {
    return kind == INPUT_LHOTSE || kind == INPUT_LHOTSE_CUTS;
}

/* What of Lhotse's a file of JSON lines is: cuts, a supervision set with its recordings
 * beside it, or nothing (INPUT_JSONL). */
static enum input_kind find_lhotse_kind(const char *path, struct error *error) {
    if (lhotse_is_cuts(path, error)) return INPUT_LHOTSE_CUTS;
    char *recordings = error->code == ERROR_NONE ? lhotse_recordings_beside(path, error) : NULL;
    free(recordings);
    return recordings == NULL ? INPUT_JSONL : INPUT_LHOTSE;
}

/* Whether folder/name is there, and is this of Lhotse's. */
static bool is_set(const char *folder, const char *name, enum input_kind kind,
                   struct error *error) {
    char *path = file_join(folder, name, error);
    bool there = path != NULL && access(path, F_OK) == 0;
    bool found = there && find_lhotse_kind(path, error) == kind;
    free(path);
    return found;
}

/* A folder is one of clips unless a file in it says how it is to be read. */
static enum error_code find_folder_kind(const char *path, struct source *source,
                                        struct error *error) {
    static const struct {
        const char *name;
        const char *word; /* among its first lines; NULL: what it holds is looked at */
        enum input_kind kind;
    } signs[] = {{"wav.scp", "", INPUT_KALDI},
                 {"metadata.csv", "file_name", INPUT_CSV},
                 {"metadata.jsonl", "file_name", INPUT_JSONL},
                 {"supervisions.jsonl", NULL, INPUT_LHOTSE},
                 {"supervisions.jsonl.gz", NULL, INPUT_LHOTSE},
                 {"cuts.jsonl", NULL, INPUT_LHOTSE_CUTS},
                 {"cuts.jsonl.gz", NULL, INPUT_LHOTSE_CUTS}};
    source->kind = INPUT_FOLDER;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        bool found = signs[i].word == NULL
                         ? is_set(path, signs[i].name, signs[i].kind, error)
                         : begins_with_word(path, signs[i].name, signs[i].word, error);
        if (!found) continue;
        if (source->inside != NULL)
            return FAIL(error, ERROR_USAGE,
                        "%s: holds %s and %s; name the one to read as the input, or remove one",
                        path, signs[i].name, source->inside);
        source->kind = signs[i].kind;
        source->inside = signs[i].name;
    }
    if (source->kind == INPUT_KALDI) source->inside = NULL; /* the folder itself is read */
    return error->code;
}

static enum error_code find_kind(const char *path, struct source *source, struct error *error) {
    static const struct {
        const char *extension;
        enum input_kind kind;
    } manifests[] = {{".csv", INPUT_CSV},
                     {".tsv", INPUT_TSV},
                     {".jsonl", INPUT_JSONL},
                     {".ndjson", INPUT_JSONL},
                     {".json", INPUT_JSONL}};
    struct stat status;
    if (stat(path, &status) != 0) return FAIL(error, ERROR_FILE, "%s: %s", path, strerror(errno));
    if (S_ISDIR(status.st_mode)) return find_folder_kind(path, source, error);
    for (size_t i = 0; i < sizeof manifests / sizeof manifests[0]; i++) {
        if (!has_extension(path, manifests[i].extension)) continue;
        source->kind = manifests[i].kind;
        if (source->kind == INPUT_JSONL) source->kind = find_lhotse_kind(path, error);
        return error->code;
    }
    return FAIL(error, ERROR_USAGE,
                "%s: neither a folder of clips nor a manifest that ends in .csv, .tsv, .jsonl, "
                ".ndjson or .json (or that and .gz)",
                path);
}

/* ---- opening ---- */

/* The folder that the manifest lies in, which its relative paths start from. */
static char *folder_of(const char *path, struct error *error) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return memory_string(".", error);
    char *folder = memory_string(path, error);
    if (folder != NULL) folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

static enum error_code read_manifest(struct builder *builder, const char *path,
                                     enum input_kind kind, struct error *error) {
    FILE *stream = NULL;
    TRY(gzip_open(path, &stream, error));
    if (kind == INPUT_JSONL)
        manifest_jsonl_read(builder, stream, path, error);
    else
        manifest_csv_read(builder, stream, path, kind == INPUT_TSV ? '\t' : ',', error);
    fclose(stream);
    if (error->code == ERROR_NONE) manifest_finish(builder, error);
    return error->code;
}

/* Something must be left to audit. */
static enum error_code check_usable(const struct input *input, const char *path,
                                    struct error *error) {
    const struct clip_list *clips = &input->clips;
    if (clips->count == 0 && input->kind == INPUT_FOLDER)
        return FAIL(error, ERROR_DATA,
                    "%s: no sound files in it (.wav .flac .ogg .oga .opus .mp3 .aiff .aif .au); "
                    "%zu other files, %zu hidden",
                    path, input->other_files, input->hidden_files);
    if (clips->count == 0) return FAIL(error, ERROR_DATA, "%s: no rows below the header", path);
    if (input->bad_clips == clips->count)
        return FAIL(error, ERROR_DATA, "%s: none of its %zu clips can be used; the first, %s: %s",
                    path, clips->count, clip_id(clips, 0), clip_reason(clips, 0));
    return ERROR_NONE;
}

static enum error_code read_all(const char *path, const struct source *source,
                                struct builder *builder, struct error *error) {
    struct input *input = builder->input;
    if (input->kind == INPUT_FOLDER)
        TRY(folder_read(builder, path, error));
    else if (input->kind == INPUT_KALDI)
        TRY(kaldi_read(builder, path, error));
    else if (input->kind == INPUT_LHOTSE)
        TRY(lhotse_read(builder, path, error));
    else if (input->kind == INPUT_LHOTSE_CUTS)
        TRY(lhotse_cuts_read(builder, path, error));
    else
        TRY(read_manifest(builder, path, input->kind, error));
    /* An audiofolder: what is beside its metadata without being in it was meant, too, perhaps. */
    if (source->inside != NULL && !is_lhotse(source->kind))
        TRY(folder_warn_of_unlisted(builder, input->clips.root, source->inside, error));
    TRY(builder_finish(builder, error));
    return check_usable(input, path, error);
}

/* The sentence begins with what INPUT is taken for; the reader may go on with it. */
static enum error_code tell_of_audiofolder(const char *path, const struct source *source,
                                           struct input *input, struct error *error) {
    if (source->inside == NULL || is_lhotse(source->kind)) return ERROR_NONE;
    text_format(&input->reading, "%s is read as an audiofolder: clips and labels from %s", path,
                source->inside);
    return text_check(&input->reading, error);
}

enum error_code input_open(const char *path, const struct input_options *options,
                           struct input *input, struct error *error) {
    struct source source = {0};
    *input = (struct input){0};
    if (options->label_pattern != NULL && options->label_column != NULL)
        return FAIL(error, ERROR_USAGE, "give --label-pattern or --label-column, not both");
    if (options->label_separator != NULL && !label_separator_is_good(options->label_separator))
        return FAIL(error, ERROR_USAGE, "--label-separator '%.40s': give one character, ';' say",
                    options->label_separator);
    TRY(find_kind(path, &source, error));
    input->kind = source.kind;
    TRY(tell_of_audiofolder(path, &source, input, error));
    bool is_folder = source.kind == INPUT_FOLDER || source.kind == INPUT_KALDI;
    char *file =
        source.inside == NULL ? memory_string(path, error) : file_join(path, source.inside, error);
    char *root = file == NULL ? NULL
                 : is_folder  ? memory_string(path, error)
                              : folder_of(file, error);
    struct builder builder = {0};
    if (root != NULL && builder_open(&builder, options, root, input, error) == ERROR_NONE)
        read_all(file, &source, &builder, error);
    builder_close(&builder);
    free(root);
    free(file);
    return error->code;
}

void input_tell(const struct input *input, bool quiet) {
    if (!quiet && input->reading.length > 0) fprintf(stderr, "earmark: %s\n", input->reading.data);
}

void input_close(struct input *input) {
    clip_list_free(&input->clips);
    label_sets_close(&input->labels);
    text_free(&input->reading);
    warnings_free(&input->warnings);
    *input = (struct input){0};
}
