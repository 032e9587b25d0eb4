#include "host/clips/fingerprint.h"

#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

void clip_fingerprint(const struct clip_list *list, size_t index, const char *open_path,
                      uint64_t fingerprint[2]) {
    const struct clip *clip = &list->clips[index];
    const char *path = clip_path(list, index);
    struct stat status;
    fingerprint[0] = fingerprint[1] = 0;
    if (stat(open_path, &status) != 0) return;
    struct {
        double segment[2];
        int64_t file[5];
    } facts = {
        .segment = {clip->start, clip->end},
        .file = {(int64_t)status.st_size, (int64_t)status.st_mtim.tv_sec,
                 (int64_t)status.st_mtim.tv_nsec, (int64_t)status.st_ctim.tv_sec,
                 (int64_t)status.st_ctim.tv_nsec},
    };
    XXH64_hash_t seed = XXH3_64bits(&facts, sizeof facts);
    XXH128_hash_t hash = XXH3_128bits_withSeed(path, strlen(path), seed);
    fingerprint[0] = hash.low64;
    fingerprint[1] = hash.high64;
}

bool clip_fingerprint_is_known(const uint64_t fingerprint[2]) {
    return fingerprint[0] != 0 || fingerprint[1] != 0;
}
