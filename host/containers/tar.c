/* Tar files. The place of a member is where its bytes begin, in the file or, where that is
 * compressed, in what it decompresses to.
 *
 * A compressed file can only be read forward. Decoders ask nearly in order, so the bytes passed
 * last are kept, and it is read again from its beginning for a member before them. */
#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/containers/container_format.h"
#include "host/containers/tar_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Threads are apart by some clips; a decoded minute of 16 kHz is 2 MB. */
#define KEPT ((uint64_t)16 << 20)
/* A member of a compressed file is copied into memory: hours of any recording. */
#define LARGEST_COPY ((uint64_t)1 << 30)

struct tar {
    int descriptor; /* the container's */
    uint64_t size;
    struct tar_bytes bytes;
    unsigned char *kept; /* (KEPT) the byte at position p is at p % KEPT; NULL: not compressed */
    struct tar_index index;
    bool has_index;
};

/* In reasons of a clip, which names its file itself. */
static const char path[] = "its tar file";

static void tar_close(void *state) {
    struct tar *tar = state;
    tar_bytes_close(&tar->bytes);
    tar_index_free(&tar->index);
    free(tar->kept);
    free(tar);
}

static enum error_code tar_open(int descriptor, const char *name, uint64_t size, void **state,
                                struct error *error) {
    struct tar *tar = memory_array(1, sizeof *tar, "a tar file", error);
    (void)name;
    if (tar == NULL) return error->code;
    tar->descriptor = descriptor;
    tar->size = size;
    if (tar_bytes_open(descriptor, path, size, &tar->bytes, error) == ERROR_NONE &&
        tar->bytes.compressed)
        tar->kept = memory_array(KEPT, 1, "a compressed tar file", error);
    if (error->code == ERROR_NONE)
        *state = tar;
    else
        tar_close(tar);
    return error->code;
}

/* ---- members of compressed files ---- */

static enum error_code write_all(int file, const unsigned char *bytes, size_t count,
                                 struct error *error) {
    while (count > 0) {
        ssize_t written = write(file, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return FAIL(error, ERROR_MEMORY, "no memory for a member of a compressed tar file");
        bytes += written;
        count -= (size_t)written;
    }
    return ERROR_NONE;
}

/* Writes the bytes from `from` up to `to`, which are kept. */
static enum error_code write_kept(const struct tar *tar, uint64_t from, uint64_t to, int file,
                                  struct error *error) {
    while (from < to) {
        uint64_t start = from % KEPT, piece = to - from;
        if (piece > KEPT - start) piece = KEPT - start;
        TRY(write_all(file, tar->kept + start, (size_t)piece, error));
        from += piece;
    }
    return ERROR_NONE;
}

/* Reads on, up to `limit`. */
static enum error_code read_on(struct tar *tar, uint64_t limit, size_t *got, struct error *error) {
    const uint64_t position = tar->bytes.position, start = position % KEPT;
    uint64_t piece = limit - position < 1 << 16 ? limit - position : 1 << 16;
    if (piece > KEPT - start) piece = KEPT - start;
    return tar_bytes_read(&tar->bytes, position, tar->kept + start, (size_t)piece, got, error);
}

static enum error_code copy_member(struct tar *tar, uint64_t from, uint64_t to, int file,
                                   struct error *error) {
    uint64_t position = tar->bytes.position;
    if (position > from && position - from > KEPT) {
        tar_bytes_close(&tar->bytes);
        TRY(tar_bytes_open(tar->descriptor, path, tar->size, &tar->bytes, error));
        position = 0;
    }
    if (position > from) TRY(write_kept(tar, from, position < to ? position : to, file, error));
    while (position < to) {
        size_t got = 0;
        uint64_t limit = position < from ? from : to;
        TRY(read_on(tar, limit, &got, error));
        if (got == 0) return FAIL(error, ERROR_DATA, "truncated: its tar file ends before it does");
        if (position >= from) TRY(write_kept(tar, position, position + got, file, error));
        position += got;
    }
    return ERROR_NONE;
}

static enum error_code copy_bytes(struct tar *tar, const struct container_member *member,
                                  struct container_bytes *bytes, struct error *error) {
    if (member->bytes > LARGEST_COPY)
        return FAIL(error, ERROR_DATA,
                    "larger than 1 GiB in a compressed tar file; decompress the tar file");
    bytes->descriptor = memfd_create("earmark-member", MFD_CLOEXEC);
    if (bytes->descriptor < 0) return file_fail(error, path, "copy a member of", errno);
    bytes->offset = 0;
    bytes->count = (size_t)member->bytes;
    copy_member(tar, member->place, member->place + member->bytes, bytes->descriptor, error);
    if (error->code == ERROR_NONE) return ERROR_NONE;
    close(bytes->descriptor);
    bytes->descriptor = -1;
    return error->code;
}

/* ---- all ---- */

static enum error_code tar_bytes_of(void *state, const struct container_member *member,
                                    struct container_bytes *bytes, struct error *error) {
    struct tar *tar = state;
    if (member->bytes > INT64_MAX / 2 || member->place > INT64_MAX / 2)
        return FAIL(error, ERROR_DATA, "beyond the end of its tar file");
    if (tar->kept != NULL) return copy_bytes(tar, member, bytes, error);
    if (member->place + member->bytes > tar->size)
        return FAIL(error, ERROR_DATA, "truncated: its tar file ends %llu bytes before it does",
                    (unsigned long long)(member->place + member->bytes - tar->size));
    bytes->descriptor = fcntl(tar->descriptor, F_DUPFD_CLOEXEC, 0);
    if (bytes->descriptor < 0) return file_fail(error, path, "open", errno);
    bytes->offset = member->place;
    bytes->count = (size_t)member->bytes;
    return ERROR_NONE;
}

static enum error_code tar_find(void *state, const char *name, struct container_member *member,
                                bool *found, struct error *error) {
    struct tar *tar = state;
    if (!tar->has_index)
        tar_index_read(&tar->index, tar->descriptor, path, tar->size, NULL, NULL, error);
    tar->has_index = error->code == ERROR_NONE;
    if (!tar->has_index) tar_index_free(&tar->index);
    if (!tar->has_index) return error->code;
    const struct tar_entry *entry = tar_index_find(&tar->index, name);
    *found = entry != NULL && entry->kind == TAR_FILE;
    if (*found) *member = entry->member;
    return ERROR_NONE;
}

static const char *const endings[] = {".tar",    ".tar.gz", ".tgz",     ".tar.zst", ".tzst",
                                      ".tar.xz", ".txz",    ".tar.bz2", ".tbz2",    NULL};

const struct container_format container_tar = {
    .name = "tar",
    .endings = endings,
    .open = tar_open,
    .close = tar_close,
    .bytes = tar_bytes_of,
    .find = tar_find,
};
