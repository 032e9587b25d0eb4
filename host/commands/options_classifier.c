#include "host/commands/options_classifier.h"
#include "host/classifier/folds.h"
#include "host/commands/options.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum error_code take_c(const char *value, struct crossval_settings *settings,
                              struct error *error) {
    settings->c_auto = strcmp(value, "auto") == 0;
    settings->c_count = 0;
    if (settings->c_auto) return ERROR_NONE;
    for (const char *at = value;; at++) {
        char *end = NULL;
        double c = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\0') || !(c > 0) || !isfinite(c))
            return FAIL(error, ERROR_USAGE,
                        "--C %s: give auto, or numbers above 0 with commas between them", value);
        if (settings->c_count == CROSSVAL_MAXIMUM_C)
            return FAIL(error, ERROR_USAGE, "--C %s: more than %d values", value,
                        CROSSVAL_MAXIMUM_C);
        settings->c_values[settings->c_count++] = c;
        if (*end == '\0') return ERROR_NONE;
        at = end;
    }
}

static enum error_code take_scale(const char *value, struct crossval_settings *settings,
                                  struct error *error) {
    settings->standardise = strcmp(value, "standard") == 0;
    if (!settings->standardise && strcmp(value, "none") != 0)
        return FAIL(error, ERROR_USAGE, "--scale %s: give standard or none", value);
    return ERROR_NONE;
}

enum error_code options_take_classifier(int option, const char *value,
                                        struct crossval_settings *settings, bool *known,
                                        struct error *error) {
    long number = 0;
    *known = true;
    switch (option) {
    case OPTION_FOLDS:
        TRY(options_integer("folds", value, 2, FOLDS_MAXIMUM, &number, error));
        settings->folds = (size_t)number;
        break;
    case OPTION_SHUFFLE: settings->shuffle = true; break;
    case OPTION_SEED:
        TRY(options_integer("seed", value, 0, UINT32_MAX, &number, error));
        settings->seed = (uint32_t)number;
        break;
    case OPTION_C: return take_c(value, settings, error);
    case OPTION_SCALE: return take_scale(value, settings, error);
    case OPTION_TOL:
        return options_number("tol", value, 1e-300, 1e300, &settings->tolerance, error);
    case OPTION_MAX_ITERATIONS:
        TRY(options_integer("max-iterations", value, 1, 1000000000, &number, error));
        settings->max_iterations = (int)number;
        break;
    default: *known = false;
    }
    return ERROR_NONE;
}

void options_help_classifier(void) {
    fputs("Cross-validation (multinomial logistic regression, as scikit-learn's)\n"
          "  --folds K             stratified folds, or of whole groups (default 5)\n"
          "  --shuffle             shuffle rows (groups) before they are dealt to folds; rows\n"
          "                        with several labels always are\n"
          "  --seed N              of the shuffle (default 0)\n"
          "  --C auto|V[,V...]     inverse strength of the penalty; auto (default): the best of\n"
          "                        1e-4 to 1e2 by out-of-fold log-loss\n"
          "  --scale standard|none columns scaled on each fold's training rows (default), or not\n"
          "  --tol T               largest magnitude left in the gradient (default 1e-4)\n"
          "  --max-iterations N    of each fit (default 1000)\n",
          stdout);
}
