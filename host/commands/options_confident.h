/* Options of confident learning, shared by audit and issues; names and meanings
 * are cleanlab's. */
#ifndef EARMARK_COMMANDS_OPTIONS_CONFIDENT_H
#define EARMARK_COMMANDS_OPTIONS_CONFIDENT_H

#include "host/confident/confident.h"

#include <getopt.h>

enum option_confident {
    OPTION_FILTER = 512,
    OPTION_SCORE,
    OPTION_FRAC_NOISE,
    OPTION_MINIMUM_EXAMPLES,
    OPTION_NUM_TO_REMOVE,
    OPTION_JOINT,
    OPTION_ADJUST
};

/* clang-format off */
#define OPTIONS_CONFIDENT                                                                          \
    {"filter", required_argument, NULL, OPTION_FILTER},                                            \
    {"score", required_argument, NULL, OPTION_SCORE},                                              \
    {"frac-noise", required_argument, NULL, OPTION_FRAC_NOISE},                                    \
    {"min-examples-per-class", required_argument, NULL, OPTION_MINIMUM_EXAMPLES},                  \
    {"num-to-remove", required_argument, NULL, OPTION_NUM_TO_REMOVE},                              \
    {"joint", required_argument, NULL, OPTION_JOINT},                                              \
    {"adjust-pred-probs", no_argument, NULL, OPTION_ADJUST}
/* clang-format on */

/* Takes one option; the two files are only named here, and read by who knows the
 * number of classes. *known is left alone unless the option is one of these. */
enum error_code options_take_confident(int option, const char *value,
                                       struct confident_settings *settings,
                                       const char **num_to_remove, const char **joint, bool *known,
                                       struct error *error);

void options_help_confident(void);

#endif
