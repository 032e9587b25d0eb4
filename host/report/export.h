/* The issues of a run in the form of other programs, each in a folder of its own beneath OUT. */
#ifndef EARMARK_REPORT_EXPORT_H
#define EARMARK_REPORT_EXPORT_H

#include "host/report/export_parts.h"

enum export_format { EXPORT_NONE, EXPORT_AUDACITY, EXPORT_RAVEN, EXPORT_LABEL_STUDIO };

/* "audacity", "raven", "label-studio"; NULL for EXPORT_NONE and after the last. It is also the
 * name of the folder. */
const char *export_name(enum export_format format);

/* Writes OUT/NAME/:
 *   audacity: a label track for each sound file, its issues as labels "given -> suggested (score)"
 *   raven: a selection table for each sound file
 *   label-studio: tasks.json, with the suggested labels as predictions, and config.xml, the
 *     labelling interface
 * Refuses a folder that has files: they may have been worked on. ERROR_DATA for a run that is not
 * of sounds. */
enum error_code export_write(const struct folder *out, const struct run_results *results,
                             enum export_format format, struct export_counts *counts,
                             struct error *error);

#endif
