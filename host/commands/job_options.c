#include "host/commands/job_options.h"

#define SLURM COMMAND_SLURM
#define KUBERNETES COMMAND_KUBERNETES
#define PARALLEL COMMAND_PARALLEL

#define MAXIMUM_CPUS 1024
#define MAXIMUM_GPUS 64

/* One more value of an option that may be given several times. */
static enum error_code add(const char *name, const char *value, const char **values,
                           struct error *error) {
    if (value[0] == '\0') return FAIL(error, ERROR_USAGE, "--%s '': give a value", name);
    for (size_t i = 0; i < JOB_REPEATS; i++)
        if (values[i] == NULL) {
            values[i] = value;
            return ERROR_NONE;
        }
    return FAIL(error, ERROR_USAGE, "--%s %s: give it at most %d times", name, value, JOB_REPEATS);
}

/* sbatch would take a word without a dash for the name of a script. */
static enum error_code add_sbatch(const char *name, const char *value, const char **values,
                                  struct error *error) {
    if (value[0] != '-')
        return FAIL(error, ERROR_USAGE,
                    "--%s %s: give one option of sbatch, as in --%s=--mem-per-cpu=4G", name, value,
                    name);
    return add(name, value, values, error);
}

static enum error_code take_sbatch(const char *value, struct options *options,
                                   struct error *error) {
    return add_sbatch("sbatch", value, options->jobs.sbatch, error);
}

static enum error_code take_reducer_sbatch(const char *value, struct options *options,
                                           struct error *error) {
    return add_sbatch("reducer-sbatch", value, options->jobs.reducer_sbatch, error);
}

static enum error_code take_volume(const char *value, struct options *options,
                                   struct error *error) {
    return add("volume", value, options->jobs.volumes, error);
}

static const struct option_row rows[] = {
    {"tasks", 0, "N", WHOLE(jobs.tasks, 1, JOB_TASKS_MAXIMUM), .group = GROUP_JOBS,
     .commands = COMMAND_JOBS, .required = COMMAND_JOBS,
     .help = "embed INPUT in N tasks, each a part of it; more tasks than clips do no harm"},
    {"max-running", 0, "M", WHOLE(jobs.max_running, 1, JOB_TASKS_MAXIMUM), .group = GROUP_JOBS,
     .commands = SLURM | KUBERNETES, .help = "run at most M tasks at a time (default: all)"},
    {"gpus-per-task", 0, "N", WHOLE(jobs.gpus, 0, MAXIMUM_GPUS), .group = GROUP_JOBS,
     .commands = SLURM | KUBERNETES,
     .help = "ask for N GPUs for each task and for the job after them; tasks then use --device "
             "cuda, or cuda:all with several (default: none)"},
    {"cpus-per-task", 0, "N", WHOLE(jobs.cpus, 1, MAXIMUM_CPUS), .group = GROUP_JOBS,
     .commands = SLURM | KUBERNETES,
     .help = "ask for N processors for each task and for the job after them"},
    {"mem", 0, "SIZE", FILE_NAME(jobs.memory), .group = GROUP_JOBS, .commands = SLURM | KUBERNETES,
     .help = "ask for this much memory for each task and for the job after them: 16G"},
    {"time", 0, "LIMIT", FILE_NAME(jobs.time), .group = GROUP_JOBS, .commands = SLURM,
     .help = "the time limit of a task, as sbatch reads it (4:00:00); a task that needs more goes "
             "back into the queue and goes on"},
    {"partition", 0, "NAME", FILE_NAME(jobs.partition), .group = GROUP_JOBS, .commands = SLURM,
     .help = "the partition of both jobs"},
    {"account", 0, "NAME", FILE_NAME(jobs.account), .group = GROUP_JOBS, .commands = SLURM,
     .help = "the account that is charged"},
    {"sbatch", 0, "OPTION", .kind = OPTION_OTHER, .take = take_sbatch, .group = GROUP_JOBS,
     .commands = SLURM,
     .help = "one more option of sbatch for both jobs, as in --sbatch=--constraint=a100; may be "
             "given several times"},
    {"reducer-sbatch", 0, "OPTION", .kind = OPTION_OTHER, .take = take_reducer_sbatch,
     .group = GROUP_JOBS, .commands = SLURM,
     .help = "the same for the second job alone, as in --reducer-sbatch=--mem=200G; it takes "
             "precedence"},
    {"max-array-size", 0, "N", WHOLE(jobs.max_array, 1, JOB_TASKS_MAXIMUM), .usual = "1001",
     .group = GROUP_JOBS, .commands = SLURM,
     .help = "how many tasks an array job may have: MaxArraySize of `scontrol show config`"},
    {"submit", 0, NULL, FLAG(jobs.submit), .group = GROUP_JOBS, .commands = SLURM,
     .help = "submit the two jobs and print their numbers, instead of the script"},
    {"image", 0, "IMAGE", FILE_NAME(jobs.image), .group = GROUP_JOBS, .commands = KUBERNETES,
     .help = "the image of the containers (default: earmark)"},
    {"name", 0, "NAME", FILE_NAME(jobs.name), .group = GROUP_JOBS, .commands = KUBERNETES,
     .help = "the jobs are called NAME-embed and NAME-audit (default: earmark)"},
    {"volume", 0, "CLAIM:PATH", .kind = OPTION_OTHER, .take = take_volume, .group = GROUP_JOBS,
     .commands = KUBERNETES,
     .help =
         "mount a persistent volume claim at PATH in the pods, or with /FOLDER:PATH a folder of "
         "every node; may be given several times"},
    {"sshlogin", 0, "S[,S...]", FILE_NAME(jobs.servers), .group = GROUP_JOBS, .commands = PARALLEL,
     .help = "the servers, as GNU parallel reads them (default: this machine)"},
    {"jobs", 0, "N", WHOLE(jobs.per_server, 1, MAXIMUM_CPUS), .usual = "1", .group = GROUP_JOBS,
     .commands = PARALLEL, .help = "run N tasks at a time on each server"},
    {"program", 0, "COMMAND", FILE_NAME(jobs.program), .group = GROUP_JOBS,
     .commands = COMMAND_JOBS,
     .help = "how earmark is started there, words with spaces between them, as in 'apptainer exec "
             "--nv earmark.sif earmark' (default: this program's file; kubernetes: earmark)"},
};

_Static_assert(sizeof rows / sizeof rows[0] <= JOB_OPTIONS, "the table of options has room");

const struct option_row *job_option_row(size_t index) {
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}
