#include "host/commands/option_values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- names of choices, by the value of the field ---- */

const char *format_choice(int value) {
    return corpus_format_name((enum corpus_format)value);
}

const char *precision_choice(int value) {
    return value <= PRECISION_BF16 ? engine_precision_name((enum device_precision)value) : NULL;
}

const char *scale_choice(int value) {
    static const char *const names[] = {"none", "standard", NULL};
    return names[value];
}

const char *filter_choice(int value) {
    return value < FILTER_COUNT ? confident_filter_name((enum confident_filter)value) : NULL;
}

const char *score_choice(int value) {
    return value < SCORE_COUNT ? confident_score_name((enum confident_score)value) : NULL;
}

/* The same with the ensemble's own. */
const char *detection_filter_choice(int value) {
    return value == FILTER_ENSEMBLE ? FILTER_ENSEMBLE_NAME : filter_choice(value);
}

const char *detection_score_choice(int value) {
    return value == SCORE_LOG_MARGIN ? SCORE_LOG_MARGIN_NAME : score_choice(value);
}

const char *detector_choice(int value) {
    return detector_name((enum detector)value);
}

const char *copies_choice(int value) {
    static const char *const names[] = {"together", "apart", NULL};
    return names[value];
}

const char *level_choice(int value) {
    return value < MESSAGE_LEVELS ? message_level_name((enum message_level)value) : NULL;
}

const char *estimate_choice(int value) {
    static const char *const names[] = {[ESTIMATE_NONE] = "none",
                                        [ESTIMATE_OFF_DIAGONAL] = "off_diagonal",
                                        [ESTIMATE_CALIBRATED] = "off_diagonal_calibrated",
                                        [ESTIMATE_CUSTOM] = "off_diagonal_custom",
                                        [ESTIMATE_COUNT] = NULL};
    return names[value];
}

/* ---- values of no common kind ---- */

enum error_code take_export(const char *value, struct options *options, struct error *error) {
    enum export_format format = EXPORT_AUDACITY;
    for (const char *name; (name = export_name(format)) != NULL; format++) {
        if (strcmp(value, name) != 0) continue;
        options->export = format;
        return ERROR_NONE;
    }
    return FAIL(error, ERROR_USAGE, "--export %s: give audacity, raven or label-studio", value);
}

enum error_code take_c(const char *value, struct options *options, struct error *error) {
    struct crossval_settings *settings = &options->crossval;
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
            return FAIL(error, ERROR_USAGE, "--C %s: give at most %d values", value,
                        CROSSVAL_MAXIMUM_C);
        settings->c_values[settings->c_count++] = c;
        if (*end == '\0') return ERROR_NONE;
        at = end;
    }
}

/* One more file of embeddings. */
enum error_code take_view(const char *value, struct options *options, struct error *error) {
    if (value[0] == '\0') return FAIL(error, ERROR_USAGE, "--embeddings: give a file");
    if (options->files.embedding_count == MIX_VIEWS)
        return FAIL(error, ERROR_USAGE, "--embeddings %s: at most %d files can be mixed", value,
                    MIX_VIEWS);
    options->files.embeddings[options->files.embedding_count++] = value;
    return ERROR_NONE;
}

enum error_code take_views(const char *value, struct options *options, struct error *error) {
    for (int views = 0; views < VIEWS_COUNT; views++)
        if (strcmp(value, session_views_name((enum session_views)views)) == 0) {
            options->views = (enum session_views)views;
            return ERROR_NONE;
        }
    return FAIL(error, ERROR_USAGE,
                "--views %s: give xvector,statistics, xvector, or for audit none", value);
}

enum error_code take_progress(const char *value, struct options *options, struct error *error) {
    static const struct {
        const char *name;
        enum progress_style style;
    } styles[] = {{"bar", PROGRESS_BAR},
                  {"lines", PROGRESS_LINES},
                  {"json", PROGRESS_JSON},
                  {"none", PROGRESS_QUIET}};
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        if (strcmp(value, styles[i].name) != 0) continue;
        options->progress = styles[i].style;
        return ERROR_NONE;
    }
    return FAIL(error, ERROR_USAGE, "--progress %s: give bar, lines, json or none", value);
}

/* node_exporter reads only files of this ending. */
enum error_code take_metrics(const char *value, struct options *options, struct error *error) {
    static const char ending[] = ".prom";
    const char *slash = strrchr(value, '/'), *name = slash == NULL ? value : slash + 1;
    const size_t length = strlen(name), least = sizeof ending - 1;
    options->metrics = value;
    if (length > least && strcmp(name + length - least, ending) == 0) return ERROR_NONE;
    return FAIL(error, ERROR_USAGE, "--metrics %s: give a file whose name ends in .prom", value);
}

enum error_code take_unlabelled(const char *value, struct options *options, struct error *error) {
    char *end;
    errno = 0;
    options->files.unlabelled = strtoll(value, &end, 10);
    options->files.has_unlabelled = true;
    if (errno != 0 || end == value || *end != '\0')
        return FAIL(error, ERROR_USAGE,
                    "--unlabelled %s: give a whole number, as in the file of labels", value);
    return ERROR_NONE;
}

enum error_code take_part(const char *value, struct options *options, struct error *error) {
    options->has_part = true;
    return part_read(value, &options->part, error);
}
