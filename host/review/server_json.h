/* The answers that change with each decision, as JSON. With the server's lock. Private to
 * host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_JSON_H
#define EARMARK_REVIEW_SERVER_JSON_H

#include "host/review/server_run.h"

/* {"by":..., "decisions":[...], "stale":[...], "left":{...}, "conflicts":[...] or null}: of this
 * reviewer alone. Errors: ERROR_MEMORY. */
enum error_code server_json_decisions(const struct server *server, struct text *json,
                                      struct error *error);

/* The decisions of this reviewer that the learning list takes, (count) to be freed. Errors:
 * ERROR_MEMORY. */
enum error_code server_learning_decisions(const struct server *server,
                                          struct learning_decision **list, size_t *count,
                                          struct error *error);

#endif
