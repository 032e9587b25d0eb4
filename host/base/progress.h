/* Progress of a long stage on stderr: a bar with speed and time left on a
 * terminal, a plain line every few seconds elsewhere, nothing when quiet; or a JSON object a line,
 * and then all that is written to stderr is one (progress_json.h). */
#ifndef EARMARK_BASE_PROGRESS_H
#define EARMARK_BASE_PROGRESS_H

#include "host/base/progress_json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum progress_style {
    PROGRESS_AUTO = 0, /* as progress_choose() said; PROGRESS_BAR on a terminal, PROGRESS_LINES
                          elsewhere */
    PROGRESS_QUIET = 1,
    PROGRESS_BAR = 2,
    PROGRESS_LINES = 3,
    PROGRESS_JSON = 4
};

/* What PROGRESS_AUTO is from now on. After PROGRESS_JSON messages are objects too, also those of
 * stages that are quiet. */
void progress_choose(enum progress_style style);

/* Messages above this level are not printed; MESSAGE_INFO at first: all are. */
void progress_choose_level(enum message_level level);

/* Whether messages are objects. A signal handler may ask. */
bool progress_is_json(void);

/* The last line of a command in that form: how it ended. Nothing in the others. */
void progress_exit(int exit_code, const char *meaning);

/* One stage; zero-initialise. One runs at a time, and it must stay where it is in memory; calls
 * come from one thread. */
struct progress {
    bool running;
    FILE *stream; /* NULL before start: stderr */
    enum progress_style style;
    const char *title; /* "network": a literal */
    const char *unit;  /* "clips": a literal */
    uint64_t total;    /* 0: not known, no time left is shown */
    uint64_t done;
    uint64_t kept;         /* of done: by an earlier run, which speed and time left leave out */
    unsigned advances;     /* updates with more done than before; the time left waits for some */
    double audio_seconds;  /* of sound done by this run; 0: not shown */
    double (*clock)(void); /* seconds; NULL before start: the monotonic clock */
    double started;
    double shown; /* when something was last written */
    int columns;  /* of the terminal; 0: asked for each time */
    int width;    /* of what the bar's line holds now */
    /* private: the room that the bar's line was laid out for, how much of the line was left out,
     * and the bar's length */
    int fitted_room, left_out, cells;
};

/* Begins a stage; stream, clock and columns stay what they were set to. */
void progress_start(struct progress *progress, enum progress_style style, const char *title,
                    const char *unit, uint64_t total);

/* This much is done; writes at most ten times a second on a terminal, every five
 * seconds elsewhere: it may be called for every clip. */
void progress_update(struct progress *progress, uint64_t done);

/* The same with the total, as a call-back of stages: context is a struct progress. */
void progress_step(void *context, size_t done, size_t total);

/* This much was done by an earlier run: it counts as done, but not for speed and time left. */
void progress_keep(struct progress *progress, uint64_t kept);

/* Seconds of sound done so far by this run: shown as "840 x real time". */
void progress_audio(struct progress *progress, double seconds);

/* A message on stderr (on the stream of the stage that is running, if there is one): the one
 * place for messages. The bar is taken off its line before and drawn again after it; on a
 * terminal the message is broken between words. Its arguments may come from an input as they are:
 * what must not reach a terminal is shown, line feeds too (terminal_message), so give no newline.
 * Not silenced by quiet. From the thread that runs the stage. */
void progress_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for what may be wrong, after "warning: ", and for why the command fails, after
 * "earmark: ". */
void progress_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the stage with one line that says how much and how fast (a stage that
 * took under a fifth of a second leaves none). May be called on a stage that has
 * failed; calling it twice, or before start, does nothing. */
void progress_finish(struct progress *progress);

/* Whether a bar is on standard error's line. A signal handler may ask. */
bool progress_bar_is_shown(void);

#endif
