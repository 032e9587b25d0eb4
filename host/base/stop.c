#include "host/base/stop.h"

#include "host/base/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;

/* Two notes: the signal handler reads one while the other is written. */
static char notes[2][STOP_NOTE_SIZE] = {"what was committed is kept"};
static volatile sig_atomic_t current_note;

/* How long an orderly stop may take. */
#define STOP_SECONDS 1

/* Whatever else the process does, what follows begins a line. */
static void leave_bar(void) {
    if (progress_bar_is_shown() && write(STDERR_FILENO, "\n", 1) < 0) return;
}

static void on_signal(int number) {
    if (stop_signal != 0) {
        leave_bar();
        _exit(128 + number);
    }
    stop_signal = number;
    alarm(STOP_SECONDS);
}

/* The orderly stop takes too long: a product of matrices, a mount that hangs. Files are
 * complete at every moment, so the process may end here. */
static void on_alarm(int number) {
    static const char begin[] = "earmark: stopped by a signal; ";
    const char *note = stop_noted();
    (void)number;
    leave_bar();
    if (write(STDERR_FILENO, begin, sizeof begin - 1) < 0 ||
        write(STDERR_FILENO, note, strlen(note)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(STOP_EXIT_CODE);
    _exit(STOP_EXIT_CODE);
}

void stop_note(const char *sentence) {
    int other = 1 - current_note;
    snprintf(notes[other], sizeof notes[other], "%s", sentence);
    current_note = other;
}

const char *stop_noted(void) {
    return notes[current_note];
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
    return FAIL(error, ERROR_STOPPED, "stopped by signal %d", (int)stop_signal);
}
