#include "host/base/sort.h"

#include <stdbool.h>
#include <string.h>

#define SHORT 16 /* items that are inserted one by one */

struct sorting {
    char *items;
    size_t size;
    int (*compare)(const void *, const void *, void *);
    void *context;
};

static char *item(const struct sorting *sorting, size_t index) {
    return sorting->items + index * sorting->size;
}

static void swap(const struct sorting *sorting, size_t a, size_t b) {
    char kept[SORT_ITEM];
    memcpy(kept, item(sorting, a), sorting->size);
    memcpy(item(sorting, a), item(sorting, b), sorting->size);
    memcpy(item(sorting, b), kept, sorting->size);
}

static bool is_less(const struct sorting *sorting, const char *a, const char *b) {
    return sorting->compare(a, b, sorting->context) < 0;
}

static bool is_before(const struct sorting *sorting, size_t a, size_t b) {
    return is_less(sorting, item(sorting, a), item(sorting, b));
}

static void insert_all(const struct sorting *sorting, size_t first, size_t end) {
    char kept[SORT_ITEM];
    for (size_t i = first + 1; i < end; i++) {
        size_t at = i;
        memcpy(kept, item(sorting, i), sorting->size);
        for (; at > first && is_less(sorting, kept, item(sorting, at - 1)); at--)
            memcpy(item(sorting, at), item(sorting, at - 1), sorting->size);
        memcpy(item(sorting, at), kept, sorting->size);
    }
}

/* A heap of [first, end) with the last item on top, sunk from `at`. */
static void sink(const struct sorting *sorting, size_t first, size_t count, size_t at) {
    for (;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (is_before(sorting, first + last, first + child)) last = child;
        if (last == at) return;
        swap(sorting, first + at, first + last);
        at = last;
    }
}

static void sort_heap(const struct sorting *sorting, size_t first, size_t end) {
    size_t count = end - first;
    for (size_t at = count / 2; at-- > 0;) sink(sorting, first, count, at);
    for (size_t left = count; left-- > 1;) {
        swap(sorting, first, first + left);
        sink(sorting, first, left, 0);
    }
}

/* Splits [first, end) about the median of three; returns where the right part begins. */
static size_t split(const struct sorting *sorting, size_t first, size_t end) {
    char pivot[SORT_ITEM];
    size_t middle = first + (end - first) / 2, left = first, right = end - 1;
    if (is_before(sorting, middle, first)) swap(sorting, middle, first);
    if (is_before(sorting, right, first)) swap(sorting, right, first);
    if (is_before(sorting, right, middle)) swap(sorting, right, middle);
    memcpy(pivot, item(sorting, middle), sorting->size);
    for (;;) {
        while (is_less(sorting, item(sorting, left), pivot)) left++;
        while (is_less(sorting, pivot, item(sorting, right))) right--;
        if (left >= right) return left > first ? left : first + 1;
        swap(sorting, left++, right--);
    }
}

/* Quicksort; what does not get shorter in `rounds` is sorted as a heap. */
static void sort_part(const struct sorting *sorting, size_t first, size_t end, int rounds) {
    while (end - first > SHORT) {
        if (rounds-- == 0) {
            sort_heap(sorting, first, end);
            return;
        }
        size_t middle = split(sorting, first, end);
        if (middle - first < end - middle) { /* the shorter one is a call */
            sort_part(sorting, first, middle, rounds);
            first = middle;
        } else {
            sort_part(sorting, middle, end, rounds);
            end = middle;
        }
    }
    insert_all(sorting, first, end);
}

void sort_in_place_with(void *items, size_t count, size_t size,
                        int (*compare)(const void *, const void *, void *), void *context) {
    const struct sorting sorting = {items, size, compare, context};
    int rounds = 2;
    for (size_t left = count; left > 1; left /= 2) rounds += 2;
    sort_part(&sorting, 0, count, rounds);
}

struct plain {
    int (*compare)(const void *, const void *);
};

static int compare_plain(const void *left, const void *right, void *context) {
    const struct plain *plain = context;
    return plain->compare(left, right);
}

void sort_in_place(void *items, size_t count, size_t size,
                   int (*compare)(const void *, const void *)) {
    struct plain plain = {compare};
    sort_in_place_with(items, count, size, compare_plain, &plain);
}
