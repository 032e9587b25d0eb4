#include "host/lists/name_forms.h"

#include "host/base/unicode.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* What else than a missing file stops its opening, the open of the clip reports. */
static bool is_missing(const struct root_folder *root, const char *path) {
    int file = root_folder_file(root, path, O_PATH);
    if (file >= 0) close(file);
    return file < 0 && errno == ENOENT;
}

static bool is_ascii(const char *string) {
    while (*string != '\0' && (unsigned char)*string < 0x80) string++;
    return *string == '\0';
}

/* Appends to `text` the form of a name under which it exists in what `text` names; *exists: there
 * is one. */
static enum error_code append_name(const struct root_folder *root, const char *name,
                                   struct text *text, bool *exists, struct error *error) {
    struct text form = TEXT_INITIAL;
    size_t before = text->length;
    text_string(text, name);
    *exists = text_check(text, error) == ERROR_NONE && !is_missing(root, text->data);
    for (enum unicode_form i = UNICODE_COMPOSED; i <= UNICODE_DECOMPOSED && !*exists; i++) {
        if (unicode_form(name, i, &form, error) != ERROR_NONE) break;
        text->length = before;
        text_append(text, form.data, form.length);
        if (text_check(text, error) != ERROR_NONE) break;
        *exists = !is_missing(root, text->data);
    }
    text_free(&form);
    return error->code;
}

/* Each name in the form in which it exists, from the left: folders and files may come from
 * different machines. */
static enum error_code find_by_names(const struct root_folder *root, const char *path,
                                     struct text *text, bool *exists, struct error *error) {
    char name[NAME_MAX + 1];
    text_clear(text);
    for (*exists = true; *path != '\0' && *exists;) {
        size_t slashes = strspn(path, "/"), length = strcspn(path + slashes, "/");
        text_append(text, path, slashes);
        *exists = length <= NAME_MAX;
        if (!*exists) return ERROR_NONE;
        memcpy(name, path + slashes, length);
        name[length] = '\0';
        if (length > 0) TRY(append_name(root, name, text, exists, error));
        path += slashes + length;
    }
    return ERROR_NONE;
}

enum error_code name_forms_find(const struct root_folder *root, const char *path, struct text *text,
                                const char **found, struct error *error) {
    bool exists = false;
    *found = NULL;
    if (is_ascii(path) || strlen(path) >= PATH_MAX || !is_missing(root, path)) return ERROR_NONE;
    for (enum unicode_form i = UNICODE_COMPOSED; i <= UNICODE_DECOMPOSED && !exists; i++) {
        TRY(unicode_form(path, i, text, error));
        exists = !is_missing(root, text->data);
    }
    if (!exists) TRY(find_by_names(root, path, text, &exists, error));
    if (exists) *found = text->data;
    return ERROR_NONE;
}
