#include "host/confident/noise_fit.h"

#include "host/base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Rows of a class count as this many when its error rate is drawn to that of all classes. */
#define RATE_STRENGTH 1000.0
/* Iterations with expected probabilities, then with expected logarithms: the latter alone drop
 * destinations that the first, rough assignment does not show. */
#define ITERATIONS 20
#define ITERATIONS_EXPECTED 15
#define FIRST_RATE 0.1
/* A prior of the error rate, as rows with and without error. */
#define PRIOR_WRONG 0.5
#define PRIOR_RIGHT 10.0

enum error_code noise_fit_allocate(struct noise_fit *fit, const struct noise_rows *rows,
                                   struct error *error) {
    size_t classes = rows->classes;
    *fit = (struct noise_fit){.likely = memory_array(rows->rows, classes * sizeof(double),
                                                     "sharpened probabilities", error)};
    fit->counts = memory_array(classes * classes, sizeof(double), "counts of errors", error);
    fit->transition = memory_array(classes * classes, sizeof(double), "error rates", error);
    fit->changed = memory_array(classes, sizeof(double), "error rates", error);
    fit->kept = memory_array(classes, sizeof(double), "error rates", error);
    return error->code;
}

void noise_fit_free(struct noise_fit *fit) {
    free(fit->likely);
    free(fit->counts);
    free(fit->transition);
    free(fit->changed);
    free(fit->kept);
    *fit = (struct noise_fit){.likely = NULL};
}

void noise_fit_sharpen(struct noise_fit *fit, const struct noise_rows *rows, double sharpness) {
    size_t classes = rows->classes;
    for (size_t i = 0; i < rows->rows; i++) {
        const float *mix = rows->mix[i];
        double *likely = fit->likely + i * classes;
        double top = mix[0], sum = 0;
        for (size_t k = 1; k < classes; k++) top = fmax(top, mix[k]);
        for (size_t k = 0; k < classes; k++) sum += likely[k] = exp(sharpness * (mix[k] - top));
        for (size_t k = 0; k < classes; k++) likely[k] /= sum;
    }
}

/* The derivative of lgamma at x > 0. */
static double digamma(double x) {
    double shift = 0;
    while (x < 6) {
        shift -= 1 / x;
        x += 1;
    }
    double r = 1 / (x * x);
    double series = r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r / 132))));
    return shift + log(x) - 0.5 / x - series;
}

/* lgamma() writes a global variable, which threads may not share. */
static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

/* Expected rows by given and true class; returns the log-likelihood. */
static double count_rows(struct noise_fit *fit, const struct noise_rows *rows) {
    size_t classes = rows->classes;
    double likelihood = 0;
    for (size_t j = 0; j < classes; j++) {
        const double *transition = fit->transition + j * classes;
        double *counts = fit->counts + j * classes;
        for (size_t k = 0; k < classes; k++) counts[k] = 0;
        for (size_t i = rows->starts[j]; i < rows->starts[j + 1]; i++) {
            const double *likely = fit->likely + i * classes;
            double sum = 1e-300;
            for (size_t k = 0; k < classes; k++) sum += likely[k] * transition[k];
            double factor = 1 / sum;
            for (size_t k = 0; k < classes; k++) counts[k] += likely[k] * transition[k] * factor;
            likelihood += log(sum);
        }
    }
    for (size_t k = 0; k < classes; k++) fit->changed[k] = 0;
    for (size_t j = 0; j < classes; j++)
        for (size_t k = 0; k < classes; k++)
            if (j == k)
                fit->kept[k] = fit->counts[j * classes + k];
            else
                fit->changed[k] += fit->counts[j * classes + k];
    return likelihood;
}

static double overall_rate(const struct noise_fit *fit, const struct noise_rows *rows) {
    double changed = PRIOR_WRONG;
    for (size_t k = 0; k < rows->classes; k++) changed += fit->changed[k];
    return changed / ((double)rows->rows + PRIOR_RIGHT);
}

static void update_expected(struct noise_fit *fit, size_t classes, double rate, double spread) {
    double base = spread / (double)(classes - 1);
    for (size_t k = 0; k < classes; k++) {
        double wrong = RATE_STRENGTH * rate + fit->changed[k];
        double right = RATE_STRENGTH * (1 - rate) + fit->kept[k];
        double factor = wrong / (wrong + right) / (spread + fit->changed[k]);
        for (size_t j = 0; j < classes; j++) {
            size_t at = j * classes + k;
            fit->transition[at] =
                j == k ? right / (wrong + right) : (base + fit->counts[at]) * factor;
        }
    }
}

/* By expected logarithms. */
static void update_logarithms(struct noise_fit *fit, size_t classes, double rate, double spread) {
    double base = spread / (double)(classes - 1);
    for (size_t k = 0; k < classes; k++) {
        double wrong = RATE_STRENGTH * rate + fit->changed[k];
        double right = RATE_STRENGTH * (1 - rate) + fit->kept[k];
        double both = digamma(wrong + right);
        double log_wrong = digamma(wrong) - both - digamma(spread + fit->changed[k]);
        for (size_t j = 0; j < classes; j++) {
            size_t at = j * classes + k;
            fit->transition[at] =
                exp(j == k ? digamma(right) - both : digamma(base + fit->counts[at]) + log_wrong);
        }
    }
}

/* The divergence of the posterior, of which fit->transition has the expected logarithms, from the
 * prior. */
static double divergence(const struct noise_fit *fit, size_t classes, double rate, double spread) {
    double base = spread / (double)(classes - 1), log_gamma_base = log_gamma(base);
    double prior_wrong = RATE_STRENGTH * rate, prior_right = RATE_STRENGTH * (1 - rate);
    double sum = 0;
    for (size_t k = 0; k < classes; k++) {
        double changed = fit->changed[k], kept = fit->kept[k];
        double wrong = prior_wrong + changed, right = prior_right + kept;
        sum += log_gamma(wrong + right) - log_gamma(wrong) - log_gamma(right) -
               log_gamma(RATE_STRENGTH) + log_gamma(prior_wrong) + log_gamma(prior_right);
        sum += log_gamma(spread + changed) - log_gamma(spread);
        for (size_t j = 0; j < classes; j++) {
            double count = fit->counts[j * classes + k];
            sum += count * log(fmax(fit->transition[j * classes + k], 1e-300));
            if (j != k) sum += log_gamma_base - log_gamma(base + count);
        }
    }
    return sum;
}

double noise_fit_run(struct noise_fit *fit, const struct noise_rows *rows, double spread) {
    size_t classes = rows->classes;
    double rate = FIRST_RATE;
    for (size_t j = 0; j < classes; j++)
        for (size_t k = 0; k < classes; k++)
            fit->transition[j * classes + k] = j == k ? 1 - rate : rate / (double)(classes - 1);
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
        count_rows(fit, rows);
        rate = overall_rate(fit, rows);
        if (iteration < ITERATIONS_EXPECTED)
            update_expected(fit, classes, rate, spread);
        else
            update_logarithms(fit, classes, rate, spread);
    }
    fit->rate = rate;
    double prior = PRIOR_WRONG * log(rate) + PRIOR_RIGHT * log(1 - rate);
    prior -= divergence(fit, classes, rate, spread); /* of the counts, which now change */
    return count_rows(fit, rows) + prior;
}
