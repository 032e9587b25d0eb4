#include "host/confident/group_errors.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_LOG (-27.631021115928547) /* ln 1e-12: a single clip must not decide */

/* A row and what it looks like. */
struct seen {
    int64_t group;
    int32_t given, looks;
    size_t row;
    double evidence; /* ln p[looks] - ln p[given] */
};

/* By given class, then what it looks like, group and row: the rows of a possible error are a run,
 * and so are those of a pair of classes. */
static int compare_seen(const void *left, const void *right) {
    const struct seen *a = left, *b = right;
    if (a->given != b->given) return a->given < b->given ? -1 : 1;
    if (a->looks != b->looks) return a->looks < b->looks ? -1 : 1;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* How many rows a group has of a class. */
struct cell {
    int64_t group;
    int32_t given;
    size_t rows;
};

static int compare_cells(const void *left, const void *right) {
    const struct cell *a = left, *b = right;
    if (a->given != b->given) return a->given < b->given ? -1 : 1;
    return (a->group > b->group) - (a->group < b->group);
}

static int compare_errors(const void *left, const void *right) {
    const struct group_error *a = left, *b = right;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->group != b->group) return a->group < b->group ? -1 : 1;
    if (a->given != b->given) return a->given < b->given ? -1 : 1;
    return (a->suggested > b->suggested) - (a->suggested < b->suggested);
}

static struct seen look(const struct group_errors_input *input, size_t row) {
    const float *logs = input->log_probabilities + row * input->classes;
    size_t best = 0;
    for (size_t k = 1; k < input->classes; k++)
        if (logs[k] > logs[best]) best = k;
    int32_t given = input->labels[row];
    double evidence = fmax((double)logs[best], LEAST_LOG) - fmax((double)logs[given], LEAST_LOG);
    return (struct seen){input->groups[row], given, (int32_t)best, row, evidence};
}

/* The cells, sorted, with their numbers of rows; class_rows (classes) likewise. */
static size_t count_cells(const struct group_errors_input *input, struct cell *cells,
                          size_t *class_rows) {
    for (size_t i = 0; i < input->rows; i++) {
        cells[i] = (struct cell){input->groups[i], input->labels[i], 1};
        class_rows[input->labels[i]]++;
    }
    sort_in_place(cells, input->rows, sizeof *cells, compare_cells);
    size_t count = 0;
    for (size_t i = 0; i < input->rows; i++) {
        if (count > 0 && compare_cells(&cells[count - 1], &cells[i]) == 0)
            cells[count - 1].rows++;
        else
            cells[count++] = cells[i];
    }
    return count;
}

/* Whether `error`, whose evidence is summed in its score, is listed. pair_rows: rows of all groups
 * with its given label that look like its suggestion. */
static bool listed(const struct group_error *error, size_t pair_rows, size_t class_rows) {
    if (error->matching < GROUP_ERROR_CLIPS) return false;
    double share = (double)error->matching / (double)error->clips;
    double elsewhere =
        (double)(pair_rows - error->matching + 1) / (double)(class_rows - error->clips + 2);
    return share >= GROUP_ERROR_SHARE && share - elsewhere >= GROUP_ERROR_EXCESS &&
           error->score >= GROUP_ERROR_EVIDENCE * (double)error->matching;
}

/* Lists the errors among the rows of one pair of classes, and returns their number. */
static size_t find_in_pair(const struct seen *seen, size_t pair_rows, const struct cell *cells,
                           size_t cell_count, const size_t *class_rows,
                           struct group_error *errors) {
    size_t found = 0;
    for (size_t i = 0; i < pair_rows;) {
        struct group_error error = {seen[i].group, seen[i].given, seen[i].looks, 0, 0, 0};
        for (; i < pair_rows && seen[i].group == error.group; i++) {
            error.matching++;
            error.score += seen[i].evidence;
        }
        struct cell key = {error.group, error.given, 0};
        const struct cell *cell = bsearch(&key, cells, cell_count, sizeof key, compare_cells);
        if (cell == NULL) continue; /* cannot be: every row has its cell */
        error.clips = cell->rows;
        if (listed(&error, pair_rows, class_rows[error.given])) errors[found++] = error;
    }
    return found;
}

/* Keeps the rows that look like another class, in their order, and returns their number. */
static size_t keep_disagreeing(struct seen *seen, size_t rows) {
    size_t kept = 0;
    for (size_t i = 0; i < rows; i++)
        if (seen[i].looks != seen[i].given) seen[kept++] = seen[i];
    return kept;
}

enum error_code group_errors_find(const struct group_errors_input *input,
                                  struct group_error **found, size_t *count, struct error *error) {
    *found = NULL;
    *count = 0;
    struct seen *seen = scratch_array(input->rows, sizeof *seen, "groups", error);
    struct cell *cells = scratch_array(input->rows, sizeof *cells, "groups", error);
    size_t *class_rows = memory_array(input->classes, sizeof *class_rows, "groups", error);
    struct group_error *errors = NULL;
    if (error->code != ERROR_NONE) goto done;
#pragma omp parallel for num_threads(input->threads) schedule(static)
    for (size_t i = 0; i < input->rows; i++) seen[i] = look(input, i);
    size_t kept = keep_disagreeing(seen, input->rows);
    sort_in_place(seen, kept, sizeof *seen, compare_seen);
    size_t cell_count = count_cells(input, cells, class_rows);
    errors = scratch_array(kept / GROUP_ERROR_CLIPS + 1, sizeof *errors, "groups", error);
    if (errors == NULL) goto done;
    for (size_t first = 0, end; first < kept; first = end) {
        for (end = first; end < kept && seen[end].given == seen[first].given &&
                          seen[end].looks == seen[first].looks;)
            end++;
        *count +=
            find_in_pair(seen + first, end - first, cells, cell_count, class_rows, errors + *count);
    }
    sort_in_place(errors, *count, sizeof *errors, compare_errors);
    *found = errors;
done:
    free(class_rows);
    scratch_free(cells);
    scratch_free(seen);
    return error->code;
}
