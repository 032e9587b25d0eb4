#include "host/lists/label_studio_paths.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define ENDS_MOST 16 /* folders that are left out before a name */
#define PREFIX 9     /* "0a1b2c3d-" */

static bool exists(const struct root_folder *root, const char *path) {
    int file = root_folder_file(root, path, O_PATH);
    if (file >= 0) close(file);
    return file >= 0;
}

static int digit(char byte) {
    static const char digits[] = "0123456789abcdef";
    const char *found = byte == '\0' ? NULL : strchr(digits, byte | ((byte & 0x40) >> 1));
    return found == NULL ? -1 : (int)(found - digits);
}

/* Appends the text with %XX as bytes, up to `end` or one of the `stops`. */
static void append_decoded(struct text *text, const char *at, const char *stops) {
    while (*at != '\0' && strchr(stops, *at) == NULL) {
        int high = *at == '%' ? digit(at[1]) : -1, low = high < 0 ? -1 : digit(at[2]);
        char byte = low < 0 || high + low == 0 ? *at : (char)(high * 16 + low);
        text_append(text, &byte, 1);
        at += low < 0 ? 1 : 3;
    }
}

/* The path that an address of Label Studio's server names. */
static bool take_address(const char *address, struct text *path) {
    static const char uploads[] = "/data/upload/", older[] = "data/upload/",
                      local[] = "/data/local-files/?d=";
    const char *found = strstr(address, local);
    text_clear(path);
    text_string(path, "");
    if (found != NULL) {
        append_decoded(path, found + strlen(local), "&");
        return true;
    }
    found = strstr(address, uploads);
    const char *rest = found == NULL ? NULL : found + strlen(uploads);
    if (found == NULL && strncmp(address, older, strlen(older)) == 0)
        rest = address + strlen(older);
    if (rest == NULL) return false;
    append_decoded(path, rest, "?");
    return true;
}

/* What is after the eight hexadecimal digits and the dash of an upload, or NULL. */
static const char *after_prefix(const char *name) {
    for (size_t i = 0; i < PREFIX - 1; i++)
        if (digit(name[i]) < 0) return NULL;
    return name[PREFIX - 1] == '-' && name[PREFIX] != '\0' ? name + PREFIX : NULL;
}

/* The first that exists of the path's ends, and of its name without the prefix; NULL: none. */
static const char *find(const struct root_folder *root, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *plain = after_prefix(slash == NULL ? path : slash + 1);
    const char *end = path;
    for (size_t i = 0; i < ENDS_MOST && end != NULL && *end != '\0'; i++) {
        if (exists(root, end)) return end;
        end = strchr(end, '/');
        if (end != NULL) end += strspn(end, "/");
    }
    return plain != NULL && exists(root, plain) ? plain : NULL;
}

const char *label_studio_path(const struct root_folder *root, const char *address,
                              struct text *path, bool *moved, struct error *error) {
    bool served = take_address(address, path);
    *moved = false;
    if (!served && strstr(address, "://") != NULL)
        return "its sound is at an address, which is not read; download it into the folder of the "
               "list, and put its name into the export";
    if (!served) text_string(path, address);
    if (text_check(path, error) != ERROR_NONE || path->length >= PATH_MAX) return NULL;
    const char *found = find(root, path->data);
    const char *slash = strrchr(path->data, '/');
    *moved = found != NULL && (served || found != path->data);
    /* Of an upload, the folder is only a number. */
    if (found == NULL && served && slash != NULL && strstr(address, "upload/") != NULL)
        found = slash + 1;
    if (found == NULL || found == path->data) return NULL;
    path->length -= (size_t)(found - path->data);
    memmove(path->data, found, path->length + 1);
    return NULL;
}
