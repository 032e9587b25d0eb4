/* The options of earmark slurm, kubernetes and parallel: a part of the table of option_table.h. */
#ifndef EARMARK_COMMANDS_JOB_OPTIONS_H
#define EARMARK_COMMANDS_JOB_OPTIONS_H

#include "host/commands/option_row.h"

#define JOB_OPTIONS 20 /* rows */

/* Rows from 0; NULL after the last. */
const struct option_row *job_option_row(size_t index);

#endif
