/* Cells that are lists of labels as programs print them: Python's ['a', 'b'], ('a',), {'a', 'b'}
 * and array(['a']), numpy's ['a' 'b'], JSON's ["a"]. */
#ifndef EARMARK_CLIPS_LABEL_LIST_H
#define EARMARK_CLIPS_LABEL_LIST_H

#include "host/clips/label_sets.h"

enum label_list {
    LABEL_LIST_NONE,   /* no list */
    LABEL_LIST_BROKEN, /* begins like one */
    LABEL_LIST_READ
};

/* Takes the labels of a list into `split` (LABEL_LIST_READ), as label_split_cell() does with those
 * of a cell; whatever is between quotes is one label. Numbers and, between [ and ] with commas,
 * words need no quotes; [noise] is no list. Errors: ERROR_MEMORY. */
enum error_code label_list_read(struct label_split *split, const char *cell, enum label_list *list,
                                struct error *error);

#endif
