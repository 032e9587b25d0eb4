#include "host/confident/rank.h"

#include "host/base/memory.h"
#include "host/base/scratch.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* ---- collecting ---- */

/* Counts a chunk's rows that have all bits of mask, and writes them to issues unless that is
 * NULL. places is scratch (classes). */
static size_t collect_chunk(const struct scan *scan, size_t chunk, uint32_t mask, size_t *places,
                            struct confident_issue *issues) {
    struct label_run run = {.count = 0};
    size_t count = 0;
    memcpy(places, scan->starts + chunk * scan->classes, scan->classes * sizeof *places);
    while (scan_next_labels(scan, chunk, &run))
        for (size_t i = 0; i < run.count; i++) {
            size_t place = places[run.values[i]]++;
            if ((scan->states[place] & mask) != mask) continue;
            if (issues != NULL)
                issues[count] = (struct confident_issue){.score = scan_given(scan, place),
                                                         .row = (uint32_t)(run.first + i),
                                                         .given = (int32_t)run.values[i]};
            count++;
        }
    return count;
}

enum error_code rank_collect(const struct scan *scan, uint32_t mask,
                             struct confident_issue **issues, size_t *count, struct error *error) {
    size_t *starts = memory_array(scan->chunks + 1, sizeof *starts, "issues", error);
    size_t *places = memory_array((size_t)scan->threads * scan->classes, sizeof *places,
                                  "places of the classes", error);
    if (error->code != ERROR_NONE) goto done;
#pragma omp parallel for num_threads(scan->threads) schedule(dynamic)
    for (size_t chunk = 0; chunk < scan->chunks; chunk++)
        starts[chunk + 1] = collect_chunk(
            scan, chunk, mask, places + (size_t)omp_get_thread_num() * scan->classes, NULL);
    for (size_t chunk = 0; chunk < scan->chunks; chunk++) starts[chunk + 1] += starts[chunk];
    *count = starts[scan->chunks];
    *issues = scratch_array(*count, sizeof **issues, "issues", error);
    if (*issues == NULL) goto done;
#pragma omp parallel for num_threads(scan->threads) schedule(dynamic)
    for (size_t chunk = 0; chunk < scan->chunks; chunk++)
        if (starts[chunk + 1] > starts[chunk])
            collect_chunk(scan, chunk, mask, places + (size_t)omp_get_thread_num() * scan->classes,
                          *issues + starts[chunk]);
done:
    free(places);
    free(starts);
    return error->code;
}

/* ---- sorting ---- */

#define DIGIT_BITS 11
#define DIGITS 6
#define BUCKETS ((size_t)1 << DIGIT_BITS)

/* An integer with the order of the scores: -0 equals 0, NaN is last. */
static uint64_t sort_key(double score) {
    if (isnan(score)) return UINT64_MAX;
    uint64_t bits;
    double value = score + 0.0;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static size_t digit_of(uint64_t key, size_t digit) {
    return (size_t)(key >> (digit * DIGIT_BITS)) & (BUCKETS - 1);
}

/* Radix sort, least significant digit first: stable, in linear time. Digits that all keys share
 * are skipped (half of them when the scores were float32). */
enum error_code rank_sort(struct confident_issue *issues, size_t count, struct error *error) {
    struct confident_issue *other = scratch_array(count, sizeof *other, "issues", error);
    size_t *counts = memory_array(DIGITS * BUCKETS, sizeof *counts, "issues", error);
    if (error->code != ERROR_NONE) goto done;
    struct confident_issue *from = issues;
    struct confident_issue *to = other;
    for (size_t i = 0; i < count; i++) {
        uint64_t key = sort_key(issues[i].score);
        for (size_t d = 0; d < DIGITS; d++) counts[d * BUCKETS + digit_of(key, d)]++;
    }
    for (size_t d = 0; d < DIGITS && count > 1; d++) {
        size_t *places = counts + d * BUCKETS;
        if (places[digit_of(sort_key(issues[0].score), d)] == count) continue;
        for (size_t b = 0, place = 0; b < BUCKETS; b++) {
            size_t here = places[b];
            places[b] = place;
            place += here;
        }
        for (size_t i = 0; i < count; i++)
            to[places[digit_of(sort_key(from[i].score), d)]++] = from[i];
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
