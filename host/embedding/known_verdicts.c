#include "host/embedding/known_verdicts.h"

#include "host/base/clock.h"
#include "host/base/hash_seed.h"
#include "host/base/names.h"
#include "host/base/scratch.h"
#include "host/clips/clips.h"
#include "host/clips/fingerprint.h"

#include <string.h>
#include <xxhash.h>

/* All are written at once: when this much time has passed and one in so many is new, so that what
 * is written in a run does not grow faster than their number. */
#define COMMIT_SECONDS 1.0
#define COMMIT_SHARE 8

/* ---- those of earlier runs ---- */

static size_t slot_of(const struct known_verdicts *known, const uint64_t fingerprint[2]) {
    /* Fingerprints of a file may be anybody's choice. */
    XXH64_hash_t hash = XXH3_64bits_withSeed(fingerprint, 2 * sizeof *fingerprint, hash_seed());
    size_t slot = (size_t)hash & (known->slot_count - 1);
    for (;; slot = (slot + 1) & (known->slot_count - 1)) {
        if (known->slots[slot] == 0) return slot;
        const struct verdict_entry *entry = &known->earlier.entries[known->slots[slot] - 1];
        if (memcmp(entry->facts.fingerprint, fingerprint, sizeof entry->facts.fingerprint) == 0)
            return slot;
    }
}

/* The table is at most half full, so that probing stays short and ends. */
static enum error_code index_entries(struct known_verdicts *known, struct error *error) {
    const size_t count = known->earlier.count;
    size_t slot_count = 64;
    if (count == 0) return ERROR_NONE;
    while (slot_count < 2 * count) slot_count *= 2;
    known->seen = scratch_array(count, sizeof *known->seen, "verdicts", error);
    known->slots = scratch_array(slot_count, sizeof *known->slots, "verdicts", error);
    TRY(error->code);
    known->slot_count = slot_count;
    for (size_t i = 0; i < count; i++)
        known->slots[slot_of(known, known->earlier.entries[i].facts.fingerprint)] = (uint32_t)i + 1;
    return ERROR_NONE;
}

enum error_code known_verdicts_open(const struct folder *folder, const uint64_t settings[2],
                                    struct known_verdicts *known, struct error *error) {
    struct error own = ERROR_INITIAL;
    bool fits = false;
    *known = (struct known_verdicts){.is_open = true, .written_at = clock_seconds()};
    const uint64_t basis[3] = {settings[0], settings[1], verdict_basis()};
    XXH128_hash_t hash = XXH3_128bits(basis, sizeof basis);
    known->basis[0] = hash.low64;
    known->basis[1] = hash.high64;
    verdict_file_read(folder, known->basis, &known->earlier, &fits, &own);
    if (own.code != ERROR_NONE && own.code != ERROR_DATA) {
        *error = own;
        return error->code;
    }
    if (fits) return index_entries(known, error);
    known->damaged = own.code == ERROR_DATA;
    verdict_list_free(&known->earlier);
    return folder_remove(folder, VERDICT_FILE, error);
}

const struct verdict_entry *known_verdicts_find(struct known_verdicts *known,
                                                const uint64_t fingerprint[2]) {
    if (known->slot_count == 0) return NULL;
    const uint32_t number = known->slots[slot_of(known, fingerprint)];
    if (number == 0) return NULL;
    known->seen_count += !known->seen[number - 1];
    known->seen[number - 1] = true;
    return &known->earlier.entries[number - 1];
}

/* ---- those of this run ---- */

static enum error_code append(struct verdict_list *list, const struct clip_facts *facts,
                              uint32_t status, const char *reason, size_t length,
                              struct error *error) {
    const size_t next = list->count;
    TRY(scratch_grow(&list->entries, &list->entry_capacity, next + 1, sizeof *list->entries,
                     "verdicts", error));
    TRY(scratch_grow(&list->reasons, &list->reason_capacity, list->length + length, 1, "verdicts",
                     error));
    memcpy(list->reasons + list->length, reason, length);
    list->entries[next] = (struct verdict_entry){.facts = *facts,
                                                 .reason = list->length,
                                                 .reason_length = (uint32_t)length,
                                                 .status = status};
    list->length += length;
    list->count++;
    return ERROR_NONE;
}

enum error_code known_verdicts_take(struct known_verdicts *known, const struct verdict_entry *entry,
                                    struct verdict *verdict, struct error *error) {
    const char *reason = known->earlier.reasons + entry->reason;
    TRY(append(&known->now, &entry->facts, entry->status, reason, entry->reason_length, error));
    known->unreadable += clip_status_is_unreadable((enum clip_status)entry->status);
    known->found++;
    struct text text = TEXT_INITIAL, visible = TEXT_INITIAL; /* as a decoder's answer */
    text_append(&text, reason, entry->reason_length);
    if (text_check(&text, error) == ERROR_NONE) name_visible(&visible, text.data);
    if (error->code == ERROR_NONE && text_check(&visible, error) == ERROR_NONE)
        verdict_set_lasting(verdict, (enum clip_status)entry->status, "%s", visible.data);
    text_free(&text);
    text_free(&visible);
    return error->code;
}

enum error_code known_verdicts_add(struct known_verdicts *known, const struct folder *folder,
                                   const struct clip_facts *facts, const struct verdict *verdict,
                                   struct error *error) {
    if (!known->is_open || verdict->lasts == 0 || !clip_fingerprint_is_known(facts->fingerprint))
        return ERROR_NONE;
    TRY(append(&known->now, facts, verdict->status, verdict->reason, strlen(verdict->reason),
               error));
    known->unreadable += clip_status_is_unreadable(verdict->status);
    known->unwritten++;
    if (clock_seconds() - known->written_at < COMMIT_SECONDS ||
        known->unwritten < known->now.count / COMMIT_SHARE)
        return ERROR_NONE;
    return known_verdicts_commit(known, folder, error);
}

/* Writes this run's, and those of clips that it has not seen where `all`. */
static enum error_code write_list(struct known_verdicts *known, const struct folder *folder,
                                  bool all, struct error *error) {
    const size_t count = known->now.count, length = known->now.length;
    for (size_t i = 0; all && i < known->earlier.count && error->code == ERROR_NONE; i++) {
        const struct verdict_entry *entry = &known->earlier.entries[i];
        if (!known->seen[i])
            append(&known->now, &entry->facts, entry->status,
                   known->earlier.reasons + entry->reason, entry->reason_length, error);
    }
    if (error->code == ERROR_NONE && known->now.count == 0)
        folder_remove(folder, VERDICT_FILE, error);
    else if (error->code == ERROR_NONE)
        verdict_file_write(folder, known->basis, &known->now, error);
    known->now.count = count;
    known->now.length = length;
    known->written_at = clock_seconds();
    if (error->code == ERROR_NONE) known->unwritten = 0;
    return error->code;
}

enum error_code known_verdicts_commit(struct known_verdicts *known, const struct folder *folder,
                                      struct error *error) {
    return known->unwritten == 0 ? ERROR_NONE : write_list(known, folder, true, error);
}

enum error_code known_verdicts_trim(struct known_verdicts *known, const struct folder *folder,
                                    bool of_other_input, size_t unreadable, struct error *error) {
    const size_t unseen = known->earlier.count - known->seen_count;
    const size_t others = unreadable > known->unreadable ? unreadable - known->unreadable : 0;
    const bool away = others > 0 && unseen / 2 <= others; /* their disk, perhaps */
    const bool shared = of_other_input && known->now.count < unseen;
    if (!known->is_open || shared || away || known->earlier.count == known->found)
        return known_verdicts_commit(known, folder, error);
    return write_list(known, folder, false, error);
}

void known_verdicts_close(struct known_verdicts *known) {
    verdict_list_free(&known->earlier);
    verdict_list_free(&known->now);
    scratch_free(known->seen);
    scratch_free(known->slots);
    *known = (struct known_verdicts){.is_open = false};
}
