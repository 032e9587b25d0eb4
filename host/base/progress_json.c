#include "host/base/progress_json.h"

#include "host/base/terminal.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* Time left is known after this many seconds and steps of work, or after so long that the
 * steps no longer matter. */
#define ESTIMATE_AFTER 3.0
#define ESTIMATE_ADVANCES 3u
#define ESTIMATE_ANYHOW 30.0

const char *message_level_name(enum message_level level) {
    static const char *const names[MESSAGE_LEVELS] = {"error", "warning", "info"};
    return level < MESSAGE_LEVELS ? names[level] : NULL;
}

void progress_view_measure(struct progress_view *view) {
    const double own = view->done > view->kept ? (double)(view->done - view->kept) : 0.0;
    view->per_second = view->times_real_time = view->seconds_left = NAN;
    if (own <= 0.0 || view->elapsed <= 0.0) return;
    view->per_second = own / view->elapsed;
    if (view->audio_seconds > 0.0) view->times_real_time = view->audio_seconds / view->elapsed;
    bool known = view->elapsed >= ESTIMATE_ANYHOW ||
                 (view->elapsed >= ESTIMATE_AFTER && view->advances >= ESTIMATE_ADVANCES);
    if (known && view->total > view->done)
        view->seconds_left = view->elapsed * (double)(view->total - view->done) / own;
    else if (view->total > 0 && view->total <= view->done)
        view->seconds_left = 0.0;
}

static void begin(struct text *line, const char *event) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    text_format(line, "{\"time\": %lld.%03ld, \"event\": \"%s\"", (long long)now.tv_sec,
                now.tv_nsec / 1000000, event);
}

static void end(FILE *stream, struct text *line) {
    static const char without[] = "{\"event\": \"message\", \"level\": \"error\", \"message\": "
                                  "\"no memory for a message\"}\n";
    text_string(line, "}\n");
    terminal_print(stream, line->failed ? without : line->data);
    fflush(stream);
    text_free(line);
}

static void add_count(struct text *text, const char *name, uint64_t count) {
    text_format(text, ", \"%s\": %llu", name, (unsigned long long)count);
}

void progress_json_number(struct text *text, const char *name, double value) {
    text_format(text, ", \"%s\": ", name);
    if (isfinite(value))
        text_format(text, "%.6g", value);
    else
        text_string(text, "null");
}

static void add_stage(struct text *text, const struct progress_view *view) {
    text_string(text, ", \"stage\": ");
    text_json(text, view->stage);
    text_string(text, ", \"unit\": ");
    text_json(text, view->unit);
}

static void add_total(struct text *text, const struct progress_view *view) {
    if (view->total > 0)
        add_count(text, "total", view->total);
    else
        text_string(text, ", \"total\": null");
}

void progress_json_members(struct text *text, const struct progress_view *view) {
    text_format(text, "\"done\": %llu", (unsigned long long)view->done);
    add_total(text, view);
    add_count(text, "kept", view->kept);
    progress_json_number(text, "elapsed_seconds", view->elapsed);
    progress_json_number(text, "per_second", view->per_second);
    progress_json_number(text, "times_real_time", view->times_real_time);
    progress_json_number(text, "seconds_left", view->seconds_left);
}

void progress_json_stage(FILE *stream, const char *event, const struct progress_view *view) {
    struct text line = TEXT_INITIAL;
    begin(&line, event);
    add_stage(&line, view);
    if (strcmp(event, "begin") == 0) {
        add_total(&line, view);
    } else {
        text_string(&line, ", ");
        progress_json_members(&line, view);
    }
    end(stream, &line);
}

void progress_json_message(FILE *stream, enum message_level level, const char *message) {
    struct text line = TEXT_INITIAL;
    begin(&line, "message");
    text_format(&line, ", \"level\": \"%s\", \"message\": ", message_level_name(level));
    text_json(&line, message);
    end(stream, &line);
}

void progress_json_exit(FILE *stream, int exit_code, const char *meaning) {
    struct text line = TEXT_INITIAL;
    begin(&line, "exit");
    text_format(&line, ", \"exit_code\": %d, \"meaning\": ", exit_code);
    text_json(&line, meaning);
    end(stream, &line);
}
