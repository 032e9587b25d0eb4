#include "host/review/estimate.h"

#include "host/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TENTHS 10
#define SIDES 3
#define CELLS 30 /* tenths by sides */
#define FIFTHS 5
#define SIZE (CELLS + 1) /* the last one: how much the share falls in the course of the review */
#define FALL CELLS

/* The prior. Found on planted sets, where the range must hold for reviewers who go by the ranking,
 * by the order that learns, and at random (tests/unit/test_estimate.c). */
#define MEAN (-0.5)
#define MEAN_DEVIATION 2.5
#define TENTH_MEAN 1.2 /* logit of the first tenth above that of the middle */
#define TENTH_DEVIATION 1.2
#define SIDE_MEAN 0.5 /* of the suggested side above none */
#define SIDE_DEVIATION 1.5
#define CELL_DEVIATION 0.3
#define SMOOTH_DEVIATION 0.4 /* common to neighbouring tenths */
#define SMOOTH_TENTHS 3.0

/* The fall of the share in the course of the review, of which the low end of the range takes
 * account. The high end does without: the rest of a cell is no worse than what was taken of it. */
struct fall {
    double mean, deviation;
    double after; /* where the rest stands: the review went from 0.5 to -0.5 */
};
static const struct fall falls = {1.0, 2.0, -0.8};
static const struct fall stays = {0.0, 1e-3, 0.0};

#define Z 1.959963984540054 /* two-sided 95% */
#define STEPS 100           /* of Newton's method at most */
#define LONGEST_STEP 2.0
#define ROUNDING 1e-6 /* a bound that is a whole number but for rounding is that number */

/* At most this share of the undecided is wrong: the review may stop. */
#define STOP_SHARE 0.1

struct counts {
    double decided[CELLS][FIFTHS]; /* clips */
    double wrong[CELLS][FIFTHS];
    double rest[CELLS];
};

struct model {
    double mean[SIZE];
    double precision[SIZE][SIZE]; /* of the prior */
    double mode[SIZE];
    double factor[SIZE][SIZE]; /* Cholesky's, of the posterior's precision */
};

static double logistic(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static double fall_at(size_t fifth) {
    return 0.5 - ((double)fifth + 0.5) / FIFTHS;
}

/* ---- linear algebra ---- */

/* matrix = factor factor', its lower half; the matrix is positive definite. */
static void decompose(double matrix[SIZE][SIZE], double factor[SIZE][SIZE]) {
    memset(factor, 0, sizeof(double[SIZE][SIZE]));
    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = matrix[i][j];
            for (size_t k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
            factor[i][j] = i == j ? sqrt(sum) : sum / factor[j][j];
        }
}

/* Replaces vector by factor^-1 vector. */
static void solve_lower(double factor[SIZE][SIZE], double vector[SIZE]) {
    for (size_t i = 0; i < SIZE; i++) {
        for (size_t k = 0; k < i; k++) vector[i] -= factor[i][k] * vector[k];
        vector[i] /= factor[i][i];
    }
}

/* Replaces vector by (factor')^-1 vector. */
static void solve_upper(double factor[SIZE][SIZE], double vector[SIZE]) {
    for (size_t i = SIZE; i-- > 0;) {
        for (size_t k = i + 1; k < SIZE; k++) vector[i] -= factor[k][i] * vector[k];
        vector[i] /= factor[i][i];
    }
}

/* ---- the model ---- */

static double square(double x) {
    return x * x;
}

static double tenth_at(size_t cell) {
    const size_t tenth = cell / SIDES;
    return (4.5 - (double)tenth) / 4.5;
}

static double side_at(size_t cell) {
    return (double)(cell % SIDES) - 1.0;
}

static double covariance(size_t i, size_t j, const struct fall *fall) {
    if (i == FALL || j == FALL) return i == j ? square(fall->deviation) : 0.0;
    const size_t tenth = i / SIDES;
    const size_t other = j / SIDES;
    const double apart = fabs((double)tenth - (double)other);
    return square(MEAN_DEVIATION) + square(TENTH_DEVIATION) * tenth_at(i) * tenth_at(j) +
           square(SIDE_DEVIATION) * side_at(i) * side_at(j) +
           square(SMOOTH_DEVIATION) * exp(-apart / SMOOTH_TENTHS) +
           (i == j ? square(CELL_DEVIATION) : 0.0);
}

static void make_prior(struct model *model, const struct fall *fall) {
    double matrix[SIZE][SIZE];
    for (size_t i = 0; i < SIZE; i++) {
        model->mean[i] =
            i == FALL ? fall->mean : MEAN + TENTH_MEAN * tenth_at(i) + SIDE_MEAN * side_at(i);
        for (size_t j = 0; j < SIZE; j++) matrix[i][j] = covariance(i, j, fall);
    }
    decompose(matrix, model->factor);
    for (size_t j = 0; j < SIZE; j++) {
        double column[SIZE] = {0.0};
        column[j] = 1.0;
        solve_lower(model->factor, column);
        solve_upper(model->factor, column);
        for (size_t i = 0; i < SIZE; i++) model->precision[i][j] = column[i];
    }
}

/* Gradient and precision of the posterior at the mode so far. */
static void look(const struct model *model, const struct counts *counts, double gradient[SIZE],
                 double precision[SIZE][SIZE]) {
    memcpy(precision, model->precision, sizeof model->precision);
    for (size_t i = 0; i < SIZE; i++) {
        gradient[i] = 0.0;
        for (size_t j = 0; j < SIZE; j++)
            gradient[i] -= model->precision[i][j] * (model->mode[j] - model->mean[j]);
    }
    for (size_t cell = 0; cell < CELLS; cell++)
        for (size_t fifth = 0; fifth < FIFTHS; fifth++) {
            const double clips = counts->decided[cell][fifth];
            if (clips == 0.0) continue;
            const double fall = fall_at(fifth);
            const double share = logistic(model->mode[cell] + fall * model->mode[FALL]);
            const double weight = clips * share * (1.0 - share);
            const double excess = counts->wrong[cell][fifth] - clips * share;
            gradient[cell] += excess;
            gradient[FALL] += fall * excess;
            precision[cell][cell] += weight;
            precision[cell][FALL] += fall * weight;
            precision[FALL][cell] += fall * weight;
            precision[FALL][FALL] += square(fall) * weight;
        }
}

/* Newton's method to the posterior's mode, whose factor is kept. */
static void find_mode(struct model *model, const struct counts *counts) {
    double step[SIZE];
    double precision[SIZE][SIZE];
    memcpy(model->mode, model->mean, sizeof model->mode);
    for (int n = 0; n < STEPS; n++) {
        double longest = 0.0;
        look(model, counts, step, precision);
        decompose(precision, model->factor);
        solve_lower(model->factor, step);
        solve_upper(model->factor, step);
        for (size_t i = 0; i < SIZE; i++) longest = fmax(longest, fabs(step[i]));
        const double scale = longest > LONGEST_STEP ? LONGEST_STEP / longest : 1.0;
        for (size_t i = 0; i < SIZE; i++) model->mode[i] += scale * step[i];
        if (longest < 1e-10) break;
    }
}

/* How many of the rest are wrong: the end of the range that is `z` deviations away. */
static double find_end(const struct counts *counts, const struct fall *fall, double z) {
    struct model model;
    double slope[SIZE] = {0.0};
    double rest = 0.0;
    double wrong = 0.0;
    double variance = 0.0;
    make_prior(&model, fall);
    find_mode(&model, counts);
    for (size_t cell = 0; cell < CELLS; cell++) {
        const double share = logistic(model.mode[cell] + fall->after * model.mode[FALL]);
        rest += counts->rest[cell];
        wrong += counts->rest[cell] * share;
        slope[cell] = counts->rest[cell] * share * (1.0 - share);
        slope[FALL] += fall->after * slope[cell];
        variance += slope[cell];
    }
    solve_lower(model.factor, slope);
    for (size_t i = 0; i < SIZE; i++) variance += square(slope[i]);
    const double share = wrong / rest;
    const double logit = log(share / (1.0 - share));
    const double deviation = sqrt(variance) / (rest * share * (1.0 - share));
    return rest * logistic(logit + z * deviation);
}

static void find_range(const struct counts *counts, struct estimate_left *left) {
    const double low = floor(find_end(counts, &falls, -Z) + ROUNDING);
    const double high = ceil(find_end(counts, &stays, Z) - ROUNDING);
    left->flagged_low = (size_t)low;
    left->flagged_high = (size_t)fmin(fmax(low, high), (double)left->undecided);
}

/* ---- counting ---- */

struct turn {
    uint64_t turn;
    size_t index;
};

static int compare_turns(const void *a, const void *b) {
    const struct turn *one = a;
    const struct turn *other = b;
    if (one->turn != other->turn) return one->turn < other->turn ? -1 : 1;
    return (one->index > other->index) - (one->index < other->index);
}

static bool is_wrong(enum estimate_answer answer) {
    return answer == ESTIMATE_WRONG || answer == ESTIMATE_EXCLUDED;
}

static size_t cell_of(const struct estimate_issue *issues, size_t count, size_t index) {
    const int side = issues[index].side;
    return index * TENTHS / count * SIDES + (side < 0 ? 0u : side == 0 ? 1u : 2u);
}

/* decided has room for all. */
static void count_cells(const struct estimate_issue *issues, size_t count, struct turn *decided,
                        struct counts *counts) {
    size_t answered = 0;
    for (size_t i = 0; i < count; i++) {
        if (issues[i].answer == ESTIMATE_UNDECIDED)
            counts->rest[cell_of(issues, count, i)] += 1.0;
        else if (issues[i].answer != ESTIMATE_UNSURE)
            decided[answered++] = (struct turn){issues[i].turn, i};
    }
    if (answered > 1) qsort(decided, answered, sizeof *decided, compare_turns);
    for (size_t i = 0; i < answered; i++) {
        const size_t cell = cell_of(issues, count, decided[i].index);
        const size_t fifth = i * FIFTHS / answered;
        counts->decided[cell][fifth] += 1.0;
        if (is_wrong(issues[decided[i].index].answer)) counts->wrong[cell][fifth] += 1.0;
    }
}

double estimate_wilson_high(size_t wrong, size_t drawn) {
    if (drawn == 0) return 1.0;
    const double n = (double)drawn;
    const double share = (double)wrong / n;
    const double spread = Z * sqrt(share * (1.0 - share) / n + square(Z) / (4.0 * n * n));
    return fmin((share + square(Z) / (2.0 * n) + spread) / (1.0 + square(Z) / n), 1.0);
}

enum error_code estimate_left(const struct estimate_issue *issues, size_t count,
                              const struct estimate_sample *sample, struct estimate_left *left,
                              struct error *error) {
    *left = (struct estimate_left){.unflagged_high = NAN};
    if (sample->checked > 0)
        left->unflagged_high = estimate_wilson_high(sample->wrong, sample->checked);
    for (size_t i = 0; i < count; i++) {
        const enum estimate_answer answer = issues[i].answer;
        left->decided += answer != ESTIMATE_UNDECIDED;
        left->wrong += answer == ESTIMATE_WRONG;
        left->kept += answer == ESTIMATE_KEPT;
        left->excluded += answer == ESTIMATE_EXCLUDED;
        left->unsure += answer == ESTIMATE_UNSURE;
    }
    left->undecided = count - left->decided;
    if (left->undecided > 0) {
        struct counts counts = {0};
        struct turn *decided =
            memory_array(count, sizeof *decided, "the estimate of errors left", error);
        if (decided == NULL) return error->code;
        count_cells(issues, count, decided, &counts);
        find_range(&counts, left);
        free(decided);
    }
    left->stop =
        left->decided > 0 && (double)left->flagged_high <= STOP_SHARE * (double)left->undecided;
    return ERROR_NONE;
}

/* ---- a sample ---- */

/* SplitMix64's last step (Steele, Lea and Flood, 2014): every bit of the result depends on every
 * bit of the number. */
static uint64_t mixed(uint64_t number) {
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

struct draw {
    uint64_t key;
    size_t row;
};

static int compare_draws(const void *a, const void *b) {
    const struct draw *one = a;
    const struct draw *other = b;
    if (one->key != other->key) return one->key < other->key ? -1 : 1;
    return (one->row > other->row) - (one->row < other->row);
}

enum error_code estimate_draw(const char *run, const bool *open, size_t count, size_t *rows,
                              size_t wanted, size_t *drawn, struct error *error) {
    const uint64_t seed = mixed(strtoull(run, NULL, 16));
    size_t kept = 0;
    *drawn = 0;
    if (wanted == 0) return ERROR_NONE;
    const size_t room = 2 * wanted;
    struct draw *draws = memory_array(room, sizeof *draws, "a spot check", error);
    if (draws == NULL) return error->code;
    for (size_t row = 0; row < count; row++) {
        if (!open[row]) continue;
        draws[kept++] = (struct draw){mixed(seed ^ row), row};
        if (kept < room) continue;
        qsort(draws, kept, sizeof *draws, compare_draws);
        kept = wanted;
    }
    if (kept > 1) qsort(draws, kept, sizeof *draws, compare_draws);
    *drawn = kept < wanted ? kept : wanted;
    for (size_t i = 0; i < *drawn; i++) rows[i] = draws[i].row;
    free(draws);
    return ERROR_NONE;
}
