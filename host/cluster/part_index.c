#include "host/cluster/part_index.h"

#include "host/base/file_pieces.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "earmarkP" /* followed by the version of the format */
#define FORMAT 1

struct header {
    char magic[8];
    uint64_t checksum[2]; /* XXH3-128 of the file, these bytes being zero */
    uint64_t format;
    uint64_t number, parts;
    uint64_t list_hash;
    uint64_t settings[2];
    uint64_t columns, statistics;
    uint64_t clips, shards, notes, reasons, record;
};

_Static_assert(sizeof(struct header) == 128, "no byte of it is padding");
_Static_assert(sizeof(struct part_shard) == 72, "no byte of it is padding");
_Static_assert(sizeof(struct part_note) == 112, "no byte of it is padding");
_Static_assert(sizeof(struct part_entry) == 8, "no byte of it is padding");

#define PIECES 6

/* The pieces of the file in their order. */
static void set_pieces(const struct header *header, const struct part_index *index,
                       struct file_piece pieces[PIECES]) {
    const struct part_index_facts *facts = &index->facts;
    const struct file_piece all[PIECES] = {
        {header, sizeof *header},
        {index->shards, facts->shards * sizeof *index->shards},
        {index->notes, facts->notes * sizeof *index->notes},
        {index->entries, facts->clips * sizeof *index->entries},
        {index->reasons, facts->reasons_length},
        {index->record, facts->record_length},
    };
    memcpy(pieces, all, sizeof all);
}

/* ---- writing ---- */

enum error_code part_index_write(const struct folder *folder, const struct part_index *index,
                                 struct error *error) {
    const struct part_index_facts *facts = &index->facts;
    struct header header = {
        .format = FORMAT,
        .number = facts->part.number,
        .parts = facts->part.count,
        .list_hash = facts->list_hash,
        .settings = {facts->key.settings[0], facts->key.settings[1]},
        .columns = facts->key.columns,
        .statistics = facts->key.statistics,
        .clips = facts->clips,
        .shards = facts->shards,
        .notes = facts->notes,
        .reasons = facts->reasons_length,
        .record = facts->record_length,
    };
    struct file_piece pieces[PIECES];
    uint64_t sum[2] = {0, 0};
    memcpy(header.magic, MAGIC, sizeof header.magic);
    set_pieces(&header, index, pieces);
    TRY(file_pieces_checksum(pieces, PIECES, sum, error));
    memcpy(header.checksum, sum, sizeof header.checksum);
    return file_pieces_write(folder, PART_INDEX, pieces, PIECES, error);
}

/* ---- reading ---- */

/* Takes count * size bytes off what is left of the file. */
static bool take(size_t *left, uint64_t count, size_t size) {
    if (count > *left / size) return false;
    *left -= (size_t)count * size;
    return true;
}

static bool header_fits(const struct header *header, size_t size) {
    size_t left = size - sizeof *header;
    return take(&left, header->shards, sizeof(struct part_shard)) &&
           take(&left, header->notes, sizeof(struct part_note)) &&
           take(&left, header->clips, sizeof(struct part_entry)) &&
           take(&left, header->reasons, 1) && take(&left, header->record, 1) && left == 0 &&
           header->parts <= PARTS_MAXIMUM && header->number < header->parts &&
           header->clips <= CLIPS_MAXIMUM && header->notes <= header->clips &&
           header->statistics < header->columns;
}

enum error_code part_index_parse(const void *data, size_t size, const char *what,
                                 struct part_index *index, struct error *error) {
    struct header header;
    uint64_t sum[2] = {0, 0};
    *index = (struct part_index){.facts = {.clips = 0}};
    if (size < sizeof header) return FAIL(error, ERROR_DATA, "%s: is cut short", what);
    memcpy(&header, data, sizeof header);
    if (memcmp(header.magic, MAGIC, sizeof header.magic) != 0 || header.format != FORMAT)
        return FAIL(error, ERROR_DATA, "%s: is not an index of this version of earmark", what);
    if (!header_fits(&header, size))
        return FAIL(error, ERROR_DATA, "%s: has %zu bytes, not the number in its header", what,
                    size);
    index->facts = (struct part_index_facts){
        .part = {header.number, header.parts},
        .list_hash = header.list_hash,
        .key = {{header.settings[0], header.settings[1]}, header.columns, header.statistics},
        .clips = header.clips,
        .shards = header.shards,
        .notes = header.notes,
        .reasons_length = header.reasons,
        .record_length = header.record};
    const unsigned char *at = (const unsigned char *)data + sizeof header;
    index->shards = (const struct part_shard *)(const void *)at;
    index->notes = (const struct part_note *)(const void *)(index->shards + header.shards);
    index->entries = (const struct part_entry *)(const void *)(index->notes + header.notes);
    index->reasons = (const char *)(index->entries + header.clips);
    index->record = index->reasons + header.reasons;
    uint64_t stored[2] = {header.checksum[0], header.checksum[1]};
    header.checksum[0] = header.checksum[1] = 0;
    struct file_piece pieces[PIECES];
    set_pieces(&header, index, pieces);
    TRY(file_pieces_checksum(pieces, PIECES, sum, error));
    if (memcmp(sum, stored, sizeof sum) != 0)
        return FAIL(error, ERROR_DATA, "%s: is damaged: its checksum is wrong", what);
    return ERROR_NONE;
}

enum error_code part_index_open(const struct folder *folder, struct part_index *index,
                                struct error *error) {
    struct file_mapping mapping = {NULL, 0};
    int descriptor = -1;
    size_t size = 0;
    *index = (struct part_index){.facts = {.clips = 0}};
    char *path = file_join(folder->path, PART_INDEX, error);
    if (path == NULL) return error->code;
    if (folder_open_file(folder, PART_INDEX, &descriptor, &size, error) == ERROR_NONE) {
        /* Every byte is read before it is mapped: a failing disk is an error here, no SIGBUS. */
        if (file_check_readable(descriptor, path, error) != ERROR_NONE)
            close(descriptor);
        else
            file_map_opened(descriptor, size, path, &mapping, error);
    }
    if (error->code == ERROR_NONE) part_index_parse(mapping.data, mapping.size, path, index, error);
    if (error->code == ERROR_NONE)
        index->mapping = mapping;
    else
        file_unmap(&mapping);
    free(path);
    return error->code;
}

void part_index_close(struct part_index *index) {
    file_unmap(&index->mapping);
    *index = (struct part_index){.facts = {.clips = 0}};
}

bool part_index_reason(const struct part_index *index, const struct part_note *note,
                       struct text *reason) {
    const size_t length = index->facts.reasons_length;
    if (note->reason > length || note->reason_length > length - note->reason) return false;
    text_append(reason, index->reasons + note->reason, note->reason_length);
    return true;
}
