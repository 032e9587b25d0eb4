#include "host/embedding/identical.h"

#include "host/base/scratch.h"
#include "host/base/sort.h"

#include <stdlib.h>

struct hashed_row {
    uint64_t hash[2];
    int32_t label;
    size_t row;
};

static int compare(const void *left, const void *right) {
    const struct hashed_row *a = left, *b = right;
    for (int i = 0; i < 2; i++)
        if (a->hash[i] != b->hash[i]) return a->hash[i] < b->hash[i] ? -1 : 1;
    if (a->label != b->label) return a->label < b->label ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

static bool same_audio(const struct hashed_row *a, const struct hashed_row *b) {
    return a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1];
}

/* One set of rows with the same audio, sorted by label and row. The first row of each label is
 * the answer for the rows of that label. Across labels two rows are enough: the first row of
 * the set, and the first with another label than that one. */
static void find_in_set(const struct hashed_row *set, size_t count, size_t *same_label,
                        size_t *other_label) {
    const struct hashed_row *first = &set[0];
    const struct hashed_row *second = NULL; /* first row of all labels but first->label */
    for (size_t i = 1; i < count; i++)
        if (set[i].row < first->row) first = &set[i];
    for (size_t i = 0; i < count; i++)
        if (set[i].label != first->label && (second == NULL || set[i].row < second->row))
            second = &set[i];
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1; end < count && set[end].label == set[begin].label;) end++;
        for (size_t i = begin; i < end; i++) {
            if (end - begin > 1) same_label[set[i].row] = set[i == begin ? begin + 1 : begin].row;
            const struct hashed_row *other = set[i].label == first->label ? second : first;
            if (other != NULL) other_label[set[i].row] = other->row;
        }
    }
}

enum error_code identical_find(const uint64_t (*hashes)[2], const int32_t *labels, size_t rows,
                               size_t *same_label, size_t *other_label, struct error *error) {
    struct hashed_row *sorted = scratch_array(rows, sizeof *sorted, "audio hashes", error);
    if (sorted == NULL) return error->code;
    for (size_t i = 0; i < rows; i++) {
        sorted[i] = (struct hashed_row){{hashes[i][0], hashes[i][1]}, labels[i], i};
        same_label[i] = other_label[i] = SIZE_MAX;
    }
    sort_in_place(sorted, rows, sizeof *sorted, compare);
    for (size_t begin = 0, end; begin < rows; begin = end) {
        for (end = begin + 1; end < rows && same_audio(&sorted[begin], &sorted[end]);) end++;
        if (end - begin > 1) find_in_set(&sorted[begin], end - begin, same_label, other_label);
    }
    scratch_free(sorted);
    return ERROR_NONE;
}
