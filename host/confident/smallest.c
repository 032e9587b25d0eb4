#include "host/confident/smallest.h"

#include <stdbool.h>
#include <stdlib.h>

#define SLACK 64
#define SHORT 16

size_t smallest_capacity(size_t wanted, size_t rows) {
    size_t capacity = wanted + (wanted > SLACK ? wanted : SLACK);
    /* More than wanted, so that cutting back always makes room. */
    return capacity < rows ? capacity : (rows > wanted ? rows : wanted + 1);
}

static bool before(const struct candidate *a, const struct candidate *b) {
    return a->value < b->value || (a->value == b->value && a->order < b->order);
}

static int compare(const void *left, const void *right) {
    const struct candidate *a = left;
    const struct candidate *b = right;
    return before(a, b) ? -1 : before(b, a);
}

static void swap(struct candidate *a, struct candidate *b) {
    struct candidate saved = *a;
    *a = *b;
    *b = saved;
}

static void insertion_sort(struct candidate *items, size_t count) {
    for (size_t i = 1; i < count; i++) {
        struct candidate item = items[i];
        size_t at = i;
        for (; at > 0 && before(&item, &items[at - 1]); at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

/* Moves the `wanted` smallest to the front, in any order: quickselect, which sorts the rest after
 * too many rounds. 0 < wanted < count. */
static void partition_smallest(struct candidate *items, size_t count, size_t wanted) {
    size_t low = 0;
    size_t high = count; /* the boundary is in [low, high) */
    int rounds = 64;
    while (high - low > SHORT && rounds-- > 0) {
        size_t middle = low + (high - low) / 2;
        if (before(&items[middle], &items[low])) swap(&items[middle], &items[low]);
        if (before(&items[high - 1], &items[low])) swap(&items[high - 1], &items[low]);
        if (before(&items[high - 1], &items[middle])) swap(&items[high - 1], &items[middle]);
        struct candidate pivot = items[middle];
        size_t left = low;
        size_t right = high - 1;
        for (;;) {
            while (before(&items[left], &pivot)) left++;
            while (before(&pivot, &items[right])) right--;
            if (left >= right) break;
            swap(&items[left++], &items[right--]);
        }
        /* items[low .. left) <= pivot <= items[left .. high), both shorter than before */
        if (wanted <= left)
            high = left;
        else
            low = left;
        if (wanted == left) return;
    }
    if (high - low > SHORT)
        qsort(items + low, high - low, sizeof *items, compare);
    else
        insertion_sort(items + low, high - low);
}

void smallest_cut(struct smallest *smallest) {
    if (smallest->count <= smallest->wanted) return;
    if (smallest->wanted > 0)
        partition_smallest(smallest->items, smallest->count, smallest->wanted);
    smallest->count = smallest->wanted;
    double limit = -INFINITY;
    for (size_t i = 0; i < smallest->count; i++)
        limit = smallest->items[i].value > limit ? smallest->items[i].value : limit;
    smallest->limit = limit;
}
