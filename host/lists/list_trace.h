/* Which files a list was read from, and where in them each clip is written, for a program that
 * writes the list anew. */
#ifndef EARMARK_LISTS_LIST_TRACE_H
#define EARMARK_LISTS_LIST_TRACE_H

#include "host/base/error.h"

#include <stdint.h>

enum list_form {
    FORM_NONE,
    FORM_ROW,       /* a row of a table */
    FORM_PLAIN_ROW, /* one in which quotes are text */
    FORM_KEY_LINE,  /* of Kaldi: a key, and the rest of the line */
    FORM_JSON_LINE, /* an object in its own lines */
    FORM_JSON_VALUE /* an element of an array, or a member with its name */
};

/* Bytes of the text of a file, unpacked and as UTF-8. */
struct list_span {
    uint64_t begin, end;       /* of the record, with its line end or its name */
    uint64_t label, label_end; /* of the label as it is written; both 0: it is not there */
    uint64_t object_end;       /* of JSON: where its last bracket is; 0: the record is no object */
    /* Of one of several clips in a line or value: that; both 0: the record is not shared. */
    uint64_t whole, whole_end;
    uint32_t cells;     /* of a row */
    uint32_t file;      /* of the trace */
    uint8_t form;       /* enum list_form; FORM_NONE: it has no place in a text */
    uint8_t whole_form; /* likewise */
};

/* A text that labels were read from. */
struct traced_file {
    char *name;                  /* in its folder */
    char *path;                  /* to open it, as the reader did */
    char *column;                /* that the labels are in; NULL: not known by a name */
    uint64_t bytes, hash;        /* of the file as it is stored; XXH3 of 64 bits */
    char delimiter;              /* of a table; 0: none */
    uint64_t header, header_end; /* of a table: the row that names the columns, with its line end */
    size_t columns;
    bool takes_rest; /* further cells of a row are labels, too */
    bool refused;    /* it cannot be written anew: keys that are there twice */
};

struct list_trace {
    const char *pattern;   /* that labels were taken from; the caller's or a literal; NULL: none */
    const char *separator; /* between labels as they are written; likewise */
    size_t label_level; /* of a folder: 1 for the first folder of a path; 0: none has the label */
    struct traced_file *files;
    size_t file_count, file_capacity;
    bool wants_spans;        /* else only files are noted */
    struct list_span *spans; /* (span_count) of the clips, in their order */
    size_t span_count, span_capacity;
};

/* For builder_add(): one for each clip. */
enum error_code list_trace_add(struct list_trace *trace, const struct list_span *span,
                               struct error *error);
void list_trace_free(struct list_trace *trace); /* takes a zeroed one */

#endif
