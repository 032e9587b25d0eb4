/* The script that submits an array job and its reducer to Slurm. Options are on sbatch's command
 * line, where bash quotes them: lines of #SBATCH cannot express every path. */
#include "host/base/shell_word.h"
#include "host/base/version.h"
#include "host/cluster/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slurm sends USR1 this many seconds before the limit, or an eighth of the limit if that is less;
 * its clock ticks twice a minute, so it may come half a minute early. */
#define SIGNAL_SECONDS 120
#define SIGNAL_SHARE 8

#define DAY 86400L
#define HOUR 3600L
#define MINUTE 60L

static const char stage_script[] =
    "# What a task has committed: its files of embeddings.\n"
    "committed() {\n"
    "    find \"$1\" -name '*.shard' 2>/dev/null | wc -l\n"
    "}\n"
    "\n"
    "# run JOB FOLDER COMMAND...: runs a stage. Slurm sends USR1 before the time limit; earmark "
    "then\n"
    "# commits what it has and ends with 75. A stage that ended so, or was killed, goes back into "
    "the\n"
    "# queue: at most 3 times in a row without a file more in FOLDER.\n"
    "run() {\n"
    "    local job=$1 folder=$2 before code count=0 program signal='' ended=''\n"
    "    local record=$logs/$1.requeued\n"
    "    shift 2\n"
    "    before=$(committed \"$folder\")\n"
    "    trap 'signal=USR1' USR1\n"
    "    trap 'signal=TERM ended=yes' TERM\n"
    "    \"$@\" &\n"
    "    program=$!\n"
    "    # A signal interrupts wait. Slurm sends TERM to the program itself, but USR1 only to this "
    "script.\n"
    "    until wait \"$program\"; code=$?; [ -z \"$signal\" ]; do\n"
    "        if [ \"$signal\" = USR1 ]; then kill -USR1 \"$program\" 2>/dev/null; fi\n"
    "        signal=''\n"
    "    done\n"
    "    if [ \"$code\" -ne 75 ] && [ \"$code\" -le 128 ]; then\n"
    "        rm -f \"$record\"\n"
    "        exit \"$code\"\n"
    "    fi\n"
    "    # TERM: the job is cancelled, at its limit, or put back by Slurm itself.\n"
    "    if [ -n \"$ended\" ]; then exit \"$code\"; fi\n"
    "    if [ \"$(committed \"$folder\")\" -le \"$before\" ]; then\n"
    "        count=$(cat \"$record\" 2>/dev/null)\n"
    "        count=$((count + 1))\n"
    "    fi\n"
    "    if [ \"$count\" -gt 3 ]; then\n"
    "        echo \"earmark: job $job was stopped or killed 4 times in a row (now with exit code "
    "$code) and committed nothing in between, so it is not started again; give it more time or "
    "memory (--time, --mem) and submit again: what was committed is kept\" >&2\n"
    "        rm -f \"$record\"\n"
    "        exit 1\n"
    "    fi\n"
    "    echo \"$count\" >\"$record\"\n"
    "    echo \"earmark: ended with exit code $code; back into the queue\" >&2\n"
    "    scontrol requeue \"$job\" || exit 1\n"
    "    exit \"$code\"\n"
    "}\n";

/* Seconds of a time limit as sbatch reads it; 0 for none, -1 for nonsense. */
static long time_seconds(const char *value) {
    static const long units[][4] = {
        {MINUTE}, {MINUTE, 1},    {HOUR, MINUTE, 1}, /* 90, 90:00, 1:30:00 */
        {HOUR},   {HOUR, MINUTE}, {HOUR, MINUTE, 1}  /* after "1-" */
    };
    long numbers[4] = {0}, days = 0, seconds = 0;
    size_t count = 0;
    if (strcmp(value, "UNLIMITED") == 0 || strcmp(value, "INFINITE") == 0) return 0;
    bool has_days = strchr(value, '-') != NULL;
    for (const char *at = value;; at++) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 6 || count == 3) return -1;
        long number = strtol(at, NULL, 10);
        at += digits;
        if (*at == '-' && has_days && at - digits == value)
            days = number;
        else
            numbers[count++] = number;
        if (*at == '\0') break;
        if (*at != ':' && !(*at == '-' && at - digits == value)) return -1;
    }
    if (count == 0) return -1;
    for (size_t i = 0; i < count; i++)
        seconds += numbers[i] * units[count - 1 + (has_days ? 3 : 0)][i];
    seconds += days * DAY;
    return seconds > 0 ? seconds : -1;
}

static enum error_code check(const struct jobs *jobs, struct error *error) {
    const struct job_settings *settings = jobs->settings;
    if (settings->tasks > settings->max_array)
        return FAIL(error, ERROR_USAGE,
                    "--tasks %d: an array job of Slurm has at most %d tasks unless MaxArraySize is "
                    "raised; give fewer, or --max-array-size with what `scontrol show config` says",
                    settings->tasks, settings->max_array);
    if (settings->time != NULL && time_seconds(settings->time) < 0)
        return FAIL(error, ERROR_USAGE,
                    "--time %s: give minutes, HOURS:MINUTES:SECONDS, DAYS-HOURS or UNLIMITED",
                    settings->time);
    if (settings->memory != NULL && !job_memory_is_size(settings->memory))
        return FAIL(error, ERROR_USAGE, "--mem %s: give a size such as 16G", settings->memory);
    if (strchr(jobs->out, '\\') != NULL)
        return FAIL(error, ERROR_USAGE,
                    "--output %s: Slurm cannot name log files in a folder with a backslash in its "
                    "path; give another folder",
                    jobs->out);
    return ERROR_NONE;
}

/* " --name=value" */
static void option(struct text *text, const char *name, const char *value) {
    struct text word = TEXT_INITIAL;
    if (value == NULL) return;
    text_format(&word, "--%s=%s", name, value);
    text_string(text, " ");
    if (word.failed)
        text->failed = true;
    else
        shell_word(text, word.data);
    text_free(&word);
}

static void number_option(struct text *text, const char *name, int value) {
    if (value > 0) text_format(text, " --%s=%d", name, value);
}

/* " --output=OUT/slurm/PATTERN" */
static void log_option(struct text *text, const struct jobs *jobs, const char *pattern) {
    struct text path = TEXT_INITIAL;
    for (const char *at = jobs->out; *at != '\0'; at++)
        text_append(&path, *at == '%' ? "%%" : at, *at == '%' ? 2 : 1);
    text_format(&path, "/slurm/%s", pattern);
    if (path.failed)
        text->failed = true;
    else
        option(text, "output", path.data);
    text_free(&path);
}

static void path_word(struct text *text, const struct jobs *jobs, const char *below) {
    struct text path = TEXT_INITIAL;
    text_format(&path, "%s/%s", jobs->out, below);
    if (path.failed)
        text->failed = true;
    else
        shell_word(text, path.data);
    text_free(&path);
}

static int signal_seconds(const struct job_settings *settings) {
    long limit = settings->time == NULL ? 0 : time_seconds(settings->time);
    if (limit <= 0 || limit / SIGNAL_SHARE > SIGNAL_SECONDS) return SIGNAL_SECONDS;
    return (int)(limit / SIGNAL_SHARE);
}

/* " EARMARK STAGE INPUT -o OUT" */
static void command(struct text *text, const struct jobs *jobs, const char *stage) {
    job_words_shell(&jobs->program, text);
    text_format(text, " %s ", stage);
    shell_word(text, jobs->input);
    text_string(text, " -o ");
    shell_word(text, jobs->out);
}

/* Slurm need not keep the program to the processors of the job. */
static void threads(struct text *text, const struct jobs *jobs) {
    if (!jobs->own_threads) text_string(text, " --threads \"$SLURM_CPUS_ON_NODE\"");
}

/* The functions that the nodes run. */
static void stages(struct text *text, const struct jobs *jobs) {
    char part[64];
    int tasks = jobs->settings->tasks;
    snprintf(part, sizeof part, "shards/part-%%05d-of-%05d", tasks);
    text_string(text, "\nembed() {\n    local folder\n    printf -v folder '%s/");
    text_format(text, "%s' ", part);
    shell_word(text, jobs->state == NULL ? jobs->out : jobs->state);
    text_string(text, " \"$SLURM_ARRAY_TASK_ID\"\n"
                      "    run \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\" \"$folder\" \\\n"
                      "       ");
    command(text, jobs, "embed");
    text_format(text, " \\\n        --shard \"$SLURM_ARRAY_TASK_ID/%d\"", tasks);
    threads(text, jobs);
    job_words_shell(&jobs->embed, text);
    if (jobs->metrics != NULL) {
        text_string(text, " --metrics ");
        shell_word(text, jobs->metrics);
        text_string(text, "\"-$SLURM_ARRAY_TASK_ID.prom\"");
    }
    text_string(text, "\n}\n\naudit() {\n    run \"$SLURM_JOB_ID\" '' \\\n       ");
    command(text, jobs, "audit");
    text_string(text, " \\\n        --from-shards");
    threads(text, jobs);
    job_words_shell(&jobs->audit, text);
    text_string(text, "\n}\n");
}

/* The options of sbatch that both jobs have, then those of the reducer alone. */
static void requests(struct text *text, const struct job_settings *settings) {
    text_format(text,
                "\nboth=(--requeue --open-mode=append --signal=B:USR1@%d\n"
                "    --nodes=1 --ntasks=1",
                signal_seconds(settings));
    number_option(text, "cpus-per-task", settings->cpus);
    if (settings->gpus > 0) text_format(text, " --gres=gpu:%d", settings->gpus);
    option(text, "mem", settings->memory);
    option(text, "time", settings->time);
    option(text, "partition", settings->partition);
    option(text, "account", settings->account);
    for (size_t i = 0; i < JOB_REPEATS && settings->sbatch[i] != NULL; i++) {
        text_string(text, " ");
        shell_word(text, settings->sbatch[i]);
    }
    text_string(text, ")\nreducer_only=(");
    for (size_t i = 0; i < JOB_REPEATS && settings->reducer_sbatch[i] != NULL; i++) {
        if (i > 0) text_string(text, " ");
        shell_word(text, settings->reducer_sbatch[i]);
    }
    text_string(text, ")\n");
}

static void submission(struct text *text, const struct jobs *jobs) {
    const struct job_settings *settings = jobs->settings;
    text_string(
        text,
        "\n# The script of a stage, for sbatch.\n"
        "script() {\n"
        "    echo '#!/bin/bash'\n"
        "    declare -p logs\n"
        "    declare -f committed run \"$1\"\n"
        "    echo \"$1\"\n"
        "}\n\n"
        "mkdir -p \"$logs\" || exit 1\n"
        "array=$(script embed | sbatch --parsable --job-name=earmark-embed \"${both[@]}\" \\\n"
        "   ");
    text_format(text, " --array=0-%d", settings->tasks - 1);
    if (settings->max_running > 0) text_format(text, "%%%d", settings->max_running);
    log_option(text, jobs, "embed-%A_%a.log");
    text_string(
        text, ") || exit 1\n"
              "array=${array%%;*}\n"
              "# The reducer also starts after a task that failed for good: it then names the "
              "shards that\n"
              "# are missing, and fails.\n"
              "reducer=$(script audit | sbatch --parsable --job-name=earmark-audit \"${both[@]}\" "
              "\"${reducer_only[@]}\" \\\n"
              "    \"--dependency=afterok:$array?afternotok:$array\" --kill-on-invalid-dep=yes \\\n"
              "   ");
    log_option(text, jobs, "audit-%j.log");
    text_string(text, ") || { scancel \"$array\"; exit 1; }\n"
                      "echo \"array job $array\"\n"
                      "echo \"reducer ${reducer%%;*}\"\n");
}

enum error_code jobs_slurm(const struct jobs *jobs, struct text *text, struct error *error) {
    TRY(check(jobs, error));
    text_format(text,
                "#!/bin/bash\n"
                "# Made by earmark " EARMARK_VERSION
                ". Submits an array job of %d tasks and the job that follows it; start it\n"
                "# with bash where sbatch is. It prints the numbers of both jobs.\n\nlogs=",
                jobs->settings->tasks);
    path_word(text, jobs, "slurm");
    text_string(text, "\n");
    requests(text, jobs->settings);
    text_string(text, "\n");
    text_string(text, stage_script);
    stages(text, jobs);
    submission(text, jobs);
    return text_check(text, error);
}
