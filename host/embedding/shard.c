#include "host/embedding/shard.h"

#include "host/base/file_pieces.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "shards are written as they are");

#define SHARD_SUFFIX ".shard"
#define WRITER_DIGITS 16 /* hexadecimal */

#define MAGIC "earmark\2" /* the last byte is the version of the format */
#define MAXIMUM_CLIPS ((size_t)1 << 30)
#define MAXIMUM_COLUMNS ((size_t)1 << 20)

struct header {
    char magic[8];
    uint64_t checksum[2]; /* XXH3-128 of the file, these bytes being zero */
    uint64_t settings[2];
    uint64_t columns;
    uint64_t count;
    char device[SHARD_DEVICE_SIZE];
};

_Static_assert(sizeof(struct header) == 88, "no byte of it is padding");
_Static_assert(sizeof(struct header) % sizeof(double) == 0, "the clips that follow are aligned");

#define PIECES 3

/* The pieces of the file in their order. */
static void set_pieces(const struct header *header, const struct clip_facts *clips,
                       const float *rows, struct file_piece pieces[PIECES]) {
    pieces[0] = (struct file_piece){header, sizeof *header};
    pieces[1] = (struct file_piece){clips, header->count * sizeof *clips};
    pieces[2] = (struct file_piece){rows, header->count * header->columns * sizeof *rows};
}

enum error_code shard_write(const struct folder *folder, const char *name,
                            const struct shard_key *key, const char *device, size_t count,
                            const struct clip_facts *clips, const float *rows,
                            struct error *error) {
    struct header header = {.magic = MAGIC,
                            .settings = {key->settings[0], key->settings[1]},
                            .columns = key->columns,
                            .count = count};
    struct file_piece pieces[PIECES];
    uint64_t sum[2] = {0, 0};
    size_t length = strnlen(device, sizeof header.device - 1);
    memcpy(header.device, device, length);
    set_pieces(&header, clips, rows, pieces);
    TRY(file_pieces_checksum(pieces, PIECES, sum, error));
    memcpy(header.checksum, sum, sizeof header.checksum);
    return file_pieces_write(folder, name, pieces, PIECES, error);
}

/* Whether a file of this size can be the shard of this header. */
static enum error_code check_header(const struct header *header, size_t size, const char *what,
                                    struct error *error) {
    if (memcmp(header->magic, MAGIC, sizeof header->magic) != 0 || header->count > MAXIMUM_CLIPS ||
        header->columns > MAXIMUM_COLUMNS || header->device[sizeof header->device - 1] != '\0')
        return FAIL(error, ERROR_DATA, "%s: is not a shard of this version of earmark", what);
    size_t row_bytes = header->columns * sizeof(float);
    if (size - sizeof *header != header->count * (sizeof(struct clip_facts) + row_bytes))
        return FAIL(error, ERROR_DATA, "%s: has %zu bytes, not the number in its header", what,
                    size);
    if (header->count > 0 && (header->count - 1) * row_bytes >= SHARD_ROW_BYTES)
        return FAIL(error, ERROR_DATA, "%s: has %zu bytes, more than earmark writes into a shard",
                    what, size);
    return ERROR_NONE;
}

static bool has_key(const struct header *header, const struct shard_key *key) {
    return header->columns == key->columns &&
           memcmp(header->settings, key->settings, sizeof header->settings) == 0;
}

enum error_code shard_parse(const void *data, size_t size, const char *what,
                            const struct shard_key *key, struct shard *shard, bool *fits,
                            struct error *error) {
    struct header header;
    uint64_t sum[2] = {0, 0};
    *shard = (struct shard){.count = 0};
    *fits = false;
    if (size < sizeof header) return FAIL(error, ERROR_DATA, "%s: is cut short", what);
    memcpy(&header, data, sizeof header);
    TRY(check_header(&header, size, what, error));
    const unsigned char *at = (const unsigned char *)data + sizeof header;
    shard->count = header.count;
    shard->clips = (const struct clip_facts *)(const void *)at;
    shard->rows = (const float *)(const void *)(at + header.count * sizeof *shard->clips);
    memcpy(shard->device, header.device, sizeof shard->device);
    memcpy(shard->checksum, header.checksum, sizeof shard->checksum);
    struct file_piece pieces[PIECES];
    header.checksum[0] = header.checksum[1] = 0;
    set_pieces(&header, shard->clips, shard->rows, pieces);
    TRY(file_pieces_checksum(pieces, PIECES, sum, error));
    if (memcmp(sum, shard->checksum, sizeof sum) != 0)
        return FAIL(error, ERROR_DATA, "%s: is damaged: its checksum is wrong", what);
    *fits = has_key(&header, key);
    return ERROR_NONE;
}

/* Looks at the header alone. *fits: the rest is to be read. */
static enum error_code look_at(int descriptor, size_t size, const char *what,
                               const struct shard_key *key, bool *fits, struct error *error) {
    struct header header;
    ssize_t got;
    if (size < sizeof header) return FAIL(error, ERROR_DATA, "%s: is cut short", what);
    do got = pread(descriptor, &header, sizeof header, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0) return file_fail(error, what, "read", errno);
    if (got != sizeof header) return FAIL(error, ERROR_DATA, "%s: is cut short", what);
    TRY(check_header(&header, size, what, error));
    if (file_is_mostly_holes(descriptor))
        return FAIL(error, ERROR_DATA, "%s: is mostly holes: earmark did not write it", what);
    *fits = has_key(&header, key);
    return ERROR_NONE;
}

enum error_code shard_open(const struct folder *folder, const char *name,
                           const struct shard_key *key, struct shard *shard, bool *fits,
                           struct error *error) {
    struct file_mapping mapping = {NULL, 0};
    int descriptor = -1;
    size_t size = 0;
    *shard = (struct shard){.count = 0};
    *fits = false;
    char *path = file_join(folder->path, name, error);
    if (path == NULL) return error->code;
    if (folder_open_file(folder, name, &descriptor, &size, error) != ERROR_NONE) goto done;
    if (look_at(descriptor, size, path, key, fits, error) != ERROR_NONE || !*fits ||
        file_check_readable(descriptor, path, error) != ERROR_NONE) {
        close(descriptor);
        goto done;
    }
    if (file_map_opened(descriptor, size, path, &mapping, error) != ERROR_NONE) goto done;
    shard_parse(mapping.data, mapping.size, path, key, shard, fits, error);
    if (error->code != ERROR_NONE || !*fits)
        file_unmap(&mapping);
    else
        shard->mapping = mapping;
    snprintf(shard->name, sizeof shard->name, "%s", name);
    /* The pages that the checksum read need not stay in memory. */
    if (shard->mapping.data != NULL)
        madvise((void *)(uintptr_t)mapping.data, mapping.size, MADV_DONTNEED);
done:
    free(path);
    return error->code;
}

void shard_name(size_t number, uint64_t writer, char name[SHARD_NAME_SIZE]) {
    if (writer == 0)
        snprintf(name, SHARD_NAME_SIZE, "%06zu" SHARD_SUFFIX, number);
    else
        snprintf(name, SHARD_NAME_SIZE, "%06zu-%0*" PRIx64 SHARD_SUFFIX, number, WRITER_DIGITS,
                 writer);
}

bool shard_number(const char *name, size_t *number) {
    char *end = NULL;
    if (name[0] < '0' || name[0] > '9' || strlen(name) >= SHARD_NAME_SIZE) return false;
    *number = strtoull(name, &end, 10);
    if (*end == '-' && strspn(end + 1, "0123456789abcdef") == WRITER_DIGITS)
        end += 1 + WRITER_DIGITS;
    return strcmp(end, SHARD_SUFFIX) == 0 && *number < SIZE_MAX / 2;
}

void shard_close(struct shard *shard) {
    file_unmap(&shard->mapping);
    *shard = (struct shard){.count = 0};
}
