#include "host/base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum error_code random_bytes(void *bytes, size_t size, struct error *error) {
    ssize_t got;
    do got = getrandom(bytes, size, 0);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)size) return ERROR_NONE;
    return FAIL(error, ERROR_FILE, "the system gives no random numbers: %s", strerror(errno));
}
