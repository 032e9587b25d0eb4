#include "host/classifier/references.h"
#include "host/base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <xxhash.h>

struct candidate {
    uint64_t hash;
    size_t row;
};

/* The rows of a class that are kept so far: a heap with the worst on top. */
struct share {
    size_t rows; /* of the class */
    size_t most;
    size_t count;
    struct candidate *kept; /* (most) */
};

static bool is_worse(struct candidate a, struct candidate b) {
    return a.hash > b.hash || (a.hash == b.hash && a.row > b.row);
}

static void swap(struct candidate *a, struct candidate *b) {
    struct candidate kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(struct candidate *heap, size_t at) {
    for (; at > 0 && is_worse(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

static void sink(struct candidate *heap, size_t count) {
    for (size_t at = 0;;) {
        size_t worst = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (is_worse(heap[child], heap[worst])) worst = child;
        if (worst == at) return;
        swap(&heap[at], &heap[worst]);
        at = worst;
    }
}

static void offer(struct share *share, struct candidate candidate) {
    if (share->count < share->most) {
        share->kept[share->count] = candidate;
        rise(share->kept, share->count++);
    } else if (share->most > 0 && is_worse(share->kept[0], candidate)) {
        share->kept[0] = candidate;
        sink(share->kept, share->count);
    }
}

/* How many rows each class keeps; returns their sum. */
static size_t divide(struct share *shares, size_t classes, size_t rows, size_t most,
                     size_t at_least) {
    size_t sum = 0;
    for (size_t c = 0; c < classes; c++) {
        size_t least = shares[c].rows < at_least ? shares[c].rows : at_least;
        size_t part = (size_t)((double)shares[c].rows / (double)rows * (double)most);
        shares[c].most = part > least ? part : least;
        if (shares[c].most > shares[c].rows) shares[c].most = shares[c].rows;
        sum += shares[c].most;
    }
    return sum;
}

static int by_row(const void *a, const void *b) {
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return left < right ? -1 : left > right;
}

enum error_code references_choose(const struct matrix_rows *embeddings, const int32_t *labels,
                                  size_t rows, size_t features, size_t classes, size_t most,
                                  size_t least, size_t **references, size_t *count,
                                  struct error *error) {
    *references = NULL;
    *count = 0;
    struct candidate *kept = NULL;
    struct share *shares = memory_array(classes, sizeof *shares, "classes", error);
    if (shares == NULL) return error->code;
    for (size_t row = 0; row < rows; row++) shares[labels[row]].rows++;
    size_t sum = divide(shares, classes, rows, most, least), first = 0;
    kept = memory_array(sum, sizeof *kept, "rows to compare with", error);
    *references = memory_array(sum, sizeof **references, "rows to compare with", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t c = 0; c < classes; first += shares[c].most, c++) shares[c].kept = kept + first;
    for (size_t row = 0; row < rows; row++)
        offer(&shares[labels[row]],
              (struct candidate){XXH3_64bits(matrix_row(embeddings, row), features * sizeof(float)),
                                 row});
    for (size_t i = 0; i < sum; i++) (*references)[i] = kept[i].row;
    qsort(*references, sum, sizeof **references, by_row);
    *count = sum;
done:
    free(shares);
    free(kept);
    return error->code;
}
