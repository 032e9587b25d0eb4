/* What the options of `earmark review` say. */
#ifndef EARMARK_REVIEW_SERVER_SETTINGS_H
#define EARMARK_REVIEW_SERVER_SETTINGS_H

#include <stdbool.h>

struct review_settings {
    const char *reviewer;
    int port;           /* of 127.0.0.1, and in the header Host also with a socket */
    const char *socket; /* path of a Unix socket to listen on instead; NULL: none */
    bool conflicts;     /* only issues that reviewers decided differently */
    const char *root;   /* where the clips are now; NULL: where they were */
    bool allow_outside;
    int threads;
    int seconds; /* that a connection has for a request; 0: DAEMON_SECONDS. Tests have less time */
};

#endif
