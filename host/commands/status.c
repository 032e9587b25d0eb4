/* earmark status: how a run stands, by the files in its folder. Nothing is locked or written. */
#include "host/base/json.h"
#include "host/base/run_watch.h"
#include "host/base/terminal.h"
#include "host/clips/clips.h"
#include "host/commands/commands.h"
#include "host/commands/status_view.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define RUN_LIMIT ((size_t)64 << 20)

static uint64_t count_of(const json_t *object, const char *name) {
    const json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 ? (uint64_t)value : 0;
}

static enum error_code read_finished(const struct folder *out, struct status_view *view,
                                     struct error *error) {
    char *text = NULL;
    size_t size = 0;
    view->finished = folder_has(out, "run.json") || folder_has(out, "crossval.json") ||
                     folder_has(out, "health.json");
    if (!folder_has(out, "run.json")) return ERROR_NONE;
    TRY(folder_read(out, "run.json", RUN_LIMIT, &text, &size, error));
    json_t *run = json_parse(text, size, "run.json", error);
    const json_t *counts = json_object_get(run, "counts");
    if (error->code == ERROR_NONE && !json_is_object(counts))
        FAIL(error, ERROR_DATA, "%s/run.json: not a run of earmark", out->path);
    view->has_counts = true;
    view->clips = count_of(counts, "clips");
    view->issues = count_of(counts, "issues");
    for (int i = 0; i < CLIP_STATUS_COUNT; i++)
        if (clip_status_is_unreadable((enum clip_status)i))
            view->unreadable += count_of(counts, clip_status_name((enum clip_status)i));
    json_decref(run);
    free(text);
    return error->code;
}

/* By the clocks of the file system and of this computer, since those of others may be wrong. */
static double file_age(const struct folder *folder, const char *name) {
    struct stat status;
    if (fstatat(folder->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return NAN;
    const double age = (double)(time(NULL) - status.st_mtim.tv_sec);
    return age > 0.0 ? age : 0.0;
}

static enum error_code read_run(const struct folder *out, struct status_view *view,
                                struct error *error) {
    char *text = NULL;
    size_t size = 0;
    struct error own = ERROR_INITIAL;
    if (!folder_has(out, RUN_STATUS_FILE)) return ERROR_NONE;
    view->beat_age = file_age(out, RUN_STATUS_FILE);
    if (folder_read(out, RUN_STATUS_FILE, RUN_STATUS_LIMIT, &text, &size, &own) == ERROR_NONE)
        run_status_read(text, size, RUN_STATUS_FILE, &view->run, &own);
    free(text);
    if (own.code != ERROR_NONE) {
        if (!folder_has(out, RUN_STATUS_FILE)) return ERROR_NONE; /* it has just ended */
        return FAIL(error, own.code, "%s/%s: %s", out->path, RUN_STATUS_FILE, own.message);
    }
    view->has_run = true;
    view->run_lives =
        !view->run.ended && view->beat_age <= STATES_STALE && !lock_owner_is_gone(&view->run.owner);
    return ERROR_NONE;
}

static enum error_code find_shard(void *context, const char *name, struct error *error) {
    bool *found = context;
    const char *dot = strrchr(name, '.');
    (void)error;
    if (dot != NULL && strcmp(dot, ".shard") == 0) *found = true;
    return ERROR_NONE;
}

static enum error_code find_shards(const struct folder *out, bool *found, struct error *error) {
    struct folder shards = FOLDER_INITIAL;
    folder_open_in(out, PARTS_FOLDER, false, &shards, error);
    if (error->code == ERROR_NONE && shards.descriptor >= 0)
        folder_each(&shards, find_shard, found, error);
    folder_close(&shards);
    return error->code;
}

static enum error_code look(const char *path, struct status_view *view, struct error *error) {
    struct folder out = FOLDER_INITIAL;
    if (folder_open(path, false, &out, error) == ERROR_NONE &&
        read_finished(&out, view, error) == ERROR_NONE && !view->finished &&
        part_states_read(&out, &view->parts, error) == ERROR_NONE &&
        read_run(&out, view, error) == ERROR_NONE)
        find_shards(&out, &view->has_shards, error);
    folder_close(&out);
    if (view->finished)
        view->verdict = STATUS_COMPLETE;
    else if (view->run_lives || view->parts.totals[PART_RUNS] > 0)
        view->verdict = STATUS_RUNNING;
    else if (view->has_run || view->parts.count > 0 || view->has_shards)
        view->verdict = STATUS_STOPPED;
    else
        view->verdict = STATUS_NO_RUN;
    return error->code;
}

int command_status(int argc, char **argv) {
    static const int codes[] = {[STATUS_COMPLETE] = EXIT_DONE,
                                [STATUS_RUNNING] = EXIT_STOPPED,
                                [STATUS_STOPPED] = EXIT_NOBODY_WORKS,
                                [STATUS_NO_RUN] = EXIT_FATAL};
    struct options options = OPTIONS_INITIAL;
    struct status_view view = {.clips = 0};
    struct text text = TEXT_INITIAL;
    struct error error = ERROR_INITIAL;
    int exit_code;
    if (!command_start("status", argc, argv, &options, &exit_code)) return exit_code;
    view.out = options.argument;
    look(options.argument, &view, &error);
    if (error.code == ERROR_NONE && view.verdict == STATUS_NO_RUN)
        FAIL(&error, ERROR_FILE,
             "%s: no run of earmark is here, finished or not; give the folder that was given with "
             "-o",
             view.out);
    exit_code = codes[view.verdict];
    if (error.code == ERROR_NONE && options.json)
        status_json(&text, &view, exit_code);
    else if (error.code == ERROR_NONE)
        status_text(&text, &view);
    if (error.code == ERROR_NONE && text_check(&text, &error) == ERROR_NONE)
        terminal_print(stdout, text.data);
    if (error.code != ERROR_NONE) exit_code = command_fail(&error);
    text_free(&text);
    run_status_free(&view.run);
    part_states_free(&view.parts);
    return exit_code;
}
