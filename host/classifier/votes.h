/* What the nearest rows say: probabilities of the classes from the labels of a row's neighbours.
 *
 * Columns are standardised by all rows (constant ones by 1). The VOTES_NEIGHBOURS nearest other
 * rows by cosine s vote for their labels with exp((s - 1) / VOTES_TEMPERATURE); VOTES_FLOOR times
 * a row's sum is added to every class; the sums are normalised. A row without neighbours, or
 * similar to none (every s is 0: the row equals the mean), has the same probability for every
 * class.
 *
 * Above VOTES_REFERENCES rows neighbours are found among a stratified sample of about that many
 * (references.h), which does not depend on the order of the rows. */
#ifndef EARMARK_CLASSIFIER_VOTES_H
#define EARMARK_CLASSIFIER_VOTES_H

#include "kernels/device.h"

#define VOTES_NEIGHBOURS 20
#define VOTES_TEMPERATURE 0.1
#define VOTES_FLOOR 0.01
#define VOTES_REFERENCES 16384

struct votes_input {
    struct matrix_rows embeddings; /* (rows, features), finite; may be mapped: read by tiles */
    const int32_t *labels;         /* (rows), 0 .. classes - 1; classes without rows are allowed */
    size_t rows, features, classes;
    const int32_t *apart; /* (rows): rows of the same number are no neighbours; NULL: all may be */
    int threads;          /* of the host's own sums, >= 1. Results do not depend on it */
};

/* Called after every block of queries. */
struct votes_progress {
    void (*step)(void *context, size_t finished_rows, size_t all_rows);
    void *context;
};

/* Writes log_votes (rows, classes), float32: natural logarithms of the probabilities, each at
 * least about ln VOTES_FLOOR. progress may be NULL. ERROR_MEMORY, ERROR_STOPPED, and what the
 * device reports. */
enum error_code votes_run(const struct device_operations *operations, struct device *device,
                          const struct votes_input *input, const struct votes_progress *progress,
                          float *log_votes, struct error *error);

/* The neighbours of the rows `queries` (query_count), most similar first, ties by the lower row:
 * neighbours and similarities (query_count, VOTES_NEIGHBOURS), SIZE_MAX and NaN after the last.
 * Errors as votes_run. */
enum error_code votes_neighbours(const struct device_operations *operations, struct device *device,
                                 const struct votes_input *input, const size_t *queries,
                                 size_t query_count, size_t *neighbours, float *similarities,
                                 struct error *error);

#endif
