#include "host/pipeline/embedding_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum error_code embedding_store_open(const char *folder, size_t columns,
                                     struct embedding_store *store, struct error *error) {
    *store = (struct embedding_store){.descriptor = -1, .columns = columns};
    store->path = file_join(folder, "embeddings.part", error);
    if (store->path == NULL) return error->code;
    store->descriptor = open(store->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (store->descriptor < 0)
        FAIL(error, ERROR_FILE, "%s: cannot write: %s", store->path, strerror(errno));
    return error->code;
}

enum error_code embedding_store_write(struct embedding_store *store, size_t first, size_t count,
                                      const float *values, struct error *error) {
    size_t row_bytes = store->columns * sizeof *values;
    const unsigned char *bytes = (const unsigned char *)values;
    size_t size = count * row_bytes;
    off_t offset = (off_t)(first * row_bytes);
    while (size > 0) {
        ssize_t written = pwrite(store->descriptor, bytes, size, offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0)
            return FAIL(error, ERROR_FILE, "%s: cannot write: %s", store->path,
                        written == 0 ? "no progress" : strerror(errno));
        bytes += written;
        size -= (size_t)written;
        offset += written;
    }
    if (first + count > store->rows) store->rows = first + count;
    return ERROR_NONE;
}

enum error_code embedding_store_map(struct embedding_store *store, const float **values,
                                    struct error *error) {
    TRY(file_map(store->path, &store->mapping, error));
    if (store->mapping.size != store->rows * store->columns * sizeof **values)
        return FAIL(error, ERROR_FILE, "%s: was changed by another program", store->path);
    *values = (const float *)(const void *)store->mapping.data;
    return ERROR_NONE;
}

void embedding_store_close(struct embedding_store *store) {
    if (store->path == NULL) return;
    file_unmap(&store->mapping);
    if (store->descriptor >= 0) close(store->descriptor);
    unlink(store->path);
    free(store->path);
    *store = (struct embedding_store){.descriptor = -1};
}
