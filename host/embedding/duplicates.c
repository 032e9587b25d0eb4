#include "host/embedding/duplicates.h"

#include "host/base/scratch.h"
#include "host/base/stop.h"
#include "host/embedding/identical.h"

#include <stdlib.h>

#define QUERIES 1024 /* at a time; a signal is checked for between them */

/* The clips that are compared: (count). */
struct candidates {
    size_t count;
    size_t *clips;
    uint64_t (*hashes)[2];
    int32_t *labels;
    size_t *same_label;
    size_t *other_label;
};

static enum error_code make_room(struct candidates *candidates, size_t clips, struct error *error) {
    static const char what[] = "identical clips";
    candidates->clips = scratch_array(clips, sizeof *candidates->clips, what, error);
    candidates->hashes = scratch_array(clips, sizeof *candidates->hashes, what, error);
    candidates->labels = scratch_array(clips, sizeof *candidates->labels, what, error);
    candidates->same_label = scratch_array(clips, sizeof *candidates->same_label, what, error);
    candidates->other_label = scratch_array(clips, sizeof *candidates->other_label, what, error);
    return error->code;
}

static void free_candidates(struct candidates *candidates) {
    scratch_free(candidates->clips);
    scratch_free(candidates->hashes);
    scratch_free(candidates->labels);
    scratch_free(candidates->same_label);
    scratch_free(candidates->other_label);
}

enum error_code duplicates_find_identical(const struct clip_list *clips,
                                          const struct clip_measures *measures,
                                          struct clip_relations **result, struct error *error) {
    struct candidates candidates = {0};
    struct clip_relations *relations =
        scratch_array(clips->count, sizeof *relations, "identical clips", error);
    *result = relations;
    if (relations == NULL || make_room(&candidates, clips->count, error) != ERROR_NONE) goto done;
    for (size_t i = 0; i < clips->count; i++) {
        relations[i] = (struct clip_relations)CLIP_RELATIONS_INITIAL;
        if (measures[i].row == EMBEDDING_NO_ROW || clips->clips[i].status == CLIP_SILENT) continue;
        size_t at = candidates.count++;
        candidates.clips[at] = i;
        candidates.labels[at] = clips->clips[i].class_index;
        candidates.hashes[at][0] = measures[i].facts.hash[0];
        candidates.hashes[at][1] = measures[i].facts.hash[1];
    }
    if (identical_find((const uint64_t(*)[2])candidates.hashes, candidates.labels, candidates.count,
                       candidates.same_label, candidates.other_label, error) != ERROR_NONE)
        goto done;
    for (size_t i = 0; i < candidates.count; i++) {
        struct clip_relations *relation = &relations[candidates.clips[i]];
        size_t same = candidates.same_label[i];
        size_t other = candidates.other_label[i];
        if (same != SIZE_MAX) relation->identical_same_label = candidates.clips[same];
        if (other != SIZE_MAX) relation->identical_other_label = candidates.clips[other];
    }
done:
    free_candidates(&candidates);
    return error->code;
}

void duplicates_take_neighbours(const struct clip_measures *measures, size_t clip,
                                const size_t *neighbours, const float *similarities, size_t count,
                                struct clip_relations *relations) {
    const uint64_t *own = measures[clip].facts.hash;
    for (size_t n = 0; n < count; n++) {
        const uint64_t *other = measures[neighbours[n]].facts.hash;
        if (own[0] == other[0] && own[1] == other[1]) continue;
        relations[clip].near_duplicate = neighbours[n];
        relations[clip].similarity = similarities[n];
        return;
    }
}

/* Queries first .. first + count - 1, at most QUERIES: their neighbours, as clips. */
static enum error_code search(struct device *device, const struct neighbour_rows *rows,
                              const size_t *queries, size_t first, size_t count,
                              struct neighbours *found, struct error *error) {
    size_t chosen[QUERIES];
    size_t *clips = found->clips[first];
    TRY(stop_check(error));
    for (size_t i = 0; i < count; i++) chosen[i] = queries == NULL ? first + i : queries[first + i];
    const struct nearest_problem problem = {
        .data = rows->embeddings, .rows = rows->count, .columns = rows->columns};
    TRY(device->operations->nearest(device, &problem, chosen, count, RUN_NEIGHBOURS, clips,
                                    found->similarities[first], error));
    for (size_t i = 0; i < count * RUN_NEIGHBOURS; i++)
        if (clips[i] != SIZE_MAX) clips[i] = rows->clips[clips[i]];
    return ERROR_NONE;
}

enum error_code duplicates_find_near(struct device *device, const struct neighbour_rows *rows,
                                     const size_t *queries, size_t query_count,
                                     const struct clip_measures *measures,
                                     struct clip_relations *relations, struct neighbours *found,
                                     struct error *error) {
    size_t count = queries == NULL ? rows->count : query_count;
    *found = (struct neighbours){.count = count};
    found->clips = scratch_array(count, sizeof *found->clips, "neighbours", error);
    found->similarities = scratch_array(count, sizeof *found->similarities, "neighbours", error);
    TRY(error->code);
    for (size_t first = 0; first < count; first += QUERIES)
        TRY(search(device, rows, queries, first, count - first < QUERIES ? count - first : QUERIES,
                   found, error));
    for (size_t i = 0; i < count; i++) {
        size_t known = 0;
        while (known < RUN_NEIGHBOURS && found->clips[i][known] != SIZE_MAX) known++;
        duplicates_take_neighbours(measures, rows->clips[queries == NULL ? i : queries[i]],
                                   found->clips[i], found->similarities[i], known, relations);
    }
    return ERROR_NONE;
}

void neighbours_free(struct neighbours *neighbours) {
    scratch_free(neighbours->clips);
    scratch_free(neighbours->similarities);
    *neighbours = (struct neighbours){0};
}
