#include "host/lists/folder_parts.h"

#include "host/base/memory.h"
#include "host/lists/folder_levels.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_names(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static enum error_code add_names(DIR *listing, const char *before, struct folder_parts *parts,
                                 struct error *error) {
    const struct dirent *entry;
    while (!parts->is_cut && (entry = readdir(listing)) != NULL) {
        struct text name = TEXT_INITIAL;
        bool is_file = entry->d_type == DT_REG;
        if (is_file || !folder_is_split(entry->d_name, strlen(entry->d_name))) continue;
        parts->is_cut = parts->count == FOLDER_PARTS_MAXIMUM;
        if (parts->is_cut) break;
        text_format(&name, "%s%s", before, entry->d_name);
        TRY(text_check(&name, error));
        parts->names[parts->count++] = name.data;
    }
    if (parts->count > 1) qsort(parts->names, parts->count, sizeof(char *), compare_names);
    return ERROR_NONE;
}

static enum error_code find_in(const struct root_folder *root, const char *folder,
                               const char *before, struct folder_parts *parts,
                               struct error *error) {
    int opened = root_folder_file(root, folder, O_RDONLY | O_DIRECTORY);
    DIR *listing = opened < 0 ? NULL : fdopendir(opened);
    if (listing == NULL) {
        if (opened >= 0) close(opened);
        return ERROR_NONE;
    }
    add_names(listing, before, parts, error);
    closedir(listing);
    return error->code;
}

enum error_code folder_parts_find(const struct root_folder *root, struct folder_parts *parts,
                                  struct error *error) {
    *parts = (struct folder_parts){.count = 0};
    TRY(find_in(root, ".", "", parts, error));
    return parts->count > 0 ? ERROR_NONE : find_in(root, "data", "data/", parts, error);
}

void folder_parts_free(struct folder_parts *parts) {
    for (size_t i = 0; i < parts->count; i++) free(parts->names[i]);
    *parts = (struct folder_parts){.count = 0};
}

const char *folder_part_name(const char *part) {
    const char *slash = strrchr(part, '/');
    return slash == NULL ? part : slash + 1;
}

enum error_code folder_part_path(const char *part, const char **path, struct text *text,
                                 struct error *error) {
    if (*path == NULL || (*path)[0] == '\0' || (*path)[0] == '/') return ERROR_NONE;
    text_clear(text);
    text_format(text, "%s/%s", part, *path);
    *path = text->data;
    return text_check(text, error);
}
