/* earmark review: decide on the issues of a finished run in a browser. */
#include "host/base/folder_lock.h"
#include "host/base/sandbox.h"
#include "host/commands/commands.h"
#include "host/review/decision.h"
#include "host/review/server.h"

#include <pwd.h>
#include <unistd.h>

#define DECODERS_MAXIMUM 4 /* each may hold a clip of some hundred MiB */

/* Without --as the user's own name, if a file can have it. */
static const char *reviewer(const struct options *options) {
    const struct passwd *user = options->review.reviewer == NULL ? getpwuid(getuid()) : NULL;
    if (options->review.reviewer != NULL) return options->review.reviewer;
    return user != NULL && decision_name_is_good(user->pw_name) ? user->pw_name : "reviewer";
}

static enum error_code review(const struct options *options, struct error *error) {
    struct review_settings settings = options->review;
    struct decoders *decoders = NULL;
    struct folder_lock out = FOLDER_LOCK_INITIAL;
    settings.reviewer = reviewer(options);
    settings.root = options->root;
    settings.allow_outside = options->input.allow_outside;
    settings.threads = engine_threads(&options->engine);
    TRY(review_available(error));
    if (!decision_name_is_good(settings.reviewer))
        return FAIL(error, ERROR_USAGE,
                    "--as: a name has 1 to %d letters of A-Z a-z 0-9 . _ -, unlike '%s'",
                    DECISION_NAME_MAXIMUM, settings.reviewer);
    sandbox_report(options->quiet);
    const int count = settings.threads < DECODERS_MAXIMUM ? settings.threads : DECODERS_MAXIMUM;
    TRY(decoders_open(count, &decoders, error));
    if (folder_lock_open(options->argument, false, &out, error) == ERROR_NONE)
        review_serve(&out.folder, &settings, decoders, error);
    folder_lock_close(&out);
    decoders_close(decoders);
    return error->code;
}

int command_review(int argc, char **argv) {
    struct error error = ERROR_INITIAL;
    struct options options = OPTIONS_INITIAL;
    int exit_code;
    if (!command_start("review", argc, argv, &options, &exit_code)) return exit_code;
    return review(&options, &error) == ERROR_NONE ? EXIT_DONE : command_fail(&error);
}
