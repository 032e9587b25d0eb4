#include "host/report/run_hash.h"

#include "host/base/memory.h"
#include "host/base/stop.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#define HASHED_FILE "issues.jsonl"
#define BLOCK ((size_t)64 << 10)

/* In blocks: a file that came from anybody may be larger than the memory. */
static enum error_code hash_blocks(const struct folder *folder, int descriptor, size_t size,
                                   XXH3_state_t *state, unsigned char *block, struct error *error) {
    uint64_t offset = 0;
    while (offset < size) {
        size_t left = size - (size_t)offset;
        TRY(stop_check(error));
        ssize_t count = file_read_at(descriptor, offset, block, left < BLOCK ? left : BLOCK);
        if (count < 0) return folder_fail(folder, HASHED_FILE, "read", errno, error);
        if (count == 0)
            return FAIL(error, ERROR_FILE, "%s/%s: became shorter while it was read; try again",
                        folder->path, HASHED_FILE);
        XXH3_64bits_update(state, block, (size_t)count);
        offset += (uint64_t)count;
    }
    return ERROR_NONE;
}

enum error_code review_run_hash(const struct folder *folder, char hash[RUN_HASH_SIZE],
                                struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    TRY(folder_open_file(folder, HASHED_FILE, &descriptor, &size, error));
    unsigned char *block = memory_array(BLOCK, 1, "the hash of a run", error);
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) FAIL(error, ERROR_MEMORY, "no memory for the hash of a run");
    if (error->code == ERROR_NONE) {
        XXH3_64bits_reset(state);
        hash_blocks(folder, descriptor, size, state, block, error);
        snprintf(hash, RUN_HASH_SIZE, "%016llx", (unsigned long long)XXH3_64bits_digest(state));
    }
    XXH3_freeState(state);
    free(block);
    close(descriptor);
    return error->code;
}
