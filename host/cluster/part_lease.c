#include "host/cluster/part_lease.h"

#include "host/base/clock.h"
#include "host/base/file_replace.h"
#include "host/base/progress.h"
#include "host/base/random.h"
#include "host/base/stop.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How often an owner's file is looked at while nothing of it changes. */
#define LOOK_SECONDS 0.2

/* How often one that comes and goes is looked at. */
#define ATTEMPTS 100

static void wait_seconds(double seconds) {
    const struct timespec time = {(time_t)seconds,
                                  (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static bool is_same(const struct part_owner *a, const struct part_owner *b) {
    return strcmp(a->tag, b->tag) == 0 && a->beat == b->beat;
}

static bool is_gone(const struct part_owner *owner) {
    return owner->tag[0] != '\0' && lock_owner_is_gone(&owner->process);
}

/* ---- taking over ---- */

/* Takes the file of an owner that is seen no more out of the way. Only one of several newcomers can
 * rename it; one that finds it has taken another's puts that back. */
static enum error_code put_away(struct part_lease *lease, const struct part_owner *seen,
                                struct error *error) {
    const int folder = lease->folder->descriptor;
    struct folder aside = {lease->folder->path, folder};
    struct part_owner taken;
    char name[sizeof PART_OWNER + PART_TAG_SIZE + 8];
    bool there = false;
    snprintf(name, sizeof name, PART_OWNER ".%s.part", lease->self.tag);
    if (renameat(folder, PART_OWNER, folder, name) != 0)
        return errno == ENOENT ? ERROR_NONE
                               : folder_fail(lease->folder, PART_OWNER, "replace", errno, error);
    struct error unread = ERROR_INITIAL;
    part_owner_read_as(&aside, name, &taken, &there, &unread);
    if (unread.code == ERROR_NONE && there && !is_same(&taken, seen))
        (void)linkat(folder, name, folder, PART_OWNER, 0);
    else
        memcpy(lease->former, seen->tag, sizeof lease->former);
    return folder_remove(lease->folder, name, error);
}

/* ---- the beat ---- */

/* The owner's file as it is now. *lost: another process has the part. */
static enum error_code look(struct part_lease *lease, bool *lost, struct part_owner *owner,
                            struct error *error) {
    for (int attempt = 0;; attempt++) {
        bool there = false;
        TRY(part_owner_read(lease->folder, owner, &there, error));
        /* The former owner may have been in the middle of a beat when it was stopped. */
        *lost = !there || (strcmp(owner->tag, lease->self.tag) != 0 &&
                           (lease->former[0] == '\0' || strcmp(owner->tag, lease->former) != 0));
        if (!*lost || attempt > 0) return ERROR_NONE;
        wait_seconds(LOOK_SECONDS); /* a newcomer may be putting it back */
    }
}

/* What fails is tried again at the next beat. The mutex is held, but not while files are used. */
static void beat(struct part_lease *lease) {
    struct part_owner owner, self;
    struct error ignored = ERROR_INITIAL;
    bool lost = false;
    lease->self.beat++;
    lease->self.seconds = clock_seconds() - lease->began;
    if (lease->self.seconds > 0)
        lease->self.clips_a_second = (double)lease->self.clips_done / lease->self.seconds;
    self = lease->self;
    pthread_mutex_unlock(&lease->mutex);
    if (look(lease, &lost, &owner, &ignored) == ERROR_NONE && !lost)
        part_owner_write(lease->folder, &self, NULL, &ignored);
    pthread_mutex_lock(&lease->mutex);
}

static void *keep_beating(void *context) {
    struct part_lease *lease = context;
    pthread_mutex_lock(&lease->mutex);
    while (!lease->ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        double end = (double)until.tv_nsec * 1e-9 + lease->settings.beat_seconds;
        until.tv_sec += (time_t)end;
        until.tv_nsec = (long)((end - (double)(time_t)end) * 1e9);
        if (pthread_cond_timedwait(&lease->ended, &lease->mutex, &until) == ETIMEDOUT) beat(lease);
    }
    pthread_mutex_unlock(&lease->mutex);
    return NULL;
}

static enum error_code start_beating(struct part_lease *lease, struct error *error) {
    pthread_condattr_t attributes;
    sigset_t all, before;
    pthread_mutex_init(&lease->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&lease->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the thread of the run */
    int failure = pthread_create(&lease->thread, NULL, keep_beating, lease);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    lease->has_thread = failure == 0;
    if (failure == 0) return ERROR_NONE;
    pthread_cond_destroy(&lease->ended);
    pthread_mutex_destroy(&lease->mutex);
    return FAIL(error, ERROR_MEMORY, "cannot start a thread: %s", strerror(failure));
}

/* ---- the lease ---- */

/* Makes the file where there is none; lease->held tells. */
static enum error_code make(struct part_lease *lease, struct error *error) {
    struct part_owner owner;
    struct error unmade = ERROR_INITIAL;
    bool made = false, there = false;
    part_owner_write(lease->folder, &lease->self, &made, &unmade);
    /* The answer of a network file system may have been lost: what is there counts. */
    TRY(part_owner_read(lease->folder, &owner, &there, error));
    lease->held = there && strcmp(owner.tag, lease->self.tag) == 0;
    if (!there && unmade.code != ERROR_NONE) *error = unmade;
    return error->code;
}

/* Looks at the time of this process's file. One that was stopped meanwhile, and has lost the part,
 * might see its successor's: whose it is is read afterwards. */
static enum error_code note_time(struct part_lease *lease, struct error *error) {
    struct stat status;
    struct part_owner owner;
    bool there = false;
    if (fstatat(lease->folder->descriptor, PART_OWNER, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return ERROR_NONE;
    TRY(part_owner_read(lease->folder, &owner, &there, error));
    if (there && strcmp(owner.tag, lease->self.tag) == 0) lease->since = status.st_mtim;
    return ERROR_NONE;
}

/* Watches an owner until it beats, is gone, or has not changed for too long: *stale. */
static enum error_code watch(const struct part_lease *lease, const struct part_owner *owner,
                             bool *stale, struct error *error) {
    const struct part_lease_settings *settings = &lease->settings;
    struct part_owner now = *owner;
    const double began = clock_seconds();
    bool there = true, said = settings->quiet;
    for (*stale = false; there && is_same(&now, owner);) {
        double waited = clock_seconds() - began;
        *stale = is_gone(&now) || waited > settings->stale_seconds;
        if (*stale) return ERROR_NONE;
        if (!said && waited > settings->beat_seconds * 1.5) {
            progress_message("earmark: %s: waiting up to %.0f s for a sign of process %s on %s",
                             settings->what, settings->stale_seconds, now.process.process,
                             now.process.host);
            said = true;
        }
        TRY(stop_check(error));
        wait_seconds(LOOK_SECONDS);
        TRY(part_owner_read(lease->folder, &now, &there, error));
    }
    if (!there || strcmp(now.tag, owner->tag) != 0) return ERROR_NONE; /* look again */
    return FAIL(error, ERROR_FILE, "%s is being embedded by process %s on %s; wait for it",
                settings->what, now.process.process, now.process.host);
}

enum error_code part_lease_open(const struct folder *folder,
                                const struct part_lease_settings *settings, size_t clips,
                                struct part_lease *lease, struct error *error) {
    uint64_t number;
    *lease = (struct part_lease){.folder = folder,
                                 .settings = *settings,
                                 .began = clock_seconds(),
                                 .self = {.clips = clips}};
    TRY(random_bytes(&number, sizeof number, error));
    snprintf(lease->self.tag, sizeof lease->self.tag, "%016" PRIx64, number);
    lock_owner_self(&lease->self.process);
    for (int attempt = 0; attempt < ATTEMPTS && !lease->held; attempt++) {
        struct part_owner owner;
        bool there = false, stale = false;
        TRY(part_owner_read(folder, &owner, &there, error));
        if (there) {
            TRY(watch(lease, &owner, &stale, error));
            if (stale) TRY(put_away(lease, &owner, error));
        }
        if (!there || stale) TRY(make(lease, error));
    }
    if (!lease->held)
        return FAIL(error, ERROR_FILE, "%s: other processes take it and leave it; try again later",
                    settings->what);
    TRY(note_time(lease, error));
    return start_beating(lease, error);
}

void part_lease_progress(struct part_lease *lease, size_t clips_done, double audio_seconds) {
    pthread_mutex_lock(&lease->mutex);
    lease->self.clips_done = clips_done;
    lease->self.audio_seconds = audio_seconds;
    pthread_mutex_unlock(&lease->mutex);
}

uint64_t part_lease_writer(const struct part_lease *lease) {
    return strtoull(lease->self.tag, NULL, 16);
}

enum error_code part_lease_check(struct part_lease *lease, struct error *error) {
    struct part_owner owner;
    bool lost = false;
    TRY(look(lease, &lost, &owner, error));
    if (!lost) return ERROR_NONE;
    lease->held = false;
    if (owner.tag[0] == '\0')
        return FAIL(error, ERROR_STOPPED, "%s was taken over by another process, which has ended",
                    lease->settings.what);
    return FAIL(error, ERROR_STOPPED, "%s was taken over by process %s on %s", lease->settings.what,
                owner.process.process, owner.process.host);
}

void part_lease_close(struct part_lease *lease) {
    struct error ignored = ERROR_INITIAL;
    struct part_owner owner;
    bool lost = true;
    if (lease->has_thread) {
        pthread_mutex_lock(&lease->mutex);
        lease->ending = true;
        pthread_cond_signal(&lease->ended);
        pthread_mutex_unlock(&lease->mutex);
        pthread_join(lease->thread, NULL);
        pthread_cond_destroy(&lease->ended);
        pthread_mutex_destroy(&lease->mutex);
    }
    if (lease->held && look(lease, &lost, &owner, &ignored) == ERROR_NONE && !lost)
        folder_remove(lease->folder, PART_OWNER, &ignored);
    lease->has_thread = lease->held = false;
}
