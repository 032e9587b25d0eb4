/* The values of all options. option_table.h says which command takes which. */
#ifndef EARMARK_COMMANDS_OPTIONS_H
#define EARMARK_COMMANDS_OPTIONS_H

#include "host/audit/detection.h"
#include "host/cluster/jobs.h"
#include "host/cluster/part.h"
#include "host/commands/benchmark.h"
#include "host/commands/command_table.h"
#include "host/commands/corpus_make.h"
#include "host/commands/crossval_files.h"
#include "host/confident/confident.h"
#include "host/embedding/session.h"
#include "host/lists/collection.h"
#include "host/report/export.h"
#include "host/review/apply/apply.h"
#include "host/review/server_settings.h"

#define OPTIONS_MAXIMUM 128 /* rows of the table of options */

/* cleanlab's estimation_method. */
enum estimate {
    ESTIMATE_NONE,
    ESTIMATE_OFF_DIAGONAL,
    ESTIMATE_CALIBRATED,
    ESTIMATE_CUSTOM,
    ESTIMATE_COUNT
};

struct options {
    const char *argument;    /* INPUT, OUT, DIR, FILE or STAGE; NULL: not given */
    const char *second;      /* NEW, after the first; NULL: not given */
    const char *const *more; /* (more_count) DECISIONS, after them */
    size_t more_count;
    const char *out; /* -o: a folder, or the file of model import */
    bool fresh;
    const char *state; /* audit, embed: the folder in which embeddings stay; NULL: none */
    bool verify;       /* audit, embed */
    bool quiet;
    enum progress_style progress;
    enum message_level log_level;
    const char *metrics; /* FILE.prom, or NULL */
    bool json;
    size_t memory; /* bound in bytes; 0: none */
    bool fail_on_issues;
    bool fail_on_new;       /* diff */
    bool fail_on_conflicts; /* agree */
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

    bool from_shards; /* audit */
    bool export_rows; /* likewise */
    bool has_part;    /* embed, from here on */
    struct part part;
    const char *features;
    struct crossval_files files; /* crossval, detect; some of it issues and audit, too */
    const char *pred_probs;      /* issues, from here on */
    enum estimate estimate;
    bool mask;
    const char *root;         /* report, review */
    enum exclude_how exclude; /* apply, like the next two */
    enum conflicts_how conflicts;
    bool dry_run;
    enum export_format export;
    struct review_settings review; /* its root, allow_outside and threads are theirs above */
    const char *model_name;        /* model import, from here on */
    const char *licence;
    const char *source;
    bool float16;
    struct benchmark_settings benchmark; /* bench */
    struct corpus_settings corpus;       /* bench corpus: format and tar; the rest as for bench */
    const char *forecast;
    struct job_settings jobs; /* slurm, kubernetes, parallel */

    const char *given[OPTIONS_MAXIMUM]; /* by row of the table: the value as it was given, "yes"
                                           for a flag; NULL: not given */
};

/* What no option sets; options_parse adds the defaults that the table of options has. */
#define OPTIONS_INITIAL                                                                            \
    {                                                                                              \
        .log_level = MESSAGE_INFO, .engine = {.device = "auto"}, .crossval = CROSSVAL_DEFAULTS,    \
        .confident = CONFIDENT_DEFAULTS, .jobs = JOB_DEFAULTS                                      \
    }

#endif
