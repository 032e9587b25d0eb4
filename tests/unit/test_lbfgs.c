/* L-BFGS and its line search on functions with known minima. */
#include "host/classifier/lbfgs.h"
#include "tests/support/compare.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef double function(const double *x, size_t size, double *gradient);

static double rosenbrock(const double *x, size_t size, double *gradient) {
    double value = 0;
    for (size_t i = 0; i < size; i++) gradient[i] = 0;
    for (size_t i = 0; i + 1 < size; i++) {
        double valley = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
        value += 100 * valley * valley + rest * rest;
        gradient[i] += -400 * valley * x[i] - 2 * rest;
        gradient[i + 1] += 200 * valley;
    }
    return value;
}

/* Curvatures from 1 to 10,000. */
static double quadratic(const double *x, size_t size, double *gradient) {
    double value = 0;
    for (size_t i = 0; i < size; i++) {
        double curvature = pow(1e4, (double)i / (double)(size - 1)), apart = x[i] - (double)i;
        value += curvature * apart * apart / 2;
        gradient[i] = curvature * apart;
    }
    return value;
}

/* Its gradient has the wrong sign: no step can succeed. */
static double deceitful(const double *x, size_t size, double *gradient) {
    double value = quadratic(x, size, gradient);
    for (size_t i = 0; i < size; i++) gradient[i] = -gradient[i];
    return value;
}

static double endless(const double *x, size_t size, double *gradient) {
    (void)x;
    for (size_t i = 0; i < size; i++) gradient[i] = 1;
    return NAN;
}

static struct lbfgs minimise(function *f, size_t size, const struct lbfgs_settings *settings) {
    struct lbfgs lbfgs;
    struct error error = ERROR_INITIAL;
    double *gradient = calloc(size, sizeof *gradient);
    assert_non_null(gradient);
    lbfgs_open(&lbfgs, size, settings, &error);
    assert_no_error(&error);
    while (lbfgs.stop == LBFGS_RUNNING) {
        double value = f(lbfgs.point, size, gradient), norm = 0;
        for (size_t i = 0; i < size; i++) norm = fmax(norm, fabs(gradient[i]));
        lbfgs_advance(&lbfgs, value, gradient, norm);
        assert_true(lbfgs.evaluations < 10000);
    }
    free(gradient);
    return lbfgs;
}

static const struct lbfgs_settings usual = {
    .tolerance = 1e-8, .flatness = 0, .max_iterations = 1000, .search_steps = LBFGS_SEARCH_STEPS};

static void test_rosenbrock(void **state) {
    (void)state;
    struct lbfgs lbfgs = minimise(rosenbrock, 20, &usual);
    assert_int_equal(lbfgs.stop, LBFGS_GRADIENT);
    assert_true(lbfgs.norm <= usual.tolerance);
    for (size_t i = 0; i < 20; i++) assert_within(fabs(lbfgs.point[i] - 1), 1e-6, "minimum");
    assert_true(lbfgs.iterations < 200);
    lbfgs_close(&lbfgs);
}

static void test_quadratic(void **state) {
    (void)state;
    struct lbfgs lbfgs = minimise(quadratic, 50, &usual);
    assert_int_equal(lbfgs.stop, LBFGS_GRADIENT);
    for (size_t i = 0; i < 50; i++)
        assert_within(fabs(lbfgs.point[i] - (double)i), 1e-7, "minimum");
    lbfgs_close(&lbfgs);
}

static void test_reasons(void **state) {
    (void)state;
    struct lbfgs_settings settings = usual;
    settings.max_iterations = 3;
    struct lbfgs lbfgs = minimise(rosenbrock, 20, &settings);
    assert_int_equal(lbfgs.stop, LBFGS_ITERATIONS);
    assert_int_equal(lbfgs.iterations, 3);
    lbfgs_close(&lbfgs);

    settings = usual;
    settings.flatness = 1e-3;
    lbfgs = minimise(rosenbrock, 20, &settings);
    assert_int_equal(lbfgs.stop, LBFGS_FLAT);
    lbfgs_close(&lbfgs);

    lbfgs = minimise(deceitful, 5, &usual);
    assert_int_equal(lbfgs.stop, LBFGS_LINE_SEARCH);
    for (size_t i = 0; i < 5; i++) assert_true(lbfgs.point[i] == 0);
    lbfgs_close(&lbfgs);

    lbfgs = minimise(endless, 5, &usual);
    assert_int_equal(lbfgs.stop, LBFGS_LINE_SEARCH);
    lbfgs_close(&lbfgs);
}

/* Continuing after a stop leads to the same minimum and continues the count of iterations. */
static void test_resume(void **state) {
    (void)state;
    struct lbfgs_settings settings = usual;
    settings.tolerance = 1e-2;
    struct lbfgs lbfgs = minimise(rosenbrock, 20, &settings);
    assert_int_equal(lbfgs.stop, LBFGS_GRADIENT);
    int before = lbfgs.iterations;
    double gradient[20];
    lbfgs_resume(&lbfgs, &usual);
    while (lbfgs.stop == LBFGS_RUNNING) {
        double value = rosenbrock(lbfgs.point, 20, gradient), norm = 0;
        for (size_t i = 0; i < 20; i++) norm = fmax(norm, fabs(gradient[i]));
        lbfgs_advance(&lbfgs, value, gradient, norm);
    }
    assert_int_equal(lbfgs.stop, LBFGS_GRADIENT);
    assert_true(lbfgs.iterations > before);
    for (size_t i = 0; i < 20; i++) assert_within(fabs(lbfgs.point[i] - 1), 1e-6, "minimum");
    lbfgs_close(&lbfgs);
}

/* phi(a) = -a / (a^2 + 2): the first test function of More and Thuente (1994). */
static void test_line_search(void **state) {
    (void)state;
    for (double first = 1e-3; first < 2e3; first *= 10) {
        struct line_search search;
        line_search_start(&search, 0, -0.5, first);
        double value = 0, slope = 0;
        int steps = 0;
        bool accepted = false;
        while (!accepted && steps++ < 30) {
            double a = search.step, below = a * a + 2;
            value = -a / below;
            slope = (a * a - 2) / (below * below);
            accepted = line_search_advance(&search, value, slope);
        }
        assert_true(accepted);
        assert_true(value <= -1e-3 * 0.5 * search.step);
        assert_true(fabs(slope) <= 0.9 * 0.5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rosenbrock),  cmocka_unit_test(test_quadratic),
        cmocka_unit_test(test_reasons),     cmocka_unit_test(test_resume),
        cmocka_unit_test(test_line_search),
    };
    return cmocka_run_group_tests_name("lbfgs", tests, NULL, NULL);
}
