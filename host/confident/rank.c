#include "host/confident/rank.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sorting ---- */

#define DIGIT_BITS 11
#define DIGITS 6
#define BUCKETS ((size_t)1 << DIGIT_BITS)

static size_t digit_of(uint64_t number, size_t digit) {
    return (size_t)(number >> (digit * DIGIT_BITS)) & (BUCKETS - 1);
}

/* An integer that orders the issues; NaN is last. */
typedef uint64_t key_function(const struct confident_issue *issue);

static uint64_t score_key(const struct confident_issue *issue) {
    if (isnan(issue->score)) return UINT64_MAX;
    uint64_t bits;
    double value = issue->score + 0.0; /* -0 equals 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static uint64_t row_key(const struct confident_issue *issue) {
    return issue->row;
}

/* Radix sort, least significant digit first: stable, in linear time. Digits that all keys share
 * are skipped (half of them when the scores were float32). */
static enum error_code sort_by(key_function *key, struct confident_issue *issues, size_t count,
                               struct error *error) {
    struct confident_issue *other = scratch_array(count, sizeof *other, "issues", error);
    size_t *counts = memory_array(DIGITS * BUCKETS, sizeof *counts, "issues", error);
    if (error->code != ERROR_NONE) goto done;
    struct confident_issue *from = issues;
    struct confident_issue *to = other;
    for (size_t i = 0; i < count; i++) {
        uint64_t number = key(&issues[i]);
        for (size_t d = 0; d < DIGITS; d++) counts[d * BUCKETS + digit_of(number, d)]++;
    }
    for (size_t d = 0; d < DIGITS && count > 1; d++) {
        size_t *places = counts + d * BUCKETS;
        if (places[digit_of(key(&issues[0]), d)] == count) continue;
        for (size_t b = 0, place = 0; b < BUCKETS; b++) {
            size_t here = places[b];
            places[b] = place;
            place += here;
        }
        for (size_t i = 0; i < count; i++) to[places[digit_of(key(&from[i]), d)]++] = from[i];
        struct confident_issue *saved = from;
        from = to;
        to = saved;
    }
    if (from != issues) memcpy(issues, from, count * sizeof *issues);
done:
    free(counts);
    scratch_free(other);
    return error->code;
}

enum error_code rank_sort(struct confident_issue *issues, size_t count, struct error *error) {
    return sort_by(score_key, issues, count, error);
}

/* ---- collecting ---- */

/* Counts a class's rows that have all bits of mask, and writes them to issues unless that is
 * NULL. */
static size_t collect_class(const struct scan *scan, size_t k, uint32_t mask,
                            struct confident_issue *issues) {
    size_t count = 0;
    for (size_t place = scan->class_starts[k]; place < scan->class_starts[k + 1]; place++) {
        if ((scan->states[place] & mask) != mask) continue;
        if (issues != NULL)
            issues[count] = (struct confident_issue){
                .score = scan_given(scan, place), .row = scan->row_of[place], .given = (int32_t)k};
        count++;
    }
    return count;
}

/* By class, because states lie in that order: by row they would be read all over memory. */
enum error_code rank_collect(const struct scan *scan, uint32_t mask,
                             struct confident_issue **issues, size_t *count, struct error *error) {
    size_t *starts = memory_array(scan->classes + 1, sizeof *starts, "issues", error);
    if (starts == NULL) return error->code;
#pragma omp parallel for num_threads(scan->threads) schedule(dynamic)
    for (size_t k = 0; k < scan->classes; k++) starts[k + 1] = collect_class(scan, k, mask, NULL);
    for (size_t k = 0; k < scan->classes; k++) starts[k + 1] += starts[k];
    *count = starts[scan->classes];
    *issues = scratch_array(*count, sizeof **issues, "issues", error);
    if (*issues != NULL) {
#pragma omp parallel for num_threads(scan->threads) schedule(dynamic)
        for (size_t k = 0; k < scan->classes; k++)
            if (starts[k + 1] > starts[k]) collect_class(scan, k, mask, *issues + starts[k]);
        sort_by(row_key, *issues, *count, error);
    }
    free(starts);
    return error->code;
}
