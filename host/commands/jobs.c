/* earmark slurm, kubernetes and parallel: a command line of audit and embed becomes jobs. */
#include "host/cluster/jobs.h"
#include "host/base/file.h"
#include "host/base/progress.h"
#include "host/base/terminal.h"
#include "host/commands/commands.h"
#include "host/commands/option_parse.h"
#include "host/commands/option_table.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define PASSED (COMMAND_AUDIT | COMMAND_EMBED)

/* Everything the command owns while it runs. */
struct job_run {
    struct options options;
    struct jobs jobs;
    char folder[PATH_MAX]; /* where it was started */
    char program[PATH_MAX];
    char *input, *out;
    struct text script;
    struct error *error;
};

#define JOB_RUN_INITIAL                                                                            \
    { .options = OPTIONS_INITIAL, .script = TEXT_INITIAL }

/* Options of audit and embed that have no meaning in a job, or that the jobs have themselves. */
static enum error_code check_options(const struct command_row *command,
                                     const struct options *options, struct error *error) {
    static const char *const own[] = {"shard", "from-shards"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (option_given(options, own[i], PASSED) != NULL)
            return FAIL(error, ERROR_USAGE, "%s: --%s is given to each task; give --tasks N",
                        command->name, own[i]);
    if (options->fresh)
        return FAIL(error, ERROR_USAGE,
                    "%s: with --fresh a task would start over each time it is started again; "
                    "remove OUT instead",
                    command->name);
    if (options->features != NULL)
        return FAIL(error, ERROR_USAGE,
                    "%s: tasks write no features; use earmark embed without --shard for them",
                    command->name);
    if (options->views == VIEWS_NONE)
        return FAIL(error, ERROR_USAGE,
                    "%s: --views none needs no tasks; use earmark audit on its own", command->name);
    return ERROR_NONE;
}

/* From the folder where the command was started. */
static char *absolute(const struct job_run *run, const char *path, struct error *error) {
    if (path[0] != '/') {
        while (path[0] == '.' && path[1] == '/') path += 1 + strspn(path + 1, "/");
        return file_join(run->folder, path, error);
    }
    char *copy = strdup(path);
    if (copy == NULL) FAIL(error, ERROR_MEMORY, "out of memory (a path)");
    return copy;
}

static bool is_path(const struct option_row *row) {
    return row->kind == OPTION_FILE || (row->value != NULL && (strcmp(row->value, "FILE") == 0 ||
                                                               strcmp(row->value, "DIR") == 0));
}

static void add_option(struct job_words *words, const char *name, const char *value) {
    struct text option = TEXT_INITIAL;
    text_format(&option, "--%s", name);
    if (option.failed)
        words->bytes.failed = true;
    else
        job_words_add(words, option.data);
    if (value != NULL) job_words_add(words, value);
    text_free(&option);
}

/* Keeps a path that the jobs need apart from the stages' words, without `drop` bytes of its end. */
static void keep(struct job_run *run, const char *path, size_t drop, char **kept) {
    free(*kept);
    *kept = strndup(path, strlen(path) - drop);
    if (*kept == NULL) FAIL(run->error, ERROR_MEMORY, "out of memory (a path)");
}

/* Passes an option on to the stages that take it. */
static void pass_on(void *context, const struct option_row *row, const char *value) {
    struct job_run *run = context;
    char *path = NULL;
    if ((row->commands & COMMAND_JOBS) != 0) return;
    if (value != NULL && is_path(row)) {
        path = absolute(run, value, run->error);
        if (path == NULL) return;
        value = path;
    }
    if (path != NULL && strcmp(row->name, "state") == 0) keep(run, path, 0, &run->jobs.state);
    if (path != NULL && strcmp(row->name, "metrics") == 0) /* each task has a file of its own */
        keep(run, path, strlen(".prom"), &run->jobs.metrics);
    else if (option_find(row->name, COMMAND_EMBED) != NULL)
        add_option(&run->jobs.embed, row->name, value);
    if (option_find(row->name, COMMAND_AUDIT) != NULL)
        add_option(&run->jobs.audit, row->name, value);
    free(path);
}

/* A task that asked for GPUs must not compute without one. */
static void add_device(struct job_run *run) {
    const int gpus = run->options.jobs.gpus;
    if (gpus == 0 || option_given(&run->options, "device", PASSED) != NULL) return;
    add_option(&run->jobs.embed, "device", gpus == 1 ? "cuda" : "cuda:all");
}

static enum error_code find_program(struct job_run *run, bool in_image, struct error *error) {
    const char *program = run->options.jobs.program;
    if (program == NULL && in_image) program = "earmark";
    if (program != NULL) {
        job_words_split(&run->jobs.program, program);
        if (run->jobs.program.count > 0) return ERROR_NONE;
        return FAIL(error, ERROR_USAGE, "--program '%s': give a command", program);
    }
    ssize_t length = readlink("/proc/self/exe", run->program, sizeof run->program - 1);
    if (length < 0)
        return FAIL(error, ERROR_FILE,
                    "cannot find the program's own file (/proc/self/exe: %s); give --program",
                    strerror(errno));
    run->program[length] = '\0';
    job_words_add(&run->jobs.program, run->program);
    return ERROR_NONE;
}

static enum error_code prepare(const struct command_row *command, int argc, char **argv,
                               struct job_run *run, struct error *error) {
    struct options *options = &run->options;
    run->error = error;
    run->jobs.settings = &options->jobs;
    TRY(check_options(command, options, error));
    if (getcwd(run->folder, sizeof run->folder) == NULL)
        return file_fail(error, ".", "find this folder", errno);
    run->input = absolute(run, options->argument, error);
    run->out = run->input == NULL ? NULL : absolute(run, options->out, error);
    if (run->out == NULL) return error->code;
    for (size_t end = strlen(run->out); end > 1 && run->out[end - 1] == '/'; end--)
        run->out[end - 1] = '\0';
    run->jobs.input = run->input;
    run->jobs.out = run->out;
    TRY(find_program(run, command->bit == COMMAND_KUBERNETES, error));
    options_each(command, argc, argv, pass_on, run);
    if (error->code != ERROR_NONE) return error->code;
    add_device(run);
    TRY(text_check(&run->jobs.program.bytes, error));
    TRY(text_check(&run->jobs.embed.bytes, error));
    return text_check(&run->jobs.audit.bytes, error);
}

/* A script that waits for hours and then does not find its input. */
static void warn_missing(const struct job_run *run) {
    if (access(run->input, F_OK) != 0 && strpbrk(run->input, "*?[{") == NULL)
        progress_warning("%s is not on this machine; is its path the same there?", run->input);
}

/* Runs the script with bash, whose output is that of this program. */
static enum error_code submit(const struct job_run *run, struct error *error) {
    char *const words[] = {"bash", "-c", run->script.data, NULL};
    pid_t child;
    int status = 0;
    int number = posix_spawnp(&child, "bash", NULL, NULL, words, environ);
    if (number != 0) return file_fail(error, "bash", "start", number);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return file_fail(error, "bash", "wait for", errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return ERROR_NONE;
    return FAIL(error, ERROR_FILE,
                "the jobs were not submitted; see above, or leave out --submit to read the script "
                "and start it with bash where sbatch is");
}

static int end(struct job_run *run, enum error_code code, struct error *error) {
    free(run->input);
    free(run->out);
    jobs_free(&run->jobs);
    text_free(&run->script);
    return code == ERROR_NONE ? EXIT_DONE : command_fail(error);
}

int command_slurm(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct job_run run = JOB_RUN_INITIAL;
    const struct command_row *command = command_find("slurm");
    int exit_code;
    if (!command_start(command->name, argc, argv, &run.options, &exit_code)) return exit_code;
    run.jobs.own_threads = option_given(&run.options, "threads", PASSED) != NULL;
    if (prepare(command, argc, argv, &run, &error) == ERROR_NONE &&
        jobs_slurm(&run.jobs, &run.script, &error) == ERROR_NONE)
        warn_missing(&run);
    if (error.code == ERROR_NONE && run.options.jobs.submit)
        submit(&run, &error);
    else if (error.code == ERROR_NONE)
        terminal_print(stdout, run.script.data);
    return end(&run, error.code, &error);
}

int command_kubernetes(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct job_run run = JOB_RUN_INITIAL;
    const struct command_row *command = command_find("kubernetes");
    int exit_code;
    if (!command_start(command->name, argc, argv, &run.options, &exit_code)) return exit_code;
    run.jobs.own_threads = option_given(&run.options, "threads", PASSED) != NULL;
    if (prepare(command, argc, argv, &run, &error) == ERROR_NONE &&
        jobs_kubernetes(&run.jobs, &run.script, &error) == ERROR_NONE)
        terminal_print(stdout, run.script.data);
    if (error.code == ERROR_NONE && run.options.jobs.volumes[0] == NULL)
        progress_warning("without --volume the pods do not see %s and do not keep %s", run.input,
                         run.out);
    return end(&run, error.code, &error);
}

int command_parallel(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct job_run run = JOB_RUN_INITIAL;
    const struct command_row *command = command_find("parallel");
    int exit_code;
    if (!command_start(command->name, argc, argv, &run.options, &exit_code)) return exit_code;
    if (prepare(command, argc, argv, &run, &error) == ERROR_NONE &&
        jobs_parallel(&run.jobs, &run.script, &error) == ERROR_NONE) {
        warn_missing(&run);
        terminal_print(stdout, run.script.data);
    }
    return end(&run, error.code, &error);
}
