#include "host/review/decisions.h"

#include "host/base/hash_seed.h"
#include "host/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- which clip ---- */

/* Times that are the same to a millisecond are: they may come from different versions. */
#define UNKNOWN_TIME (-1)

struct clip_key {
    const char *path; /* NULL: the row tells */
    size_t row;
    int64_t start, end; /* ms */
};

static int64_t milliseconds(double seconds) {
    return seconds >= 0.0 && seconds <= 1e12 ? llround(seconds * 1000.0) : UNKNOWN_TIME;
}

static struct clip_key key_of(const char *path, double start, double end, size_t row) {
    if (path == NULL) return (struct clip_key){.row = row};
    return (struct clip_key){path, 0, milliseconds(start), milliseconds(end)};
}

static struct clip_key key_at(const struct decisions *decisions, size_t index) {
    const struct decision *decision = &decisions->list[index].decision;
    return key_of(decision->path, decision->start, decision->end, decision->row);
}

static bool same_clip(const struct clip_key *one, const struct clip_key *other) {
    return (one->path == NULL) == (other->path == NULL) && one->row == other->row &&
           one->start == other->start && one->end == other->end &&
           (one->path == NULL || strcmp(one->path, other->path) == 0);
}

/* The place of the clip, or the empty one where it would be. */
static size_t slot_of(const struct decisions *decisions, const struct clip_key *key) {
    const uint64_t numbers[] = {key->row, (uint64_t)key->start, (uint64_t)key->end};
    uint64_t hash = XXH3_64bits_withSeed(numbers, sizeof numbers, hash_seed());
    if (key->path != NULL) hash = XXH3_64bits_withSeed(key->path, strlen(key->path), hash);
    size_t slot = (size_t)hash & (decisions->slot_count - 1);
    while (decisions->slots[slot] != 0) {
        const struct clip_key there = key_at(decisions, decisions->slots[slot] - 1);
        if (same_clip(&there, key)) break;
        slot = (slot + 1) & (decisions->slot_count - 1);
    }
    return slot;
}

static size_t find_key(const struct decisions *decisions, const struct clip_key *key) {
    if (decisions->slot_count == 0) return DECISIONS_NONE;
    const uint32_t found = decisions->slots[slot_of(decisions, key)];
    return found == 0 ? DECISIONS_NONE : found - 1;
}

size_t decisions_find(const struct decisions *decisions, const char *path, double start, double end,
                      size_t row) {
    const struct clip_key key = key_of(path, start, end, row);
    return find_key(decisions, &key);
}

/* Room for one more clip, at most half of the places taken. */
static enum error_code grow_slots(struct decisions *decisions, struct error *error) {
    if (decisions->slot_count > 2 * (decisions->clip_count + 1)) return ERROR_NONE;
    const size_t grown = decisions->slot_count == 0 ? 256 : 2 * decisions->slot_count;
    uint32_t *slots = memory_array(grown, sizeof *slots, "decisions", error);
    if (slots == NULL) return error->code;
    free(decisions->slots);
    decisions->slots = slots;
    decisions->slot_count = grown;
    for (size_t i = 0; i < decisions->count; i++) {
        if (!decisions->list[i].first) continue;
        const struct clip_key key = key_at(decisions, i);
        decisions->slots[slot_of(decisions, &key)] = (uint32_t)i + 1;
    }
    return ERROR_NONE;
}

/* ---- adding ---- */

static enum error_code find_reviewer(struct decisions *decisions, const char *name, size_t *index,
                                     struct error *error) {
    for (*index = 0; *index < decisions->reviewer_count; ++*index)
        if (strcmp(decisions->reviewers[*index], name) == 0) return ERROR_NONE;
    if (*index == DECISIONS_REVIEWERS)
        return FAIL(error, ERROR_DATA,
                    "decisions of more than %u reviewers; move some of the files elsewhere",
                    DECISIONS_REVIEWERS);
    TRY(memory_grow(&decisions->reviewers, &decisions->reviewer_capacity, *index + 1,
                    sizeof *decisions->reviewers, "decisions", error));
    decisions->reviewers[*index] = memory_string(name, error);
    if (decisions->reviewers[*index] == NULL) return error->code;
    decisions->reviewer_count++;
    return ERROR_NONE;
}

/* Whether the new one replaces what the reviewer said before: always in the same file, else when
 * it is not older. */
static bool is_later(const struct decided *new, const struct decided *old) {
    const char *before = old->decision.at == NULL ? "" : old->decision.at;
    const char *after = new->decision.at == NULL ? "" : new->decision.at;
    return new->file == old->file || strcmp(after, before) >= 0;
}

/* Room for one more decision, and its reviewer's index. */
static enum error_code make_room(struct decisions *decisions, struct decided *new,
                                 struct error *error) {
    if (decisions->count == UINT32_MAX) return FAIL(error, ERROR_DATA, "too many decisions");
    TRY(find_reviewer(decisions, new->decision.by, &new->reviewer, error));
    TRY(grow_slots(decisions, error));
    return memory_grow(&decisions->list, &decisions->capacity, decisions->count + 1,
                       sizeof *decisions->list, "decisions", error);
}

/* Takes the decision's texts over, also after a failure. */
static enum error_code add(struct decisions *decisions, struct decided *new, size_t *index,
                           struct error *error) {
    const struct decision *decision = &new->decision;
    const struct clip_key key =
        key_of(decision->path, decision->start, decision->end, decision->row);
    new->next = DECISIONS_NONE;
    new->row = DECISION_NO_ROW;
    new->state = DECISION_UNPLACED;
    if (make_room(decisions, new, error) != ERROR_NONE) {
        decision_free(&new->decision);
        return error->code;
    }
    size_t last = DECISIONS_NONE;
    const size_t slot = slot_of(decisions, &key);
    size_t at = decisions->slots[slot] == 0 ? DECISIONS_NONE : decisions->slots[slot] - 1;
    while (at != DECISIONS_NONE && decisions->list[at].reviewer != new->reviewer) {
        last = at;
        at = decisions->list[at].next;
    }
    *index = at == DECISIONS_NONE ? decisions->count : at;
    if (at != DECISIONS_NONE) {
        struct decided *old = &decisions->list[at];
        const bool later = is_later(new, old);
        new->next = old->next;
        new->first = old->first;
        decision_free(later ? &old->decision : &new->decision);
        if (later) *old = *new;
        return ERROR_NONE;
    }
    new->first = last == DECISIONS_NONE;
    decisions->list[decisions->count++] = *new;
    if (new->first) {
        decisions->slots[slot] = (uint32_t)decisions->count;
        decisions->clip_count++;
    } else {
        decisions->list[last].next = *index;
    }
    return ERROR_NONE;
}

enum error_code decisions_take(struct decisions *decisions, struct decision *decision, size_t file,
                               size_t line, struct error *error) {
    struct decided new = {.decision = *decision, .file = file, .line = line};
    size_t index;
    return add(decisions, &new, &index, error);
}

enum error_code decisions_add(struct decisions *decisions, const struct decision *decision,
                              size_t *index, struct error *error) {
    struct decided new = {.file = DECISIONS_NONE};
    if (decision_copy(decision, &new.decision, error) != ERROR_NONE) {
        decision_free(&new.decision);
        return error->code;
    }
    const struct clip_key key =
        key_of(decision->path, decision->start, decision->end, decision->row);
    /* It is the latest, whatever the clock says: as in the file that it was written to. */
    for (size_t at = find_key(decisions, &key); at != DECISIONS_NONE; at = decisions->list[at].next)
        if (strcmp(decisions->reviewers[decisions->list[at].reviewer], decision->by) == 0)
            new.file = decisions->list[at].file;
    return add(decisions, &new, index, error);
}

void decisions_free(struct decisions *decisions) {
    for (size_t i = 0; i < decisions->count; i++) decision_free(&decisions->list[i].decision);
    for (size_t i = 0; i < decisions->reviewer_count; i++) free(decisions->reviewers[i]);
    free(decisions->reviewers);
    free(decisions->list);
    free(decisions->slots);
    warnings_free(&decisions->warnings);
    *decisions = (struct decisions){0};
}

/* ---- placing ---- */

void decisions_place_begin(struct decisions *decisions) {
    for (size_t i = 0; i < decisions->count; i++) {
        decisions->list[i].state = DECISION_UNPLACED;
        decisions->list[i].row = DECISION_NO_ROW;
    }
}

static bool same_label(const char *one, const char *other) {
    return strcmp(one == NULL ? "" : one, other == NULL ? "" : other) == 0;
}

void decisions_place(struct decisions *decisions, size_t row, const struct decision_clip *clip) {
    const struct clip_key key = key_of(clip->path, clip->start, clip->end, row);
    for (size_t at = find_key(decisions, &key); at != DECISIONS_NONE;
         at = decisions->list[at].next) {
        struct decided *decided = &decisions->list[at];
        const struct decision *decision = &decided->decision;
        enum decision_state state = DECISION_STALE;
        if (same_label(decision->given, clip->label))
            state = DECISION_OPEN;
        else if (decision->kind == DECISION_RELABEL && same_label(decision->label, clip->label))
            state = DECISION_APPLIED;
        /* Where the data set has the clip several times, the row whose label fits best. */
        if (decided->state != DECISION_UNPLACED && state >= decided->state) continue;
        decided->state = state;
        decided->row = row;
    }
}

void decisions_place_end(struct decisions *decisions) {
    for (size_t i = 0; i < decisions->count; i++)
        if (decisions->list[i].state == DECISION_UNPLACED) decisions->list[i].state = DECISION_GONE;
}

/* ---- asking ---- */

size_t decisions_answer(const struct decisions *decisions, size_t index) {
    for (; index != DECISIONS_NONE; index = decisions->list[index].next) {
        const struct decided *decided = &decisions->list[index];
        if (decided->decision.kind != DECISION_UNDO &&
            (decided->state == DECISION_OPEN || decided->state == DECISION_APPLIED))
            break;
    }
    return index;
}

bool decisions_conflict(const struct decisions *decisions, size_t index) {
    const size_t first = decisions_answer(decisions, index);
    for (size_t at = first; at != DECISIONS_NONE;) {
        if (!decision_agrees(&decisions->list[first].decision, &decisions->list[at].decision))
            return true;
        at = decisions_answer(decisions, decisions->list[at].next);
    }
    return false;
}
