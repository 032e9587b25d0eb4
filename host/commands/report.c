/* earmark report: the page of a finished run, made again from its files. */
#include "host/report/report.h"
#include "host/base/folder_lock.h"
#include "host/base/progress.h"
#include "host/base/sandbox.h"
#include "host/commands/commands.h"
#include "host/report/read.h"
#include "host/report/run_root.h"

/* What was done. */
static void describe(const struct options *options, const struct run_results *results,
                     const struct report_sounds *sounds) {
    const char *root = results->root == NULL || results->root[0] == '\0' ? "." : results->root;
    const bool any = sounds->played > 0; /* run.json, which may be anybody's, says where from */
    progress_message("%s/report.html: %zu issues, %zu with their sound%s%s", options->argument,
                     results->issue_count, sounds->played, any ? ", from " : "", any ? root : "");
    if (sounds->missing > 0)
        progress_warning("the sound of %zu clips could not be read; if the clips have moved, "
                         "give --root FOLDER",
                         sounds->missing);
    if (sounds->outside > 0)
        progress_warning("%zu clips are outside %s, so they have no sound and no link in "
                         "the page; if you trust this run, give --allow-outside",
                         sounds->outside, results->root);
}

/* What was exported, and how its program opens it. */
static void describe_export(const struct options *options, const struct run_results *results,
                            const struct export_counts *counts) {
    const char *root = results->root == NULL || results->root[0] == '\0' ? "." : results->root;
    progress_message("%s/%s: %zu issues in %zu sound files", options->argument,
                     export_name(options->export), counts->issues, counts->files);
    if (counts->members > 0)
        progress_warning(
            "the sounds of %zu issues are in tar or parquet files, which "
            "no such program opens; unpack each of these files into a folder of its name "
            "elsewhere, and give that place with --root",
            counts->members);
    if (options->export == EXPORT_AUDACITY)
        progress_message("Next: open a sound file in Audacity, then its label track with File > "
                         "Import > Labels.");
    else if (options->export == EXPORT_RAVEN)
        progress_message("Next: open a sound file in Raven, then its table with File > Open "
                         "Selection Table.");
    else
        progress_message(
            "Next: start Label Studio with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and "
            "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=%s, make a project with config.xml as its "
            "labelling interface and a local storage in that folder, and import tasks.json.",
            root);
}

static enum error_code write_export(const struct options *options, const struct folder *out,
                                    const struct run_read *read, struct error *error) {
    struct run_results results = *run_read_results(read);
    struct export_counts counts;
    if (options->root != NULL) results.root = options->root;
    TRY(export_write(out, &results, options->export, &counts, error));
    if (!options->quiet) describe_export(options, &results, &counts);
    return ERROR_NONE;
}

static enum error_code write_report(const struct options *options, const struct folder *out,
                                    const struct run_read *read, struct decoders *decoders,
                                    struct error *error) {
    struct run_results results = *run_read_results(read);
    struct report_sounds sounds = {0, 0, 0};
    if (options->root == NULL) TRY(run_root_check(options->argument, results.root, error));
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
    if (options->export == EXPORT_NONE) {
        sandbox_report(options->quiet);
        TRY(decoders_open(engine_threads(&options->engine), &decoders, error));
    }
    if (folder_lock_open(options->argument, false, &out, error) == ERROR_NONE &&
        run_read_open(&out.folder, &read, error) == ERROR_NONE) {
        if (options->export != EXPORT_NONE)
            write_export(options, &out.folder, read, error);
        else if (run_read_every_clip(read, &out.folder, error) == ERROR_NONE)
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
