/* Options that several commands share, each read and explained in one place. */
#ifndef EARMARK_COMMANDS_OPTIONS_H
#define EARMARK_COMMANDS_OPTIONS_H

#include "host/base/progress.h"
#include "host/embedding/engine.h"
#include "host/lists/collection.h"

#include <getopt.h>

/* Long options of a command are named by these; a command's own begin at OPTION_OWN. */
enum option_name {
    OPTION_LABEL_PATTERN = 256,
    OPTION_LABEL_COLUMN,
    OPTION_LABEL_SEPARATOR,
    OPTION_PATH_COLUMN,
    OPTION_START_COLUMN,
    OPTION_END_COLUMN,
    OPTION_GROUP,
    OPTION_FOLD_COLUMN,
    OPTION_ALLOW_OUTSIDE,
    OPTION_MODEL,
    OPTION_DEVICE,
    OPTION_PRECISION,
    OPTION_THREADS,
    OPTION_NO_RESAMPLE,
    OPTION_FRESH,
    OPTION_QUIET,
    OPTION_JSON,
    OPTION_OWN
};

/* clang-format off */
#define OPTIONS_INPUT                                                                              \
    {"label-pattern", required_argument, NULL, OPTION_LABEL_PATTERN},                              \
    {"label-column", required_argument, NULL, OPTION_LABEL_COLUMN},                                \
    {"label-separator", required_argument, NULL, OPTION_LABEL_SEPARATOR},                          \
    {"path-column", required_argument, NULL, OPTION_PATH_COLUMN},                                  \
    {"start-column", required_argument, NULL, OPTION_START_COLUMN},                                \
    {"end-column", required_argument, NULL, OPTION_END_COLUMN},                                    \
    {"group", required_argument, NULL, OPTION_GROUP},                                              \
    {"fold-column", required_argument, NULL, OPTION_FOLD_COLUMN},                                  \
    {"allow-outside", no_argument, NULL, OPTION_ALLOW_OUTSIDE}
#define OPTIONS_ENGINE                                                                             \
    {"model", required_argument, NULL, OPTION_MODEL},                                              \
    {"device", required_argument, NULL, OPTION_DEVICE},                                            \
    {"precision", required_argument, NULL, OPTION_PRECISION},                                      \
    {"threads", required_argument, NULL, OPTION_THREADS},                                          \
    {"no-resample", no_argument, NULL, OPTION_NO_RESAMPLE}
#define OPTIONS_RUN                                                                                \
    {"fresh", no_argument, NULL, OPTION_FRESH},                                                    \
    {"quiet", no_argument, NULL, OPTION_QUIET},                                                    \
    {"json", no_argument, NULL, OPTION_JSON},                                                      \
    {"help", no_argument, NULL, 'h'}
/* clang-format on */

struct common_options {
    struct input_options input;
    struct engine_settings engine;
    bool no_resample;
    bool fresh;
    bool quiet;
    bool json;
};

#define COMMON_OPTIONS_INITIAL                                                                     \
    {                                                                                              \
        .engine = {.device = "auto" }                                                              \
    }

/* Takes one option that getopt_long returned. *known is false when it is not a
 * shared one; ERROR_USAGE when its value is wrong. */
enum error_code options_take(int option, const char *value, struct common_options *options,
                             bool *known, struct error *error);

/* A whole number within bounds; ERROR_USAGE names the option. */
enum error_code options_integer(const char *name, const char *value, long minimum, long maximum,
                                long *number, struct error *error);
/* A finite number within bounds. */
enum error_code options_number(const char *name, const char *value, double minimum, double maximum,
                               double *number, struct error *error);

/* The message for an option that getopt_long did not understand ('?' or ':'). */
enum error_code options_unknown(const char *command, int option, char **argv, struct error *error);

/* The help texts of the groups above. */
void options_help_input(void);
void options_help_engine(void);
void options_help_run(void);

#endif
