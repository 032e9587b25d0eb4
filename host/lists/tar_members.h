/* The members of tar files that a list beside them names: NeMo's tarred manifests, Lhotse Shar. */
#ifndef EARMARK_LISTS_TAR_MEMBERS_H
#define EARMARK_LISTS_TAR_MEMBERS_H

#include "host/base/text.h"
#include "host/containers/tar_index.h"

struct root_folder;
struct shards;

struct tar_members {
    struct tar_members_file {
        const char *name; /* in the folder; the caller's */
        struct tar_index index;
        long number;       /* NeMo: of the shard, from the name; -1: none */
        bool used;         /* a row was found in it */
        char problem[256]; /* why it cannot be read; "": it can */
    } * files;
    size_t count;
    size_t last;      /* the file that had the last member: the next one is likely there, too */
    bool by_stem;     /* only in files[last], by name without ending */
    const char *list; /* that the rows are of, where there are several; NULL: one */
    long shard;       /* whose number the rows without one have; -1: none */
    struct text path;
    struct text scratch;
};

/* Where a member is; strings are valid until the next call. */
struct tar_place {
    const char *path; /* of the clip: that of the tar file, '/' and its name */
    const char *container;
    struct container_member member;
};

/* Reads the members of these files in the folder. A file that cannot be read has its problem.
 * tar_members_free also after a failure. Errors: ERROR_FILE, ERROR_MEMORY. */
enum error_code tar_members_read(struct tar_members *members, const struct root_folder *folder,
                                 const struct shards *shards, struct error *error);
void tar_members_free(struct tar_members *members); /* takes a zeroed one */

/* NeMo: the number after the last '_' in the name of a file, "audio_12.tar"; -1: none. */
long tar_members_number(const char *name);

/* The next member is of the shard with this number: its file comes first. The problem if that is
 * missing, else NULL. Without numbers in the names of the files, and for -1, any may have it. */
const char *tar_members_shard(struct tar_members *members, long number);

/* Finds the member of the name; the problem with it, or NULL: *place. Errors: ERROR_MEMORY. */
const char *tar_members_find(struct tar_members *members, const char *name, struct tar_place *place,
                             struct error *error);

#endif
