/* Verdicts that last (verdict_file.h), while a run uses them: those of earlier runs are found by
 * the clip's fingerprint, and what this run finds is added. */
#ifndef EARMARK_EMBEDDING_KNOWN_VERDICTS_H
#define EARMARK_EMBEDDING_KNOWN_VERDICTS_H

#include "host/embedding/verdict_file.h"
#include "host/sound/verdict.h"

struct known_verdicts {
    bool is_open; /* otherwise nothing is kept or found */
    uint64_t basis[2];
    struct verdict_list earlier;
    bool *seen;      /* (earlier.count): their clips are in this run */
    uint32_t *slots; /* (slot_count) of `earlier`, number + 1, by fingerprint; 0: empty */
    size_t slot_count;
    struct verdict_list now; /* of this run's clips */
    size_t unreadable;       /* of these: clip_status_is_unreadable() */
    size_t found;            /* of these: taken from `earlier` */
    size_t seen_count;
    size_t unwritten; /* of `now`: not in the file */
    double written_at;
    bool damaged; /* the file was, and has been removed */
};

/* Reads the folder's file. One that is damaged, or of other settings (the key of shards) or
 * libraries, is removed. */
enum error_code known_verdicts_open(const struct folder *folder, const uint64_t settings[2],
                                    struct known_verdicts *known, struct error *error);

/* What is known of the clip with this fingerprint, whose entry counts as seen; NULL: nothing. */
const struct verdict_entry *known_verdicts_find(struct known_verdicts *known,
                                                const uint64_t fingerprint[2]);

/* Takes over what was found, as this run's own. */
enum error_code known_verdicts_take(struct known_verdicts *known, const struct verdict_entry *entry,
                                    struct verdict *verdict, struct error *error);

/* Adds a verdict unless it does not last or the clip has no fingerprint. Writes all from time to
 * time. */
enum error_code known_verdicts_add(struct known_verdicts *known, const struct folder *folder,
                                   const struct clip_facts *facts, const struct verdict *verdict,
                                   struct error *error);

/* Writes those of this run, and those of other clips, too, if there is something new. */
enum error_code known_verdicts_commit(struct known_verdicts *known, const struct folder *folder,
                                      struct error *error);

/* At the end of a run that was not stopped, which had this many unreadable clips: drops the
 * verdicts of clips that are not in it any more, by the rules of state_trim(). */
enum error_code known_verdicts_trim(struct known_verdicts *known, const struct folder *folder,
                                    bool of_other_input, size_t unreadable, struct error *error);

void known_verdicts_close(struct known_verdicts *known); /* takes a zeroed one */

#endif
