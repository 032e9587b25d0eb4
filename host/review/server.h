/* `earmark review`: serves the page of a run, its sounds and its decisions to a browser on this
 * computer, over HTTP. Every user of the computer and every page in the browser can reach it, so
 * each request must have the token (server_request.h) and the right Host. */
#ifndef EARMARK_REVIEW_SERVER_H
#define EARMARK_REVIEW_SERVER_H

#include "host/base/folder.h"
#include "host/review/server_settings.h"
#include "host/sound/decoder.h"

/* ERROR_UNSUPPORTED where earmark was built without libmicrohttpd. */
enum error_code review_available(struct error *error);

/* Serves until a signal asks it to stop (stop.h), which is the usual end and no error, or until the
 * run changes: ERROR_FILE. `out` is locked by the caller, and the decoders were started before
 * there was a thread. Prints the address on standard output once it answers. */
enum error_code review_serve(const struct folder *out, const struct review_settings *settings,
                             struct decoders *decoders, struct error *error);

#endif
