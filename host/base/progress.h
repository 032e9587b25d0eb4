/* Progress of a long stage on stderr: a bar with speed and time left on a
 * terminal, a plain line every few seconds elsewhere, nothing when quiet. */
#ifndef EARMARK_BASE_PROGRESS_H
#define EARMARK_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum progress_style {
    PROGRESS_AUTO = 0, /* PROGRESS_BAR on a terminal, PROGRESS_LINES elsewhere */
    PROGRESS_QUIET = 1,
    PROGRESS_BAR = 2,
    PROGRESS_LINES = 3
};

/* One stage; zero-initialise. Calls on one progress come from one thread. */
struct progress {
    bool running;
    FILE *stream; /* NULL before start: stderr */
    enum progress_style style;
    const char *title; /* "network": a literal */
    const char *unit;  /* "clips": a literal */
    uint64_t total;    /* 0: not known, no time left is told */
    uint64_t done;
    double audio_seconds;  /* of sound done so far; 0: not told */
    double (*clock)(void); /* seconds; NULL before start: the monotonic clock */
    double started;
    double shown; /* when something was last written */
    int width;    /* of what the bar's line holds now */
};

/* Begins a stage; stream and clock stay what they were set to. */
void progress_start(struct progress *progress, enum progress_style style, const char *title,
                    const char *unit, uint64_t total);

/* So much is done; writes at most ten times a second on a terminal, every five
 * seconds elsewhere: it may be called for every clip. */
void progress_update(struct progress *progress, uint64_t done);

/* Seconds of sound done so far: shown as "840 x real time". */
void progress_audio(struct progress *progress, double seconds);

/* A line of its own that does not break the bar; not silenced by quiet. No newline at its end. */
void progress_message(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the stage with one line that tells how much and how fast (a stage that
 * took under a fifth of a second leaves none). May be called on a stage that has
 * failed; calling it twice, or before start, does nothing. */
void progress_finish(struct progress *progress);

#endif
