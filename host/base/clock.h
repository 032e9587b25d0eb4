/* Time that only goes forward. */
#ifndef EARMARK_BASE_CLOCK_H
#define EARMARK_BASE_CLOCK_H

/* Seconds since some moment; differences are what counts. */
double clock_seconds(void);

#endif
