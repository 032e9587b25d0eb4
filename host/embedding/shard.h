/* One committed piece of a run's embeddings: the clips it holds, what decoding told
 * of them, and their rows. A file of the folder OUT/shards that appears whole or
 * not at all, and is believed only when its checksum is right; read by the same
 * kind of machine that wrote it (little-endian, IEEE 754). */
#ifndef EARMARK_EMBEDDING_SHARD_H
#define EARMARK_EMBEDDING_SHARD_H

#include "host/base/file.h"
#include "host/clips/clip_facts.h"

#define SHARD_DEVICE_SIZE 32

/* What every shard of one run must agree in. */
struct shard_key {
    uint64_t settings[2]; /* hash of all that changes an embedding */
    size_t columns;       /* values of an embedding */
};

/* A verified shard, mapped. */
struct shard {
    struct file_mapping mapping;
    size_t count;
    const struct clip_facts *clips; /* (count) */
    const float *rows;              /* (count, columns) */
    char device[SHARD_DEVICE_SIZE]; /* that computed the rows */
};

/* Commits `count` clips with their rows (count, columns) as the file `path`:
 * written beside it with a checksum, flushed, renamed, the folder flushed. */
enum error_code shard_write(const char *path, const struct shard_key *key, const char *device,
                            size_t count, const struct clip_facts *clips, const float *rows,
                            struct error *error);

/* Reads and checks a shard's bytes. ERROR_DATA when they are none, cut short or
 * changed; *fits is false (and no error) when the key is another one. The shard
 * points into the bytes. */
enum error_code shard_parse(const void *data, size_t size, const char *what,
                            const struct shard_key *key, struct shard *shard, bool *fits,
                            struct error *error);

/* The same of a file, which stays mapped until shard_close. Every byte is read
 * once before it is mapped: ERROR_FILE when the disk or mount refuses. */
enum error_code shard_open(const char *path, const struct shard_key *key, struct shard *shard,
                           bool *fits, struct error *error);
void shard_close(struct shard *shard); /* takes a zeroed one */

#endif
