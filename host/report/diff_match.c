#include "host/report/diff_match.h"

#include "host/base/hash_seed.h"
#include "host/base/memory.h"

#include <stdlib.h>
#include <xxhash.h>

/* Tried in this order, each with the clips that are left. Ids may repeat; then clips that have the
 * same label, too, belong together, and the others in their order. A label is fixed by moving a
 * file to the folder of another class, or by another name, where labels come from these: the sound
 * tells which one it was, unless several have it. */
enum pass { SAME_ID_AND_LABEL, SAME_ID, SAME_SOUND_AND_NAME, SAME_SOUND, PASSES };

/* 0: the clip has nothing to be recognised by. */
static uint64_t key_of(const struct diff_clip *clip, enum pass pass) {
    const uint64_t id_and_label[2] = {clip->id, clip->label};
    switch (pass) {
    case SAME_ID_AND_LABEL:
        return XXH3_64bits_withSeed(id_and_label, sizeof id_and_label, hash_seed());
    case SAME_ID: return clip->id;
    case SAME_SOUND_AND_NAME: return clip->named;
    default: return clip->sound;
    }
}

/* Clips of OLD with one key. */
struct slot {
    uint64_t key;
    uint32_t first;    /* row + 1 of the first; 0: an empty slot, or none is left */
    uint32_t old, new; /* how many there are */
};

struct table {
    struct slot *slots;
    size_t slot_count;
    uint32_t *next; /* (old clips): row + 1 of the next clip with the same key */
};

/* Keys are hashes with a seed already. */
static struct slot *slot_of(const struct table *table, uint64_t key) {
    size_t at = (size_t)key & (table->slot_count - 1);
    while (table->slots[at].key != 0 && table->slots[at].key != key)
        at = (at + 1) & (table->slot_count - 1);
    return &table->slots[at];
}

/* The table is at most half full. */
static enum error_code fill(struct table *table, const struct diff_side *old, size_t left,
                            enum pass pass, struct error *error) {
    table->slot_count = 64;
    while (table->slot_count < 2 * left) table->slot_count *= 2;
    table->slots = memory_array(table->slot_count, sizeof *table->slots, "a comparison", error);
    table->next = memory_array(old->count, sizeof *table->next, "a comparison", error);
    for (size_t row = old->count; error->code == ERROR_NONE && row-- > 0;) {
        const uint64_t key = key_of(&old->clips[row], pass);
        if (old->clips[row].partner != 0 || key == 0) continue;
        struct slot *slot = slot_of(table, key);
        slot->key = key;
        table->next[row] = slot->first;
        slot->first = (uint32_t)row + 1;
        slot->old++;
    }
    return error->code;
}

static void pair_up(struct table *table, struct diff_side *old, struct diff_side *new,
                    enum pass pass) {
    const bool alone = pass == SAME_SOUND_AND_NAME || pass == SAME_SOUND;
    for (int round = alone ? 0 : 1; round < 2; round++)
        for (size_t row = 0; row < new->count; row++) {
            const uint64_t key = key_of(&new->clips[row], pass);
            if (new->clips[row].partner != 0 || key == 0) continue;
            struct slot *slot = slot_of(table, key);
            slot->new += round == 0 && slot->key != 0;
            if (round == 0 || slot->first == 0) continue;
            if (alone && (slot->old > 1 || slot->new > 1)) continue;
            const uint32_t found = slot->first;
            slot->first = table->next[found - 1];
            old->clips[found - 1].partner = (uint32_t)row + 1;
            new->clips[row].partner = found;
        }
}

enum error_code diff_match(struct diff_side *old, struct diff_side *new, struct error *error) {
    for (int pass = 0; pass < PASSES && error->code == ERROR_NONE; pass++) {
        struct table table = {NULL, 0, NULL};
        size_t left = 0;
        for (size_t row = 0; row < old->count; row++) left += old->clips[row].partner == 0;
        if (left > 0 && fill(&table, old, left, (enum pass)pass, error) == ERROR_NONE)
            pair_up(&table, old, new, (enum pass)pass);
        free(table.slots);
        free(table.next);
    }
    return error->code;
}
