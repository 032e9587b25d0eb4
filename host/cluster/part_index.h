/* The file `index` of a complete part: for every clip of the part, in the list's order, the shard
 * and row that its embedding is in, or what else became of it. It is written last but for
 * complete.json, and refers to shards by name and checksum: whatever a process that lost the part
 * writes later changes nothing. Read by the same kind of machine that wrote it (shard.h). */
#ifndef EARMARK_CLUSTER_PART_INDEX_H
#define EARMARK_CLUSTER_PART_INDEX_H

#include "host/cluster/part.h"
#include "host/embedding/shard.h"

#define PART_INDEX "index"
#define PART_NO_SHARD UINT32_MAX /* of a clip without an embedding */

struct part_entry {
    uint32_t shard; /* of the index, or PART_NO_SHARD */
    uint32_t row;
};

struct part_shard {
    char name[SHARD_NAME_SIZE];
    uint64_t checksum[2];
    uint64_t clips;
};

/* What became of a clip that was to be embedded and is not CLIP_OK. */
struct part_note {
    struct clip_facts facts;
    uint64_t clip; /* of the part; ascending */
    uint64_t reason;
    uint32_t reason_length;
    uint32_t status;
};

struct part_index_facts {
    struct part part;
    uint64_t list_hash; /* of its clips */
    struct shard_key key;
    size_t clips, shards, notes, reasons_length, record_length;
};

/* Points into the bytes of a file, which others may change at any time: what is in the arrays must
 * be checked when it is used. */
struct part_index {
    struct file_mapping mapping;
    struct part_index_facts facts; /* a copy */
    const struct part_shard *shards;
    const struct part_note *notes;
    const struct part_entry *entries; /* (clips) */
    const char *reasons;              /* of the notes */
    const char *record; /* settings that the part was made with, as lines of run_record.h */
};

/* Writes the file; the facts and arrays of `index` are given. */
enum error_code part_index_write(const struct folder *folder, const struct part_index *index,
                                 struct error *error);

/* Reads and checks bytes: ERROR_DATA when they are no index, cut short or changed. */
enum error_code part_index_parse(const void *data, size_t size, const char *what,
                                 struct part_index *index, struct error *error);
/* The same for the file, which stays mapped until part_index_close(); as shard_open(). */
enum error_code part_index_open(const struct folder *folder, struct part_index *index,
                                struct error *error);
void part_index_close(struct part_index *index); /* takes a zeroed one */

/* Appends the reason of a note; false where it is not in the file. */
bool part_index_reason(const struct part_index *index, const struct part_note *note,
                       struct text *reason);

#endif
