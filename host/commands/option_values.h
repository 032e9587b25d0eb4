/* What the rows of option_table.c refer to: names of choices, and readers of values that have no
 * common kind. */
#ifndef EARMARK_COMMANDS_OPTION_VALUES_H
#define EARMARK_COMMANDS_OPTION_VALUES_H

#include "host/commands/options.h"

/* The name of a choice by the value of its field; NULL past the last. */
const char *format_choice(int value);
const char *precision_choice(int value);
const char *scale_choice(int value);
const char *filter_choice(int value);
const char *score_choice(int value);
const char *detection_filter_choice(int value);
const char *detection_score_choice(int value);
const char *detector_choice(int value);
const char *copies_choice(int value);
const char *level_choice(int value);
const char *estimate_choice(int value);

/* Reads the value into the options. ERROR_USAGE, with what to give. */
enum error_code take_export(const char *value, struct options *options, struct error *error);
enum error_code take_c(const char *value, struct options *options, struct error *error);
enum error_code take_view(const char *value, struct options *options, struct error *error);
enum error_code take_views(const char *value, struct options *options, struct error *error);
enum error_code take_progress(const char *value, struct options *options, struct error *error);
enum error_code take_metrics(const char *value, struct options *options, struct error *error);
enum error_code take_unlabelled(const char *value, struct options *options, struct error *error);
enum error_code take_part(const char *value, struct options *options, struct error *error);

#endif
