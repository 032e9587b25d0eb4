#include "host/commands/detection_options.h"

#include "host/commands/option_table.h"

static enum error_code check_multilabel(const struct options *options, enum command_bit command,
                                        const struct detection_settings *settings,
                                        struct error *error) {
    if (settings->detector == DETECTOR_ENSEMBLE &&
        option_given(options, "detector", command) != NULL)
        return FAIL(
            error, ERROR_USAGE,
            "--detector ensemble is for one label a clip; several have --detector logistic");
    if (settings->confident.filter == FILTER_ENSEMBLE ||
        settings->confident.score == SCORE_LOG_MARGIN)
        return FAIL(error, ERROR_USAGE,
                    "--filter %s and --score %s are for one label a clip: give one of cleanlab's",
                    FILTER_ENSEMBLE_NAME, SCORE_LOG_MARGIN_NAME);
    if (options->files.embedding_count > 1)
        return FAIL(error, ERROR_USAGE,
                    "several labels a clip are judged by one embedding; give one --embeddings");
    return ERROR_NONE;
}

/* Options that say how many clips cleanlab's filters flag. */
static enum error_code check_filter(const struct options *options, enum command_bit command,
                                    struct error *error) {
    static const char *const names[] = {"frac-noise", "min-examples-per-class", "num-to-remove"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (option_given(options, names[i], command) != NULL)
            return FAIL(error, ERROR_USAGE,
                        "--%s is for cleanlab's filters: give --filter prune_by_noise_rate, or "
                        "another of them",
                        names[i]);
    return ERROR_NONE;
}

enum error_code command_detection(const struct options *options, enum command_bit command,
                                  bool multilabel, struct detection_settings *settings,
                                  struct error *error) {
    *settings = (struct detection_settings){.detector = options->detector,
                                            .crossval = options->crossval,
                                            .confident = options->confident};
    if (multilabel) {
        TRY(check_multilabel(options, command, settings, error));
        settings->detector = DETECTOR_LOGISTIC;
    }
    bool logistic = settings->detector == DETECTOR_LOGISTIC;
    if (logistic && options->files.embedding_count > 1)
        return FAIL(error, ERROR_USAGE,
                    "--detector logistic takes one embedding a clip: give one --embeddings, or "
                    "--detector ensemble");
    if (!logistic && option_given(options, "filter", command) == NULL)
        settings->confident.filter = FILTER_ENSEMBLE;
    if (!logistic && option_given(options, "score", command) == NULL)
        settings->confident.score = SCORE_LOG_MARGIN;
    if (settings->confident.adjust_pred_probs &&
        settings->confident.score != SCORE_SELF_CONFIDENCE &&
        settings->confident.score != SCORE_NORMALIZED_MARGIN)
        return FAIL(error, ERROR_USAGE,
                    "--adjust-pred-probs goes with --score self_confidence or normalized_margin");
    if (settings->confident.filter != FILTER_ENSEMBLE) return ERROR_NONE;
    return check_filter(options, command, error);
}
