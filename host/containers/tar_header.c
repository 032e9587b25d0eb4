#include "host/containers/tar_header.h"

#include <string.h>

/* Where the fields are (POSIX pax, "ustar Interchange Format"; GNU tar's tar.h for the sparse
 * map's continuation). */
enum {
    NAME = 0,
    NAME_BYTES = 100,
    SIZE = 124,
    SIZE_BYTES = 12,
    CHECKSUM = 148,
    CHECKSUM_BYTES = 8,
    TYPE = 156,
    LINK = 157,
    LINK_BYTES = 100,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_BYTES = 155,
    STAR_PREFIX_BYTES = 131,
    STAR_MAGIC = 508,
    GNU_GOES_ON = 482
};

bool tar_header_is_zero(const unsigned char block[TAR_BLOCK]) {
    for (size_t i = 0; i < TAR_BLOCK; i++)
        if (block[i] != 0) return false;
    return true;
}

/* Octal digits between spaces, or bytes after one of 0x80: numbers that octal has no room for. */
static bool take_number(const unsigned char *field, size_t bytes, uint64_t *number) {
    size_t i = 0;
    *number = 0;
    if ((field[0] & 0x80) != 0) {
        if (field[0] != 0x80) return false; /* negative */
        for (i = 1; i < bytes; i++) {
            if (*number >> 55 != 0) return false;
            *number = *number << 8 | field[i];
        }
        return true;
    }
    while (i < bytes && field[i] == ' ') i++;
    for (; i < bytes && field[i] >= '0' && field[i] <= '7'; i++)
        *number = *number << 3 | (uint64_t)(field[i] - '0');
    return i == bytes || field[i] == ' ' || field[i] == '\0';
}

/* Some old programs added the bytes as signed ones. */
static bool has_checksum(const unsigned char block[TAR_BLOCK]) {
    uint64_t wanted;
    int64_t plain = 0, with_signs = 0;
    if (!take_number(block + CHECKSUM, CHECKSUM_BYTES, &wanted)) return false;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        bool own = i >= CHECKSUM && i < CHECKSUM + CHECKSUM_BYTES;
        plain += own ? ' ' : block[i];
        with_signs += own ? ' ' : (signed char)block[i];
    }
    return (int64_t)wanted == plain || (int64_t)wanted == with_signs;
}

static void take_string(const unsigned char *field, size_t bytes, char *string) {
    size_t length = strnlen((const char *)field, bytes);
    memcpy(string, field, length);
    string[length] = '\0';
}

bool tar_header_parse(const unsigned char block[TAR_BLOCK], struct tar_header *header) {
    *header = (struct tar_header){.type = (char)block[TYPE], .goes_on = block[GNU_GOES_ON] != 0};
    if (!has_checksum(block) || !take_number(block + SIZE, SIZE_BYTES, &header->size)) return false;
    /* GNU tar's own format has "ustar " here, and other fields in place of the prefix. */
    if (memcmp(block + MAGIC, "ustar", 6) == 0) {
        bool star = memcmp(block + STAR_MAGIC, "tar", 4) == 0;
        take_string(block + PREFIX, star ? STAR_PREFIX_BYTES : PREFIX_BYTES, header->name);
    }
    size_t length = strlen(header->name);
    if (length > 0) header->name[length++] = '/';
    take_string(block + NAME, NAME_BYTES, header->name + length);
    take_string(block + LINK, LINK_BYTES, header->link);
    return true;
}

/* ---- records of pax: "LENGTH KEY=VALUE\n", where LENGTH counts all of it ---- */

static void replace(struct text *text, const char *value, size_t length) {
    text_clear(text);
    text_append(text, value, length < TAR_LONGEST_NAME ? length : TAR_LONGEST_NAME);
}

static bool take_decimal(const char *value, size_t length, uint64_t *number) {
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9' || *number > UINT64_MAX / 20) return false;
        *number = *number * 10 + (uint64_t)(value[i] - '0');
    }
    return length > 0;
}

static bool is_key(const char *key, size_t length, const char *name) {
    return strlen(name) == length && memcmp(key, name, length) == 0;
}

static bool take_record(const char *key, size_t key_length, const char *value, size_t length,
                        struct tar_records *records) {
    static const char sparse[] = "GNU.sparse.";
    if (key_length >= strlen(sparse) && memcmp(key, sparse, strlen(sparse)) == 0)
        records->is_sparse = true;
    if (is_key(key, key_length, "GNU.sparse.name")) {
        records->has_sparse_name = true;
        replace(records->name, value, length);
    } else if (is_key(key, key_length, "path") && !records->has_sparse_name) {
        replace(records->name, value, length);
    } else if (is_key(key, key_length, "linkpath")) {
        replace(records->link, value, length);
    } else if (is_key(key, key_length, "size")) {
        records->has_size = true;
        return take_decimal(value, length, &records->size);
    }
    return true;
}

bool tar_records_parse(const char *bytes, size_t count, struct tar_records *records) {
    size_t at = 0;
    while (at < count) {
        uint64_t length = 0;
        const char *record = bytes + at;
        const char *space = memchr(record, ' ', count - at < 20 ? count - at : 20);
        /* Some programs fill up the block. */
        if (*record == '\0') return true;
        if (space == NULL || !take_decimal(record, (size_t)(space - record), &length)) return false;
        size_t head = (size_t)(space - record) + 1;
        if (length > count - at || length < head + 2 || record[length - 1] != '\n') return false;
        const char *key = space + 1;
        const char *equals = memchr(key, '=', (size_t)length - head);
        if (equals == NULL) return false;
        size_t used = (size_t)(equals + 1 - record);
        if (!take_record(key, (size_t)(equals - key), equals + 1, (size_t)length - used - 1,
                         records))
            return false;
        at += (size_t)length;
    }
    return true;
}
