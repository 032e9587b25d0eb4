/* Shards and indexes begin with eight bytes and the checksum of the whole. A fuzzer corrects it, or
 * few inputs would get past it. */
#ifndef EARMARK_TESTS_FUZZ_MEND_CHECKSUM_H
#define EARMARK_TESTS_FUZZ_MEND_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <xxhash.h>

#define CHECKSUM_AT 8 /* after the magic bytes */
#define CHECKSUM_SIZE 16

static inline void mend_checksum(uint8_t *bytes, size_t size) {
    if (size < CHECKSUM_AT + CHECKSUM_SIZE) return;
    memset(bytes + CHECKSUM_AT, 0, CHECKSUM_SIZE);
    XXH128_hash_t hash = XXH3_128bits(bytes, size);
    memcpy(bytes + CHECKSUM_AT, &hash.low64, sizeof hash.low64);
    memcpy(bytes + CHECKSUM_AT + sizeof hash.low64, &hash.high64, sizeof hash.high64);
}

#endif
