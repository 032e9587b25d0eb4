/* The settings of a detection, from the options of audit, crossval and detect. */
#ifndef EARMARK_COMMANDS_DETECTION_OPTIONS_H
#define EARMARK_COMMANDS_DETECTION_OPTIONS_H

#include "host/commands/command_table.h"
#include "host/commands/options.h"

/* What was not given follows from the detector: its own filter and score. Several labels a clip
 * (multilabel) have logistic regression and cleanlab's filters only. ERROR_USAGE where options
 * do not go together. */
enum error_code command_detection(const struct options *options, enum command_bit command,
                                  bool multilabel, struct detection_settings *settings,
                                  struct error *error);

#endif
