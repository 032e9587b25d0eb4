#include "host/clips/string_table.h"

#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define UNIT ((size_t)4)
#define BLOCK_UNITS (STRING_TABLE_BLOCK / UNIT)

/* Blocks that are allocated alone, and the number of the others that are allocated together. */
#define ALONE ((size_t)16)
#define TOGETHER ((size_t)64)

static const char what[] = "the names of clips";

const char *string_table_at(const struct string_table *table, size_t number) {
    size_t place = table->places[number];
    return table->blocks[place / BLOCK_UNITS] + place % BLOCK_UNITS * UNIT;
}

/* The slot that holds `string`, or the empty one where it belongs. */
static size_t find_slot(const struct string_table *table, const char *string) {
    size_t slot = (size_t)XXH3_64bits_withSeed(string, strlen(string), hash_seed());
    slot &= table->slot_count - 1;
    while (table->slots[slot] != 0 &&
           strcmp(string_table_at(table, table->slots[slot] - 1), string) != 0)
        slot = (slot + 1) & (table->slot_count - 1);
    return slot;
}

/* Keeps the table at most two thirds full, so that probing stays short and ends. */
static enum error_code grow_slots(struct string_table *table, struct error *error) {
    if (table->count * 3 < table->slot_count * 2) return ERROR_NONE;
    size_t slot_count = table->slot_count == 0 ? 64 : table->slot_count * 2;
    uint32_t *slots = scratch_array(slot_count, sizeof *slots, what, error);
    if (slots == NULL) return error->code;
    scratch_free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    for (size_t i = 0; i < table->count; i++)
        table->slots[find_slot(table, string_table_at(table, i))] = (uint32_t)i + 1;
    return ERROR_NONE;
}

/* Blocks are allocated one by one at first, later many at a time: each may be a mapping. */
static bool begins_allocation(size_t block) {
    return block < ALONE || (block - ALONE) % TOGETHER == 0;
}

/* Begins the next block. */
static enum error_code add_block(struct string_table *table, struct error *error) {
    const size_t block = table->block_count;
    if (block == STRING_TABLE_BLOCKS)
        return FAIL(error, ERROR_DATA, "%s take more than 16 GiB; split the list", what);
    TRY(memory_grow(&table->blocks, &table->block_capacity, block + 1, sizeof *table->blocks, what,
                    error));
    table->blocks[block] = begins_allocation(block) ? scratch_array(block < ALONE ? 1 : TOGETHER,
                                                                    STRING_TABLE_BLOCK, what, error)
                                                    : table->blocks[block - 1] + STRING_TABLE_BLOCK;
    TRY(error->code);
    table->block_count++;
    table->used = 0;
    return ERROR_NONE;
}

/* Copies the string to the end of the last block, or to a new one. */
static enum error_code store(struct string_table *table, const char *string, struct error *error) {
    size_t size = strlen(string) + 1;
    if (size > STRING_TABLE_BLOCK)
        return FAIL(error, ERROR_DATA, "%s: one of %zu bytes is too long", what, size - 1);
    TRY(scratch_grow(&table->places, &table->capacity, table->count + 1, sizeof *table->places,
                     what, error));
    if (table->block_count == 0 || table->used + size > STRING_TABLE_BLOCK)
        TRY(add_block(table, error));
    memcpy(table->blocks[table->block_count - 1] + table->used, string, size);
    table->places[table->count] =
        (uint32_t)((table->block_count - 1) * BLOCK_UNITS + table->used / UNIT);
    table->used += (size + UNIT - 1) / UNIT * UNIT;
    return ERROR_NONE;
}

enum error_code string_table_add(struct string_table *table, const char *string, uint32_t *number,
                                 struct error *error) {
    *number = 0;
    TRY(grow_slots(table, error));
    size_t slot = find_slot(table, string);
    if (table->slots[slot] == 0) {
        if (table->count >= INT32_MAX)
            return FAIL(error, ERROR_DATA, "more than %d different names; split the list",
                        INT32_MAX);
        TRY(store(table, string, error));
        table->slots[slot] = (uint32_t)++table->count;
    }
    *number = table->slots[slot] - 1;
    return ERROR_NONE;
}

void string_table_free(struct string_table *table) {
    for (size_t i = 0; i < table->block_count; i++)
        if (begins_allocation(i)) scratch_free(table->blocks[i]);
    free(table->blocks);
    scratch_free(table->places);
    scratch_free(table->slots);
    *table = (struct string_table){0};
}
