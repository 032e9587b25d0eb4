/* The file `owner.json` of a part's folder: which process embeds it, and how far it is. Any process
 * on any machine may write it: it is read within bounds, and nothing in it is believed but that it
 * changes. */
#ifndef EARMARK_CLUSTER_PART_OWNER_H
#define EARMARK_CLUSTER_PART_OWNER_H

#include "host/base/folder.h"
#include "host/base/lock_owner.h"

#define PART_OWNER "owner.json"
#define PART_TAG_SIZE 17

struct part_owner {
    struct lock_owner process;
    char tag[PART_TAG_SIZE]; /* a random number of the process; "": the file is not one */
    uint64_t beat;           /* counts up while the process runs */
    uint64_t clips, clips_done;
    double clips_a_second; /* since it started */
    double audio_seconds;  /* embedded since */
    double seconds;        /* since it started */
};

/* Reads the text of such a file; false unless it is one. */
bool part_owner_parse(const char *text, size_t size, struct part_owner *owner);

/* Reads the file. *there is false where there is none. A file that is no owner has no tag.
 * Errors: ERROR_FILE where it cannot be read. */
enum error_code part_owner_read_as(const struct folder *folder, const char *name,
                                   struct part_owner *owner, bool *there, struct error *error);
enum error_code part_owner_read(const struct folder *folder, struct part_owner *owner, bool *there,
                                struct error *error);
/* Replaces it; with *made only where there is none (false: there is). */
enum error_code part_owner_write(const struct folder *folder, const struct part_owner *owner,
                                 bool *made, struct error *error);

#endif
