/* Sends its standard input to PORT of this computer, then PIECE each second, and prints what comes
 * back, until the other side ends the connection: talk PORT PIECE. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whether the other side is still there. */
static bool pass_on(int socket_) {
    char bytes[4096];
    const ssize_t got = recv(socket_, bytes, sizeof bytes, 0);
    return got > 0 && write(STDOUT_FILENO, bytes, (size_t)got) == got;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)atoi(argv[1]))};
    const int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    char bytes[4096];
    ssize_t got;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0 || connect(socket_, (const struct sockaddr *)&address, sizeof address) != 0)
        return 1;
    while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        if (send(socket_, bytes, (size_t)got, MSG_NOSIGNAL) != got) return 0;
    for (;;) {
        struct pollfd wanted = {.fd = socket_, .events = POLLIN};
        const int ready = poll(&wanted, 1, 1000);
        if (ready > 0 && !pass_on(socket_)) return 0;
        if (ready == 0 && send(socket_, argv[2], strlen(argv[2]), MSG_NOSIGNAL) < 0) return 0;
    }
}
