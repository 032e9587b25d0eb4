#include "host/embedding/verdict_file.h"

#include "host/base/file_pieces.h"
#include "host/base/scratch.h"
#include "host/clips/clips.h"
#include "host/clips/fingerprint.h"
#include "host/sound/decode_settings.h"
#include "host/sound/verdict.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "earmrkV\1" /* the last byte is the version of the format */

struct header {
    char magic[8];
    uint64_t checksum[2]; /* XXH3-128 of the file, these bytes being zero */
    uint64_t basis[2];
    uint64_t count;
    uint64_t length; /* of the reasons */
};

_Static_assert(sizeof(struct header) == 56, "no byte of it is padding");
_Static_assert(sizeof(struct verdict_entry) == 104, "no byte of it is padding");

#define PIECES 3

/* The pieces of the file in their order. */
static void set_pieces(const struct header *header, const struct verdict_list *list,
                       struct file_piece pieces[PIECES]) {
    pieces[0] = (struct file_piece){header, sizeof *header};
    pieces[1] = (struct file_piece){list->entries, list->count * sizeof *list->entries};
    pieces[2] = (struct file_piece){list->reasons, list->length};
}

enum error_code verdict_file_write(const struct folder *folder, const uint64_t basis[2],
                                   const struct verdict_list *list, struct error *error) {
    struct header header = {.magic = MAGIC,
                            .basis = {basis[0], basis[1]},
                            .count = list->count,
                            .length = list->length};
    struct file_piece pieces[PIECES];
    uint64_t sum[2] = {0, 0};
    set_pieces(&header, list, pieces);
    TRY(file_pieces_checksum(pieces, PIECES, sum, error));
    memcpy(header.checksum, sum, sizeof header.checksum);
    return file_pieces_write(folder, VERDICT_FILE, pieces, PIECES, error);
}

/* ---- reading ---- */

static bool status_fits(uint32_t status) {
    return status == CLIP_UNREADABLE || status == CLIP_TRUNCATED || status == CLIP_TOO_SHORT ||
           status == CLIP_BAD_SEGMENT;
}

/* Whether these can be the facts of a clip that was not used: of a file that was opened or not. */
static bool facts_fit(const struct clip_facts *facts) {
    float sound[sizeof facts->sound / sizeof(float)], sum = 0; /* of zeros, or NaN */
    memcpy(sound, &facts->sound, sizeof sound);
    for (size_t i = 0; i < sizeof sound / sizeof sound[0]; i++) sum += sound[i] * 0;
    return sum == 0 && isfinite(facts->seconds) && facts->seconds >= 0 && facts->rate >= 0 &&
           facts->rate <= DECODE_MAXIMUM_RATE && facts->channels >= 0 &&
           facts->channels <= DECODE_MAXIMUM_CHANNELS && facts->silent == 0 &&
           facts->unfinished <= 1 && clip_fingerprint_is_known(facts->fingerprint);
}

/* Every reason is text that can be shown, within the bounds of a verdict. */
static bool entry_fits(const struct verdict_list *list, const struct verdict_entry *entry) {
    if (!status_fits(entry->status) || !facts_fit(&entry->facts) || entry->reason_length == 0 ||
        entry->reason_length >= VERDICT_REASON_SIZE || entry->reason > list->length ||
        entry->reason_length > list->length - entry->reason)
        return false;
    for (size_t i = 0; i < entry->reason_length; i++) {
        const unsigned char byte = (unsigned char)list->reasons[entry->reason + i];
        if (byte < ' ' || byte == 0x7f) return false;
    }
    return true;
}

static bool header_fits(const struct header *header, size_t size) {
    const size_t left = size - sizeof *header;
    return header->count <= CLIPS_MAXIMUM && header->count <= left / sizeof(struct verdict_entry) &&
           header->length == left - header->count * sizeof(struct verdict_entry) &&
           header->length <= header->count * VERDICT_REASON_SIZE;
}

static enum error_code check_header(const struct header *header, size_t size, const char *what,
                                    struct error *error) {
    if (memcmp(header->magic, MAGIC, sizeof header->magic) != 0)
        return FAIL(error, ERROR_DATA, "%s: is no file of verdicts of this version of earmark",
                    what);
    if (!header_fits(header, size))
        return FAIL(error, ERROR_DATA, "%s: has %zu bytes, not the number in its header", what,
                    size);
    return ERROR_NONE;
}

/* Room for what the header promises, which the file is long enough for. */
static enum error_code make_room(const struct header *header, struct verdict_list *list,
                                 struct error *error) {
    TRY(scratch_grow(&list->entries, &list->entry_capacity, header->count, sizeof *list->entries,
                     "verdicts", error));
    TRY(scratch_grow(&list->reasons, &list->reason_capacity, header->length, 1, "verdicts", error));
    list->count = header->count;
    list->length = header->length;
    return ERROR_NONE;
}

static enum error_code check_list(const struct header *header, const struct verdict_list *list,
                                  const char *what, struct error *error) {
    struct header blank = *header;
    struct file_piece pieces[PIECES];
    uint64_t sum[2] = {0, 0};
    blank.checksum[0] = blank.checksum[1] = 0;
    set_pieces(&blank, list, pieces);
    TRY(file_pieces_checksum(pieces, PIECES, sum, error));
    if (memcmp(sum, header->checksum, sizeof sum) != 0)
        return FAIL(error, ERROR_DATA, "%s: is damaged: its checksum is wrong", what);
    for (size_t i = 0; i < list->count; i++)
        if (!entry_fits(list, &list->entries[i]))
            return FAIL(error, ERROR_DATA, "%s: has a verdict that no run writes", what);
    return ERROR_NONE;
}

enum error_code verdict_file_parse(const void *data, size_t size, const char *what,
                                   const uint64_t basis[2], struct verdict_list *list, bool *fits,
                                   struct error *error) {
    const unsigned char *at = data;
    struct header header;
    *list = (struct verdict_list){.count = 0};
    *fits = false;
    if (size < sizeof header) return FAIL(error, ERROR_DATA, "%s: is cut short", what);
    memcpy(&header, at, sizeof header);
    TRY(check_header(&header, size, what, error));
    if (memcmp(header.basis, basis, sizeof header.basis) != 0) return ERROR_NONE;
    TRY(make_room(&header, list, error));
    const size_t bytes = list->count * sizeof *list->entries;
    if (bytes > 0) memcpy(list->entries, at + sizeof header, bytes);
    if (list->length > 0) memcpy(list->reasons, at + sizeof header + bytes, list->length);
    TRY(check_list(&header, list, what, error));
    *fits = true;
    return ERROR_NONE;
}

static enum error_code read_piece(int descriptor, uint64_t offset, void *bytes, size_t size,
                                  const char *what, struct error *error) {
    const ssize_t got = file_read_at(descriptor, offset, bytes, size);
    if (got < 0) return file_fail(error, what, "read", errno);
    if ((size_t)got != size) return FAIL(error, ERROR_DATA, "%s: is cut short", what);
    return ERROR_NONE;
}

/* Not mapped: nobody can change it any more once it has been checked. */
static enum error_code read_opened(int descriptor, size_t size, const char *what,
                                   const uint64_t basis[2], struct verdict_list *list, bool *fits,
                                   struct error *error) {
    struct header header;
    if (size < sizeof header) return FAIL(error, ERROR_DATA, "%s: is cut short", what);
    TRY(read_piece(descriptor, 0, &header, sizeof header, what, error));
    TRY(check_header(&header, size, what, error));
    if (memcmp(header.basis, basis, sizeof header.basis) != 0) return ERROR_NONE;
    if (file_is_mostly_holes(descriptor))
        return FAIL(error, ERROR_DATA, "%s: is mostly holes: earmark did not write it", what);
    TRY(make_room(&header, list, error));
    const size_t bytes = list->count * sizeof *list->entries;
    TRY(read_piece(descriptor, sizeof header, list->entries, bytes, what, error));
    TRY(read_piece(descriptor, sizeof header + bytes, list->reasons, list->length, what, error));
    TRY(check_list(&header, list, what, error));
    *fits = true;
    return ERROR_NONE;
}

enum error_code verdict_file_read(const struct folder *folder, const uint64_t basis[2],
                                  struct verdict_list *list, bool *fits, struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    *list = (struct verdict_list){.count = 0};
    *fits = false;
    if (!folder_has(folder, VERDICT_FILE)) return ERROR_NONE;
    char *path = file_join(folder->path, VERDICT_FILE, error);
    if (path == NULL) return error->code;
    if (folder_open_file(folder, VERDICT_FILE, &descriptor, &size, error) == ERROR_NONE) {
        read_opened(descriptor, size, path, basis, list, fits, error);
        close(descriptor);
    }
    free(path);
    return error->code;
}

void verdict_list_free(struct verdict_list *list) {
    scratch_free(list->entries);
    scratch_free(list->reasons);
    *list = (struct verdict_list){.count = 0};
}
