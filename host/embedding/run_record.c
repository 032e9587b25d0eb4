#include "host/embedding/run_record.h"

#include "host/base/file_replace.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_LIMIT ((size_t)1 << 20)

void run_record_add(struct text *record, const char *name, const char *format, ...) {
    char value[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    for (char *at = value; *at != '\0'; at++)
        if (*at == '\n' || *at == '\r') *at = ' ';
    text_format(record, "%s %s\n", name, value);
}

/* The line of `text` that begins with this name and a space, or NULL. */
static const char *find_line(const char *text, size_t size, const char *name, size_t name_length,
                             size_t *line_length) {
    for (const char *at = text, *end = text + size; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL) stop = end;
        size_t length = (size_t)(stop - at);
        if (length > name_length && at[name_length] == ' ' && memcmp(at, name, name_length) == 0) {
            *line_length = length;
            return at;
        }
        at = stop + 1;
    }
    return NULL;
}

void run_record_compare(const char *old, size_t size, const struct text *record,
                        struct text *changed) {
    for (const char *at = record->data; at != NULL && *at != '\0';) {
        size_t length = strcspn(at, "\n"), old_length = 0;
        size_t name_length = strcspn(at, " \n");
        const char *line = find_line(old, size, at, name_length, &old_length);
        if (line != NULL && (old_length != length || memcmp(line, at, length) != 0)) {
            if (changed->length > 0) text_string(changed, ", ");
            text_append(changed, at, name_length);
        }
        at += length;
        if (*at == '\n') at++;
    }
}

enum error_code run_record_replace(const struct folder *folder, const struct text *record,
                                   struct text *changed, struct error *error) {
    char *old = NULL;
    size_t size = 0;
    TRY(text_check(record, error));
    if (folder_has(folder, RUN_RECORD)) {
        struct error unread = ERROR_INITIAL;
        if (folder_read(folder, RUN_RECORD, RECORD_LIMIT, &old, &size, &unread) == ERROR_NONE)
            run_record_compare(old, size, record, changed);
        else if (unread.code != ERROR_DATA)
            *error = unread;
    }
    if (error->code == ERROR_NONE)
        file_write(folder, RUN_RECORD, record->data, record->length, error);
    free(old);
    return error->code;
}

char *run_record_value(const struct folder *folder, const char *name) {
    struct error ignored = ERROR_INITIAL;
    char *record = NULL, *value = NULL;
    size_t size = 0, length = 0;
    if (folder_read(folder, RUN_RECORD, RECORD_LIMIT, &record, &size, &ignored) == ERROR_NONE) {
        const size_t name_length = strlen(name);
        const char *line = find_line(record, size, name, name_length, &length);
        if (line != NULL) value = strndup(line + name_length + 1, length - name_length - 1);
    }
    free(record);
    return value;
}
