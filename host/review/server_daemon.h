/* Connections, through libmicrohttpd: a thread for each, and few of them. Private to
 * host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_DAEMON_H
#define EARMARK_REVIEW_SERVER_DAEMON_H

#include "host/review/server_run.h"

#define DAEMON_CONNECTIONS 16
#define DAEMON_SECONDS 30 /* until a request is there, with its body; and without a byte */

struct server_daemon;

/* ERROR_UNSUPPORTED where earmark was built without libmicrohttpd. */
enum error_code server_daemon_available(struct error *error);

/* Starts to answer on the socket, which the daemon closes. Everything must have been forked. */
enum error_code server_daemon_start(struct server *server, int descriptor,
                                    struct server_daemon **daemon, struct error *error);

/* Ends connections that take too long to ask. To be called several times a second. */
void server_daemon_tend(struct server_daemon *daemon);

/* Waits for the answers under way; takes NULL. */
void server_daemon_stop(struct server_daemon *daemon);

#endif
