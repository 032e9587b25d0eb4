/* The file `verdicts` of a state: clips whose file is wrong itself (struct verdict.lasts), with
 * what was found, so that they are not decoded again as long as their files do not change. Beside
 * the shards and as safe: it appears complete or not at all, and is used only when its checksum is
 * right. Read by the same kind of machine that wrote it. */
#ifndef EARMARK_EMBEDDING_VERDICT_FILE_H
#define EARMARK_EMBEDDING_VERDICT_FILE_H

#include "host/base/folder.h"
#include "host/clips/clip_facts.h"

#define VERDICT_FILE "verdicts"

struct verdict_entry {
    struct clip_facts facts;
    uint64_t reason; /* where it begins in the reasons */
    uint32_t reason_length;
    uint32_t status;
};

/* Arrays as of scratch.h. */
struct verdict_list {
    struct verdict_entry *entries; /* (count) */
    char *reasons;                 /* (length), without ends */
    size_t count, length;
    size_t entry_capacity, reason_capacity;
};

/* Commits the list as VERDICT_FILE. `basis`: a hash of everything that the verdicts depend on
 * besides the clips. */
enum error_code verdict_file_write(const struct folder *folder, const uint64_t basis[2],
                                   const struct verdict_list *list, struct error *error);

/* Reads and checks bytes, which the list is made from. ERROR_DATA when they are no such file, cut
 * short, changed, or have what no run writes; *fits is false, without an error, when the basis is
 * another one. */
enum error_code verdict_file_parse(const void *data, size_t size, const char *what,
                                   const uint64_t basis[2], struct verdict_list *list, bool *fits,
                                   struct error *error);

/* The same for the folder's file; without one, *fits is false. */
enum error_code verdict_file_read(const struct folder *folder, const uint64_t basis[2],
                                  struct verdict_list *list, bool *fits, struct error *error);

void verdict_list_free(struct verdict_list *list); /* takes a zeroed one */

#endif
