/* What the list that learns (learning.h) computes: how suspicious each candidate is with the labels
 * that the decisions leave. It works on arrays, whose rows are audited clips.
 *
 * The key of a candidate with the given label g, lower is more suspicious, is -(w . x + t). x:
 *     1; the audit's score (its log margin), negated; 0 where it is flagged, -1 elsewhere;
 *     d0 - d and v0 - v.
 * d: by how much the discriminant (discriminant.h) prefers g to the best other class, as
 * logarithms, out of fold: the clip's own label is not among those that the discriminant learnt
 * from. v: the same of the votes of its nearest rows (votes.h), which the clip itself is not among.
 * d0, v0: with no decisions. t: a term for clips that share the given label and the likeliest other
 * class. The weights w and the terms come from the decided candidates (learning_fit.h): pairs whose
 * clips turn out right sink, others rise, and evidence counts as much as it was worth so far.
 * As long as no decided label was right the key is that without decisions: the score, and 3 more
 * for clips that are not flagged.
 *
 * The sums behind the discriminant are those of all rows, to which the changed rows are added in
 * the order of the rows, so that they depend on nothing but which decisions there are. */
#ifndef EARMARK_REVIEW_LEARNING_MODEL_H
#define EARMARK_REVIEW_LEARNING_MODEL_H

#include "host/review/learning_input.h"

struct learning_model;

/* Sums over all rows, chooses the discriminant's shrinkage and temperature, finds the neighbours of
 * the candidates, among all rows or, where there are many, among a sample and the candidates. The
 * arrays of the input must stay valid. ERROR_UNSUPPORTED above LEARNING_COLUMNS; ERROR_DATA without
 * two classes and two folds; ERROR_STOPPED once *stop is set; ERROR_MEMORY, and what the CPU device
 * reports. learning_model_close() also after a failure; takes NULL. */
enum error_code learning_model_open(const struct learning_input *input, const volatile bool *stop,
                                    struct learning_model **model, struct error *error);
void learning_model_close(struct learning_model *model);

/* keys (candidate_count), low is suspicious. decisions (count): rows of the arrays, ascending, each
 * once. Not for several threads at a time. */
enum error_code learning_model_keys(struct learning_model *model,
                                    const struct learning_decision *decisions, size_t count,
                                    double *keys, struct error *error);

#endif
