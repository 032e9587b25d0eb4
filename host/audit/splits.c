/* Sounds that are in several parts of the data set: a model tested on them has seen them. */
#include "host/audit/internal.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct part_sound {
    uint64_t hash[2];
    uint32_t split; /* number of its name */
    size_t clip;
};

static int compare_sounds(const void *left, const void *right) {
    const struct part_sound *a = left, *b = right;
    for (int i = 0; i < 2; i++)
        if (a->hash[i] != b->hash[i]) return a->hash[i] < b->hash[i] ? -1 : 1;
    return a->clip < b->clip ? -1 : a->clip > b->clip;
}

static bool same_sound(const struct part_sound *a, const struct part_sound *b) {
    return a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1];
}

/* Silent clips have equal samples and are no copies. */
static size_t take_sounds(const struct audit *audit, struct part_sound *sounds) {
    const struct clip_list *clips = &audit->session.input.clips;
    size_t count = 0;
    for (size_t i = 0; i < clips->count; i++) {
        const struct clip_facts *facts = &audit->session.measures[i].facts;
        if (clips->clips[i].split == 0 || facts->rate == 0 || facts->silent != 0) continue;
        sounds[count++] =
            (struct part_sound){{facts->hash[0], facts->hash[1]}, clips->clips[i].split, i};
    }
    if (count > 1) sort_in_place(sounds, count, sizeof *sounds, compare_sounds);
    return count;
}

/* The first sound of another part among equal ones, or NULL. */
static const struct part_sound *other_part(const struct part_sound *sounds, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (sounds[i].split != sounds[0].split) return &sounds[i];
    return NULL;
}

enum error_code audit_warn_of_splits(struct audit *audit, struct error *error) {
    const struct clip_list *clips = &audit->session.input.clips;
    const struct part_sound *example = NULL, *other = NULL;
    struct part_sound *sounds = scratch_array(clips->count, sizeof *sounds, "splits", error);
    size_t shared = 0;
    if (sounds == NULL) return error->code;
    const size_t count = take_sounds(audit, sounds);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && same_sound(&sounds[begin], &sounds[end]);) end++;
        const struct part_sound *found = other_part(&sounds[begin], end - begin);
        if (found == NULL) continue;
        shared += end - begin;
        if (example != NULL && example->clip < sounds[begin].clip) continue;
        example = &sounds[begin];
        other = found;
    }
    if (example != NULL)
        warnings_add(&audit->warnings, error,
                     "sounds that are in several parts of the data set: %zu clips, for example "
                     "'%.*s' (%.*s) and '%.*s' (%.*s); a model that is tested on them has heard "
                     "them",
                     shared, UTF8_PIECE(clip_path(clips, example->clip), 200),
                     UTF8_PIECE(clip_split(clips, example->clip), 40),
                     UTF8_PIECE(clip_path(clips, other->clip), 200),
                     UTF8_PIECE(clip_split(clips, other->clip), 40));
    scratch_free(sounds);
    return error->code;
}
