#include "host/review/apply/label_text.h"

#include "host/base/json.h"
#include "host/base/json_lines.h"
#include "host/base/utf8.h"
#include "host/clips/label_list.h"
#include "host/lists/json_label.h"

#include <stdlib.h>
#include <string.h>

/* ---- sets ---- */

/* A label of a set, and where the old text has it. */
struct piece {
    const char *label;
    size_t place;
};

static int compare_pieces(const void *left, const void *right) {
    const struct piece *a = left;
    const struct piece *b = right;
    if (a->place != b->place) return a->place < b->place ? -1 : 1;
    return strcmp(a->label, b->label);
}

#define MOST_LABELS 4096 /* of one clip */

/* Cuts the set and sorts its labels as the old text has them; SIZE_MAX: too many. */
static size_t cut_set(char *set, const char *old, struct piece pieces[MOST_LABELS]) {
    size_t count = 0;
    char *rest = set;
    for (char *label; (label = strsep(&rest, LABEL_JOINT)) != NULL;) {
        if (label[0] == '\0') continue;
        if (count == MOST_LABELS) return SIZE_MAX;
        const char *found = strstr(old, label);
        pieces[count++] = (struct piece){label, found == NULL ? SIZE_MAX : (size_t)(found - old)};
    }
    qsort(pieces, count, sizeof *pieces, compare_pieces);
    return count;
}

/* As Python prints a string. */
static void put_quoted(struct text *text, const char *label, char quote) {
    text_append(text, &quote, 1);
    for (const char *at = label; *at != '\0'; at++) {
        if (*at == quote || *at == '\\') text_string(text, "\\");
        if (*at == '\n')
            text_string(text, "\\n");
        else
            text_append(text, at, 1);
    }
    text_append(text, &quote, 1);
}

/* In the brackets of the old list, with its quotes. */
static void put_list(struct text *text, const struct piece *pieces, size_t count, const char *old) {
    const char *open = old + strcspn(old, "[({");
    const char *quote = open + strcspn(open, "'\"");
    const bool tuple = *open == '(' && open[1] != '[';
    const size_t before = (size_t)(open - old) + (open[0] == '(' && open[1] == '[');
    text_append(text, old, before + 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) text_string(text, ", ");
        put_quoted(text, pieces[i].label, *quote == '\0' ? '\'' : *quote);
    }
    if (tuple && count == 1) text_string(text, ",");
    text_string(text, *open == '{' ? "}" : tuple ? ")" : "]");
    if (before > (size_t)(open - old)) text_string(text, ")");
}

static void put_separated(struct text *text, const struct piece *pieces, size_t count,
                          const char *old, const char *separator) {
    const char *first = strstr(old, separator);
    const bool spaced = first != NULL && first[strlen(separator)] == ' ';
    for (size_t i = 0; i < count; i++)
        text_format(text, "%s%s%s", i == 0 ? "" : separator, i > 0 && spaced ? " " : "",
                    pieces[i].label);
}

/* Whether the text is read as this set. */
static bool reads_as(const char *text, const char *separator, const char *set,
                     struct error *error) {
    struct label_split split = {0};
    struct text joined = TEXT_INITIAL;
    enum label_list list = LABEL_LIST_NONE;
    if (label_list_read(&split, text, &list, error) == ERROR_NONE && list != LABEL_LIST_READ)
        label_split_cell(&split, text, separator, error);
    if (error->code == ERROR_NONE) label_split_join(&split, LABEL_JOINT, &joined);
    const bool same = error->code == ERROR_NONE &&
                      strcmp(joined.data == NULL ? "" : joined.data, set) == 0 &&
                      text_check(&joined, error) == ERROR_NONE;
    label_split_close(&split);
    text_free(&joined);
    return same;
}

/* The set in one string, which the old one shows the way of. */
static enum error_code join_set(const char *old, const char *separator, const char *set,
                                struct text *text, const char **problem, struct error *error) {
    struct label_split split = {0};
    struct text copy = TEXT_INITIAL;
    struct piece *pieces = malloc(MOST_LABELS * sizeof *pieces);
    enum label_list list = LABEL_LIST_NONE;
    text_string(&copy, set);
    if (pieces == NULL) FAIL(error, ERROR_MEMORY, "a set of labels: no memory");
    if (text_check(&copy, error) == ERROR_NONE && pieces != NULL &&
        label_list_read(&split, old, &list, error) == ERROR_NONE) {
        const size_t count = cut_set(copy.data, old, pieces);
        if (count == SIZE_MAX)
            *problem = "more than 4,096 labels";
        else if (list == LABEL_LIST_READ)
            put_list(text, pieces, count, old);
        else
            put_separated(text, pieces, count, old, separator);
        if (text->data == NULL) text_string(text, "");
        if (text_check(text, error) == ERROR_NONE && *problem == NULL &&
            !reads_as(text->data, separator, set, error))
            *problem = "a label holds what separates labels here";
    }
    label_split_close(&split);
    free(pieces);
    text_free(&copy);
    return error->code;
}

/* ---- cells ---- */

/* A cell without its quotes, and the spaces around them. */
struct cell {
    size_t before, after; /* spaces */
    bool quoted;
    struct text text;
};

static enum error_code read_cell(const struct label_place *place, struct cell *cell,
                                 struct error *error) {
    const char *old = place->old;
    size_t size = place->old_size, before = 0, after = 0;
    while (before < size && old[before] == ' ') before++;
    while (after < size - before && old[size - 1 - after] == ' ') after++;
    cell->quoted = place->form == FORM_ROW && size - before - after >= 2 && old[before] == '"' &&
                   old[size - 1 - after] == '"';
    text_string(&cell->text, "");
    if (!cell->quoted) {
        text_append(&cell->text, old, size);
        return text_check(&cell->text, error);
    }
    cell->before = before;
    cell->after = after;
    for (size_t i = before + 1; i < size - 1 - after; i++) {
        text_append(&cell->text, old + i, 1);
        if (old[i] == '"' && old[i + 1] == '"' && i + 1 < size - 1 - after) i++;
    }
    return text_check(&cell->text, error);
}

/* Whether a cell with this text must be in quotes. */
static bool needs_quotes(const char *value, char delimiter) {
    const size_t length = strlen(value);
    const char special[] = {delimiter, '"', '\r', '\n', '\0'};
    return value[strcspn(value, special)] != '\0' ||
           (length > 0 && (strchr(" \t#", value[0]) != NULL || strchr(" \t", value[length - 1])));
}

static void put_cell(struct text *text, const char *value, bool quoted) {
    if (quoted) text_string(text, "\"");
    for (const char *at = value; *at != '\0'; at++)
        text_append(text, quoted && *at == '"' ? "\"\"" : at, quoted && *at == '"' ? 2 : 1);
    if (quoted) text_string(text, "\"");
}

static enum error_code write_cell(const struct label_place *place, const struct cell *cell,
                                  const char *value, struct text *text, const char **problem,
                                  struct error *error) {
    const bool quoted = cell->quoted || needs_quotes(value, place->delimiter);
    if (quoted && place->form != FORM_ROW) {
        *problem = "quotes are text in this row, so the label cannot be written into it";
        return ERROR_NONE;
    }
    text_format(text, "%*s", (int)(cell->before > 4096 ? 4096 : cell->before), "");
    put_cell(text, value, quoted);
    text_format(text, "%*s", (int)(cell->after > 4096 ? 4096 : cell->after), "");
    return text_check(text, error);
}

/* A cell for each label. */
static enum error_code write_rest(const struct label_place *place, const char *set,
                                  struct text *text, const char **problem, struct error *error) {
    struct text copy = TEXT_INITIAL;
    struct piece *pieces = malloc(MOST_LABELS * sizeof *pieces);
    text_append(&copy, place->old, place->old_size);
    text_append(&copy, "", 1);
    const size_t start = copy.length;
    text_string(&copy, set);
    if (pieces == NULL) FAIL(error, ERROR_MEMORY, "a set of labels: no memory");
    if (pieces != NULL && text_check(&copy, error) == ERROR_NONE) {
        const size_t count = cut_set(copy.data + start, copy.data, pieces);
        if (count == SIZE_MAX) *problem = "more than 4,096 labels";
        for (size_t i = 0; i < count && *problem == NULL; i++) {
            if (place->form != FORM_ROW && needs_quotes(pieces[i].label, place->delimiter))
                *problem = "quotes are text in this row, so the label cannot be written into it";
            if (i > 0) text_append(text, &place->delimiter, 1);
            put_cell(text, pieces[i].label, needs_quotes(pieces[i].label, place->delimiter));
        }
    }
    free(pieces);
    text_free(&copy);
    return text_check(text, error);
}

static enum error_code write_row(const struct label_place *place, const char *label,
                                 struct text *text, const char **problem, struct error *error) {
    struct cell cell = {.text = TEXT_INITIAL};
    struct text value = TEXT_INITIAL;
    if (place->takes_rest && place->separator != NULL)
        return write_rest(place, label, text, problem, error);
    if (read_cell(place, &cell, error) == ERROR_NONE) {
        if (place->separator == NULL)
            text_string(&value, label);
        else
            join_set(cell.text.data, place->separator, label, &value, problem, error);
    }
    text_string(&value, ""); /* it may be empty, but it is a string */
    if (error->code == ERROR_NONE && *problem == NULL && text_check(&value, error) == ERROR_NONE &&
        value.data != NULL)
        write_cell(place, &cell, value.data, text, problem, error);
    text_free(&cell.text);
    text_free(&value);
    return error->code;
}

static enum error_code write_key_line(const struct label_place *place, const char *label,
                                      struct text *text, const char **problem,
                                      struct error *error) {
    struct text value = TEXT_INITIAL, old = TEXT_INITIAL;
    text_append(&old, place->old, place->old_size);
    text_string(&old, "");
    if (place->separator == NULL)
        text_string(&value, label);
    else if (text_check(&old, error) == ERROR_NONE)
        join_set(old.data, place->separator, label, &value, problem, error);
    text_string(&value, ""); /* it may be empty, but it is a string */
    if (error->code == ERROR_NONE && text_check(&value, error) == ERROR_NONE && *problem == NULL &&
        value.data != NULL) {
        const size_t length = strlen(value.data);
        if (strpbrk(value.data, "\n") != NULL || length == 0 ||
            strchr(" \t", value.data[0]) != NULL || strchr(" \t\r", value.data[length - 1]) != NULL)
            *problem = "a line of this file cannot end in such a label";
        else
            text_string(text, value.data);
    }
    text_free(&value);
    text_free(&old);
    return text_check(text, error);
}

/* ---- JSON ---- */

/* The string, with escapes for all that is not ASCII if the list has it so. */
static void put_json(struct text *text, const char *string, bool is_ascii) {
    struct text json = TEXT_INITIAL;
    text_json(&json, string);
    text->failed = text->failed || json.failed;
    for (const char *at = json.failed ? "" : json.data; *at != '\0';) {
        const size_t length = utf8_length(at);
        const uint32_t point = length > 1 ? utf8_point(at, length) : 0;
        if (length < 2 || !is_ascii)
            text_append(text, at, length == 0 ? 1 : length);
        else if (point < 0x10000)
            text_format(text, "\\u%04x", (unsigned)point);
        else
            text_format(text, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((point - 0x10000) >> 10)),
                        (unsigned)(0xdc00 + (point & 0x3ff)));
        at += length == 0 ? 1 : length;
    }
    text_free(&json);
}

static enum error_code write_array(const struct label_place *place, const char *set,
                                   const char *old, struct text *text, const char **problem,
                                   struct error *error) {
    struct text copy = TEXT_INITIAL;
    struct piece *pieces = malloc(MOST_LABELS * sizeof *pieces);
    const char *comma = strchr(old, ',');
    text_string(&copy, set);
    if (pieces == NULL) FAIL(error, ERROR_MEMORY, "a set of labels: no memory");
    if (pieces != NULL && text_check(&copy, error) == ERROR_NONE) {
        const size_t count = cut_set(copy.data, old, pieces);
        if (count == SIZE_MAX) *problem = "more than 4,096 labels";
        text_string(text, "[");
        for (size_t i = 0; i < count && *problem == NULL; i++) {
            if (i > 0) text_string(text, comma != NULL && comma[1] != ' ' ? "," : ", ");
            put_json(text, pieces[i].label, place->is_ascii);
        }
        text_string(text, "]");
    }
    free(pieces);
    text_free(&copy);
    return text_check(text, error);
}

/* Whether a number or true or false, as it would be written, is read as this label. */
static bool is_word(const char *label, struct error *error) {
    struct error reason = ERROR_INITIAL;
    struct text text = TEXT_INITIAL;
    json_t *value = strchr("\"[{", label[0]) != NULL
                        ? NULL
                        : json_parse(label, strlen(label), "a label", &reason);
    const bool same = value != NULL && json_value_text(value, &text, error) && text.data != NULL &&
                      strcmp(text.data, label) == 0;
    json_decref(value);
    text_free(&text);
    return same;
}

static enum error_code write_value(const struct label_place *place, const char *label,
                                   const char *old, struct text *text, const char **problem,
                                   struct error *error) {
    struct error reason = ERROR_INITIAL;
    struct text value = TEXT_INITIAL;
    json_t *json = json_parse(old, strlen(old), "a label", &reason);
    char *string = json_bytes(json, error);
    if (json_is_array(json) && place->separator != NULL) {
        write_array(place, label, old, text, problem, error);
    } else if (json_is_array(json) || json_is_object(json)) {
        *problem = "its label is no text";
    } else if (string == NULL && place->separator == NULL && is_word(label, error)) {
        text_string(text, label);
    } else if (place->separator == NULL) {
        put_json(text, label, place->is_ascii);
    } else if (join_set(string == NULL ? old : string, place->separator, label, &value, problem,
                        error) == ERROR_NONE &&
               *problem == NULL) {
        put_json(text, value.data, place->is_ascii);
    }
    json_decref(json);
    free(string);
    text_free(&value);
    return text_check(text, error);
}

enum error_code label_text_write(const struct label_place *place, const char *label,
                                 struct text *text, const char **problem, struct error *error) {
    struct text old = TEXT_INITIAL;
    *problem = NULL;
    if (place->form == FORM_ROW || place->form == FORM_PLAIN_ROW)
        return write_row(place, label, text, problem, error);
    if (place->form == FORM_KEY_LINE) return write_key_line(place, label, text, problem, error);
    text_append(&old, place->old, place->old_size);
    text_string(&old, "");
    if (text_check(&old, error) == ERROR_NONE)
        write_value(place, label, old.data, text, problem, error);
    text_free(&old);
    return error->code;
}
