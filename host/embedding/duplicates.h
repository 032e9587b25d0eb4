/* Duplicate clips: those with identical samples, and those whose embeddings are so close that
 * one is probably a copy of the other (converted, louder, a little shorter). */
#ifndef EARMARK_EMBEDDING_DUPLICATES_H
#define EARMARK_EMBEDDING_DUPLICATES_H

#include "host/clips/clip_facts.h"
#include "host/clips/clips.h"
#include "host/embedding/embedding.h"
#include "host/output/run.h"

/* Up to this many audited rows the neighbours of each are searched among all; beyond, only
 * those that the first issues show. The search is a product of rows x rows x columns: with
 * this many rows it takes a tenth of the time that embedding them took. */
#define DUPLICATES_SEARCHED_ROWS 10000u

/* *relations (clips->count), to be freed by the caller, with identical audio filled in
 * by the hashes of the samples. Silent clips and those that could not be used are
 * left out. Clips without a label count as one class. */
enum error_code duplicates_find_identical(const struct clip_list *clips,
                                          const struct clip_measures *measures,
                                          struct clip_relations **relations, struct error *error);

/* Takes neighbours of `clip` (count; similarities descending) into its relation: the first
 * one with other samples. */
void duplicates_take_neighbours(const struct clip_measures *measures, size_t clip,
                                const size_t *neighbours, const float *similarities, size_t count,
                                struct clip_relations *relations);

/* The clips nearest to each query by cosine similarity, nearest first. */
struct neighbours {
    size_t count;                          /* queries */
    size_t (*clips)[RUN_NEIGHBOURS];       /* (count) of the clip list; SIZE_MAX after the last */
    float (*similarities)[RUN_NEIGHBOURS]; /* (count) */
};

/* Rows among which neighbours are searched. */
struct neighbour_rows {
    struct matrix_rows embeddings; /* (count, columns) */
    size_t count;
    size_t columns;
    const size_t *clips; /* (count): the row's place in the clip list */
};

/* Searches the neighbours of the query rows (query_count; NULL: of every row), and takes them
 * into the relations of the queries' clips. neighbours_free also after a failure. */
enum error_code duplicates_find_near(struct device *device, const struct neighbour_rows *rows,
                                     const size_t *queries, size_t query_count,
                                     const struct clip_measures *measures,
                                     struct clip_relations *relations, struct neighbours *found,
                                     struct error *error);
void neighbours_free(struct neighbours *neighbours); /* takes a zeroed one */

#endif
