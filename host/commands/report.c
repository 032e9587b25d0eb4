/* earmark report: the page of a finished run, made again from its files. */
#include "host/report/report.h"
#include "host/base/folder_lock.h"
#include "host/base/progress.h"
#include "host/base/sandbox.h"
#include "host/commands/commands.h"
#include "host/report/read.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What was done. */
static void describe(const struct options *options, const struct run_results *results,
                     const struct report_sounds *sounds) {
    const char *root = results->root == NULL || results->root[0] == '\0' ? "." : results->root;
    const bool any = sounds->played > 0; /* run.json, which may be anybody's, says where from */
    progress_message("%s/report.html: %zu issues, %zu with their sound%s%s", options->argument,
                     results->issue_count, sounds->played, any ? ", from " : "", any ? root : "");
    if (sounds->missing > 0)
        progress_message("warning: the sound of %zu could not be read; if the clips have moved, "
                         "give --root FOLDER",
                         sounds->missing);
    if (sounds->outside > 0)
        progress_message("warning: %zu clips are outside %s, so they have no sound and no link in "
                         "the page; if you trust this run, give --allow-outside",
                         sounds->outside, results->root);
}

/* Whether the folder is the user's home or contains it. */
static bool holds_home(const char *folder) {
    const struct passwd *user = getpwuid(getuid());
    const char *homes[] = {getenv("HOME"), user == NULL ? NULL : user->pw_dir};
    bool holds = strcmp(folder, "/") == 0;
    for (size_t i = 0; i < 2 && !holds; i++) {
        char *home = homes[i] == NULL ? NULL : realpath(homes[i], NULL);
        size_t length = strlen(folder);
        holds = home != NULL && strncmp(home, folder, length) == 0 &&
                (home[length] == '/' || home[length] == '\0');
        free(home);
    }
    return holds;
}

/* run.json may have come from anybody: from a folder that holds everything, clips could be any
 * file. */
static enum error_code check_root(const char *out, const char *root, struct error *error) {
    char *real = realpath(root == NULL || root[0] == '\0' ? "." : root, NULL);
    if (real != NULL && holds_home(real))
        FAIL(error, ERROR_USAGE,
             "%s/run.json says that the clips are in %s, which holds far more than clips; if you "
             "trust this run, give --root %s",
             out, real, real);
    free(real);
    return error->code;
}

static enum error_code write_report(const struct options *options, const struct folder *out,
                                    const struct run_read *read, struct decoders *decoders,
                                    struct error *error) {
    struct run_results results = *run_read_results(read);
    struct report_sounds sounds = {0, 0, 0};
    if (options->root == NULL) TRY(check_root(options->argument, results.root, error));
    if (options->root != NULL) results.root = options->root;
    results.allow_outside = options->input.allow_outside;
    TRY(report_write(out, &results, decoders, &sounds, error));
    if (!options->quiet) describe(options, &results, &sounds);
    return ERROR_NONE;
}

static enum error_code make_report(const struct options *options, struct error *error) {
    struct run_read *read = NULL;
    struct decoders *decoders = NULL;
    struct folder_lock out = FOLDER_LOCK_INITIAL;
    sandbox_report(options->quiet);
    TRY(decoders_open(engine_threads(&options->engine), &decoders, error));
    if (folder_lock_open(options->argument, false, &out, error) == ERROR_NONE &&
        run_read_open(&out.folder, &read, error) == ERROR_NONE) {
        write_report(options, &out.folder, read, decoders, error);
        run_read_close(read);
    }
    folder_lock_close(&out);
    decoders_close(decoders);
    return error->code;
}

int command_report(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct options options = OPTIONS_INITIAL;
    int exit_code;
    if (!command_start("report", argc, argv, &options, &exit_code)) return exit_code;
    return make_report(&options, &error) == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}
