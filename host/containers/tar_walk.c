#include "host/containers/tar_walk.h"

#include "host/containers/tar_header.h"

#include <stdio.h>
#include <string.h>

/* Extended headers are a few hundred bytes. */
#define LONGEST_EXTENSION ((size_t)1 << 20)
/* What may follow the end of a tar file: GNU tar fills up to 10 KiB, `tar -b` up to this. */
#define FURTHEST_NEXT ((size_t)1 << 20)

enum error_code tar_walk_open(int descriptor, const char *path, uint64_t size,
                              struct tar_walk *walk, struct error *error) {
    *walk = (struct tar_walk){0};
    return tar_bytes_open(descriptor, path, size, &walk->bytes, error);
}

void tar_walk_close(struct tar_walk *walk) {
    tar_bytes_close(&walk->bytes);
    text_free(&walk->name);
    text_free(&walk->link);
    text_free(&walk->extended);
    *walk = (struct tar_walk){0};
}

/* ---- the end ---- */

/* Damaged compression ends a file as its truncation does; *end also then. */
static enum error_code read_at(struct tar_walk *walk, uint64_t offset, void *buffer, size_t count,
                               size_t *got, struct error *error) {
    struct error own = ERROR_INITIAL;
    tar_bytes_read(&walk->bytes, offset, buffer, count, got, &own);
    if (own.code == ERROR_DATA) {
        const char *words = own.message;
        size_t path = strlen(walk->bytes.path);
        if (strncmp(words, walk->bytes.path, path) == 0 && strncmp(words + path, ": ", 2) == 0)
            words += path + 2;
        error_format(walk->problem, sizeof walk->problem, "%s", words);
    } else if (own.code != ERROR_NONE) {
        *error = own;
    }
    return error->code;
}

static void end_damaged(struct tar_walk *walk, const char *what, uint64_t offset, bool *end) {
    *end = true;
    if (walk->problem[0] == '\0')
        snprintf(walk->problem, sizeof walk->problem,
                 "%s at byte %llu; what follows is not in this run; make the tar file again", what,
                 (unsigned long long)offset);
}

/* Fewer bytes than asked for; expected: something had to follow. Else it ends without the mark. */
static void end_cut(struct tar_walk *walk, size_t got, bool expected, bool *end) {
    const struct tar_bytes *bytes = &walk->bytes;
    *end = true;
    if (got > 0 || expected || walk->is_cut)
        end_damaged(walk, "cut off", bytes->compressed ? bytes->position : bytes->size, end);
}

/* Notes whether the bytes of the current member are all there. */
static enum error_code check_member(struct tar_walk *walk, struct error *error) {
    const struct tar_member *member = &walk->member;
    unsigned char last;
    size_t got = 0;
    if (member->name == NULL || member->bytes == 0) return ERROR_NONE;
    uint64_t final = member->offset + member->bytes - 1;
    if (!walk->bytes.compressed)
        walk->is_cut = final >= walk->bytes.size;
    else if (walk->bytes.position <= final) {
        TRY(read_at(walk, final, &last, 1, &got, error));
        walk->is_cut = got == 0;
    }
    return ERROR_NONE;
}

/* After the mark at the end: another tar file, nothing, or something else. */
static enum error_code look_further(struct tar_walk *walk, bool *end, struct error *error) {
    unsigned char block[TAR_BLOCK];
    struct tar_header header;
    const uint64_t limit = walk->next + FURTHEST_NEXT;
    size_t got = 0;
    walk->has_end = *end = true;
    for (uint64_t at = walk->next; at < limit; at += TAR_BLOCK) {
        TRY(read_at(walk, at, block, sizeof block, &got, error));
        if (got < sizeof block) return ERROR_NONE;
        if (tar_header_is_zero(block)) continue;
        walk->next = at;
        *end = !tar_header_parse(block, &header);
        if (*end)
            walk->rest = walk->bytes.compressed ? 1 : walk->bytes.size - at;
        else
            walk->joined++;
        return ERROR_NONE;
    }
    if (!walk->bytes.compressed && walk->bytes.size > limit) walk->rest = walk->bytes.size - limit;
    return ERROR_NONE;
}

/* ---- one header ---- */

/* The content of an extended header. */
static enum error_code take_extended(struct tar_walk *walk, const struct tar_header *header,
                                     bool *good, struct error *error) {
    char piece[4096];
    size_t got = 0;
    text_clear(&walk->extended);
    text_string(&walk->extended, "");
    *good = header->size <= LONGEST_EXTENSION;
    for (uint64_t at = 0; *good && at < header->size; at += got) {
        size_t wanted =
            header->size - at < sizeof piece ? (size_t)(header->size - at) : sizeof piece;
        TRY(read_at(walk, walk->next + at, piece, wanted, &got, error));
        text_append(&walk->extended, piece, got);
        *good = got == wanted;
    }
    return text_check(&walk->extended, error);
}

static bool is_extension(char type) {
    return type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K';
}

/* Applies an extended header to the member that follows. */
static void apply(struct tar_walk *walk, char type, struct tar_records *records, bool *good) {
    const char *string = walk->extended.data;
    size_t length = strnlen(string, walk->extended.length);
    struct text *text = type == 'L' ? &walk->name : &walk->link;
    if (length > TAR_LONGEST_NAME) length = TAR_LONGEST_NAME;
    if (type == 'x' || type == 'X')
        *good = tar_records_parse(string, walk->extended.length, records);
    if (type != 'L' && type != 'K') return;
    if (records->has_sparse_name && type == 'L') return;
    text_clear(text);
    text_append(text, string, length);
}

static enum tar_kind kind_of(const struct tar_header *header, const struct tar_records *records,
                             const char *name) {
    size_t length = strlen(name);
    switch (header->type) {
    case '1': return TAR_HARD_LINK;
    case '2': return TAR_SYMBOLIC_LINK;
    case 'S': return TAR_SPARSE;
    case 'M': return TAR_CONTINUED;
    case '5':
    case 'D': return TAR_FOLDER;
    case '3':
    case '4':
    case '6':
    case 'V':
    case 'N':
    case 'A': return TAR_OTHER;
    default: break; /* POSIX: what is not known is a file */
    }
    if (records->is_sparse) return TAR_SPARSE;
    return length == 0 || name[length - 1] == '/' ? TAR_FOLDER : TAR_FILE;
}

/* Whether bytes follow the header: links and devices have none, whatever it says. */
static bool has_bytes(char type) {
    return strchr("123456", type) == NULL || type == '\0';
}

/* As a shell would name it from the folder it is unpacked into. */
static const char *without_dots(const char *name) {
    while (name[0] == '.' && name[1] == '/') name += 1 + strspn(name + 1, "/");
    return name;
}

/* The map of a sparse file in GNU tar's old form may go on in blocks before its bytes. */
static enum error_code skip_map(struct tar_walk *walk, const struct tar_header *header, bool *good,
                                struct error *error) {
    unsigned char block[TAR_BLOCK];
    bool more = header->type == 'S' && header->goes_on;
    size_t got = 0;
    while (more) {
        TRY(read_at(walk, walk->next, block, sizeof block, &got, error));
        *good = got == sizeof block;
        if (!*good) return ERROR_NONE;
        walk->next += TAR_BLOCK;
        more = block[504] != 0;
    }
    return ERROR_NONE;
}

static enum error_code take_member(struct tar_walk *walk, const struct tar_header *header,
                                   const struct tar_records *records, bool *good,
                                   struct error *error) {
    if (walk->name.length == 0) text_string(&walk->name, header->name);
    if (walk->link.length == 0) text_string(&walk->link, header->link);
    TRY(text_check(&walk->name, error));
    TRY(text_check(&walk->link, error));
    TRY(skip_map(walk, header, good, error));
    uint64_t size = records->has_size ? records->size : header->size;
    if (!has_bytes(header->type)) size = 0;
    if (size > INT64_MAX / 2 || walk->next > INT64_MAX / 2) *good = false;
    if (!*good) return ERROR_NONE;
    const char *name = walk->name.data == NULL ? "" : walk->name.data;
    walk->member =
        (struct tar_member){.name = without_dots(name),
                            .link = without_dots(walk->link.data == NULL ? "" : walk->link.data),
                            .kind = kind_of(header, records, name),
                            .offset = walk->next,
                            .bytes = size};
    walk->next += (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    return ERROR_NONE;
}

/* Takes the header in the block. *member: it is one of a member, not an extension of the next. */
static enum error_code take_header(struct tar_walk *walk, const unsigned char block[TAR_BLOCK],
                                   struct tar_records *records, bool *member, bool *good,
                                   struct error *error) {
    struct tar_header header;
    *good = tar_header_parse(block, &header);
    *member = false;
    if (!*good) return ERROR_NONE;
    walk->next += TAR_BLOCK;
    *member = !is_extension(header.type);
    if (*member) return take_member(walk, &header, records, good, error);
    TRY(take_extended(walk, &header, good, error));
    if (*good) apply(walk, header.type, records, good);
    walk->next += (header.size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    return ERROR_NONE;
}

enum error_code tar_walk_next(struct tar_walk *walk, bool *end, struct error *error) {
    unsigned char block[TAR_BLOCK];
    struct tar_records records = {.name = &walk->name, .link = &walk->link};
    const uint64_t start = walk->next;
    bool member = false;
    *end = walk->problem[0] != '\0';
    if (*end) return ERROR_NONE;
    TRY(check_member(walk, error));
    walk->member = (struct tar_member){0};
    text_clear(&walk->name);
    text_clear(&walk->link);
    while (!member && !*end) {
        const uint64_t at = walk->next;
        size_t got = 0;
        bool good = false;
        TRY(read_at(walk, at, block, sizeof block, &got, error));
        if (walk->is_cut || got < sizeof block || walk->problem[0] != '\0') {
            end_cut(walk, got, at > start, end);
        } else if (tar_header_is_zero(block)) {
            walk->next += TAR_BLOCK;
            TRY(look_further(walk, end, error));
        } else {
            TRY(take_header(walk, block, &records, &member, &good, error));
            if (!good) end_damaged(walk, "not a header of tar, or damaged,", at, end);
        }
    }
    return ERROR_NONE;
}

enum error_code tar_walk_read(struct tar_walk *walk, size_t most, struct text *text,
                              struct error *error) {
    char piece[4096];
    uint64_t count = walk->member.bytes < most ? walk->member.bytes : most;
    text_clear(text);
    text_string(text, "");
    for (uint64_t at = 0; at < count;) {
        size_t wanted = count - at < sizeof piece ? (size_t)(count - at) : sizeof piece, got = 0;
        TRY(read_at(walk, walk->member.offset + at, piece, wanted, &got, error));
        text_append(text, piece, got);
        if (got < wanted) break;
        at += got;
    }
    return text_check(text, error);
}
