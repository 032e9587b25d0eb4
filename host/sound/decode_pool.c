#include "host/sound/decode_pool.h"

#include "host/base/clock.h"
#include "host/base/memory.h"
#include "host/base/stop.h"
#include "host/clips/fingerprint.h"
#include "host/sound/clip_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Clips ahead of the consumer, per thread: enough that one long clip does not
 * leave the other threads without work. */
#define CLIPS_AHEAD_PER_THREAD 64

/* How often a waiting consumer checks for a signal. */
#define STOP_CHECK_NANOSECONDS 100000000L

/* A consumer that has to wait first sleeps for this long, so that several short clips arrive and
 * not each of them costs its thread a system call. */
#define NAP_NANOSECONDS 1000000L

/* Neighbouring clips of the list that are segments of one file which can only be
 * decoded from its beginning. One thread decodes them all, in the order of their starts, so
 * that the file is decoded once. */
struct run {
    size_t first; /* positions first .. end - 1; empty: none */
    size_t end;
    double start; /* of the segment that the thread took last */
};

struct worker {
    struct decode_pool *pool;
    pthread_t thread;
    int index;      /* of its decoder */
    struct run run; /* with the pool's lock */
};

/* The item that is handed out, and the pool's own data about it. */
struct slot {
    struct decode_item item; /* first: the consumer's pointer is the slot's */
    struct decode_pool *pool;
    size_t sequence;   /* position in the pool's order */
    size_t bytes;      /* of the budget that this slot holds */
    struct slot *next; /* of all slots, or of the free ones */
    struct slot *next_free;
};

struct decode_pool {
    const struct clip_list *clips;
    struct clip_sources *sources;
    struct decode_pool_settings settings;
    size_t first;
    size_t count;

    pthread_mutex_t lock;   /* for all below */
    pthread_cond_t work;    /* there is some again, for threads without */
    pthread_cond_t room;    /* anything that reserve() waits for */
    pthread_cond_t arrived; /* a slot is ready, or a thread failed; for the consumer */
    size_t claimed;         /* all positions before it were taken by a thread */
    size_t delivered;       /* next position for the consumer */
    size_t window;          /* threads may run this far ahead of delivered */
    bool *taken;            /* (window) by position modulo window, from delivered on */
    struct slot **ready;    /* (window) likewise; NULL: not yet */
    size_t bytes;           /* held by all slots */
    struct slot *all;
    struct slot *free;
    struct error failure; /* the first error of a thread */
    atomic_bool closing;

    size_t started;         /* threads that run */
    struct worker *workers; /* (settings.threads) */
};

/* The clip at a position of the order in which clips are delivered. */
static size_t clip_at(const struct decode_pool *pool, size_t position) {
    const size_t *chosen = pool->settings.chosen;
    return chosen == NULL ? pool->first + position : chosen[position];
}

/* ---- the budget ---- */

/* Whether the clip that the consumer needs next is this one, or has no thread yet; in that
 * case the thread that has its run must continue to get to it. */
static bool is_needed(const struct decode_pool *pool, const struct slot *slot) {
    return slot->sequence == pool->delivered || !pool->taken[pool->delivered % pool->window];
}

/* Waits until `bytes` in all fit into the budget for this slot's clip. The clip the consumer needs
 * next never waits, so there is always progress. */
static bool reserve(void *context, size_t bytes) {
    struct slot *slot = context;
    struct decode_pool *pool = slot->pool;
    pthread_mutex_lock(&pool->lock);
    while (!pool->closing && !is_needed(pool, slot) && bytes > slot->bytes &&
           pool->bytes - slot->bytes + bytes > pool->settings.maximum_bytes)
        pthread_cond_wait(&pool->room, &pool->lock);
    pool->bytes += bytes - slot->bytes;
    slot->bytes = bytes;
    bool goes_on = !pool->closing;
    pthread_mutex_unlock(&pool->lock);
    return goes_on;
}

static bool goes_on(void *context, size_t frames) {
    const struct slot *slot = context;
    (void)frames;
    return !slot->pool->closing;
}

/* Once for a clip: one that is decoded again has left its place in an unknown state. */
static void *place(void *context, const struct decoded *decoded) {
    struct slot *slot = context;
    const struct decode_pool_settings *settings = &slot->pool->settings;
    if (settings->place == NULL || slot->item.place != NULL) return NULL;
    return settings->place(settings->place_context, slot->item.clip, decoded, &slot->item.place);
}

/* ---- waking ---- */

static void wake_all(struct decode_pool *pool) {
    pthread_cond_broadcast(&pool->work);
    pthread_cond_broadcast(&pool->room);
}

/* With the lock, after a clip was delivered or returned. Threads that wait for work are woken when
 * there is enough for a while, not for each clip; a consumer that has to wait wakes them as well.
 */
static void wake_some(struct decode_pool *pool) {
    const size_t ahead = pool->claimed > pool->delivered ? pool->claimed - pool->delivered : 0;
    pthread_cond_broadcast(&pool->room);
    if (ahead <= pool->window / 2) pthread_cond_broadcast(&pool->work);
}

/* ---- the threads ---- */

/* With the lock: a free slot, or a new one; NULL when memory is short. */
static struct slot *take_slot(struct decode_pool *pool) {
    struct slot *slot = pool->free;
    if (slot != NULL) {
        pool->free = slot->next_free;
        return slot;
    }
    slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
        FAIL(&pool->failure, ERROR_MEMORY, "no memory for a clip");
        return NULL;
    }
    slot->pool = pool;
    slot->next = pool->all;
    pool->all = slot;
    return slot;
}

/* Whether the position's clip is a segment of a file that is best decoded in one pass. Judged
 * by the name, since only its thread will open the file. */
static bool is_sequential_segment(const struct decode_pool *pool, size_t position) {
    static const char *const extensions[] = {
        ".ogg",  ".oga", ".opus", ".mp3",  ".mpga", ".mp2", ".spx", ".m4a",  ".m4b", ".mp4",
        ".mov",  ".aac", ".webm", ".weba", ".mka",  ".mkv", ".wma", ".amr",  ".awb", ".3gp",
        ".3gpp", ".3g2", ".ac3",  ".eac3", ".wv",   ".ape", ".tta", ".mpc",  ".tak", ".shn",
        ".dsf",  ".dff", ".dts",  ".ra",   ".oma",  ".m4v", ".mpg", ".mpeg", ".avi", ".flv",
        ".wmv",  ".asf", ".m2ts", ".ogv",  ".mogg", ".mp1", ".rm",  ".rmvb", ".vob"};
    const struct clip *clip = &pool->clips->clips[clip_at(pool, position)];
    const char *dot = strrchr(clip_path(pool->clips, clip_at(pool, position)), '.');
    if (clip->status != CLIP_OK || dot == NULL || (clip->start == 0 && clip->end == 0))
        return false;
    for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
        if (strcasecmp(dot, extensions[i]) == 0) return true;
    return false;
}

static struct run run_from(const struct decode_pool *pool, size_t position) {
    struct run run = {position, position, 0};
    const char *path = clip_path(pool->clips, clip_at(pool, position));
    while (run.end < pool->count && is_sequential_segment(pool, run.end) &&
           strcmp(clip_path(pool->clips, clip_at(pool, run.end)), path) == 0)
        run.end++;
    return run;
}

/* Of the run's segments in the window, the one with the next start after the last one's;
 * after the largest the smallest again. SIZE_MAX: none is left there. */
static size_t next_of_run(const struct decode_pool *pool, const struct run *run, size_t limit) {
    size_t next = SIZE_MAX;
    size_t smallest = SIZE_MAX;
    double next_start = 0;
    double smallest_start = 0;
    size_t position = run->first > pool->delivered ? run->first : pool->delivered;
    for (; position < run->end && position < limit; position++) {
        double start = pool->clips->clips[clip_at(pool, position)].start;
        if (pool->taken[position % pool->window]) continue;
        if (smallest == SIZE_MAX || start < smallest_start) {
            smallest = position;
            smallest_start = start;
        }
        if (start >= run->start && (next == SIZE_MAX || start < next_start)) {
            next = position;
            next_start = start;
        }
    }
    return next != SIZE_MAX ? next : smallest;
}

/* The first position of the window that no thread has taken and that is in no thread's run. */
static size_t next_of_all(const struct decode_pool *pool, size_t limit) {
    size_t position = pool->claimed;
    while (position < limit) {
        size_t after = pool->taken[position % pool->window] ? position + 1 : position;
        for (int i = 0; i < pool->settings.threads; i++) {
            const struct run *run = &pool->workers[i].run;
            if (position >= run->first && position < run->end) after = run->end;
        }
        if (after == position) return position;
        position = after;
    }
    return SIZE_MAX;
}

/* Notes that the position has a thread. */
static void take(struct decode_pool *pool, size_t position) {
    pool->taken[position % pool->window] = true;
    while (pool->claimed < pool->count && pool->claimed < pool->delivered + pool->window &&
           pool->taken[pool->claimed % pool->window])
        pool->claimed++;
}

/* The position that this thread decodes next, or SIZE_MAX: there is no room, or nothing
 * in the window for it. What the consumer needs next is always allowed. */
static size_t find_work(struct decode_pool *pool, struct worker *worker) {
    size_t ahead = pool->count - pool->delivered;
    size_t limit = pool->delivered + (ahead < pool->window ? ahead : pool->window);
    bool room = pool->bytes < pool->settings.maximum_bytes;
    struct run *run = &worker->run;
    size_t position = run->end > 0 ? next_of_run(pool, run, limit) : SIZE_MAX;
    if (position == SIZE_MAX && run->end > limit)
        return SIZE_MAX; /* the rest of the run comes later */
    if (position == SIZE_MAX) {
        *run = (struct run){0};
        position = next_of_all(pool, limit);
        if (position == SIZE_MAX || (!room && position != pool->delivered)) return SIZE_MAX;
        if (is_sequential_segment(pool, position)) *run = run_from(pool, position);
    } else if (!room) {
        bool needed = pool->delivered >= run->first && pool->delivered < run->end &&
                      !pool->taken[pool->delivered % pool->window];
        if (!needed) return SIZE_MAX;
        position = pool->delivered;
    }
    run->start = pool->clips->clips[clip_at(pool, position)].start;
    return position;
}

/* With the lock: the next clip to decode, or NULL when the thread shall end. */
static struct slot *claim(struct worker *worker) {
    struct decode_pool *pool = worker->pool;
    size_t position = SIZE_MAX;
    for (;;) {
        if (pool->closing || pool->failure.code != ERROR_NONE || pool->claimed == pool->count)
            return NULL;
        position = find_work(pool, worker);
        if (position != SIZE_MAX) break;
        pthread_cond_wait(&pool->work, &pool->lock);
    }
    struct slot *slot = take_slot(pool);
    if (slot == NULL) return NULL;
    take(pool, position);
    slot->sequence = position;
    slot->item.clip = clip_at(pool, position);
    slot->item.place = NULL;
    return slot;
}

/* A clip that the list already refused keeps its status and reason. */
static void copy_verdict(const struct clip_list *clips, struct decode_item *item) {
    struct decoded *decoded = &item->decoded;
    *decoded = (struct decoded){.buffer = decoded->buffer, .capacity = decoded->capacity};
    verdict_set(&decoded->verdict, (enum clip_status)clips->clips[item->clip].status, "%s",
                clip_reason(clips, item->clip));
}

static enum error_code decode_slot(struct worker *worker, struct slot *slot, struct error *error) {
    struct decode_pool *pool = worker->pool;
    if (pool->clips->clips[slot->item.clip].status != CLIP_OK) {
        copy_verdict(pool->clips, &slot->item);
        return ERROR_NONE;
    }
    struct decode_settings settings = pool->settings.decode;
    settings.start_seconds = pool->clips->clips[slot->item.clip].start;
    settings.end_seconds = pool->clips->clips[slot->item.clip].end;
    settings.reserve = reserve;
    settings.goes_on = goes_on;
    settings.place = place;
    settings.context = slot;
    struct decoded *decoded = &slot->item.decoded;
    struct sound_source source;
    struct timespec now;
    *decoded = (struct decoded){.buffer = decoded->buffer, .capacity = decoded->capacity};
    clock_gettime(CLOCK_REALTIME, &now);
    const double before = clock_seconds();
    const bool opened = clip_sources_open(pool->sources, pool->clips, slot->item.clip, &source,
                                          &decoded->verdict, error) == CLIP_OK;
    /* Unpacking a member of a container is no wait. */
    if (clip_place(pool->clips, slot->item.clip) == NULL)
        decoders_opened(pool->settings.decoders, clock_seconds() - before);
    if (!opened) return error->code;
    decoders_decode(pool->settings.decoders, worker->index, &source, &settings, decoded, error);
    sound_source_close(&source);
    if (clip_fingerprint_is_settled(&source.status, &now))
        clip_fingerprint(pool->clips, slot->item.clip, &source.status, decoded->facts.fingerprint);
    return error->code;
}

static void *decode_thread(void *context) {
    struct worker *worker = context;
    struct decode_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    for (struct slot *slot = claim(worker); slot != NULL; slot = claim(worker)) {
        pthread_mutex_unlock(&pool->lock);
        struct error error = ERROR_INITIAL;
        decode_slot(worker, slot, &error);
        pthread_mutex_lock(&pool->lock);
        if (error.code != ERROR_NONE && pool->failure.code == ERROR_NONE) pool->failure = error;
        if (error.code == ERROR_NONE) pool->ready[slot->sequence % pool->window] = slot;
        /* The item that finished last may be the one that the consumer waits for. */
        if (error.code != ERROR_NONE || slot->sequence == pool->delivered)
            pthread_cond_signal(&pool->arrived);
    }
    worker->run = (struct run){0};
    if (pool->failure.code != ERROR_NONE) pthread_cond_signal(&pool->arrived);
    wake_all(pool); /* they must see a failure, and the end */
    pthread_mutex_unlock(&pool->lock);
    decoders_forget(pool->settings.decoders, worker->index);
    return NULL;
}

/* ---- the consumer ---- */

/* With the lock: waits a moment for the clip that is next, which may have no thread yet. */
static void wait_a_moment(struct decode_pool *pool) {
    struct timespec until = {.tv_nsec = NAP_NANOSECONDS};
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    nanosleep(&until, NULL);
    pthread_mutex_lock(&pool->lock);
    if (pool->failure.code != ERROR_NONE || pool->ready[pool->delivered % pool->window] != NULL)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += STOP_CHECK_NANOSECONDS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&pool->arrived, &pool->lock, &until);
}

enum error_code decode_pool_next(struct decode_pool *pool, struct decode_item **item,
                                 struct error *error) {
    *item = NULL;
    TRY(stop_check(error));
    pthread_mutex_lock(&pool->lock);
    while (pool->delivered < pool->count) {
        struct slot **place = &pool->ready[pool->delivered % pool->window];
        if (*place != NULL) {
            *item = &(*place)->item;
            *place = NULL;
            pool->taken[pool->delivered % pool->window] = false;
            pool->delivered++;
            wake_some(pool);
            break;
        }
        if (pool->failure.code != ERROR_NONE) {
            FAIL(error, pool->failure.code, "%s", pool->failure.message);
            break;
        }
        wait_a_moment(pool);
        if (stop_check(error) != ERROR_NONE) break;
    }
    pthread_mutex_unlock(&pool->lock);
    return error->code;
}

void decode_pool_recycle(struct decode_pool *pool, struct decode_item *item) {
    if (item == NULL) return;
    struct slot *slot = (struct slot *)item;
    /* Buffers of unused items are not in the budget, so they are kept small. */
    if (item->decoded.capacity > pool->settings.maximum_bytes / pool->window) {
        free(item->decoded.buffer);
        item->decoded = (struct decoded){0};
    }
    pthread_mutex_lock(&pool->lock);
    pool->bytes -= slot->bytes;
    slot->bytes = 0;
    slot->next_free = pool->free;
    pool->free = slot;
    wake_some(pool);
    pthread_mutex_unlock(&pool->lock);
}

/* ---- opening and closing ---- */

static enum error_code start_threads(struct decode_pool *pool, struct error *error) {
    size_t wanted = (size_t)pool->settings.threads;
    if (wanted > pool->count) wanted = pool->count;
    for (; pool->started < wanted; pool->started++) {
        struct worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->index = (int)pool->started;
        int failure = pthread_create(&worker->thread, NULL, decode_thread, worker);
        if (failure == 0) continue;
        if (pool->started > 0) return ERROR_NONE; /* fewer threads suffice */
        return FAIL(error, ERROR_MEMORY, "cannot start a decode thread: %s", strerror(failure));
    }
    return ERROR_NONE;
}

enum error_code decode_pool_open(const struct clip_list *clips, size_t first, size_t count,
                                 const struct decode_pool_settings *settings,
                                 struct decode_pool **result, struct error *error) {
    *result = NULL;
    if (settings->threads < 1 || settings->threads > decoders_count(settings->decoders) ||
        first > clips->count || count > clips->count - first)
        return FAIL(error, ERROR_INTERNAL, "a decode pool of %d threads for clips %zu + %zu of %zu",
                    settings->threads, first, count, clips->count);
    struct decode_pool *pool = memory_array(1, sizeof *pool, "decode threads", error);
    if (pool == NULL) return error->code;
    pool->clips = clips;
    pool->settings = *settings;
    pool->first = first;
    pool->count = count;
    pool->window = (size_t)settings->threads * CLIPS_AHEAD_PER_THREAD;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->room, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->arrived, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pool->ready = memory_array(pool->window, sizeof(struct slot *), "decode threads", error);
    pool->taken = memory_array(pool->window, sizeof(bool), "decode threads", error);
    pool->workers =
        memory_array((size_t)settings->threads, sizeof *pool->workers, "decode threads", error);
    clip_sources_new(&clips->root, &pool->sources, error);
    if (error->code == ERROR_NONE) start_threads(pool, error);
    if (error->code != ERROR_NONE) {
        decode_pool_close(pool);
        return error->code;
    }
    *result = pool;
    return ERROR_NONE;
}

void decode_pool_close(struct decode_pool *pool) {
    if (pool == NULL) return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    wake_all(pool);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    while (pool->all != NULL) {
        struct slot *slot = pool->all;
        pool->all = slot->next;
        decoded_free(&slot->item.decoded);
        free(slot);
    }
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->room);
    pthread_cond_destroy(&pool->arrived);
    clip_sources_free(pool->sources);
    free(pool->ready);
    free(pool->taken);
    free(pool->workers);
    free(pool);
}
