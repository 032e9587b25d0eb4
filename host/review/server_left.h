/* What a review has left: the estimate of wrong labels, and the clips of a spot check. Private to
 * host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_LEFT_H
#define EARMARK_REVIEW_SERVER_LEFT_H

#include "host/review/server_run.h"

/* Draws the clips of spot checks, before anything is answered: the same for every start. Errors:
 * ERROR_MEMORY. */
enum error_code server_left_open(struct server *server, struct error *error);

/* The rest with the server's lock. Notes that the decision of this index is the latest. Errors:
 * ERROR_MEMORY. */
enum error_code server_left_note(struct server *server, size_t index, struct error *error);

/* Appends LEFT of estimate.h. Errors: ERROR_MEMORY. */
enum error_code server_left_json(const struct server *server, struct text *json,
                                 struct error *error);

/* The first rows of the draw that are not decided, at most `wanted`; returns how many. */
size_t server_left_spot(const struct server *server, size_t *rows, size_t wanted);

/* Whether a decision is this reviewer's and about the run as it is. */
bool server_is_current(const struct server *server, const struct decided *decided);

#endif
