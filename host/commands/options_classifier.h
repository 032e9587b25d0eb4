/* Options of the cross-validated classifier, shared by audit and crossval. */
#ifndef EARMARK_COMMANDS_OPTIONS_CLASSIFIER_H
#define EARMARK_COMMANDS_OPTIONS_CLASSIFIER_H

#include "host/classifier/crossval.h"

#include <getopt.h>

enum option_classifier {
    OPTION_FOLDS = 640,
    OPTION_SHUFFLE,
    OPTION_SEED,
    OPTION_C,
    OPTION_SCALE,
    OPTION_TOL,
    OPTION_MAX_ITERATIONS
};

/* clang-format off */
#define OPTIONS_CLASSIFIER                                                                         \
    {"folds", required_argument, NULL, OPTION_FOLDS},                                              \
    {"shuffle", no_argument, NULL, OPTION_SHUFFLE},                                                \
    {"seed", required_argument, NULL, OPTION_SEED},                                                \
    {"C", required_argument, NULL, OPTION_C},                                                      \
    {"scale", required_argument, NULL, OPTION_SCALE},                                              \
    {"tol", required_argument, NULL, OPTION_TOL},                                                  \
    {"max-iterations", required_argument, NULL, OPTION_MAX_ITERATIONS}
/* clang-format on */

/* Takes one option that getopt_long returned; *known is false when it is none of
 * these, ERROR_USAGE when its value is wrong. */
enum error_code options_take_classifier(int option, const char *value,
                                        struct crossval_settings *settings, bool *known,
                                        struct error *error);

/* The help text of these options. */
void options_help_classifier(void);

#endif
