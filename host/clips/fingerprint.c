#include "host/clips/fingerprint.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

void clip_fingerprint(const struct clip_list *list, size_t index, const struct stat *status,
                      uint64_t fingerprint[2]) {
    const struct clip *clip = &list->clips[index];
    const char *path = clip_path(list, index);
    struct {
        double segment[2];
        int64_t file[5];
    } facts = {
        .segment = {clip->start, clip->end},
        .file = {(int64_t)status->st_size, (int64_t)status->st_mtim.tv_sec,
                 (int64_t)status->st_mtim.tv_nsec, (int64_t)status->st_ctim.tv_sec,
                 (int64_t)status->st_ctim.tv_nsec},
    };
    XXH64_hash_t seed = XXH3_64bits(&facts, sizeof facts);
    XXH128_hash_t hash = XXH3_128bits_withSeed(path, strlen(path), seed);
    fingerprint[0] = hash.low64;
    fingerprint[1] = hash.high64;
}

/* ---- many files ---- */

void clip_looks_begin(const struct clip_list *list, struct clip_looks *looks) {
    *looks = (struct clip_looks){.list = list, .descriptor = -1};
}

void clip_looks_end(struct clip_looks *looks) {
    if (looks->descriptor >= 0) close(looks->descriptor);
    *looks = (struct clip_looks){.descriptor = -1};
}

/* The name of a file in its folder, which is open then; NULL: it is to be opened by its path. */
static const char *enter_folder(struct clip_looks *looks, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const size_t length = (size_t)(name - path);
    if (name[0] == '\0' || name[0] == '.' || length == 1 || length >= sizeof looks->folder)
        return NULL;
    if (!looks->has_folder || strncmp(looks->folder, path, length) != 0 ||
        looks->folder[length] != '\0') {
        if (looks->descriptor >= 0) close(looks->descriptor);
        memcpy(looks->folder, path, length);
        looks->folder[length] = '\0';
        looks->has_folder = true;
        looks->descriptor = root_folder_file(&looks->list->root, length == 0 ? "." : looks->folder,
                                             O_PATH | O_DIRECTORY);
    }
    return looks->descriptor < 0 ? NULL : name;
}

/* A name in a folder of the list is beneath it unless it is a link. */
static bool look_at(struct clip_looks *looks, const char *path, struct stat *status) {
    const char *name = enter_folder(looks, path);
    if (name != NULL && fstatat(looks->descriptor, name, status, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISLNK(status->st_mode))
        return true;
    const int file = root_folder_file(&looks->list->root, path, O_PATH);
    if (file < 0) return false;
    const bool is_there = fstat(file, status) == 0;
    close(file);
    return is_there;
}

void clip_fingerprint_now(struct clip_looks *looks, size_t index, uint64_t fingerprint[2]) {
    const char *container = clip_container(looks->list, index);
    const char *path = container != NULL ? container : clip_path(looks->list, index);
    fingerprint[0] = fingerprint[1] = 0;
    if (path != looks->path) { /* equal strings of a list have one address */
        looks->is_there = look_at(looks, path, &looks->status);
        looks->path = path;
    }
    if (looks->is_there) clip_fingerprint(looks->list, index, &looks->status, fingerprint);
}

/* ---- its values ---- */

/* The clocks of file systems tick every 10 ms at most, or every second or two where they have no
 * fractions. */
#define TICK_SECONDS 0.01
#define COARSE_TICK_SECONDS 2.0

/* Writing changes both times, but the time of the status cannot be set back. */
bool clip_fingerprint_is_settled(const struct stat *status, const struct timespec *now) {
    const struct timespec *changed = &status->st_ctim;
    const double tick = changed->tv_nsec == 0 ? COARSE_TICK_SECONDS : TICK_SECONDS;
    return (double)(now->tv_sec - changed->tv_sec) +
               1e-9 * (double)(now->tv_nsec - changed->tv_nsec) >=
           tick;
}

bool clip_fingerprint_is_known(const uint64_t fingerprint[2]) {
    return fingerprint[0] != 0 || fingerprint[1] != 0;
}

uint64_t clip_hash(const struct clip_list *list, size_t index, uint64_t hash) {
    const char *texts[3] = {clip_path(list, index), clip_label(list, index),
                            clip_group(list, index)};
    const double segment[2] = {list->clips[index].start, list->clips[index].end};
    for (size_t t = 0; t < 3; t++)
        hash = texts[t] == NULL ? XXH3_64bits_withSeed("", 0, hash)
                                : XXH3_64bits_withSeed(texts[t], strlen(texts[t]) + 1, hash);
    return XXH3_64bits_withSeed(segment, sizeof segment, hash);
}
