/* A Kaldi data folder. wav.scp names the recordings; the file segments, if there is one, cuts
 * them into clips; files utt2NAME hold a value for each clip: the label (utt2label, or
 * --label-column NAME), the group (--group speaker: utt2spk) and the fold. wav.scp may hold
 * shell commands in place of paths: they are refused, never run. */
#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/lists/list_note.h"
#include "host/lists/manifest.h"
#include "host/lists/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LABEL "label"                 /* of utt2label */
#define KALDI_MAXIMUM_BYTES ((size_t)1 << 31) /* of one file */

/* One line: a key, and the rest of the line. */
struct line {
    const char *key;
    const char *value; /* "" for none */
    size_t number;
};

/* The lines of a file, in its order until they are sorted by key. */
struct lines {
    char name[64]; /* below the data folder; "" when it was not read */
    char *bytes;
    struct line *list; /* (count) */
    size_t count;
    size_t capacity;
    size_t repeated; /* lines whose key an earlier line has; the first counts */
};

struct kaldi {
    struct builder *builder;
    const char *folder;
    const struct root_folder *root; /* the same */
    struct lines recordings;        /* by key; only where there are segments */
    struct lines clips;             /* in order: of segments, or of wav.scp */
    bool has_segments;
    struct lines labels; /* by key, like the next two */
    struct lines groups;
    struct lines folds;
};

static void lines_free(struct lines *lines) {
    free(lines->bytes);
    scratch_free(lines->list);
    *lines = (struct lines){0};
}

/* ---- files ---- */

/* Cuts the bytes into lines, without spaces around keys and values, and without CR. */
static enum error_code cut_lines(struct lines *lines, const char *path, size_t size,
                                 struct error *error) {
    char *at = lines->bytes;
    for (size_t number = 1; at < lines->bytes + size; number++) {
        char *end = strchr(at, '\n');
        char *next = end == NULL ? lines->bytes + size : end + 1;
        if (end == NULL) end = lines->bytes + size;
        while (end > at && strchr(" \t\r", end[-1]) != NULL) end--;
        *end = '\0';
        at += strspn(at, " \t");
        if (*at != '\0') {
            TRY(scratch_grow(&lines->list, &lines->capacity, lines->count + 1, sizeof *lines->list,
                             path, error));
            char *value = at + strcspn(at, " \t");
            if (*value != '\0') *value++ = '\0';
            value += strspn(value, " \t");
            lines->list[lines->count++] = (struct line){at, value, number};
        }
        at = next;
    }
    return ERROR_NONE;
}

static enum error_code read_lines(const struct kaldi *kaldi, const char *name, struct lines *lines,
                                  struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    char *path = file_join(kaldi->folder, name, error);
    if (path == NULL) return error->code;
    const struct list_file file = {
        .path = path, .folder = kaldi->root, .name = name, .is_member = true};
    snprintf(lines->name, sizeof lines->name, "%s", name);
    if (list_file_open(&file, &descriptor, &size, error) == ERROR_NONE &&
        file_read_text(descriptor, size, path, KALDI_MAXIMUM_BYTES, &lines->bytes, &size, error) ==
            ERROR_NONE)
        cut_lines(lines, path, size, error);
    free(path);
    return error->code;
}

static int compare_lines(const void *left, const void *right) {
    const struct line *a = left;
    const struct line *b = right;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* Sorts by key and keeps the first line of each key. */
static void sort_lines(struct lines *lines) {
    size_t kept = 0;
    if (lines->count > 1)
        sort_in_place(lines->list, lines->count, sizeof *lines->list, compare_lines);
    for (size_t i = 0; i < lines->count; i++)
        if (kept == 0 || strcmp(lines->list[kept - 1].key, lines->list[i].key) != 0)
            lines->list[kept++] = lines->list[i];
    lines->repeated = lines->count - kept;
    lines->count = kept;
}

static const struct line *find_line(const struct lines *lines, const char *key) {
    const struct line wanted = {.key = key, .number = 0};
    size_t first = 0;
    for (size_t last = lines->count; first < last;) {
        size_t middle = first + (last - first) / 2;
        if (compare_lines(&lines->list[middle], &wanted) < 0)
            first = middle + 1;
        else
            last = middle;
    }
    bool found = first < lines->count && strcmp(lines->list[first].key, key) == 0;
    return found ? &lines->list[first] : NULL;
}

static const char *find_value(const struct lines *lines, const char *key) {
    const struct line *line = find_line(lines, key);
    return line == NULL ? NULL : line->value;
}

/* Where the label of an utterance is written. */
static struct list_span find_span(const struct kaldi *kaldi, const char *key) {
    const struct list_trace *trace = &kaldi->builder->collection->trace;
    const char *bytes = kaldi->labels.bytes;
    const struct line *line = find_line(&kaldi->labels, key);
    if (!trace->wants_spans || line == NULL) return (struct list_span){.form = FORM_NONE};
    struct list_span span = {.form = FORM_KEY_LINE, .file = (uint32_t)trace->file_count - 1};
    span.begin = (uint64_t)(line->key - bytes);
    span.label = (uint64_t)(line->value - bytes);
    span.end = span.label_end = span.label + strlen(line->value);
    return span;
}

static enum error_code note_labels(const struct kaldi *kaldi, const char *name,
                                   struct error *error) {
    char *path = file_join(kaldi->folder, name, error);
    if (path == NULL) return error->code;
    const struct list_file file = {
        .path = path, .folder = kaldi->root, .name = name, .is_member = true};
    if (list_note_file(kaldi->builder, &file, error) == ERROR_NONE &&
        list_note_column(kaldi->builder, name, error) == ERROR_NONE)
        list_note_last(kaldi->builder)->refused = kaldi->labels.repeated > 0;
    free(path);
    return error->code;
}

/* There is no file of the labels, and no option names one: those that may be meant are named. */
static enum error_code fail_unlabelled(const struct kaldi *kaldi, struct error *error) {
    static const char *const usual[] = {"utt2spk", "utt2lang", "utt2gender", "text"};
    struct text there = TEXT_INITIAL;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (list_file_exists(kaldi->root, usual[i], error))
            text_format(&there, "%s%s", there.length == 0 ? "; there are: " : ", ", usual[i]);
    if (text_check(&there, error) == ERROR_NONE)
        FAIL(error, ERROR_USAGE,
             "%s: there is no utt2label, which has the labels; write one, with an utterance and "
             "its label on each line, or give --label-column NAME to read utt2NAME or NAME%s",
             kaldi->folder, there.length == 0 ? "" : there.data);
    text_free(&there);
    return error->code;
}

/* utt2NAME, or the file NAME itself ('text'); "speaker" is utt2spk. */
static enum error_code read_values(struct kaldi *kaldi, const char *name, const char *option,
                                   struct lines *lines, struct error *error) {
    char file[64];
    if (name == NULL) return ERROR_NONE;
    if (strchr(name, '/') != NULL || strlen(name) > 48)
        return FAIL(error, ERROR_USAGE, "%s %s: give the NAME of a file utt2NAME in %s", option,
                    name, kaldi->folder);
    snprintf(file, sizeof file, "utt2%s", strcmp(name, "speaker") == 0 ? "spk" : name);
    bool there = list_file_exists(kaldi->root, file, error);
    if (!there && error->code == ERROR_NONE && list_file_exists(kaldi->root, name, error)) {
        snprintf(file, sizeof file, "%s", name);
        there = true;
    }
    TRY(error->code);
    if (!there && lines == &kaldi->labels && kaldi->builder->options.label_column == NULL)
        return fail_unlabelled(kaldi, error);
    if (!there)
        return FAIL(error, ERROR_USAGE,
                    "%s: there is no %s for %s; write one, with an utterance and its value on each "
                    "line%s",
                    kaldi->folder, file, option,
                    lines == &kaldi->labels
                        ? ", or give --label-column NAME to read utt2NAME or NAME"
                        : "");
    TRY(read_lines(kaldi, file, lines, error));
    sort_lines(lines);
    if (lines == &kaldi->labels) TRY(note_labels(kaldi, file, error));
    if (lines->repeated > 0)
        return warnings_add(&kaldi->builder->collection->warnings, error,
                            "lines of %s that repeat an utterance: %zu; its first line counts",
                            file, lines->repeated);
    return ERROR_NONE;
}

/* ---- clips ---- */

/* The problem with what wav.scp gives as a path, or NULL. */
static const char *check_path(const char **path) {
    if (*path == NULL) return "its recording is not in wav.scp";
    size_t length = strlen(*path);
    if (length == 0 || (*path)[length - 1] != '|') return NULL;
    *path = NULL;
    return "wav.scp has a shell command for it, which is never run; write its output to a file and "
           "name that file";
}

/* Cuts "recording start end" in place; the problem with it, or NULL. */
static const char *take_segment(char *value, const char **recording, struct manifest_row *row) {
    char *rest = NULL;
    *recording = strtok_r(value, " \t", &rest);
    row->values[ROLE_START] = strtok_r(NULL, " \t", &rest);
    row->values[ROLE_END] = strtok_r(NULL, " \t", &rest);
    if (row->values[ROLE_END] == NULL || strtok_r(NULL, " \t", &rest) != NULL)
        return "not four columns: utterance, recording, start and end";
    /* Kaldi's notation for the end of the recording. */
    if (strcmp(row->values[ROLE_END], "-1") == 0) row->values[ROLE_END] = NULL;
    return NULL;
}

static enum error_code add_clip(struct kaldi *kaldi, const struct line *line, struct error *error) {
    const char *recording = NULL;
    struct manifest_row row = {.line = line->number, .file = kaldi->clips.name};
    row.span = find_span(kaldi, line->key);
    row.values[ROLE_ID] = line->key;
    row.values[ROLE_LABEL] = find_value(&kaldi->labels, line->key);
    row.values[ROLE_GROUP] = find_value(&kaldi->groups, line->key);
    row.values[ROLE_FOLD] = find_value(&kaldi->folds, line->key);
    if (kaldi->has_segments)
        row.problem = take_segment((char *)(uintptr_t)line->value, &recording, &row);
    row.values[ROLE_PATH] = line->value;
    if (kaldi->has_segments)
        row.values[ROLE_PATH] =
            recording == NULL ? NULL : find_value(&kaldi->recordings, recording);
    /* Even after another problem, so that a command is never kept as a path. */
    const char *problem = check_path(&row.values[ROLE_PATH]);
    if (row.problem == NULL) row.problem = problem;
    return manifest_add(kaldi->builder, &row, error);
}

/* wav.scp, sorted, for the segments that refer to it. */
static enum error_code read_recordings(struct kaldi *kaldi, struct error *error) {
    TRY(read_lines(kaldi, "wav.scp", &kaldi->recordings, error));
    sort_lines(&kaldi->recordings);
    if (kaldi->recordings.repeated > 0)
        return warnings_add(&kaldi->builder->collection->warnings, error,
                            "lines of wav.scp that repeat a recording: %zu; its first line counts",
                            kaldi->recordings.repeated);
    return ERROR_NONE;
}

static enum error_code read_files(struct kaldi *kaldi, struct error *error) {
    const struct input_options *options = &kaldi->builder->options;
    const char *label = options->label_column == NULL ? DEFAULT_LABEL : options->label_column;
    if (options->path_column != NULL || options->start_column != NULL ||
        options->end_column != NULL)
        return FAIL(error, ERROR_USAGE,
                    "--path-column, --start-column and --end-column are for manifests, not for a "
                    "Kaldi folder");
    kaldi->has_segments = list_file_exists(kaldi->root, "segments", error);
    TRY(error->code);
    TRY(read_lines(kaldi, kaldi->has_segments ? "segments" : "wav.scp", &kaldi->clips, error));
    if (kaldi->has_segments) TRY(read_recordings(kaldi, error));
    if (!kaldi->builder->has_pattern)
        TRY(read_values(kaldi, label, "--label-column", &kaldi->labels, error));
    if (kaldi->builder->group_field == SIZE_MAX)
        TRY(read_values(kaldi, options->group_field, "--group", &kaldi->groups, error));
    if (kaldi->builder->fold_field == SIZE_MAX)
        TRY(read_values(kaldi, options->fold_column, "--fold-column", &kaldi->folds, error));
    return ERROR_NONE;
}

static enum error_code describe(const struct kaldi *kaldi, struct error *error) {
    struct text *reading = &kaldi->builder->collection->reading;
    text_format(reading, "%s is read as a Kaldi data folder: paths from wav.scp", kaldi->folder);
    if (kaldi->has_segments) text_string(reading, ", cut by segments");
    text_format(reading, ", labels from %s",
                kaldi->builder->has_pattern ? "the pattern" : kaldi->labels.name);
    if (kaldi->groups.name[0] != '\0') text_format(reading, ", groups from %s", kaldi->groups.name);
    if (kaldi->folds.name[0] != '\0') text_format(reading, ", folds from %s", kaldi->folds.name);
    return text_check(reading, error);
}

static enum error_code read_kaldi(struct builder *builder, const struct list_file *list,
                                  struct error *error) {
    struct kaldi kaldi = {.builder = builder, .folder = list->path, .root = list->folder};
    read_files(&kaldi, error);
    for (size_t i = 0; i < kaldi.clips.count && error->code == ERROR_NONE; i++)
        add_clip(&kaldi, &kaldi.clips.list[i], error);
    if (error->code == ERROR_NONE) describe(&kaldi, error);
    lines_free(&kaldi.recordings);
    lines_free(&kaldi.clips);
    lines_free(&kaldi.labels);
    lines_free(&kaldi.groups);
    lines_free(&kaldi.folds);
    if (error->code == ERROR_NONE) manifest_finish(builder, error);
    return error->code;
}

static bool is_kaldi(const struct list_file *list, struct error *error) {
    (void)error;
    return list_file_starts_with(list, "");
}

const struct list_reader reader_kaldi = {
    .name = "kaldi",
    .sentence = "a Kaldi data folder (wav.scp in it)",
    .labels =
        "the file utt2NAME or NAME (default: utt2" DEFAULT_LABEL "; --group speaker: utt2spk)",
    .members = {"wav.scp"},
    .reads_folder = true,
    .sniff = is_kaldi,
    .read = read_kaldi,
};
