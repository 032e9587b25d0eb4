#include "host/base/stop.h"

#include "host/base/names.h"
#include "host/base/progress.h"
#include "host/base/utf8.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;

/* Two notes: the signal handler reads one while the other is written. The same as a part of a
 * string of JSON. */
#define FIRST_NOTE "what was committed is kept"
static char notes[2][STOP_NOTE_SIZE] = {FIRST_NOTE};
static char json_notes[2][2 * STOP_NOTE_SIZE] = {FIRST_NOTE};
static volatile sig_atomic_t current_note;

/* How long an orderly stop may take. */
static volatile sig_atomic_t stop_seconds = 1;

static volatile sig_atomic_t removed_folder = -1;
static const char *volatile removed_name;

void stop_remove(int folder, const char *name) {
    if (folder >= 0) removed_name = name;
    removed_folder = folder;
}

static void end(int code) {
    if (removed_folder >= 0) unlinkat(removed_folder, removed_name, 0);
    _exit(code);
}

/* Whatever else the process does, what follows begins a line. */
static void leave_bar(void) {
    if (progress_bar_is_shown() && write(STDERR_FILENO, "\n", 1) < 0) return;
}

static void on_signal(int number) {
    if (stop_signal != 0) {
        leave_bar();
        end(128 + number);
    }
    stop_signal = number;
    alarm((unsigned)stop_seconds);
}

/* The orderly stop takes too long: a product of matrices, a mount that hangs. Files are
 * complete at every moment, so the process may end here. */
static void on_alarm(int number) {
    const bool json = progress_is_json();
    const char *const parts[] = {
        json ? "{\"event\": \"message\", \"level\": \"error\", \"message\": \"" : "earmark: ",
        "stopped by SIG",
        sigabbrev_np(stop_signal != 0 ? stop_signal : number),
        "; ",
        json ? json_notes[current_note] : stop_noted(),
        json ? "\"}\n" : "\n"};
    leave_bar();
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0) break;
    end(STOP_EXIT_CODE);
}

void stop_allow(int seconds) {
    stop_seconds = seconds;
}

void stop_note(const char *sentence) {
    int other = 1 - current_note;
    struct text shown = TEXT_INITIAL, json = TEXT_INITIAL;
    name_shown(&shown, sentence, "\\"); /* the signal handler writes it as it is */
    if (shown.data != NULL && !shown.failed) {
        int length = (int)utf8_fitting(shown.data, sizeof notes[other] - 1);
        snprintf(notes[other], sizeof notes[other], "%.*s", length, shown.data);
        text_json(&json, notes[other]);
        bool fits = !json.failed && json.length - 2 < sizeof json_notes[other];
        snprintf(json_notes[other], sizeof json_notes[other], "%.*s",
                 fits ? (int)json.length - 2 : (int)sizeof FIRST_NOTE,
                 fits ? json.data + 1 : FIRST_NOTE);
        current_note = other;
    }
    text_free(&shown);
    text_free(&json);
}

const char *stop_noted(void) {
    return notes[current_note];
}

void stop_install(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGUSR1};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
}

enum error_code stop_check(struct error *error) {
    if (stop_signal == 0) return ERROR_NONE;
    return FAIL(error, ERROR_STOPPED, "stopped by SIG%s", sigabbrev_np(stop_signal));
}
