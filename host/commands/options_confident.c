#include "host/commands/options_confident.h"

#include "host/commands/options.h"

#include <limits.h>
#include <stdio.h>

static enum error_code take_filter(const char *value, enum confident_filter *filter,
                                   struct error *error) {
    *filter = confident_filter_find(value);
    if (*filter == FILTER_COUNT)
        return FAIL(error, ERROR_USAGE,
                    "--filter %s: give prune_by_noise_rate, prune_by_class, both, "
                    "confident_learning, predicted_neq_given, low_self_confidence or "
                    "low_normalized_margin",
                    value);
    return ERROR_NONE;
}

static enum error_code take_score(const char *value, enum confident_score *score,
                                  struct error *error) {
    *score = confident_score_find(value);
    if (*score == SCORE_COUNT)
        return FAIL(error, ERROR_USAGE,
                    "--score %s: give self_confidence, normalized_margin or "
                    "confidence_weighted_entropy",
                    value);
    return ERROR_NONE;
}

enum error_code options_take_confident(int option, const char *value,
                                       struct confident_settings *settings,
                                       const char **num_to_remove, const char **joint, bool *known,
                                       struct error *error) {
    long number = 0;
    switch (option) {
    case OPTION_FILTER: *known = true; return take_filter(value, &settings->filter, error);
    case OPTION_SCORE: *known = true; return take_score(value, &settings->score, error);
    case OPTION_FRAC_NOISE:
        *known = true;
        return options_number("frac-noise", value, 0.0, 1.0, &settings->frac_noise, error);
    case OPTION_MINIMUM_EXAMPLES:
        *known = true;
        TRY(options_integer("min-examples-per-class", value, 0, LONG_MAX, &number, error));
        settings->min_examples_per_class = number;
        break;
    case OPTION_NUM_TO_REMOVE:
        *known = true;
        *num_to_remove = value;
        break;
    case OPTION_JOINT:
        *known = true;
        *joint = value;
        break;
    case OPTION_ADJUST:
        *known = true;
        settings->adjust_pred_probs = true;
        break;
    default: break;
    }
    return ERROR_NONE;
}

void options_help_confident(void) {
    fputs("Confident learning (names and meanings are cleanlab's)\n"
          "  --filter F            which rows are issues: prune_by_noise_rate (default),\n"
          "                        prune_by_class, both, confident_learning,\n"
          "                        predicted_neq_given, low_self_confidence,\n"
          "                        low_normalized_margin\n"
          "  --score S             their order: self_confidence (default), normalized_margin,\n"
          "                        confidence_weighted_entropy\n"
          "  --frac-noise X        take this part of the estimated errors, 0 to 1 (default 1)\n"
          "  --min-examples-per-class M  leave classes with no more clips alone (default 1)\n"
          "  --num-to-remove FILE  .npy with how many to flag in every class\n"
          "  --joint FILE          .npy (classes, classes) confident joint: rows given, columns "
          "true;\n"
          "                        with several labels (classes, 2, 2)\n"
          "  --adjust-pred-probs   scores of probabilities less the class thresholds\n",
          stdout);
}
