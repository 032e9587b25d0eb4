/* The values of all options. option_table.h says which command takes which. */
#ifndef EARMARK_COMMANDS_OPTIONS_H
#define EARMARK_COMMANDS_OPTIONS_H

#include "host/audit/detection.h"
#include "host/commands/benchmark.h"
#include "host/commands/command_table.h"
#include "host/commands/crossval_files.h"
#include "host/confident/confident.h"
#include "host/embedding/session.h"
#include "host/lists/collection.h"

#define OPTIONS_MAXIMUM 96 /* rows of the table of options */

/* cleanlab's estimation_method. */
enum estimate {
    ESTIMATE_NONE,
    ESTIMATE_OFF_DIAGONAL,
    ESTIMATE_CALIBRATED,
    ESTIMATE_CUSTOM,
    ESTIMATE_COUNT
};

struct options {
    const char *argument; /* INPUT, OUT, DIR, FILE or STAGE; NULL: not given */
    const char *out;      /* -o: a folder, or the file of model import */
    bool fresh;
    bool quiet;
    bool json;
    bool fail_on_issues;
    bool help;

    struct input_options input;
    struct engine_settings engine; /* its `quiet` is the option's */
    bool no_resample;
    int clip_memory; /* MiB; 0: by the size of the file */
    enum session_views views;
    struct crossval_settings crossval;
    struct confident_settings confident;
    enum detector detector;
    const char *num_to_remove_file; /* .npy, or NULL */
    const char *joint_file;

    const char *features;        /* embed */
    struct crossval_files files; /* crossval, detect; some of it issues and audit, too */
    const char *pred_probs;      /* issues, from here on */
    enum estimate estimate;
    bool mask;
    const char *root;       /* report */
    const char *model_name; /* model import, from here on */
    const char *licence;
    const char *source;
    bool float16;
    struct benchmark_settings benchmark; /* bench */

    const char *given[OPTIONS_MAXIMUM]; /* by row of the table: the value as it was given, "yes"
                                           for a flag; NULL: not given */
};

/* What no option sets; options_parse adds the defaults that the table of options has. */
#define OPTIONS_INITIAL                                                                            \
    { .engine = {.device = "auto"}, .crossval = CROSSVAL_DEFAULTS, .confident = CONFIDENT_DEFAULTS }

#endif
