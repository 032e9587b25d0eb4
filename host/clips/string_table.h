/* Distinct strings, numbered in the order of their first appearance: each is stored once, and
 * never moves. */
#ifndef EARMARK_CLIPS_STRING_TABLE_H
#define EARMARK_CLIPS_STRING_TABLE_H

#include "host/base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Strings begin at multiples of 4 bytes of blocks of this size, so that 32 bits name a place. */
#define STRING_TABLE_BLOCK ((size_t)1 << 20)
#define STRING_TABLE_BLOCKS ((size_t)1 << 14) /* at most: 16 GiB */

struct string_table {
    char **blocks; /* (block_count) */
    size_t block_count;
    size_t block_capacity;
    size_t used;      /* bytes of the last block */
    uint32_t *places; /* (count) in units of 4 bytes, over all blocks */
    size_t count;
    size_t capacity;
    uint32_t *slots; /* open addressing: number + 1, 0 = empty */
    size_t slot_count;
};

/* The number of a string, which is copied if it is new. Errors: ERROR_MEMORY, and ERROR_DATA for
 * more than INT32_MAX strings, more than 16 GiB of them, or one as long as a block. */
enum error_code string_table_add(struct string_table *table, const char *string, uint32_t *number,
                                 struct error *error);

/* Valid until string_table_free. */
const char *string_table_at(const struct string_table *table, size_t number);

void string_table_free(struct string_table *table); /* takes a zeroed one */

#endif
