#include "host/review/learning_internal.h"

#include "host/base/memory.h"
#include "host/classifier/copies.h"
#include "host/classifier/references.h"
#include "host/classifier/votes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define QUERIES ((size_t)1024) /* at a time; between them a stop is noticed */

/* apart (rows): rows of the same sound have the same number. */
static enum error_code find_copies(const struct learning_input *input, int32_t *apart,
                                   struct error *error) {
    size_t copies;
    uint64_t(*hashes)[2] = memory_array(input->rows, sizeof *hashes, "copies", error);
    if (hashes == NULL) return error->code;
    for (size_t row = 0; row < input->rows; row++)
        copies_hash(matrix_row(&input->embeddings, row), input->features, hashes[row]);
    copies_find((const uint64_t(*)[2])hashes, input->rows, apart, &copies, error);
    free(hashes);
    return error->code;
}

/* The sample that the audit looks among, and the candidates, whose labels change: ascending. */
static enum error_code choose_references(const struct learning_input *input, size_t **references,
                                         size_t *count, struct error *error) {
    size_t *sample = NULL, *joined, sampled, found = 0, at = 0;
    TRY(references_choose(&input->embeddings, input->labels, input->rows, input->features,
                          input->classes, VOTES_REFERENCES, REFERENCES_LEAST, &sample, &sampled,
                          error));
    joined = memory_array(sampled + input->candidate_count, sizeof *joined, "rows", error);
    for (size_t i = 0; joined != NULL && i < input->candidate_count; i++) {
        while (at < sampled && sample[at] < input->candidates[i]) joined[found++] = sample[at++];
        at += at < sampled && sample[at] == input->candidates[i];
        joined[found++] = input->candidates[i];
    }
    while (joined != NULL && at < sampled) joined[found++] = sample[at++];
    free(sample);
    *references = joined;
    *count = found;
    return error->code;
}

static enum error_code search(struct learning_votes *votes, const struct nearest_problem *problem,
                              struct device *device, const volatile bool *stop,
                              struct error *error) {
    const struct learning_input *input = votes->input;
    for (size_t first = 0; first < input->candidate_count; first += QUERIES) {
        size_t left = input->candidate_count - first;
        if (*stop) return FAIL(error, ERROR_STOPPED, "the preparation of the order was stopped");
        TRY(device->operations->nearest(device, problem, input->candidates + first,
                                        left < QUERIES ? left : QUERIES, VOTES_NEIGHBOURS,
                                        votes->neighbours + first * VOTES_NEIGHBOURS,
                                        votes->similarities + first * VOTES_NEIGHBOURS, error));
    }
    return ERROR_NONE;
}

enum error_code learning_votes_open(struct learning_votes *votes,
                                    const struct learning_input *input,
                                    const struct scaling *scaling, struct device *device,
                                    const volatile bool *stop, struct error *error) {
    *votes = (struct learning_votes){.input = input};
    size_t count = input->candidate_count, *references = NULL;
    struct nearest_problem problem = {.data = input->embeddings,
                                      .rows = input->rows,
                                      .columns = input->features,
                                      .shift = scaling->shift,
                                      .scale = scaling->scale};
    votes->neighbours =
        memory_array(count, VOTES_NEIGHBOURS * sizeof *votes->neighbours, "neighbours", error);
    votes->similarities =
        memory_array(count, VOTES_NEIGHBOURS * sizeof *votes->similarities, "neighbours", error);
    votes->votes = memory_array(input->classes, sizeof *votes->votes, "votes", error);
    int32_t *apart = memory_array(input->rows, sizeof *apart, "copies", error);
    if (error->code == ERROR_NONE && find_copies(input, apart, error) == ERROR_NONE &&
        (input->rows <= VOTES_REFERENCES ||
         choose_references(input, &references, &problem.reference_count, error) == ERROR_NONE)) {
        problem.apart = apart;
        problem.references = references;
        search(votes, &problem, device, stop, error);
    }
    free(apart);
    free(references);
    return error->code;
}

void learning_votes_close(struct learning_votes *votes) {
    free(votes->neighbours);
    free(votes->similarities);
    free(votes->votes);
    *votes = (struct learning_votes){0};
}

void learning_votes_margins(const struct learning_votes *votes, const int32_t *now,
                            double *margins) {
    const struct learning_input *input = votes->input;
    double floor = VOTES_FLOOR, *sums = votes->votes;
    for (size_t i = 0; i < input->candidate_count; i++) {
        const size_t *neighbours = votes->neighbours + i * VOTES_NEIGHBOURS;
        const float *similarities = votes->similarities + i * VOTES_NEIGHBOURS;
        size_t label = (size_t)input->labels[input->candidates[i]];
        double all = 0, other = 0;
        memset(sums, 0, input->classes * sizeof *sums);
        for (size_t n = 0; n < VOTES_NEIGHBOURS && neighbours[n] != SIZE_MAX; n++) {
            if (now[neighbours[n]] < 0) continue;
            double vote = exp(((double)similarities[n] - 1) / VOTES_TEMPERATURE);
            sums[now[neighbours[n]]] += vote;
            all += vote;
        }
        for (size_t c = 0; c < input->classes; c++)
            if (c != label && sums[c] > other) other = sums[c];
        margins[i] = all > 0 ? log(sums[label] / all + floor) - log(other / all + floor) : 0;
    }
}
