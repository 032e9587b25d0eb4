/* The socket that the server listens on. Private to host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_LISTEN_H
#define EARMARK_REVIEW_SERVER_LISTEN_H

#include "host/base/error.h"
#include "host/review/server_settings.h"

/* A TCP socket of 127.0.0.1 alone, or a Unix socket that only this user can open. A port that is in
 * use, and a path where something is already, are ERROR_FILE; a socket that a review left when it
 * was killed is replaced. */
enum error_code server_listen(const struct review_settings *settings, int *descriptor,
                              struct error *error);
/* Removes the Unix socket, if there is one. */
void server_listen_end(const struct review_settings *settings);

#endif
