/* Cells that are lists of labels. */
#include "host/clips/label_list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Labels are sorted, distinct, not empty, and together not longer than the cell. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct label_split split = {0};
    enum label_list list = LABEL_LIST_NONE;
    size_t total = 0;
    char *cell = malloc(size + 1);
    if (cell == NULL) return 0;
    memcpy(cell, data, size);
    cell[size] = '\0';
    if (label_list_read(&split, cell, &list, &error) != ERROR_NONE) abort();
    if (list == LABEL_LIST_READ)
        for (size_t i = 0; i < split.count; i++) {
            total += strlen(split.pieces[i]) + 1;
            if (split.pieces[i][0] == '\0') abort();
            if (i > 0 && strcmp(split.pieces[i - 1], split.pieces[i]) >= 0) abort();
        }
    if (total > strlen(cell)) abort();
    label_split_close(&split);
    free(cell);
    return 0;
}
