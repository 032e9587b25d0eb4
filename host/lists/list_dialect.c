#include "host/lists/list_dialect.h"

#include "host/base/csv_rows.h"
#include "host/lists/manifest_columns.h"

#include <errno.h>
#include <string.h>

#define MOST_SEPARATORS 5
#define COMPARED_ROWS 10
#define LOOKED_UP 100 /* lines that begin with #, for files of such names */

/* A row of the text, read with one separator. */
struct trial {
    FILE *stream;
    struct csv_reader reader;
    bool there;
};

static enum error_code trial_open(struct trial *trial, const char *text, size_t size,
                                  char separator, struct error *error) {
    struct error unread = ERROR_INITIAL; /* reading the list reports it */
    bool end = true;
    *trial = (struct trial){0};
    if (size == 0) return ERROR_NONE;
    trial->stream = fmemopen((void *)(uintptr_t)text, size, "r");
    if (trial->stream == NULL)
        return FAIL(error, ERROR_MEMORY, "no memory to look into a list: %s", strerror(errno));
    csv_open(&trial->reader, trial->stream, "", separator);
    trial->reader.forgiving = true;
    trial->there = csv_next(&trial->reader, &end, &unread) == ERROR_NONE && !end;
    return ERROR_NONE;
}

static void trial_close(struct trial *trial) {
    csv_close(&trial->reader);
    if (trial->stream != NULL) fclose(trial->stream);
}

/* ---- what the first row is ---- */

/* What a row says with one separator. */
struct signs {
    size_t count;  /* cells */
    bool named;    /* it names the column of the paths */
    size_t file;   /* the column of the first cell that names a file; SIZE_MAX: none */
    size_t ending; /* the same of one that ends like a sound file */
    bool even;     /* the rows after it have as many cells */
};

/* The column that an option says has the paths, if it is a number and the row has it. */
static bool is_asked(const struct builder *builder, const struct csv_reader *reader, size_t i) {
    if (builder->options.path_column == NULL) return true;
    size_t column = columns_find(builder, reader, ROLE_PATH, false);
    return column == SIZE_MAX || column == i;
}

static bool is_even(struct trial *trial) {
    struct error unread = ERROR_INITIAL;
    const size_t count = trial->reader.count;
    bool end = false;
    for (size_t i = 0; i < COMPARED_ROWS; i++) {
        if (csv_next(&trial->reader, &end, &unread) != ERROR_NONE || end) break;
        if (trial->reader.count != count && trial->reader.first != '#') return false;
    }
    return true;
}

static enum error_code find_signs(const struct builder *builder, const char *text, size_t size,
                                  char separator, struct signs *signs, struct error *error) {
    struct trial trial;
    *signs = (struct signs){.file = SIZE_MAX, .ending = SIZE_MAX};
    TRY(trial_open(&trial, text, size, separator, error));
    const struct csv_reader *reader = &trial.reader;
    if (trial.there) {
        signs->count = reader->count;
        signs->named =
            columns_layout(reader) != NULL || columns_find(builder, reader, ROLE_PATH, true) !=
                                                  columns_find(builder, reader, ROLE_PATH, false);
        for (size_t i = 0; i < reader->count; i++) {
            const char *cell = csv_cell(reader, i);
            if (!is_asked(builder, reader, i)) continue;
            if (signs->ending == SIZE_MAX && audio_extension(cell, NULL)) signs->ending = i;
            if (signs->file == SIZE_MAX && columns_name_file(builder, cell)) signs->file = i;
        }
        signs->even = is_even(&trial);
    }
    trial_close(&trial);
    return ERROR_NONE;
}

/* ---- comments ---- */

/* The lines in front of the first row. */
struct comments {
    size_t lines;
    size_t last; /* offset of the last one's text behind # and spaces; SIZE_MAX: none */
    size_t row;  /* offset of the first row */
};

/* Whether a line that begins with # is a clip whose file has such a name. */
static enum error_code names_file(const struct builder *builder, const char *line, size_t length,
                                  const char *separators, bool *found, struct error *error) {
    *found = false;
    for (; *separators != '\0' && !*found; separators++) {
        struct signs signs;
        TRY(find_signs(builder, line, length, *separators, &signs, error));
        *found = signs.file != SIZE_MAX;
    }
    return ERROR_NONE;
}

static enum error_code skip_comments(const struct builder *builder, const char *text, size_t size,
                                     const char *separators, struct comments *comments,
                                     struct error *error) {
    *comments = (struct comments){.last = SIZE_MAX};
    for (size_t at = 0; at < size;) {
        size_t whole = 0;
        bool clip = false;
        size_t length = csv_line_length(text + at, size - at, &whole);
        comments->row = at;
        if (length > 0 && text[at] != '#') return ERROR_NONE;
        if (length > 0) {
            if (comments->lines < LOOKED_UP)
                TRY(names_file(builder, text + at, length, separators, &clip, error));
            if (clip) return ERROR_NONE;
            size_t behind = at;
            while (behind < at + length && strchr("# \t", text[behind]) != NULL) behind++;
            comments->last = behind;
            comments->lines++;
        }
        at += whole;
        comments->row = at;
    }
    return ERROR_NONE;
}

/* ---- choosing ---- */

/* The separators' signs of the first row, and of the last comment. */
struct choice {
    const char *separators;
    size_t count;
    struct signs rows[MOST_SEPARATORS];
    struct signs comments[MOST_SEPARATORS];
};

static bool is_named(const struct signs *signs) {
    return signs->named;
}
static bool has_file(const struct signs *signs) {
    return signs->file != SIZE_MAX;
}
static bool has_ending(const struct signs *signs) {
    return signs->ending != SIZE_MAX;
}
static bool is_table(const struct signs *signs) {
    return signs->count > 1 && signs->even;
}
static bool is_several(const struct signs *signs) {
    return signs->count > 1;
}

/* The first separator whose signs are such, or their number. */
static size_t first(const struct choice *choice, const struct signs *signs,
                    bool (*is_such)(const struct signs *signs)) {
    size_t i = 0;
    while (i < choice->count && !is_such(&signs[i])) i++;
    return i;
}

/* Of a header whose names are not known: the separator that makes columns. */
static size_t first_of_columns(const struct choice *choice) {
    size_t i = first(choice, choice->rows, is_table);
    if (i == choice->count) i = first(choice, choice->rows, is_several);
    return i == choice->count || choice->separators[i] == ' ' ? 0 : i;
}

/* Index of the separator. */
static size_t choose(const struct choice *choice, struct list_dialect *dialect) {
    size_t none = choice->count;
    size_t file = first(choice, choice->rows, has_file);
    size_t i = file < none ? none : first(choice, choice->rows, is_named);
    dialect->header = HEADER_LINE;
    if (i < none) return i;
    dialect->header = HEADER_COMMENT;
    i = first(choice, choice->comments, is_named);
    if (i < none) return i;
    dialect->header = HEADER_MISSING;
    dialect->path_column = file < none ? choice->rows[file].file : 0;
    if (file < none) return file;
    i = first(choice, choice->rows, has_ending);
    dialect->path_column = i < none ? choice->rows[i].ending : 0;
    if (i < none) return i;
    dialect->header = HEADER_LINE;
    return first_of_columns(choice);
}

/* Bytes of a first line "sep=;", by which spreadsheets are told the separator; 0: none. */
static size_t separator_line(const char *text, size_t size, char separator[2]) {
    size_t whole = 0;
    if (csv_line_length(text, size, &whole) != 5 || memcmp(text, "sep=", 4) != 0) return 0;
    separator[0] = text[4];
    return strchr(",;|:\t", text[4]) != NULL ? whole : 0;
}

enum error_code dialect_find(const struct builder *builder, const char *text, size_t size,
                             const char *separators, struct list_dialect *dialect,
                             struct error *error) {
    char told[2] = "";
    const size_t line = separator_line(text, size, told);
    if (line > 0) separators = told, text += line, size -= line;
    struct comments comments;
    struct choice choice = {.separators = separators, .count = strlen(separators)};
    *dialect = (struct list_dialect){0};
    TRY(skip_comments(builder, text, size, separators, &comments, error));
    for (size_t i = 0; i < choice.count; i++) {
        TRY(find_signs(builder, text + comments.row, size - comments.row, separators[i],
                       &choice.rows[i], error));
        if (comments.last != SIZE_MAX)
            TRY(find_signs(builder, text + comments.last, size - comments.last, separators[i],
                           &choice.comments[i], error));
    }
    size_t chosen = choose(&choice, dialect);
    const bool commented = dialect->header == HEADER_COMMENT;
    dialect->delimiter = separators[chosen];
    dialect->columns = (commented ? choice.comments : choice.rows)[chosen].count;
    dialect->skipped = line + (commented ? comments.last : comments.row);
    dialect->comments = comments.lines - commented;
    return ERROR_NONE;
}

/* ---- saying it ---- */

static void append_separator(struct text *text, char delimiter) {
    if (delimiter == '\t')
        text_string(text, "tabs");
    else if (delimiter == ',')
        text_string(text, "commas");
    else if (delimiter == ' ')
        text_string(text, "spaces");
    else
        text_format(text, "'%c'", delimiter);
}

enum error_code dialect_describe(const struct builder *builder, const struct list_dialect *dialect,
                                 char usual, size_t label_column, const char *name,
                                 struct error *error) {
    struct text *reading = &builder->collection->reading;
    const bool other = dialect->delimiter != usual && dialect->columns > 1;
    if (!other && dialect->header == HEADER_LINE) return ERROR_NONE;
    text_format(reading, "%s%s is read with ", reading->length > 0 ? "; " : "", name);
    if (other) {
        text_string(reading, "columns separated by ");
        append_separator(reading, dialect->delimiter);
    }
    if (dialect->header == HEADER_COMMENT)
        text_format(reading, "%sthe last line that begins with # as its header",
                    other ? " and " : "");
    if (dialect->header == HEADER_MISSING) {
        text_format(reading, "%sno header line: its first line is a clip, the path is column %zu",
                    other ? " and " : "", dialect->path_column + 1);
        if (label_column != SIZE_MAX)
            text_format(reading, " and the label column %zu", label_column + 1);
    }
    return text_check(reading, error);
}
