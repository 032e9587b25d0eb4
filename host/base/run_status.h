/* progress.json: what a run that is under way, or has failed, says of itself for `earmark
 * status`. Anybody may have written what is read. */
#ifndef EARMARK_BASE_RUN_STATUS_H
#define EARMARK_BASE_RUN_STATUS_H

#include "host/base/lock_owner.h"
#include "host/base/run_state.h"

#define RUN_STATUS_LIMIT ((size_t)64 << 10) /* bytes of the file */

struct run_status_end {
    bool ended;
    int exit_code;
    const char *message;
};

void run_status_write(struct text *text, const struct run_state *state,
                      const struct run_status_end *end);

/* As it was read; owned texts, any bytes. */
struct run_status {
    char *command, *stage, *unit, *message; /* NULL: none */
    struct lock_owner owner;                /* empty where it is not known */
    bool ended;
    int exit_code;
    double started, beat; /* seconds of the Unix epoch, by the clock of the run's computer */
    struct progress_view view;
};

/* Errors: ERROR_DATA for anything that is no such file, ERROR_MEMORY. run_status_free also
 * after them. */
enum error_code run_status_read(const char *text, size_t size, const char *what,
                                struct run_status *status, struct error *error);
void run_status_free(struct run_status *status);

#endif
