#include "host/commands/status_view.h"

#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/shell_word.h"
#include "host/commands/commands.h"

#include <math.h>

#define MOST_LINES 20 /* of a kind */

static void add_duration(struct text *text, double seconds) {
    const double whole = seconds < 1e15 ? round(seconds) : 0.0;
    if (whole < 60.0)
        text_format(text, "%.0f s", whole);
    else if (whole < 3600.0)
        text_format(text, "%.0f min %02.0f s", floor(whole / 60.0), fmod(whole, 60.0));
    else
        text_format(text, "%.0f h %02.0f min", floor(whole / 3600.0),
                    floor(fmod(whole, 3600.0) / 60.0));
}

/* "1,234 of about 20,000 clips (6.2%), 512 clips/s, 5 min 03 s left" */
static void add_progress(struct text *text, const struct progress_view *view, const char *unit,
                         bool about) {
    number_thousands(text, view->done);
    if (view->total > 0) {
        text_string(text, about ? " of about " : " of ");
        number_thousands(text, view->total);
    }
    text_string(text, " ");
    name_visible(text, unit);
    if (view->total > 0) {
        text_string(text, " (");
        number_percent(text, (double)view->done / (double)view->total);
        text_string(text, ")");
    }
    if (isfinite(view->per_second)) {
        text_string(text, ", ");
        number_short(text, view->per_second);
        text_string(text, " ");
        name_visible(text, unit);
        text_string(text, "/s");
    }
    if (isfinite(view->times_real_time)) {
        text_string(text, ", ");
        number_short(text, view->times_real_time);
        text_string(text, " x real time");
    }
    if (isfinite(view->seconds_left) && view->seconds_left > 0.0) {
        text_string(text, ", ");
        add_duration(text, view->seconds_left);
        text_string(text, " left");
    }
    text_string(text, "\n");
}

static void add_process(struct text *text, const char *process, const char *host) {
    text_string(text, "process ");
    name_visible(text, process);
    text_string(text, " on ");
    name_visible(text, host);
}

/* ---- a run of one process ---- */

static void add_finished(struct text *text, const struct status_view *view) {
    text_string(text, "complete");
    if (view->has_counts) {
        text_string(text, ": ");
        number_thousands(text, view->clips);
        text_string(text, view->clips == 1 ? " clip, " : " clips, ");
        number_thousands(text, view->unreadable);
        text_string(text, " that could not be read, ");
        number_thousands(text, view->issues);
        text_string(text, view->issues == 1 ? " issue" : " issues");
    }
    text_string(text, "\n");
}

static void add_run(struct text *text, const struct status_view *view) {
    const struct run_status *run = &view->run;
    name_visible(text, run->command == NULL ? "run" : run->command);
    text_string(text, ": ");
    if (run->ended) {
        text_format(text, "ended with exit code %d (%s)", run->exit_code,
                    command_meaning(run->exit_code));
        if (run->message != NULL) {
            text_string(text, ": ");
            name_visible(text, run->message);
        }
        text_string(text, "\n");
    } else {
        text_string(text, view->run_lives ? "running, " : "dead, ");
        add_process(text, run->owner.process, run->owner.host);
        text_string(text, view->run_lives ? "; its last sign was "
                                          : " has ended or shows no sign: the last was ");
        add_duration(text, view->beat_age);
        text_string(text, " ago\n");
    }
    if (run->stage != NULL) {
        text_string(text, "  ");
        name_visible(text, run->stage);
        const bool counts = run->view.done > 0 || run->view.total > 0;
        text_string(text, counts ? ": " : "\n");
        if (counts) add_progress(text, &run->view, run->unit == NULL ? "" : run->unit, false);
    }
    if (!view->run_lives) text_string(text, "The same command goes on from there.\n");
}

/* ---- parts ---- */

/* The whole from the parts whose size is known: those that were not begun are like them. */
static struct progress_view view_of_parts(const struct part_states *parts, bool *about) {
    struct progress_view view = {.done = parts->clips_done,
                                 .total = parts->clips,
                                 .per_second =
                                     parts->clips_a_second > 0.0 ? parts->clips_a_second : NAN,
                                 .times_real_time = NAN,
                                 .seconds_left = NAN};
    *about = parts->sized < parts->count;
    if (*about && parts->sized > 0)
        view.total = (uint64_t)((double)parts->clips / (double)parts->sized * (double)parts->count);
    if (view.total < view.done) view.total = view.done;
    if (isfinite(view.per_second))
        view.seconds_left = (double)(view.total - view.done) / view.per_second;
    return view;
}

static void add_seen(struct text *text, const struct part_states *parts, enum part_state state) {
    size_t lines = 0;
    for (size_t i = 0; i < parts->seen_count; i++) {
        const struct part_seen *seen = &parts->seen[i];
        if (seen->state != state || ++lines > MOST_LINES) continue;
        text_format(text, "  %-8s shard %zu/%zu: ", part_state_name(state), seen->number,
                    parts->count);
        add_process(text, seen->process, seen->host);
        text_string(text, ", ");
        number_thousands(text, seen->clips_done);
        text_string(text, " of ");
        number_thousands(text, seen->clips);
        text_string(text, " clips, ");
        number_short(text, seen->clips_a_second);
        text_string(text, " clips/s, last sign ");
        add_duration(text, seen->beat_age);
        text_string(text, " ago\n");
    }
    if (lines > MOST_LINES)
        text_format(text, "  and %zu more that are %s\n", lines - MOST_LINES,
                    part_state_name(state));
}

static bool is_missing(const struct part_states *parts, size_t number) {
    return parts->states[number] != PART_IS_COMPLETE && parts->states[number] != PART_RUNS;
}

/* "earmark COMMAND INPUT -o OUT", or words, since shards of older versions do not say INPUT. */
static void add_command(struct text *text, const char *command, const struct status_view *view) {
    if (view->parts.input == NULL) {
        text_format(text, "  earmark %s, INPUT and -o of the others, and", command);
        return;
    }
    text_format(text, "  earmark %s ", command);
    shell_word(text, view->parts.input);
    text_string(text, " -o ");
    shell_word(text, view->out);
}

static void add_commands(struct text *text, const struct status_view *view) {
    const struct part_states *parts = &view->parts;
    size_t lines = 0;
    if (parts->totals[PART_IS_COMPLETE] == parts->count && !view->has_run) {
        text_string(text, "All shards are complete. Next, with their options:\n");
        add_command(text, "audit", view);
        text_string(text, " --from-shards\n");
    }
    for (size_t i = 0; i < parts->count; i++) {
        if (!is_missing(parts, i) || ++lines > MOST_LINES) continue;
        if (lines == 1)
            text_string(text, "What nobody works on, with the options of the others:\n");
        add_command(text, "embed", view);
        text_format(text, " --shard %zu/%zu\n", i, parts->count);
    }
    if (lines > MOST_LINES)
        text_format(text, "  and %zu more; earmark status --json lists them\n", lines - MOST_LINES);
}

static void add_parts(struct text *text, const struct status_view *view) {
    const struct part_states *parts = &view->parts;
    static const char *const words[PART_STATES] = {"not begun", "complete", "running", "dead",
                                                   "stopped"};
    static const enum part_state order[] = {PART_IS_COMPLETE, PART_RUNS, PART_IS_DEAD, PART_STOPPED,
                                            PART_NOT_BEGUN};
    bool about, first = true;
    const struct progress_view progress = view_of_parts(parts, &about);
    number_thousands(text, parts->count);
    text_string(text, parts->count == 1 ? " shard: " : " shards: ");
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (parts->totals[order[i]] == 0) continue;
        text_string(text, first ? "" : ", ");
        number_thousands(text, parts->totals[order[i]]);
        text_format(text, " %s", words[order[i]]);
        first = false;
    }
    text_string(text, "\n  ");
    add_progress(text, &progress, "clips", about);
    if (parts->unreadable > 0) {
        text_string(text, "  ");
        number_thousands(text, parts->unreadable);
        text_string(text, " of them could not be read\n");
    }
    if (parts->several)
        text_string(text, "  there are also shards of another number; they are not counted\n");
    add_seen(text, parts, PART_RUNS);
    add_seen(text, parts, PART_IS_DEAD);
    add_commands(text, view);
}

void status_text(struct text *text, const struct status_view *view) {
    name_visible(text, view->out);
    text_string(text, ": ");
    if (view->finished) add_finished(text, view);
    if (view->finished) return;
    if (view->parts.count > 0) add_parts(text, view);
    if (view->has_run)
        add_run(text, view);
    else if (view->parts.count == 0 && view->has_shards)
        text_string(text, "an unfinished run left embeddings, and no process works on it\n"
                          "The same command goes on from there.\n");
}

/* ---- JSON ---- */

static void add_string(struct text *text, const char *name, const char *value) {
    text_format(text, ", \"%s\": ", name);
    text_json_or_null(text, value);
}

static void add_run_json(struct text *text, const struct status_view *view) {
    const struct run_status *run = &view->run;
    text_string(text, ", \"run\": {\"alive\": ");
    text_string(text, view->run_lives ? "true" : "false");
    add_string(text, "command", run->command);
    add_string(text, "host", run->owner.host);
    add_string(text, "process", run->owner.process);
    progress_json_number(text, "beat_age_seconds", view->beat_age);
    add_string(text, "stage", run->stage);
    add_string(text, "unit", run->unit);
    text_string(text, ", ");
    progress_json_members(text, &run->view);
    progress_json_number(text, "exit_code", run->ended ? (double)run->exit_code : (double)NAN);
    add_string(text, "message", run->message);
    text_string(text, "}");
}

static void add_numbers_json(struct text *text, const struct part_states *parts,
                             enum part_state state) {
    bool first = true;
    text_format(text, ", \"%s\": [", part_state_name(state));
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->states[i] != state) continue;
        text_format(text, "%s%zu", first ? "" : ", ", i);
        first = false;
    }
    text_string(text, "]");
}

static void add_parts_json(struct text *text, const struct part_states *parts) {
    bool about;
    const struct progress_view progress = view_of_parts(parts, &about);
    text_format(text, ", \"shards\": {\"count\": %zu", parts->count);
    for (int state = 0; state < PART_STATES; state++)
        add_numbers_json(text, parts, (enum part_state)state);
    text_string(text, ", ");
    progress_json_members(text, &progress);
    text_format(text, ", \"total_is_estimated\": %s, \"unreadable\": %llu, \"owners\": [",
                about ? "true" : "false", (unsigned long long)parts->unreadable);
    for (size_t i = 0; i < parts->seen_count; i++) {
        const struct part_seen *seen = &parts->seen[i];
        text_format(text, "%s{\"shard\": %zu, \"state\": \"%s\"", i == 0 ? "" : ", ", seen->number,
                    part_state_name(seen->state));
        add_string(text, "host", seen->host);
        add_string(text, "process", seen->process);
        text_format(text, ", \"clips_done\": %llu, \"clips\": %llu",
                    (unsigned long long)seen->clips_done, (unsigned long long)seen->clips);
        progress_json_number(text, "clips_a_second", seen->clips_a_second);
        progress_json_number(text, "beat_age_seconds", seen->beat_age);
        text_string(text, "}");
    }
    text_string(text, "]}");
}

void status_json(struct text *text, const struct status_view *view, int exit_code) {
    static const char *const words[] = {"complete", "running", "stopped", "none"};
    text_string(text, "{\"out\": ");
    text_json(text, view->out);
    add_string(text, "state", words[view->verdict]);
    text_format(text, ", \"exit_code\": %d", exit_code);
    if (view->finished && view->has_counts)
        text_format(text, ", \"clips\": %llu, \"unreadable\": %llu, \"issues\": %llu",
                    (unsigned long long)view->clips, (unsigned long long)view->unreadable,
                    (unsigned long long)view->issues);
    if (view->parts.count > 0) add_parts_json(text, &view->parts);
    if (view->has_run) add_run_json(text, view);
    text_string(text, "}\n");
}
