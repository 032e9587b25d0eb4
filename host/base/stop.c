#include "host/base/stop.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;

static void on_signal(int number) {
    if (stop_signal != 0) _exit(128 + number);
    stop_signal = number;
}

void stop_install(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

enum error_code stop_check(struct error *error) {
    if (stop_signal == 0) return ERROR_NONE;
    return FAIL(error, ERROR_STOPPED, "stopped by signal %d; nothing was left half written",
                (int)stop_signal);
}
