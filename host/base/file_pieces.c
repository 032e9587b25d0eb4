#include "host/base/file_pieces.h"

#include "host/base/file_replace.h"

#include <xxhash.h>

enum error_code file_pieces_checksum(const struct file_piece *pieces, size_t count, uint64_t sum[2],
                                     struct error *error) {
    XXH3_state_t *state = XXH3_createState();
    if (state == NULL) return FAIL(error, ERROR_MEMORY, "no memory for a checksum");
    XXH3_128bits_reset(state);
    for (size_t i = 0; i < count; i++)
        if (pieces[i].size > 0) XXH3_128bits_update(state, pieces[i].bytes, pieces[i].size);
    XXH128_hash_t hash = XXH3_128bits_digest(state);
    sum[0] = hash.low64;
    sum[1] = hash.high64;
    XXH3_freeState(state);
    return ERROR_NONE;
}

enum error_code file_pieces_write(const struct folder *folder, const char *name,
                                  const struct file_piece *pieces, size_t count,
                                  struct error *error) {
    struct file_replacement file;
    bool written = true;
    TRY(file_replace_open(folder, name, &file, error));
    for (size_t i = 0; i < count && written; i++)
        written =
            pieces[i].size == 0 || fwrite(pieces[i].bytes, pieces[i].size, 1, file.stream) == 1;
    if (written)
        file_replace_commit(&file, error);
    else
        file_fail(error, file.path, "write", file.failure);
    file_replace_close(&file);
    return error->code;
}
