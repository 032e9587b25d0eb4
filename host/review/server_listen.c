#include "host/review/server_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

static enum error_code listen_port(int port, int descriptor, struct error *error) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int yes = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    /* Connections of an earlier review that are still closing are no hindrance; a socket that
     * listens is. */
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(descriptor, (const struct sockaddr *)&address, sizeof address) == 0 &&
        listen(descriptor, BACKLOG) == 0)
        return ERROR_NONE;
    if (errno == EADDRINUSE)
        return FAIL(error, ERROR_FILE,
                    "port %d of this computer is in use, perhaps by another review; end it, or "
                    "give another one with --port",
                    port);
    return FAIL(error, ERROR_FILE, "cannot listen on port %d of 127.0.0.1: %s", port,
                strerror(errno));
}

/* Whether nobody answers at a socket of this user. */
static bool is_left_over(const struct sockaddr_un *address) {
    struct stat status;
    if (lstat(address->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode) ||
        status.st_uid != geteuid())
        return false;
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const bool refused = probe >= 0 &&
                         connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 &&
                         errno == ECONNREFUSED;
    if (probe >= 0) close(probe);
    return refused;
}

static enum error_code listen_path(const char *path, int descriptor, struct error *error) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return FAIL(error, ERROR_USAGE, "--socket: the path has more than %zu bytes",
                    sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path));
    if (is_left_over(&address)) unlink(path);
    const mode_t before = umask(0177); /* mode 0600 from its first moment on */
    const int bound = bind(descriptor, (const struct sockaddr *)&address, sizeof address);
    const int number = errno;
    umask(before);
    if (bound == 0 && listen(descriptor, BACKLOG) == 0) return ERROR_NONE;
    if (bound != 0 && number == EADDRINUSE)
        return FAIL(error, ERROR_FILE,
                    "%s: is there already; end the review that has it, or remove it", path);
    return FAIL(error, ERROR_FILE, "%s: cannot listen there: %s", path,
                strerror(bound != 0 ? number : errno));
}

enum error_code server_listen(const struct review_settings *settings, int *descriptor,
                              struct error *error) {
    const int family = settings->socket == NULL ? AF_INET : AF_UNIX;
    *descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*descriptor < 0)
        return FAIL(error, ERROR_FILE, "cannot make a socket: %s", strerror(errno));
    const enum error_code code = settings->socket == NULL
                                     ? listen_port(settings->port, *descriptor, error)
                                     : listen_path(settings->socket, *descriptor, error);
    if (code == ERROR_NONE) return code;
    close(*descriptor);
    *descriptor = -1;
    return code;
}

void server_listen_end(const struct review_settings *settings) {
    if (settings->socket != NULL) unlink(settings->socket);
}
