/* The answers that are made once: the page, and the list of issues. Private to
 * host/review/server*.c. */
#ifndef EARMARK_REVIEW_SERVER_PAGE_H
#define EARMARK_REVIEW_SERVER_PAGE_H

#include "host/review/server_run.h"

/* Fills in server->page, server->issues and server->overview. Errors: ERROR_MEMORY. */
enum error_code server_page_make(struct server *server, struct error *error);

#endif
