/* The changes of one text of a list that outcomes ask for. */
#ifndef EARMARK_REVIEW_APPLY_LIST_EDITS_H
#define EARMARK_REVIEW_APPLY_LIST_EDITS_H

#include "host/lists/collection.h"
#include "host/review/apply/outcome.h"
#include "host/review/apply/stored_text.h"

struct list_edits {
    struct text_edit *list; /* (count) sorted, apart from each other; their bytes are owned */
    size_t count, capacity;
};

/* `outcomes`: (clips of the collection), which was read with wants_spans. `file`: of its trace.
 * ERROR_DATA names the clip for which the text cannot have what was decided. list_edits_free also
 * after a failure. */
enum error_code list_edits_find(const struct collection *collection, size_t file,
                                const struct stored_text *stored, const struct outcome *outcomes,
                                enum exclude_how how, struct list_edits *edits,
                                struct error *error);
void list_edits_free(struct list_edits *edits); /* takes a zeroed one */

#endif
