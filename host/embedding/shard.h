/* One committed part of a run's embeddings: its clips with their facts, and their rows. A
 * file in the folder OUT/shards that appears complete or not at all, and is used only when its
 * checksum is right. Read by the same kind of machine that wrote it (little-endian, IEEE 754). */
#ifndef EARMARK_EMBEDDING_SHARD_H
#define EARMARK_EMBEDDING_SHARD_H

#include "host/base/file_replace.h"
#include "host/clips/clip_facts.h"

#define SHARD_DEVICE_SIZE 32
#define SHARD_NAME_SIZE 48

/* A shard is committed when its rows have this many bytes: none has as much before its last row. */
#define SHARD_ROW_BYTES ((size_t)32 << 20)

/* Equal in every shard of one run. */
struct shard_key {
    uint64_t settings[2]; /* hash of everything that changes an embedding */
    size_t columns;       /* values of a row: an embedding, then its clip's statistics */
    size_t statistics;    /* how many of these; not compared: settings differ where it does */
};

/* A verified shard, mapped. */
struct shard {
    struct file_mapping mapping;
    size_t count;
    const struct clip_facts *clips; /* (count) */
    const float *rows;              /* (count, columns) */
    char device[SHARD_DEVICE_SIZE]; /* that computed the rows */
    uint64_t checksum[2];
    char name[SHARD_NAME_SIZE]; /* of its file, by shard_open */
};

/* Commits `count` clips with their rows (count, columns) as a file of the folder, with a
 * checksum. */
enum error_code shard_write(const struct folder *folder, const char *name,
                            const struct shard_key *key, const char *device, size_t count,
                            const struct clip_facts *clips, const float *rows, struct error *error);

/* Reads and checks a shard's bytes. ERROR_DATA when they are not a shard, cut short or
 * changed; *fits is false, without an error, when the key is another one. The shard
 * points into the bytes. */
enum error_code shard_parse(const void *data, size_t size, const char *what,
                            const struct shard_key *key, struct shard *shard, bool *fits,
                            struct error *error);

/* The same for a file, which stays mapped until shard_close. Every byte is read once before
 * it is mapped, so that a failing disk gives ERROR_FILE here and no SIGBUS later; but nothing is
 * read of a file whose header does not have this key, or that no run can have written: longer than
 * a shard gets, or mostly holes. */
enum error_code shard_open(const struct folder *folder, const char *name,
                           const struct shard_key *key, struct shard *shard, bool *fits,
                           struct error *error);
void shard_close(struct shard *shard); /* takes a zeroed one */

/* The name of a run's shard of this number. `writer`, where it is not 0, is a random number of the
 * process that writes it: several may write into one folder. */
void shard_name(size_t number, uint64_t writer, char name[SHARD_NAME_SIZE]);
/* Whether it is such a name, and its number. */
bool shard_number(const char *name, size_t *number);

#endif
