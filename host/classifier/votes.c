#include "host/classifier/votes.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/stop.h"
#include "host/classifier/references.h"
#include "host/classifier/scaling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define QUERIES ((size_t)8192) /* at a time; a signal is checked for between them */

struct votes {
    const struct device_operations *operations;
    struct device *device;
    const struct votes_input *input;
    struct scaling scaling;
    size_t *references; /* NULL: all rows */
    struct nearest_problem problem;
};

static enum error_code votes_open(struct votes *votes, const struct device_operations *operations,
                                  struct device *device, const struct votes_input *input,
                                  struct error *error) {
    *votes = (struct votes){.operations = operations, .device = device, .input = input};
    int32_t *one_fold = scratch_array(input->rows, sizeof *one_fold, "rows", error);
    if (one_fold == NULL) return error->code;
    scaling_open(&votes->scaling, &input->embeddings, input->rows, input->features, one_fold, 1,
                 SCALE_POOLED, input->threads, error);
    scratch_free(one_fold);
    if (error->code != ERROR_NONE) return error->code;
    votes->problem = (struct nearest_problem){.data = input->embeddings,
                                              .rows = input->rows,
                                              .columns = input->features,
                                              .shift = votes->scaling.shift,
                                              .scale = votes->scaling.scale,
                                              .apart = input->apart};
    if (input->rows <= VOTES_REFERENCES) return ERROR_NONE;
    TRY(references_choose(&input->embeddings, input->labels, input->rows, input->features,
                          input->classes, VOTES_REFERENCES, REFERENCES_LEAST, &votes->references,
                          &votes->problem.reference_count, error));
    votes->problem.references = votes->references;
    return ERROR_NONE;
}

static void votes_close(struct votes *votes) {
    scaling_close(&votes->scaling);
    free(votes->references);
}

/* The neighbours of one block of queries. Where all are as similar as none, only their place would
 * have chosen them: none is left. */
static enum error_code find(const struct votes *votes, const size_t *queries, size_t count,
                            size_t *neighbours, float *similarities, struct error *error) {
    TRY(stop_check(error));
    TRY(votes->operations->nearest(votes->device, &votes->problem, queries, count, VOTES_NEIGHBOURS,
                                   neighbours, similarities, error));
    for (size_t q = 0; q < count; q++) {
        size_t *found = neighbours + q * VOTES_NEIGHBOURS;
        float *similar = similarities + q * VOTES_NEIGHBOURS;
        bool alike = false;
        for (size_t n = 0; n < VOTES_NEIGHBOURS && found[n] != SIZE_MAX; n++)
            alike |= similar[n] != 0;
        for (size_t n = 0; n < VOTES_NEIGHBOURS && !alike; n++) {
            found[n] = SIZE_MAX;
            similar[n] = NAN;
        }
    }
    return ERROR_NONE;
}

/* logs (classes) from a row's neighbours; sums (classes) is scratch. */
static void count_votes(const struct votes_input *input, const size_t *neighbours,
                        const float *similarities, double *sums, float *logs) {
    double all = 0, classes = (double)input->classes;
    memset(sums, 0, input->classes * sizeof *sums);
    for (size_t n = 0; n < VOTES_NEIGHBOURS && neighbours[n] != SIZE_MAX; n++) {
        double vote = exp(((double)similarities[n] - 1) / VOTES_TEMPERATURE);
        sums[input->labels[neighbours[n]]] += vote;
        all += vote;
    }
    for (size_t c = 0; c < input->classes; c++)
        logs[c] = all > 0 ? (float)log((sums[c] / all + VOTES_FLOOR) / (1 + VOTES_FLOOR * classes))
                          : (float)-log(classes);
}

enum error_code votes_run(const struct device_operations *operations, struct device *device,
                          const struct votes_input *input, const struct votes_progress *progress,
                          float *log_votes, struct error *error) {
    struct votes votes = {0};
    size_t block = input->rows < QUERIES ? input->rows : QUERIES;
    double *sums = memory_array(input->classes, sizeof *sums, "votes", error);
    size_t *queries = memory_array(block, sizeof *queries, "rows", error);
    size_t *neighbours =
        memory_array(block, VOTES_NEIGHBOURS * sizeof *neighbours, "neighbours", error);
    float *similarities =
        memory_array(block, VOTES_NEIGHBOURS * sizeof *similarities, "neighbours", error);
    if (error->code != ERROR_NONE ||
        votes_open(&votes, operations, device, input, error) != ERROR_NONE)
        goto done;
    for (size_t first = 0; first < input->rows; first += block) {
        size_t count = input->rows - first < block ? input->rows - first : block;
        for (size_t q = 0; q < count; q++) queries[q] = first + q;
        if (find(&votes, queries, count, neighbours, similarities, error) != ERROR_NONE) goto done;
        for (size_t q = 0; q < count; q++)
            count_votes(input, neighbours + q * VOTES_NEIGHBOURS,
                        similarities + q * VOTES_NEIGHBOURS, sums,
                        log_votes + (first + q) * input->classes);
        if (progress != NULL) progress->step(progress->context, first + count, input->rows);
    }
done:
    votes_close(&votes);
    free(sums);
    free(queries);
    free(neighbours);
    free(similarities);
    return error->code;
}

enum error_code votes_neighbours(const struct device_operations *operations, struct device *device,
                                 const struct votes_input *input, const size_t *queries,
                                 size_t query_count, size_t *neighbours, float *similarities,
                                 struct error *error) {
    struct votes votes;
    if (votes_open(&votes, operations, device, input, error) != ERROR_NONE) goto done;
    for (size_t first = 0; first < query_count; first += QUERIES) {
        size_t count = query_count - first < QUERIES ? query_count - first : QUERIES;
        if (find(&votes, queries + first, count, neighbours + first * VOTES_NEIGHBOURS,
                 similarities + first * VOTES_NEIGHBOURS, error) != ERROR_NONE)
            goto done;
    }
done:
    votes_close(&votes);
    return error->code;
}
