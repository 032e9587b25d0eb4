/* The index of a part and the file of its owner. In every second input the index's checksum is
 * corrected first; otherwise few inputs would get past it. */
#include "host/cluster/part_index.h"
#include "host/cluster/part_owner.h"
#include "tests/fuzz/mend_checksum.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint64_t sum_of(const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) sum += bytes[i];
    return sum;
}

/* Every byte that a reader would use; the sum keeps the compiler from dropping the loops. */
static void look_at(const struct part_index *index) {
    const struct part_index_facts *facts = &index->facts;
    struct text reason = TEXT_INITIAL;
    uint64_t sum = sum_of(index->shards, facts->shards * sizeof *index->shards) +
                   sum_of(index->entries, facts->clips * sizeof *index->entries) +
                   sum_of(index->record, facts->record_length);
    for (size_t i = 0; i < facts->notes; i++) {
        const struct part_note note = index->notes[i];
        text_clear(&reason);
        sum += note.clip + note.status;
        if (part_index_reason(index, &note, &reason)) sum += reason.length;
    }
    text_free(&reason);
    if (facts->part.number >= facts->part.count || (sum == 1 && facts->clips > 1)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct part_index index;
    struct part_owner owner;
    if (size < 1) return 0;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) return 0;
    memcpy(bytes, data + 1, size - 1);
    if ((data[0] & 1) != 0) mend_checksum(bytes, size - 1);
    if (part_index_parse(bytes, size - 1, "input", &index, &error) == ERROR_NONE) look_at(&index);
    if (part_owner_parse((const char *)bytes, size - 1, &owner) && owner.tag[0] == '\0') abort();
    free(bytes);
    return 0;
}
