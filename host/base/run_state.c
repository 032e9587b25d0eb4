#include "host/base/run_state.h"

#include "host/base/clock.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct run_state now = {.issues = -1};

static double epoch_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void run_state_begin(const char *command) {
    pthread_mutex_lock(&lock);
    now = (struct run_state){.command = command,
                             .started = clock_seconds(),
                             .started_at = epoch_seconds(),
                             .issues = -1};
    pthread_mutex_unlock(&lock);
}

void run_state_stage(const struct progress_view *stage, bool begins) {
    pthread_mutex_lock(&lock);
    now.stage = *stage;
    if (begins) now.stage_started = clock_seconds();
    now.stage_ended = false;
    pthread_mutex_unlock(&lock);
}

void run_state_stage_end(void) {
    pthread_mutex_lock(&lock);
    now.stage.elapsed = clock_seconds() - now.stage_started;
    now.stage_ended = true;
    pthread_mutex_unlock(&lock);
}

void run_state_clips(uint64_t clips) {
    pthread_mutex_lock(&lock);
    now.clips = clips;
    pthread_mutex_unlock(&lock);
}

void run_state_clip(const char *status, bool kept) {
    size_t i = 0;
    pthread_mutex_lock(&lock);
    while (i < RUN_STATE_STATUSES - 1 && now.status_names[i] != NULL &&
           strcmp(now.status_names[i], status) != 0)
        i++;
    now.status_names[i] = status;
    now.status_counts[i]++;
    now.clips_kept += kept;
    pthread_mutex_unlock(&lock);
}

void run_state_audio(double seconds) {
    pthread_mutex_lock(&lock);
    now.audio_seconds = seconds;
    pthread_mutex_unlock(&lock);
}

void run_state_waits(const struct run_waits *waits) {
    pthread_mutex_lock(&lock);
    now.waits = *waits;
    pthread_mutex_unlock(&lock);
}

void run_state_issues(uint64_t issues) {
    pthread_mutex_lock(&lock);
    now.issues = (int64_t)issues;
    pthread_mutex_unlock(&lock);
}

void run_state_message(enum message_level level) {
    pthread_mutex_lock(&lock);
    now.messages[level]++;
    pthread_mutex_unlock(&lock);
}

void run_state_now(struct run_state *state) {
    pthread_mutex_lock(&lock);
    *state = now;
    pthread_mutex_unlock(&lock);
    if (!state->stage_ended) state->stage.elapsed = clock_seconds() - state->stage_started;
    progress_view_measure(&state->stage);
}
