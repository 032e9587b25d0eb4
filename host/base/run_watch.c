#include "host/base/run_watch.h"

#include "host/base/clock.h"
#include "host/base/file_replace.h"
#include "host/base/lock_owner.h"
#include "host/base/memory.h"
#include "host/base/metrics.h"
#include "host/base/progress.h"
#include "host/base/run_status.h"
#include "host/base/stop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define METRICS_SECONDS 10.0
#define STATUS_SECONDS 5.0
#define TICK_NANOSECONDS 200000000L /* a stop may leave little time */
#define METRICS_LIMIT ((size_t)1 << 20)

static struct {
    const char *metrics; /* the path; NULL: none */
    char *name;          /* its label */
    bool quiet, warned;

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, closing;
    bool stopping; /* a signal asked for the end, and the files say so */
    struct metrics_end end;
    struct error failure; /* of the last write of the metrics */
    struct folder folder; /* of progress.json */
    struct run_status_end status_end;
    double metrics_at, status_at; /* when they were written */
} watch = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .changed = PTHREAD_COND_INITIALIZER,
           .folder = FOLDER_INITIAL};

void run_watch_choose(const char *metrics, bool quiet) {
    struct error ignored = ERROR_INITIAL;
    char *old = NULL;
    size_t size = 0;
    watch.metrics = metrics;
    watch.quiet = quiet;
    if (metrics == NULL) return;
    watch.name = metrics_run_name(metrics, &ignored);
    if (file_read(metrics, METRICS_LIMIT, &old, &size, &ignored) == ERROR_NONE)
        watch.end.last_success = metrics_last_success(old, size);
    free(old);
}

/* ---- the files; with the lock ---- */

/* Writes the text into a file that was opened. */
static enum error_code show(struct file_replacement *file, const struct text *text,
                            struct error *error) {
    if (fwrite(text->data, 1, text->length, file->stream) != text->length)
        file_fail(error, file->path, "write", file->failure);
    else
        file_replace_show(file, error);
    file_replace_close(file);
    return error->code;
}

static void write_metrics(void) {
    struct text text = TEXT_INITIAL;
    struct file_replacement file;
    struct run_state state;
    watch.metrics_at = clock_seconds();
    watch.failure = (struct error)ERROR_INITIAL;
    if (watch.metrics == NULL) return;
    run_state_now(&state);
    metrics_write(&text, watch.name == NULL ? "" : watch.name, &state, &watch.end);
    if (text_check(&text, &watch.failure) == ERROR_NONE &&
        file_replace_open_path(watch.metrics, &file, &watch.failure) == ERROR_NONE)
        show(&file, &text, &watch.failure);
    text_free(&text);
}

/* A failure is not reported: the files of the run are in the same folder. */
static void write_status(void) {
    struct text text = TEXT_INITIAL;
    struct error ignored = ERROR_INITIAL;
    struct file_replacement file;
    struct run_state state;
    watch.status_at = clock_seconds();
    if (watch.folder.descriptor < 0) return;
    run_state_now(&state);
    run_status_write(&text, &state, &watch.status_end);
    if (!text.failed &&
        file_replace_open(&watch.folder, RUN_STATUS_FILE, &file, &ignored) == ERROR_NONE)
        show(&file, &text, &ignored);
    text_free(&text);
}

/* ---- the thread ---- */

/* A stop that takes too long ends the process at once (stop.h). */
static void note_stop(void) {
    struct error stop = ERROR_INITIAL;
    if (watch.stopping || stop_check(&stop) == ERROR_NONE) return;
    watch.stopping = true;
    watch.end.ended = true;
    watch.end.exit_code = STOP_EXIT_CODE;
    watch.status_end = (struct run_status_end){true, STOP_EXIT_CODE, stop.message};
    write_metrics();
    write_status();
    watch.status_end = (struct run_status_end){0};
    watch.end.ended = false;
}

static void *run_thread(void *context) {
    (void)context;
    pthread_mutex_lock(&watch.lock);
    while (!watch.closing) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_NANOSECONDS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&watch.changed, &watch.lock, &until);
        if (watch.closing) break;
        note_stop();
        if (watch.stopping) continue;
        const double now = clock_seconds();
        if (now - watch.metrics_at >= METRICS_SECONDS) write_metrics();
        if (now - watch.status_at >= STATUS_SECONDS) write_status();
    }
    pthread_mutex_unlock(&watch.lock);
    return NULL;
}

/* Without a thread the files are written less often. */
static void start_thread(void) {
    sigset_t all, before;
    if (watch.has_thread) return;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are the other threads' */
    watch.has_thread = pthread_create(&watch.thread, NULL, run_thread, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- from the thread of the stages ---- */

static void warn_once(void) {
    if (watch.failure.code == ERROR_NONE || watch.warned) return;
    watch.warned = true;
    if (watch.quiet) return;
    progress_warning("--metrics: %s; the run goes on without", watch.failure.message);
}

/* The folder may be OUT, which is made later. */
static bool folder_is_missing(void) {
    const char *slash = strrchr(watch.metrics, '/');
    if (slash == NULL) return false;
    char *folder = strndup(watch.metrics, (size_t)(slash - watch.metrics) + 1);
    bool missing = folder != NULL && access(folder, F_OK) != 0;
    free(folder);
    return missing;
}

void run_watch_start(void) {
    if (watch.metrics == NULL) return;
    pthread_mutex_lock(&watch.lock);
    write_metrics();
    if (!folder_is_missing()) warn_once();
    start_thread();
    pthread_mutex_unlock(&watch.lock);
}

void run_watch_folder(const struct folder *folder) {
    struct error ignored = ERROR_INITIAL;
    pthread_mutex_lock(&watch.lock);
    if (watch.folder.descriptor < 0) {
        watch.folder.path = memory_string(folder->path, &ignored);
        if (watch.folder.path != NULL) watch.folder.descriptor = dup(folder->descriptor);
        if (watch.folder.descriptor < 0) folder_close(&watch.folder);
    }
    write_status();
    if (watch.metrics != NULL) write_metrics();
    warn_once();
    start_thread();
    pthread_mutex_unlock(&watch.lock);
}

static void forget_folder(void) {
    folder_close(&watch.folder);
    watch.folder = (struct folder)FOLDER_INITIAL;
}

void run_watch_failed(int exit_code, const char *message) {
    pthread_mutex_lock(&watch.lock);
    watch.status_end = (struct run_status_end){true, exit_code, message};
    write_status();
    watch.status_end = (struct run_status_end){0};
    forget_folder();
    pthread_mutex_unlock(&watch.lock);
}

void run_watch_leave(void) {
    struct error ignored = ERROR_INITIAL;
    pthread_mutex_lock(&watch.lock);
    if (watch.folder.descriptor >= 0) folder_remove(&watch.folder, RUN_STATUS_FILE, &ignored);
    forget_folder();
    pthread_mutex_unlock(&watch.lock);
}

static bool is_success(int exit_code) {
    return exit_code == 0 || exit_code == 3 || exit_code == 4;
}

void run_watch_end(int exit_code) {
    pthread_mutex_lock(&watch.lock);
    watch.closing = true;
    pthread_cond_signal(&watch.changed);
    pthread_mutex_unlock(&watch.lock);
    if (watch.has_thread) pthread_join(watch.thread, NULL);
    watch.has_thread = false;
    if (watch.metrics != NULL) {
        watch.end.ended = true;
        watch.end.exit_code = exit_code;
        if (is_success(exit_code)) watch.end.last_success = (double)time(NULL);
        write_metrics();
        warn_once();
    }
    forget_folder();
    free(watch.name);
    watch.name = NULL;
}
