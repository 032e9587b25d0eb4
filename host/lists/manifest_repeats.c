#include "host/lists/manifest_repeats.h"

#include "host/base/hash_seed.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct hashed {
    uint64_t hash;
    size_t index;
};

static int compare_hashed(const void *left, const void *right) {
    const struct hashed *a = left;
    const struct hashed *b = right;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* What a row is compared by: its path and segment, or its id. */
struct key {
    const char *string;
    double segment[2];
};

static struct key path_key(const struct clip_list *clips, size_t index, struct text *text) {
    (void)text;
    const struct clip *clip = &clips->clips[index];
    return (struct key){clip_path(clips, index), {clip->start, clip->end}};
}

static struct key id_key(const struct clip_list *clips, size_t index, struct text *text) {
    return (struct key){clip_id(clips, index, text), {0, 0}};
}

static bool same_key(const struct key *a, const struct key *b) {
    return a->segment[0] == b->segment[0] && a->segment[1] == b->segment[1] &&
           (a->string == b->string || strcmp(a->string, b->string) == 0);
}

/* Equal strings have one number, so that paths need not be read again. */
static uint64_t hash_key(const struct clip *clip, bool by_path, const struct key *key) {
    const uint64_t seed = hash_seed();
    if (!by_path) return XXH3_64bits_withSeed(key->string, strlen(key->string), seed);
    return XXH3_64bits_withSeed(key->segment, sizeof key->segment, seed ^ clip->path);
}

/* Different segments of a file are not repeats of its path, nor are rows whose segment is not
 * known. texts: scratch. */
static enum error_code find_repeats(struct collection *collection, bool by_path,
                                    struct hashed *hashes, struct text texts[2],
                                    struct error *error) {
    const struct clip_list *clips = &collection->clips;
    struct key (*key_of)(const struct clip_list *, size_t, struct text *) =
        by_path ? path_key : id_key;
    size_t count = 0, repeats = 0, example = SIZE_MAX;
    for (size_t i = 0; i < clips->count; i++) {
        uint8_t status = clips->clips[i].status;
        if (by_path && (status == CLIP_BAD_ROW || status == CLIP_BAD_SEGMENT)) continue;
        struct key key = key_of(clips, i, &texts[0]);
        hashes[count++] = (struct hashed){hash_key(&clips->clips[i], by_path, &key), i};
    }
    if (count > 1) sort_in_place(hashes, count, sizeof *hashes, compare_hashed);
    for (size_t i = 1; i < count; i++) {
        if (hashes[i].hash != hashes[i - 1].hash) continue;
        struct key key = key_of(clips, hashes[i].index, &texts[0]);
        struct key before = key_of(clips, hashes[i - 1].index, &texts[1]);
        if (key.string[0] == '\0' || !same_key(&key, &before)) continue;
        repeats++;
        if (hashes[i].index < example) example = hashes[i].index;
    }
    if (repeats == 0) return ERROR_NONE;
    return warnings_add(&collection->warnings, error,
                        "rows that repeat the %s of an earlier row: %zu, for example '%s'",
                        by_path ? "path" : "id", repeats, key_of(clips, example, &texts[0]).string);
}

enum error_code manifest_warn_of_repeats(struct collection *collection, bool by_path,
                                         struct error *error) {
    struct text texts[2] = {TEXT_INITIAL, TEXT_INITIAL};
    struct hashed *hashes =
        scratch_array(collection->clips.count, sizeof *hashes, "a manifest's rows", error);
    if (hashes != NULL) find_repeats(collection, by_path, hashes, texts, error);
    scratch_free(hashes);
    text_free(&texts[0]);
    text_free(&texts[1]);
    return error->code;
}
