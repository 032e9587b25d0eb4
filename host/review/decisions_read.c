/* The files of decisions, read: anybody may have written them. */
#include "host/base/memory.h"
#include "host/review/decisions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "decisions-"
#define SUFFIX ".jsonl"
#define MOST_FILES 1024 /* of a folder */

/* ---- one file ---- */

struct reading {
    struct decisions *decisions;
    const char *path; /* for messages */
    const char *name; /* the reviewer where a line names none */
    size_t file, line;
};

static enum error_code take_line(struct reading *reading, const char *text, size_t size, bool whole,
                                 struct error *error) {
    struct error own = ERROR_INITIAL;
    struct decision decision;
    char what[ERROR_MESSAGE_SIZE];
    error_format(what, sizeof what, "%s, line %zu", reading->path, reading->line);
    if (decision_parse(text, size, what, reading->name, &decision, &own) == ERROR_NONE)
        return decisions_take(reading->decisions, &decision, reading->file, reading->line, error);
    decision_free(&decision);
    if (whole || own.code != ERROR_DATA) return FAIL(error, own.code, "%s", own.message);
    return warnings_add(&reading->decisions->warnings, error,
                        "%s ends in the middle of a line, as after a loss of power: line %zu is "
                        "left out",
                        reading->path, reading->line);
}

/* Takes the whole lines at the beginning of the text; *used: their bytes. */
static enum error_code take_lines(struct reading *reading, const char *text, size_t size,
                                  size_t *used, struct error *error) {
    static const char mark[] = "\xef\xbb\xbf"; /* of byte order, as editors on Windows write it */
    const size_t skipped = strlen(mark);
    const bool marked = reading->line == 0 && size >= skipped && memcmp(text, mark, skipped) == 0;
    *used = marked ? skipped : 0;
    for (;;) {
        const char *end = memchr(text + *used, '\n', size - *used);
        if (end == NULL) return ERROR_NONE;
        const size_t length = (size_t)(end - text) - *used;
        reading->line++;
        if (length > 0 && !(length == 1 && text[*used] == '\r'))
            TRY(take_line(reading, text + *used, length, true, error));
        *used += length + 1;
    }
}

/* Reads in pieces: the file may grow, shrink or be cut while it is read, and have no end. */
static enum error_code take_file(struct reading *reading, int descriptor, struct text *text,
                                 struct error *error) {
    size_t total = 0;
    for (;;) {
        char piece[1 << 14];
        const ssize_t got = file_read_at(descriptor, total, piece, sizeof piece);
        if (got < 0) return file_fail(error, reading->path, "read", errno);
        if (got == 0) break;
        total += (size_t)got;
        if (total > DECISIONS_FILE_MAXIMUM)
            return FAIL(error, ERROR_DATA, "%s: longer than %zu bytes, which no reviewer writes",
                        reading->path, DECISIONS_FILE_MAXIMUM);
        text_append(text, piece, (size_t)got);
        TRY(text_check(text, error));
        size_t used;
        TRY(take_lines(reading, text->data, text->length, &used, error));
        memmove(text->data, text->data + used, text->length - used + 1);
        text->length -= used;
        if (text->length > DECISION_LINE_MAXIMUM)
            return FAIL(error, ERROR_DATA,
                        "%s, line %zu: longer than %zu bytes, which no decision is", reading->path,
                        reading->line + 1, DECISION_LINE_MAXIMUM);
    }
    if (text->length == 0) return ERROR_NONE;
    reading->line++;
    return take_line(reading, text->data, text->length, false, error);
}

/* Closes the descriptor. */
static enum error_code read_opened(struct decisions *decisions, int descriptor, const char *path,
                                   const char *name, struct error *error) {
    struct reading reading = {decisions, path, name, decisions->file_count++, 0};
    struct text text = TEXT_INITIAL;
    take_file(&reading, descriptor, &text, error);
    text_free(&text);
    close(descriptor);
    return error->code;
}

/* NAME of "decisions-NAME.jsonl"; false: it is no such name. */
static bool name_of(const char *file, char name[DECISION_NAME_MAXIMUM + 1]) {
    const size_t length = strlen(file);
    const size_t ends = strlen(PREFIX) + strlen(SUFFIX);
    if (length <= ends || length - ends > DECISION_NAME_MAXIMUM ||
        strncmp(file, PREFIX, strlen(PREFIX)) != 0 ||
        strcmp(file + length - strlen(SUFFIX), SUFFIX) != 0)
        return false;
    memcpy(name, file + strlen(PREFIX), length - ends);
    name[length - ends] = '\0';
    return decision_name_is_good(name);
}

enum error_code decisions_read_path(struct decisions *decisions, const char *path,
                                    struct error *error) {
    char name[DECISION_NAME_MAXIMUM + 1];
    const char *last = strrchr(path, '/');
    int descriptor = -1;
    size_t size;
    TRY(file_open_regular(path, &descriptor, &size, error));
    if (!name_of(last == NULL ? path : last + 1, name)) strcpy(name, "reviewer");
    return read_opened(decisions, descriptor, path, name, error);
}

/* ---- a folder ---- */

struct names {
    char **list;
    size_t count, capacity;
};

static enum error_code take_name(void *context, const char *file, struct error *error) {
    struct names *names = context;
    char name[DECISION_NAME_MAXIMUM + 1];
    if (!name_of(file, name)) return ERROR_NONE;
    if (names->count == MOST_FILES)
        return FAIL(error, ERROR_DATA, "more than %d files of decisions; move some elsewhere",
                    MOST_FILES);
    TRY(memory_grow(&names->list, &names->capacity, names->count + 1, sizeof *names->list,
                    "files of decisions", error));
    names->list[names->count] = memory_string(file, error);
    if (names->list[names->count] != NULL) names->count++;
    return error->code;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum error_code read_in(struct decisions *decisions, const struct folder *out,
                               const char *file, struct error *error) {
    char name[DECISION_NAME_MAXIMUM + 1];
    int descriptor = -1;
    size_t size;
    name_of(file, name);
    TRY(folder_open_file(out, file, &descriptor, &size, error));
    char *path = file_join(out->path, file, error);
    if (path == NULL)
        close(descriptor);
    else
        read_opened(decisions, descriptor, path, name, error);
    free(path);
    return error->code;
}

void decisions_file_name(const char *reviewer, char file[DECISIONS_NAME_SIZE]) {
    error_format(file, DECISIONS_NAME_SIZE, PREFIX "%s" SUFFIX, reviewer);
}

enum error_code decisions_read(struct decisions *decisions, const struct folder *out,
                               const char *reviewer, struct error *error) {
    struct names names = {0};
    char own[DECISIONS_NAME_SIZE];
    if (reviewer != NULL) {
        decisions_file_name(reviewer, own);
        return folder_has(out, own) ? read_in(decisions, out, own, error) : ERROR_NONE;
    }
    folder_each(out, take_name, &names, error);
    if (names.count > 1) qsort(names.list, names.count, sizeof *names.list, compare_names);
    for (size_t i = 0; i < names.count && error->code == ERROR_NONE; i++)
        read_in(decisions, out, names.list[i], error);
    for (size_t i = 0; i < names.count; i++) free(names.list[i]);
    free(names.list);
    return error->code;
}
