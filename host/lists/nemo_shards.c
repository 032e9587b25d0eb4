#include "host/lists/nemo_shards.h"

#include "host/base/memory.h"
#include "host/base/root_folder.h"
#include "host/base/text.h"
#include "host/lists/shards.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static const char folder_name[] = "sharded_manifests";

static bool ends_in(const char *name, const char *ending) {
    size_t length = strlen(name), own = strlen(ending);
    return length > own && strcmp(name + length - own, ending) == 0;
}

static bool is_manifest(const char *name) {
    static const char start[] = "manifest_";
    if (strncmp(name, start, strlen(start)) != 0) return false;
    const char *number = name + strlen(start);
    const char *rest = number + strspn(number, "0123456789");
    return rest > number && (strcmp(rest, ".json") == 0 || strcmp(rest, ".jsonl") == 0 ||
                             strcmp(rest, ".json.gz") == 0 || strcmp(rest, ".jsonl.gz") == 0);
}

enum error_code nemo_shards_in_folder(const struct root_folder *folder, struct shards *shards,
                                      struct error *error) {
    shards_in_folder(folder, is_manifest, shards, error);
    shards->whole = true;
    return error->code;
}

static bool holds_tar(const char *path) {
    DIR *folder = opendir(path);
    const struct dirent *entry = NULL;
    bool found = false;
    while (folder != NULL && !found && (entry = readdir(folder)) != NULL)
        found = ends_in(entry->d_name, ".tar") || ends_in(entry->d_name, ".tar.gz");
    if (folder != NULL) closedir(folder);
    return found;
}

/* The folder above one that is called sharded_manifests, as given or without links; to be freed.
 * NULL: it is called otherwise. */
static char *above(const char *root, struct error *error) {
    struct text text = TEXT_INITIAL;
    size_t length = strlen(root), own = strlen(folder_name);
    while (length > 1 && root[length - 1] == '/') length--;
    if (length >= own && strncmp(root + length - own, folder_name, own) == 0 &&
        (length == own || root[length - own - 1] == '/')) {
        size_t rest = length - own;
        while (rest > 1 && root[rest - 1] == '/') rest--;
        text_append(&text, rest == 0 ? "." : root, rest == 0 ? 1 : rest);
    } else {
        char *real = realpath(root, NULL);
        const char *slash = real == NULL ? NULL : strrchr(real, '/');
        bool called = slash != NULL && strcmp(slash + 1, folder_name) == 0;
        free(real);
        if (!called) return NULL;
        if (strcmp(root, ".") == 0) length = 0;
        text_format(&text, "%.*s%s..", (int)length, root, length == 0 ? "" : "/");
    }
    if (text_check(&text, error) != ERROR_NONE) text_free(&text);
    return text.data;
}

/* The folder above, if it, and not this one, has the tar files; to be freed, or NULL. */
static char *root_above(const char *root, struct error *error) {
    char *found = above(root, error);
    if (found != NULL && !holds_tar(root) && holds_tar(found)) return found;
    free(found);
    return NULL;
}

/* Takes `root`. */
static enum error_code raise_to(struct shards *shards, char *root, struct error *error) {
    free(shards->root);
    shards->root = root;
    for (size_t i = 0; i < shards->count; i++) {
        struct text name = TEXT_INITIAL;
        text_format(&name, "%s/%s", folder_name, shards->names[i]);
        if (text_check(&name, error) != ERROR_NONE) {
            text_free(&name);
            return error->code;
        }
        free(shards->names[i]);
        shards->names[i] = name.data;
    }
    return ERROR_NONE;
}

enum error_code nemo_shards_raise(struct shards *shards, struct error *error) {
    char *root = root_above(shards->root, error);
    return root == NULL ? error->code : raise_to(shards, root, error);
}

enum error_code nemo_shards_find(const char *path, bool is_folder, struct shards *shards,
                                 struct error *error) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    struct root_folder folder = {.descriptor = -1};
    struct text own = TEXT_INITIAL;
    char *root = NULL;
    if (!is_folder && !is_manifest(name)) return ERROR_NONE;
    if (is_folder || slash == NULL)
        text_string(&own, is_folder ? path : ".");
    else
        text_append(&own, path, slash == path ? 1 : (size_t)(slash - path));
    if (text_check(&own, error) == ERROR_NONE) root = root_above(own.data, error);
    text_free(&own);
    if (root == NULL) return error->code;
    if (is_folder && root_folder_open(path, false, &folder, error) == ERROR_NONE)
        nemo_shards_in_folder(&folder, shards, error);
    root_folder_close(&folder);
    if (!is_folder) shards_add(shards, name, error);
    return raise_to(shards, root, error);
}
