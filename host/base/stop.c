#include "host/base/stop.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;

/* How long an orderly stop may take. */
#define STOP_SECONDS 1

static void on_signal(int number) {
    if (stop_signal != 0) _exit(128 + number);
    stop_signal = number;
    alarm(STOP_SECONDS);
}

/* Something takes too long to be asked: a product of matrices, a mount that hangs.
 * What is on disk is whole at every moment. */
static void on_alarm(int number) {
    static const char message[] = "earmark: stopped by a signal; what was committed is kept\n";
    (void)number;
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0) _exit(STOP_EXIT_CODE);
    _exit(STOP_EXIT_CODE);
}

void stop_install(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
}

enum error_code stop_check(struct error *error) {
    if (stop_signal == 0) return ERROR_NONE;
    return FAIL(error, ERROR_STOPPED, "stopped by signal %d; nothing was left half written",
                (int)stop_signal);
}
