/* Monotonic time. */
#ifndef EARMARK_BASE_CLOCK_H
#define EARMARK_BASE_CLOCK_H

/* Seconds since an unspecified moment, for differences. */
double clock_seconds(void);

#endif
