/* A file of text as it is stored, perhaps compressed, perhaps UTF-16, and the same with some of its
 * bytes replaced: all others stay what they are. */
#ifndef EARMARK_REVIEW_APPLY_STORED_TEXT_H
#define EARMARK_REVIEW_APPLY_STORED_TEXT_H

#include "host/base/error.h"

#include <stdint.h>

#define STORED_TEXT_MAXIMUM ((size_t)1 << 36) /* bytes, whatever the memory */

struct stored_text {
    char *stored; /* (stored_size) the file's bytes, and a NUL */
    size_t stored_size;
    char *unpacked; /* (unpacked_size) the same without compression: `stored` where there is none */
    size_t unpacked_size;
    char *text; /* (size) the same as UTF-8, and a NUL: `unpacked` where it is that already */
    size_t size;
    size_t most; /* bytes, stored or not; 0: half of memory_limit() */
    bool is_compressed;
    bool is_utf16, big_endian;
    size_t mark; /* UTF-16: bytes of the byte order mark, which is not in `text` */
    bool is_ascii;
};

/* Takes the place of bytes of `text`, from begin up to end. */
struct text_edit {
    uint64_t begin, end;
    char *bytes; /* owned by whoever made it; NULL: none */
};

/* Reads the file, and checks that it has this hash (XXH3 of 64 bits): ERROR_DATA says that it has
 * changed, or that it is too long. stored_text_free also after a failure. */
enum error_code stored_text_open(const char *path, uint64_t hash, struct stored_text *stored,
                                 struct error *error);
/* The same of bytes, which are copied. */
enum error_code stored_text_take(const char *bytes, size_t size, const char *name,
                                 struct stored_text *stored, struct error *error);
void stored_text_free(struct stored_text *stored); /* takes a zeroed one */

/* The new file: *bytes (*size), to be freed. The edits are sorted and do not overlap; where there
 * are none it is what is stored. Errors: ERROR_DATA for text that UTF-16 cannot have,
 * ERROR_INTERNAL for edits that are not in the text, ERROR_MEMORY. */
enum error_code stored_text_edit(const struct stored_text *stored, const char *name,
                                 const struct text_edit *edits, size_t count, char **bytes,
                                 size_t *size, struct error *error);

#endif
