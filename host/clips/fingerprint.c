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

void clip_fingerprint_now(const struct clip_list *list, size_t index, uint64_t fingerprint[2]) {
    struct stat status;
    int file = clip_open(list, index, O_PATH);
    fingerprint[0] = fingerprint[1] = 0;
    if (file < 0) return;
    if (fstat(file, &status) == 0) clip_fingerprint(list, index, &status, fingerprint);
    close(file);
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
