/* A new file, or a new folder of files, that appears whole or not at all. */
#include "host/base/file_replace.h"
#include "host/base/memory.h"
#include "host/base/random.h"
#include "host/review/apply/apply_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum error_code products_add(struct products *products, const char *name, struct text *bytes,
                             struct error *error) {
    if (bytes->data == NULL) text_string(bytes, "");
    if (text_check(bytes, error) == ERROR_NONE &&
        memory_grow(&products->list, &products->capacity, products->count + 1,
                    sizeof *products->list, "the new files", error) == ERROR_NONE) {
        struct product *product = &products->list[products->count++];
        *product = (struct product){memory_string(name, error), bytes->data, bytes->length};
        *bytes = (struct text)TEXT_INITIAL;
    }
    text_free(bytes);
    return error->code;
}

void products_free(struct products *products) {
    for (size_t i = 0; i < products->count; i++) {
        free(products->list[i].name);
        free(products->list[i].bytes);
    }
    free(products->list);
    *products = (struct products){0};
}

static enum error_code fail_exists(const char *path, struct error *error) {
    return FAIL(error, ERROR_USAGE,
                "%s: it is there already, and nothing is ever replaced; give -o another name, or "
                "remove it",
                path);
}

static enum error_code write_file(const struct product *product, const char *path,
                                  struct error *error) {
    struct file_replacement replacement;
    bool made = false;
    TRY(file_replace_open_path(path, &replacement, error));
    if (product->size > 0 &&
        fwrite(product->bytes, 1, product->size, replacement.stream) != product->size)
        file_fail(error, path, "write", replacement.failure != 0 ? replacement.failure : errno);
    else if (file_replace_commit_new(&replacement, &made, error) == ERROR_NONE && !made)
        fail_exists(path, error);
    file_replace_close(&replacement);
    return error->code;
}

/* ---- folders ---- */

/* Writes a file of the folder, in folders of its own. */
static enum error_code write_in(const struct folder *folder, const char *name,
                                const struct product *product, struct error *error) {
    const char *slash = strchr(name, '/');
    if (slash == NULL) return file_write(folder, name, product->bytes, product->size, error);
    struct folder inner = FOLDER_INITIAL;
    char *part = memory_string(name, error);
    if (part == NULL) return error->code;
    part[slash - name] = '\0';
    if (folder_open_in(folder, part, true, &inner, error) == ERROR_NONE)
        write_in(&inner, slash + 1, product, error);
    if (inner.descriptor >= 0 && error->code == ERROR_NONE && fsync(inner.descriptor) != 0 &&
        errno != EINVAL && errno != ENOTSUP)
        file_fail(error, inner.path, "flush", errno);
    folder_close(&inner);
    free(part);
    return error->code;
}

/* Removes what is in it, which only this process wrote. */
static void remove_in(const struct folder *folder, const char *name) {
    struct error ignored = ERROR_INITIAL;
    const char *slash = strchr(name, '/');
    if (slash == NULL) {
        folder_remove(folder, name, &ignored);
        return;
    }
    struct folder inner = FOLDER_INITIAL;
    char *part = memory_string(name, &ignored);
    if (part == NULL) return;
    part[slash - name] = '\0';
    folder_open_in(folder, part, false, &inner, &ignored);
    if (inner.descriptor >= 0) remove_in(&inner, slash + 1);
    folder_close(&inner);
    folder_remove_folder(folder, part, &ignored);
    free(part);
}

static enum error_code write_all(const struct products *products, const struct folder *folder,
                                 struct error *error) {
    for (size_t i = 0; i < products->count; i++)
        TRY(write_in(folder, products->list[i].name, &products->list[i], error));
    if (fsync(folder->descriptor) != 0 && errno != EINVAL && errno != ENOTSUP)
        file_fail(error, folder->path, "flush", errno);
    return error->code;
}

/* Renames the complete folder; an empty one, or anything else of its name, is not replaced. */
static enum error_code name_folder(const struct folder *parent, const char *temporary,
                                   const char *name, const char *path, struct error *error) {
    int result;
    do
        result =
            renameat2(parent->descriptor, temporary, parent->descriptor, name, RENAME_NOREPLACE);
    while (result != 0 && errno == EINTR);
    if (result != 0 && errno == EEXIST) return fail_exists(path, error);
    /* Some file systems of networks cannot; a rename never replaces a folder that has files. */
    if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
        if (folder_has(parent, name)) return fail_exists(path, error);
        result = renameat(parent->descriptor, temporary, parent->descriptor, name);
    }
    if (result != 0) return file_fail(error, path, "rename a folder to this", errno);
    fsync(parent->descriptor);
    return ERROR_NONE;
}

static enum error_code write_folder(const struct products *products, const struct folder *parent,
                                    const char *name, const char *path, struct error *error) {
    struct folder folder = FOLDER_INITIAL;
    struct text temporary = TEXT_INITIAL;
    uint64_t number = 0;
    TRY(random_bytes(&number, sizeof number, error));
    text_format(&temporary, "%s.%016" PRIx64 ".part", name, number);
    if (text_check(&temporary, error) == ERROR_NONE &&
        folder_open_in(parent, temporary.data, true, &folder, error) == ERROR_NONE &&
        write_all(products, &folder, error) == ERROR_NONE)
        name_folder(parent, temporary.data, name, path, error);
    if (error->code != ERROR_NONE && folder.descriptor >= 0) {
        struct error ignored = ERROR_INITIAL;
        for (size_t i = 0; i < products->count; i++) remove_in(&folder, products->list[i].name);
        folder_remove_folder(parent, temporary.data, &ignored);
    }
    folder_close(&folder);
    text_free(&temporary);
    return error->code;
}

enum error_code products_write(const struct products *products, const char *path,
                               struct error *error) {
    struct folder parent = FOLDER_INITIAL;
    char *copy = memory_string(path, error);
    if (copy == NULL) return error->code;
    for (size_t end = strlen(copy); products->is_folder && end > 1 && copy[end - 1] == '/';)
        copy[--end] = '\0';
    char *slash = strrchr(copy, '/');
    const char *name = slash == NULL ? copy : slash + 1;
    if (!products->is_folder) {
        write_file(&products->list[0], copy, error);
    } else {
        char *above = memory_string(slash == NULL ? "." : copy, error);
        if (above != NULL && slash != NULL) above[slash == copy ? 1 : slash - copy] = '\0';
        if (above != NULL && folder_open(above, false, &parent, error) == ERROR_NONE)
            write_folder(products, &parent, name, copy, error);
        free(above);
    }
    folder_close(&parent);
    free(copy);
    return error->code;
}
