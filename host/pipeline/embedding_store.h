/* Embeddings on their way: a file of float32 rows in the output folder, written
 * in any order and read back mapped, so that memory does not grow with clips. */
#ifndef EARMARK_EMBEDDING_STORE_H
#define EARMARK_EMBEDDING_STORE_H

#include "host/base/file.h"

struct embedding_store {
    char *path;
    int descriptor;
    size_t columns; /* float32 values a row */
    size_t rows;    /* one past the highest row written */
    struct file_mapping mapping;
};

/* Makes OUT/embeddings.part, empty. Close removes it. */
enum error_code embedding_store_open(const char *folder, size_t columns,
                                     struct embedding_store *store, struct error *error);

/* Writes rows first .. first + count - 1 from (count, columns). */
enum error_code embedding_store_write(struct embedding_store *store, size_t first, size_t count,
                                      const float *values, struct error *error);

/* All rows (rows, columns), mapped; no more writes after this. */
enum error_code embedding_store_map(struct embedding_store *store, const float **values,
                                    struct error *error);

/* Unmaps and removes the file; takes a zeroed store. */
void embedding_store_close(struct embedding_store *store);

#endif
