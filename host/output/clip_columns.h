/* The columns of clips.csv: what run_write_clips writes, what a report reads back and how each
 * is documented. A new column is a row of the table in clip_columns.c. */
#ifndef EARMARK_OUTPUT_CLIP_COLUMNS_H
#define EARMARK_OUTPUT_CLIP_COLUMNS_H

#include "host/output/run.h"

struct clip_column {
    const char *name; /* in the first row of the file */
    void (*write)(struct text *cell, const struct run_clip *clip, size_t member);
    /* Fills in the member from a cell, which may be empty. Errors: ERROR_DATA with what is wrong
     * with the cell, ERROR_MEMORY. */
    enum error_code (*read)(const char *cell, struct run_clip *clip, size_t member,
                            struct error *error);
    size_t member; /* offset in struct run_clip */
    bool optional; /* runs of older versions lack it */
    const char *documentation;
};

/* The table, in the order of the file. */
const struct clip_column *clip_columns(size_t *count);

/* The column of that name, which must exist. */
size_t clip_column_find(const char *name);

/* Frees the texts of a clip that was read by the columns. */
void clip_columns_free(struct run_clip *clip);

#endif
