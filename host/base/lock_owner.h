/* Which process a lock file belongs to, as its text, and whether that process is gone. */
#ifndef EARMARK_BASE_LOCK_OWNER_H
#define EARMARK_BASE_LOCK_OWNER_H

#include "host/base/error.h"

#include <stddef.h>

#define LOCK_OWNER_FIELD 128
#define LOCK_OWNER_TEXT 1024 /* more than any text of an owner */

/* An empty field: this system does not tell. */
struct lock_owner {
    char host[LOCK_OWNER_FIELD];
    char machine[LOCK_OWNER_FIELD];    /* its number in /etc/machine-id */
    char boot[LOCK_OWNER_FIELD];       /* a number of the system's last start */
    char namespaces[LOCK_OWNER_FIELD]; /* of process numbers and of times */
    char process[LOCK_OWNER_FIELD];
    char started[LOCK_OWNER_FIELD]; /* clock ticks after the system's start */
};

void lock_owner_self(struct lock_owner *owner);

/* The text of a lock file; its length. */
size_t lock_owner_write(const struct lock_owner *owner, char text[LOCK_OWNER_TEXT]);
/* Reads it; false unless it is exactly what lock_owner_write writes. */
bool lock_owner_read(const char *text, size_t size, struct lock_owner *owner);

/* Whether the owner's process has certainly ended: its computer was started again since, or it is
 * this one, and the same container, and has no such process. */
bool lock_owner_is_gone(const struct lock_owner *owner);

#endif
