#include "host/lists/list_file.h"

#include "host/base/file.h"
#include "host/base/gzip.h"
#include "host/base/utf16.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum error_code fail_open(const struct root_folder *folder, const char *name, int number,
                                 struct error *error) {
    if (number == EXDEV)
        return FAIL(error, ERROR_FILE,
                    "%s/%s: a link that leads out of the folder; put the file itself there, or "
                    "give --allow-outside",
                    folder->path, name);
    if (number == NOT_REGULAR)
        return FAIL(error, ERROR_FILE, "%s/%s: not a regular file", folder->path, name);
    char *path = file_join(folder->path, name, error);
    if (path != NULL) file_fail(error, path, "open", number);
    free(path);
    return error->code;
}

bool list_file_exists(const struct root_folder *folder, const char *name, struct error *error) {
    int found = root_folder_file(folder, name, O_PATH);
    if (found >= 0) close(found);
    if (found < 0 && (errno == EXDEV || file_is_shortage(errno)))
        fail_open(folder, name, errno, error);
    return found >= 0;
}

enum error_code list_file_open(const struct list_file *file, int *descriptor, size_t *size,
                               struct error *error) {
    if (!file->is_member) return file_open_regular(file->path, descriptor, size, error);
    int opened = root_folder_file(file->folder, file->name, FILE_READING);
    if (opened >= 0) return file_take_regular(opened, file->path, descriptor, size, error);
    return fail_open(file->folder, file->name, errno, error);
}

enum error_code list_file_stream(const struct list_file *file, FILE **stream, struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    *stream = NULL;
    TRY(list_file_open(file, &descriptor, &size, error));
    TRY(gzip_open(descriptor, file->path, stream, error));
    return utf16_open(stream, file->path, error);
}

enum error_code list_file_each_line(const struct list_file *file,
                                    enum error_code (*add)(void *context,
                                                           const struct json_lines *lines,
                                                           struct error *error),
                                    void *context, struct error *error) {
    FILE *stream = NULL;
    TRY(list_file_stream(file, &stream, error));
    json_lines_each(stream, file->path, add, context, error);
    fclose(stream);
    return error->code;
}

bool list_file_starts_with(const struct list_file *file, const char *word) {
    struct error unread = ERROR_INITIAL; /* reading the file reports it */
    FILE *stream = NULL;
    char start[4096];
    if (list_file_stream(file, &stream, &unread) != ERROR_NONE) return false;
    size_t got = fread(start, 1, sizeof start, stream);
    fclose(stream);
    return got > 0 && memmem(start, got, word, strlen(word)) != NULL;
}
