/* Opens COUNT connections to PORT of this computer, sends the beginning of a request on each and
 * never the rest, and keeps them open until its standard input ends: connections PORT COUNT. Says
 * "open" when all were tried. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    static const char beginning[] = "GET / HTTP/1.1\r\nHost: ";
    struct rlimit limit = {4096, 4096};
    if (argc != 3) return 2;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = atoi(argv[2]); i > 0; i--) {
        const int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (socket_ < 0) continue;
        if (connect(socket_, (const struct sockaddr *)&address, sizeof address) != 0 &&
            errno != EINPROGRESS) {
            close(socket_);
            continue;
        }
        usleep(500);
        send(socket_, beginning, sizeof beginning - 1, MSG_NOSIGNAL);
    }
    puts("open");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}
