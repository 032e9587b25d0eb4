/* Which process embeds a part: a lease in owner.json, without locks, which network file systems may
 * lack. Its process renews it every few seconds. One that is not renewed for a minute, as a
 * newcomer sees by its own clock, or whose process has certainly ended, is taken over; the process
 * that lost it notices before it commits again. Nothing is lost if two processes have a part for a
 * while: all they write has names of their own. */
#ifndef EARMARK_CLUSTER_PART_LEASE_H
#define EARMARK_CLUSTER_PART_LEASE_H

#include "host/cluster/part_owner.h"

#include <pthread.h>

struct part_lease_settings {
    const char *what;     /* "shard 3/32", for messages */
    double beat_seconds;  /* how often it is renewed */
    double stale_seconds; /* how long one that is not renewed is left alone */
    bool quiet;
};

#define PART_LEASE_BEAT 5.0
#define PART_LEASE_STALE 60.0

struct part_lease {
    const struct folder *folder; /* the caller's */
    struct part_lease_settings settings;
    bool held;
    char former[PART_TAG_SIZE]; /* whom it was taken over from; "" */
    double began;
    struct timespec since; /* when the owner's file was made, by the clock of its file system; 0:
                              not known */

    pthread_mutex_t mutex; /* for the rest */
    struct part_owner self;
    pthread_cond_t ended;
    bool ending;
    pthread_t thread;
    bool has_thread;
};

/* Takes the lease of the part in `folder`, of this many clips; the lease must not move afterwards.
 * ERROR_FILE when a running process has it, ERROR_STOPPED after a signal. part_lease_close() also
 * after a failure. */
enum error_code part_lease_open(const struct folder *folder,
                                const struct part_lease_settings *settings, size_t clips,
                                struct part_lease *lease, struct error *error);

/* What the next beat says. */
void part_lease_progress(struct part_lease *lease, size_t clips_done, double audio_seconds);

/* The random number of this process. */
uint64_t part_lease_writer(const struct part_lease *lease);

/* ERROR_STOPPED if another process has taken it over. */
enum error_code part_lease_check(struct part_lease *lease, struct error *error);

/* Gives it back. Takes a zeroed one. */
void part_lease_close(struct part_lease *lease);

#endif
