#include "host/pipeline/identical.h"

#include "host/base/memory.h"

#include <stdlib.h>

struct hashed_row {
    uint64_t hash[2];
    size_t row;
};

static int compare(const void *left, const void *right) {
    const struct hashed_row *a = left, *b = right;
    for (int i = 0; i < 2; i++)
        if (a->hash[i] != b->hash[i]) return a->hash[i] < b->hash[i] ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static size_t find_root(size_t *parents, size_t group) {
    while (parents[group] != group) group = parents[group] = parents[parents[group]];
    return group;
}

enum error_code identical_join_groups(const uint64_t (*hashes)[2], size_t rows, int64_t *groups,
                                      size_t group_count, size_t *joined, struct error *error) {
    struct hashed_row *sorted = memory_array(rows, sizeof *sorted, "audio hashes", error);
    size_t *parents = memory_array(group_count, sizeof *parents, "groups", error);
    *joined = 0;
    if (sorted == NULL || parents == NULL) goto done;
    for (size_t i = 0; i < group_count; i++) parents[i] = i;
    for (size_t i = 0; i < rows; i++)
        sorted[i] = (struct hashed_row){{hashes[i][0], hashes[i][1]}, i};
    qsort(sorted, rows, sizeof *sorted, compare);
    for (size_t i = 1; i < rows; i++) {
        if (sorted[i].hash[0] != sorted[i - 1].hash[0] ||
            sorted[i].hash[1] != sorted[i - 1].hash[1])
            continue;
        size_t a = find_root(parents, (size_t)groups[sorted[i].row]);
        size_t b = find_root(parents, (size_t)groups[sorted[i - 1].row]);
        if (a == b) continue;
        parents[a > b ? a : b] = a > b ? b : a;
        (*joined)++;
    }
    for (size_t i = 0; i < rows; i++) groups[i] = (int64_t)find_root(parents, (size_t)groups[i]);
done:
    free(sorted);
    free(parents);
    return error->code;
}
