/* Clips that are the same sound: identical samples, and embeddings so close that one
 * is a copy of the other (converted, louder, a little shorter). */
#ifndef EARMARK_EMBEDDING_DUPLICATES_H
#define EARMARK_EMBEDDING_DUPLICATES_H

#include "host/clips/clip_facts.h"
#include "host/clips/clips.h"
#include "host/embedding/embedding.h"

/* Up to so many audited rows each one's neighbours are searched among all; of more
 * only those that the first issues have anyway. The search is a product of
 * rows x rows x columns: at this many it takes a tenth of the time that embedding them took. */
#define DUPLICATES_SEARCHED_ROWS 10000u
#define DUPLICATES_NEIGHBOURS 5 /* looked through for one whose samples are others */

/* relations (clips->count), to be freed by the caller, with identical audio filled in
 * by the hashes of the samples. Silent clips and those that could not be used are
 * left out; no label is a label of its own. */
enum error_code duplicates_find_identical(const struct clip_list *clips,
                                          const struct clip_measures *measures,
                                          struct clip_relations **relations, struct error *error);

/* Takes neighbours of `clip` (count; similarities sink) into its relation: the first
 * one with other samples. */
void duplicates_take_neighbours(const struct clip_measures *measures, size_t clip,
                                const size_t *neighbours, const float *similarities, size_t count,
                                struct clip_relations *relations);

/* The neighbours of every row: embeddings (rows, columns), clips (rows): the row's place in
 * the clip list. Nothing is searched, and *searched is false, beyond
 * DUPLICATES_SEARCHED_ROWS. */
enum error_code duplicates_find_near(struct device *device, const float *embeddings, size_t rows,
                                     size_t columns, const size_t *clips,
                                     const struct clip_measures *measures,
                                     struct clip_relations *relations, bool *searched,
                                     struct error *error);

#endif
