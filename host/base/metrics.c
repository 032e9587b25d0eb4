#include "host/base/metrics.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/utf8.h"
#include "host/base/version.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAST_SUCCESS "earmark_last_success_timestamp_seconds"

struct metrics {
    struct text *text;
    const char *run;
    const char *name; /* of the family that is being written */
};

/* A label's value: backslash, quote and line feed are escaped; bytes that are not UTF-8, which the
 * format lacks, become U+FFFD. */
static void add_value(struct text *text, const char *value) {
    for (size_t length; *value != '\0'; value += length) {
        length = utf8_length(value);
        if (length == 0) {
            text_string(text, "\xef\xbf\xbd");
            length = 1;
        } else if (*value == '\n') {
            text_string(text, "\\n");
        } else {
            if (*value == '\\' || *value == '"') text_string(text, "\\");
            text_append(text, value, length);
        }
    }
}

static void family(struct metrics *metrics, const char *name, const char *type, const char *help) {
    metrics->name = name;
    text_format(metrics->text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_label(struct metrics *metrics, const char *name, const char *value) {
    text_format(metrics->text, ",%s=\"", name);
    add_value(metrics->text, value);
    text_string(metrics->text, "\"");
}

static void begin_sample(struct metrics *metrics) {
    text_format(metrics->text, "%s{run=\"", metrics->name);
    add_value(metrics->text, metrics->run);
    text_string(metrics->text, "\"");
}

static void end_sample(struct metrics *metrics, double value) {
    text_string(metrics->text, "} ");
    number_shortest(metrics->text, value);
    text_string(metrics->text, "\n");
}

static void sample(struct metrics *metrics, double value) {
    begin_sample(metrics);
    end_sample(metrics, value);
}

/* A family of one sample. */
static void one(struct metrics *metrics, const char *name, const char *type, const char *help,
                double value) {
    if (!isfinite(value)) return;
    family(metrics, name, type, help);
    sample(metrics, value);
}

static void stage_sample(struct metrics *metrics, const char *name, const char *help,
                         const struct progress_view *stage, double value) {
    if (!isfinite(value)) return;
    family(metrics, name, "gauge", help);
    begin_sample(metrics);
    add_label(metrics, "stage", stage->stage);
    add_label(metrics, "unit", stage->unit);
    end_sample(metrics, value);
}

static void add_stage(struct metrics *metrics, const struct progress_view *stage) {
    if (stage->stage == NULL) return;
    stage_sample(metrics, "earmark_stage_done",
                 "How much of the current stage is done, in its unit.", stage, (double)stage->done);
    stage_sample(metrics, "earmark_stage_size",
                 "How much the current stage has to do, in its unit.", stage,
                 stage->total > 0 ? (double)stage->total : NAN);
    stage_sample(metrics, "earmark_stage_done_per_second",
                 "How much of the current stage this run has done a second, in its unit.", stage,
                 stage->per_second);
    stage_sample(metrics, "earmark_stage_elapsed_seconds", "Time since the current stage began.",
                 stage, stage->elapsed);
    stage_sample(metrics, "earmark_stage_remaining_seconds",
                 "Time that the current stage will probably take until its end.", stage,
                 stage->seconds_left);
    stage_sample(metrics, "earmark_stage_real_time_ratio",
                 "Seconds of sound that the current stage works through in a second.", stage,
                 stage->times_real_time);
}

static void add_clips(struct metrics *metrics, const struct run_state *state) {
    one(metrics, "earmark_list_clips", "gauge", "Clips of the list.",
        state->clips > 0 ? (double)state->clips : NAN);
    family(metrics, "earmark_clips_total", "counter",
           "Clips that were decoded or taken over from an earlier run, by their status.");
    for (size_t i = 0; i < RUN_STATE_STATUSES && state->status_names[i] != NULL; i++) {
        begin_sample(metrics);
        add_label(metrics, "status", state->status_names[i]);
        end_sample(metrics, (double)state->status_counts[i]);
    }
    one(metrics, "earmark_clips_resumed_total", "counter",
        "Clips whose embedding, or verdict, was taken over from an earlier run.",
        (double)state->clips_kept);
    one(metrics, "earmark_audio_seconds_total", "counter",
        "Seconds of sound that this run has embedded.", state->audio_seconds);
    one(metrics, "earmark_sound_read_bytes_total", "counter",
        "Bytes of sound files that the decoders have read.", (double)state->waits.bytes_read);
    one(metrics, "earmark_disk_wait_seconds_total", "counter",
        "Seconds that a decoder has waited for files, the mean of the decoders.",
        state->waits.disk_wait);
    one(metrics, "earmark_device_wait_seconds_total", "counter",
        "Seconds in which the device could not be given clips, because none was decoded.",
        state->waits.device_wait);
}

void metrics_write(struct text *text, const char *run, const struct run_state *state,
                   const struct metrics_end *end) {
    struct metrics metrics = {.text = text, .run = run};
    family(&metrics, "earmark_run_info", "gauge",
           "The program's version and the command that runs.");
    begin_sample(&metrics);
    add_label(&metrics, "version", EARMARK_VERSION);
    add_label(&metrics, "command", state->command == NULL ? "" : state->command);
    end_sample(&metrics, 1.0);
    one(&metrics, "earmark_run_active", "gauge", "1 while the run goes on, 0 after its end.",
        end->ended ? 0.0 : 1.0);
    one(&metrics, "earmark_run_start_time_seconds", "gauge",
        "When the run began, in seconds of the Unix epoch.", state->started_at);
    one(&metrics, "earmark_run_elapsed_seconds", "gauge", "How long the run has taken.",
        clock_seconds() - state->started);
    one(&metrics, "earmark_run_exit_code", "gauge",
        "How the run ended: earmark --help lists exit codes.",
        end->ended ? (double)end->exit_code : NAN);
    one(&metrics, LAST_SUCCESS, "gauge",
        "When a run with this file last ended with exit code 0, 3 or 4, in seconds of the Unix "
        "epoch.",
        end->last_success > 0.0 ? end->last_success : NAN);
    add_stage(&metrics, &state->stage);
    add_clips(&metrics, state);
    one(&metrics, "earmark_issues", "gauge", "Issues that the run has found.",
        state->issues >= 0 ? (double)state->issues : NAN);
    family(&metrics, "earmark_messages_total", "counter",
           "Messages of the run, by level, printed or not.");
    for (int level = 0; level < MESSAGE_LEVELS; level++) {
        begin_sample(&metrics);
        add_label(&metrics, "level", message_level_name((enum message_level)level));
        end_sample(&metrics, (double)state->messages[level]);
    }
}

double metrics_last_success(const char *text, size_t size) {
    static const char name[] = LAST_SUCCESS "{";
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL) return 0.0;
        const size_t length = (size_t)(stop - text);
        const char *space = memrchr(text, ' ', length);
        char number[32];
        if (length >= sizeof name && memcmp(text, name, sizeof name - 1) == 0 && space != NULL &&
            (size_t)(stop - space) <= sizeof number) {
            memcpy(number, space + 1, (size_t)(stop - space) - 1);
            number[stop - space - 1] = '\0';
            char *rest;
            double value = strtod(number, &rest);
            return rest != number && *rest == '\0' && value > 0.0 && value < 1e15 ? value : 0.0;
        }
        text = stop + 1;
    }
    return 0.0;
}

char *metrics_run_name(const char *path, struct error *error) {
    const char *slash = strrchr(path, '/');
    char *name = memory_string(slash == NULL ? path : slash + 1, error);
    if (name == NULL) return NULL;
    char *dot = strrchr(name, '.');
    if (dot != NULL) *dot = '\0';
    return name;
}
