#include "host/base/progress.h"

#include "host/base/run_state.h"
#include "host/base/terminal.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_INTERVAL 0.1 /* seconds */
#define LINE_INTERVAL 5.0
#define JSON_INTERVAL 1.0
#define SHORT_STAGE 0.2
#define LINE_SIZE 512
#define BRIEF_SIZE 2048
#define BAR_CELLS 24
#define SHORTEST_BAR 6
#define USUAL_COLUMNS 80

/* What a line shows: everything, or less where a terminal is narrow. */
enum detail { DETAIL_LEAST, DETAIL_COUNTS, DETAIL_SPEED, DETAIL_ALL };

/* The widest numbers that the bar's line leaves room for, so that nothing in it comes and goes as
 * they grow: "9,999" twice, "59 min 59 s". */
#define WIDEST_SPEED 5
#define WIDEST_DURATION 11

/* The stage that is running, for messages. */
static struct progress *current;

/* For a message from a signal handler, which must not look at the stage. */
static volatile sig_atomic_t bar_is_shown;
static volatile sig_atomic_t messages_are_json;

static enum progress_style chosen = PROGRESS_AUTO;
static enum message_level most_printed = MESSAGE_INFO;

void progress_choose(enum progress_style style) {
    chosen = style;
    messages_are_json = style == PROGRESS_JSON;
}

void progress_choose_level(enum message_level level) {
    most_printed = level;
}

bool progress_is_json(void) {
    return messages_are_json;
}

void progress_exit(int exit_code, const char *meaning) {
    if (messages_are_json) progress_json_exit(stderr, exit_code, meaning);
}

/* A line under construction; what does not fit is left out. */
struct line {
    char text[LINE_SIZE];
    size_t length;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof line->text - line->length;
    int length = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (length > 0) line->length += (size_t)length < room ? (size_t)length : room - 1;
}

static void add_thousands(struct line *line, uint64_t value) {
    if (value >= 1000) {
        add_thousands(line, value / 1000);
        add(line, ",%03u", (unsigned)(value % 1000));
    } else {
        add(line, "%u", (unsigned)value);
    }
}

/* A speed with three digits or so: 0.52, 8.1, 512, 12,340. */
static void add_speed(struct line *line, double value) {
    if (value >= 100.0 && value < 1e15)
        add_thousands(line, (uint64_t)(value + 0.5));
    else
        add(line, value >= 10.0 ? "%.0f" : value >= 1.0 ? "%.1f" : "%.2g", value);
}

static void add_duration(struct line *line, double seconds) {
    if (seconds < 9.95) {
        add(line, "%.1f s", seconds);
        return;
    }
    uint64_t whole = seconds < 1e15 ? (uint64_t)(seconds + 0.5) : 0;
    unsigned minutes = (unsigned)(whole / 60 % 60);
    if (whole < 60)
        add(line, "%u s", (unsigned)whole);
    else if (whole < 3600)
        add(line, "%u min %02u s", minutes, (unsigned)(whole % 60));
    else
        add(line, "%llu h %02u min", (unsigned long long)(whole / 3600), minutes);
}

static double monotonic_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct progress_view view_of(const struct progress *progress, double elapsed) {
    struct progress_view view = {.stage = progress->title,
                                 .unit = progress->unit,
                                 .done = progress->done,
                                 .total = progress->total,
                                 .kept = progress->kept,
                                 .advances = progress->advances,
                                 .audio_seconds = progress->audio_seconds,
                                 .elapsed = elapsed};
    progress_view_measure(&view);
    return view;
}

/* ", 512 clips/s, 840 x real time" */
static void add_speeds(struct line *line, const struct progress_view *view, enum detail detail) {
    if (isnan(view->per_second) || detail < DETAIL_SPEED) return;
    add(line, ", ");
    add_speed(line, view->per_second);
    add(line, " %s/s", view->unit);
    if (isnan(view->times_real_time) || detail < DETAIL_ALL) return;
    add(line, ", ");
    add_speed(line, view->times_real_time);
    add(line, " x real time");
}

static void add_time_left(struct line *line, const struct progress_view *view) {
    if (!(view->seconds_left > 0.0)) return;
    add(line, ", ");
    add_duration(line, view->seconds_left);
    add(line, " left");
}

/* "1,234 of 2,831 clips (43%), 512 clips/s, 4 s left" */
static void add_state(struct line *line, const struct progress *progress, double elapsed,
                      enum detail detail) {
    double percent =
        progress->total > 0 ? 100.0 * (double)progress->done / (double)progress->total : 0.0;
    if (detail == DETAIL_LEAST && progress->total > 0) {
        add(line, "%.0f%%", percent);
    } else {
        add_thousands(line, progress->done);
        if (progress->total > 0) {
            add(line, " of ");
            add_thousands(line, progress->total);
        }
        add(line, " %s", progress->unit);
        if (progress->total > 0) add(line, " (%.0f%%)", percent);
    }
    const struct progress_view view = view_of(progress, elapsed);
    add_speeds(line, &view, detail);
    add_time_left(line, &view);
}

/* Columns a line may fill: the last one is left, where some terminals begin a new line. */
static int room(const struct progress *progress) {
    int columns = progress->columns > 0 ? progress->columns : terminal_width(progress->stream);
    return (columns > 0 ? columns : USUAL_COLUMNS) - 1;
}

/* Takes the bar off the terminal's line. */
static void erase_bar(struct progress *progress) {
    if (progress->style != PROGRESS_BAR || progress->width == 0) return;
    fprintf(progress->stream, "\r%*s\r", progress->width, "");
    progress->width = 0;
    bar_is_shown = false;
}

/* "[=====     ] " */
static void add_bar(struct line *line, const struct progress *progress) {
    int cells = progress->cells;
    if (progress->total == 0 || cells < SHORTEST_BAR) return;
    uint64_t done = progress->done < progress->total ? progress->done : progress->total;
    int filled = (int)((double)done / (double)progress->total * cells);
    add(line, "[");
    for (int i = 0; i < cells; i++) add(line, i < filled ? "=" : " ");
    add(line, "] ");
}

/* Columns that a state takes at the end of the stage, when its numbers are widest. */
static int widest_state(const struct progress *progress, enum detail detail) {
    struct progress last = *progress;
    struct line line = {.length = 0};
    if (last.total > 0) last.done = last.total;
    add_state(&line, &last, 0.0, detail);
    int width = (int)line.length;
    if (detail >= DETAIL_SPEED) width += 2 + WIDEST_SPEED + 1 + (int)strlen(progress->unit) + 2;
    if (detail >= DETAIL_ALL) width += 2 + WIDEST_SPEED + (int)strlen(" x real time");
    if (last.total > 0) width += 2 + WIDEST_DURATION + (int)strlen(" left");
    return width;
}

/* Fills state with as much detail as fits in the room. What was once left out stays out, even
 * where numbers are wider than foreseen, and a bar that became shorter does not grow again. */
static void fit_state(struct progress *progress, double elapsed, int room, struct line *state) {
    if (progress->fitted_room != room) {
        progress->left_out = 0;
        progress->cells = BAR_CELLS;
    }
    progress->fitted_room = room;
    for (;; progress->left_out++) {
        enum detail detail = (enum detail)(DETAIL_ALL - progress->left_out);
        state->length = 0;
        add_state(state, progress, elapsed, detail);
        if (detail == DETAIL_LEAST) break;
        if (widest_state(progress, detail) <= room && (int)state->length <= room) break;
    }
    int cells = room - (int)state->length - 3; /* "[", "] " */
    if (cells < progress->cells) progress->cells = cells;
}

static void draw_bar(struct progress *progress, double elapsed) {
    struct line state, line = {.length = 0};
    int columns = room(progress);
    add(&line, "%s ", progress->title);
    fit_state(progress, elapsed, columns - (int)line.length, &state);
    add_bar(&line, progress);
    add(&line, "%s", state.text);
    int length = (int)line.length < columns ? (int)line.length : columns;
    int blank = progress->width > length ? progress->width - length : 0;
    fprintf(progress->stream, "\r%.*s%*s", length, line.text, blank, "");
    fflush(progress->stream);
    progress->width = length;
    bar_is_shown = progress->stream == stderr;
}

static void write_line(struct progress *progress, double elapsed) {
    struct line line = {.length = 0};
    add(&line, "%s: ", progress->title);
    add_state(&line, progress, elapsed, DETAIL_ALL);
    fprintf(progress->stream, "%s\n", line.text);
    fflush(progress->stream);
}

void progress_start(struct progress *progress, enum progress_style style, const char *title,
                    const char *unit, uint64_t total) {
    progress_finish(progress);
    const char *terminal = getenv("TERM");
    FILE *stream = progress->stream == NULL ? stderr : progress->stream;
    double (*clock)(void) = progress->clock == NULL ? monotonic_seconds : progress->clock;
    bool bar = isatty(fileno(stream)) && terminal != NULL && strcmp(terminal, "dumb") != 0;
    if (style == PROGRESS_AUTO) style = chosen;
    if (style == PROGRESS_AUTO) style = bar ? PROGRESS_BAR : PROGRESS_LINES;
    *progress = (struct progress){.stream = stream,
                                  .style = style,
                                  .title = title,
                                  .unit = unit,
                                  .total = total,
                                  .clock = clock,
                                  .columns = progress->columns,
                                  .started = clock()};
    progress->shown = progress->started;
    progress->running = true;
    current = progress;
    const struct progress_view view = view_of(progress, 0.0);
    run_state_stage(&view, true);
    if (style == PROGRESS_BAR) draw_bar(progress, 0.0);
    if (style == PROGRESS_JSON) progress_json_stage(stream, "begin", &view);
}

void progress_update(struct progress *progress, uint64_t done) {
    if (!progress->running) return;
    if (done > progress->done) progress->advances++;
    progress->done = done;
    struct progress_view view = view_of(progress, 0.0);
    run_state_stage(&view, false);
    if (progress->style == PROGRESS_QUIET) return;
    double now = progress->clock();
    double interval = progress->style == PROGRESS_BAR    ? BAR_INTERVAL
                      : progress->style == PROGRESS_JSON ? JSON_INTERVAL
                                                         : LINE_INTERVAL;
    if (now - progress->shown < interval) return;
    progress->shown = now;
    view = view_of(progress, now - progress->started);
    if (progress->style == PROGRESS_BAR)
        draw_bar(progress, now - progress->started);
    else if (progress->style == PROGRESS_JSON)
        progress_json_stage(progress->stream, "progress", &view);
    else
        write_line(progress, now - progress->started);
}

void progress_step(void *context, size_t done, size_t total) {
    struct progress *progress = context;
    progress->total = total;
    progress_update(progress, done);
}

void progress_keep(struct progress *progress, uint64_t kept) {
    progress->kept = kept;
}

bool progress_bar_is_shown(void) {
    return bar_is_shown;
}

void progress_audio(struct progress *progress, double seconds) {
    progress->audio_seconds = seconds;
}

/* An object says that it is a message, and of whom. */
static const char *without_name(const char *message) {
    static const char name[] = "earmark: ";
    const size_t length = sizeof name - 1;
    return strncmp(message, name, length) == 0 ? message + length : message;
}

/* Needs no memory where there is none: that may be what the message says. */
static void say(enum message_level level, const char *before, const char *format,
                va_list arguments) {
    FILE *stream = current == NULL ? stderr : current->stream;
    char brief[BRIEF_SIZE], *rest = NULL, *message = NULL;
    va_list again;
    va_copy(again, arguments);
    run_state_message(level);
    if (vasprintf(&rest, format, arguments) < 0) rest = NULL;
    if (rest != NULL && asprintf(&message, "%s%s", before, rest) < 0) message = NULL;
    if (message == NULL) {
        size_t length = strlen(before);
        snprintf(brief, sizeof brief, "%s", before);
        error_vformat(brief + length, sizeof brief - length, format, again);
    }
    va_end(again);
    const char *text = message == NULL ? brief : message;
    if (level > most_printed) goto done;
    if (current != NULL) erase_bar(current);
    if (messages_are_json)
        progress_json_message(stream, level, without_name(text + strlen(before)));
    else
        terminal_message(stream, text);
    if (current != NULL && current->style == PROGRESS_BAR)
        draw_bar(current, current->clock() - current->started);
done:
    free(rest);
    free(message);
}

void progress_message(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(MESSAGE_INFO, "", format, arguments);
    va_end(arguments);
}

void progress_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(MESSAGE_WARNING, "warning: ", format, arguments);
    va_end(arguments);
}

void progress_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(MESSAGE_ERROR, "earmark: ", format, arguments);
    va_end(arguments);
}

/* How much was done in the whole stage, and how fast. */
static void add_end(struct line *line, const struct progress *progress, double elapsed,
                    enum detail detail) {
    bool ended = progress->total > progress->done;
    add(line, "%s: ", progress->title);
    if (ended) add(line, "ended at ");
    add_thousands(line, progress->done - (ended ? 0 : progress->kept));
    if (ended) {
        add(line, " of ");
        add_thousands(line, progress->total);
    } else if (progress->kept > 0) {
        add(line, " more");
    }
    add(line, " %s in ", progress->unit);
    add_duration(line, elapsed);
    const struct progress_view view = view_of(progress, elapsed);
    add_speeds(line, &view, detail);
}

void progress_finish(struct progress *progress) {
    if (!progress->running) return;
    progress->running = false;
    current = NULL;
    run_state_stage_end();
    if (progress->style == PROGRESS_QUIET) return;
    erase_bar(progress);
    double elapsed = progress->clock() - progress->started;
    if (progress->style == PROGRESS_JSON) {
        const struct progress_view view = view_of(progress, elapsed);
        progress_json_stage(progress->stream, "end", &view);
        return;
    }
    if (elapsed < SHORT_STAGE) {
        fflush(progress->stream);
        return;
    }
    struct line line;
    enum detail detail = DETAIL_ALL;
    for (;; detail--) {
        line.length = 0;
        add_end(&line, progress, elapsed, detail);
        if (progress->style == PROGRESS_LINES || (int)line.length <= room(progress) ||
            detail == DETAIL_COUNTS)
            break;
    }
    fprintf(progress->stream, "%s\n", line.text);
    fflush(progress->stream);
}
