/* Labels as a list writes them. */
#ifndef EARMARK_REVIEW_APPLY_LABEL_TEXT_H
#define EARMARK_REVIEW_APPLY_LABEL_TEXT_H

#include "host/base/text.h"
#include "host/lists/list_trace.h"

/* What a label is written into. */
struct label_place {
    const char *old; /* (old_size) the label as it is written now */
    size_t old_size;
    enum list_form form;
    char delimiter;        /* of a table */
    bool takes_rest;       /* each label has a cell of its own */
    const char *separator; /* between labels; NULL: a clip has one */
    bool is_ascii;         /* so is the list: JSON's escapes are used */
};

/* Appends the label, or the set of labels (LABEL_JOINT between them), in the way in which the old
 * one is written: with its quotes, as a list or with separators, those that it had first and in
 * their order. *problem: why that cannot be, then nothing is appended. Errors: ERROR_MEMORY. */
enum error_code label_text_write(const struct label_place *place, const char *label,
                                 struct text *text, const char **problem, struct error *error);

#endif
