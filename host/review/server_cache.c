#include "host/review/server_cache.h"

#include "host/base/memory.h"

#include <pthread.h>
#include <stdlib.h>

#define NO_ROW SIZE_MAX

struct entry {
    struct server_sound sound; /* the first member: release finds its entry */
    size_t row;
    size_t users;
    uint64_t used; /* larger is later */
    bool loading;
    bool failed; /* who waited for it tries for themselves */
    struct entry *next;
};

struct server_cache {
    struct decoders *decoders;
    struct clip_sources *sources;
    const struct run_clips *clips;
    volatile bool stopping;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    struct entry *first;
    size_t count, bytes;
    uint64_t clock;
    bool *busy; /* (decoders) */
};

enum error_code server_cache_new(struct decoders *decoders, struct clip_sources *sources,
                                 const struct run_clips *clips, struct server_cache **opened,
                                 struct error *error) {
    struct server_cache *cache = memory_array(1, sizeof *cache, "the sounds of a review", error);
    if (cache == NULL) return error->code;
    cache->busy = memory_array((size_t)decoders_count(decoders), sizeof *cache->busy,
                               "the sounds of a review", error);
    if (cache->busy == NULL) {
        free(cache);
        return error->code;
    }
    cache->decoders = decoders;
    cache->sources = sources;
    cache->clips = clips;
    pthread_mutex_init(&cache->lock, NULL);
    pthread_cond_init(&cache->changed, NULL);
    *opened = cache;
    return ERROR_NONE;
}

static void remove_entry(struct server_cache *cache, struct entry **place) {
    struct entry *entry = *place;
    *place = entry->next;
    cache->count--;
    cache->bytes -= server_sound_bytes(&entry->sound);
    server_sound_free(&entry->sound);
    free(entry);
}

void server_cache_free(struct server_cache *cache) {
    if (cache == NULL) return;
    while (cache->first != NULL) remove_entry(cache, &cache->first);
    pthread_mutex_destroy(&cache->lock);
    pthread_cond_destroy(&cache->changed);
    free(cache->busy);
    free(cache);
}

/* ---- with the lock ---- */

/* Makes room: those go that nobody has used for the longest time. */
static void shrink(struct server_cache *cache) {
    while (cache->count > SERVER_CACHE_SOUNDS || cache->bytes > SERVER_CACHE_BYTES) {
        struct entry **oldest = NULL;
        for (struct entry **place = &cache->first; *place != NULL; place = &(*place)->next)
            if ((*place)->users == 0 && (oldest == NULL || (*place)->used < (*oldest)->used))
                oldest = place;
        if (oldest == NULL) return;
        remove_entry(cache, oldest);
    }
}

static struct entry *find(struct server_cache *cache, size_t row) {
    struct entry *entry = cache->first;
    while (entry != NULL && (entry->row != row || entry->failed)) entry = entry->next;
    return entry;
}

/* A decoder that is free, when one is. */
static int wait_for_decoder(struct server_cache *cache) {
    for (;;) {
        for (int i = 0; i < decoders_count(cache->decoders); i++) {
            if (cache->busy[i]) continue;
            cache->busy[i] = true;
            return i;
        }
        pthread_cond_wait(&cache->changed, &cache->lock);
    }
}

static void load(struct server_cache *cache, struct entry *entry, struct error *error) {
    struct server_sound sound = {.readable = false};
    const int decoder = wait_for_decoder(cache);
    const struct run_clip clip = run_clip_at(cache->clips, entry->row);
    pthread_mutex_unlock(&cache->lock);
    if (cache->stopping)
        FAIL(error, ERROR_STOPPED, "the review ends");
    else
        server_sound_load(cache->decoders, decoder, cache->sources, &clip, &cache->stopping, &sound,
                          error);
    pthread_mutex_lock(&cache->lock);
    cache->busy[decoder] = false;
    entry->loading = false;
    entry->failed = error->code != ERROR_NONE;
    if (entry->failed) server_sound_free(&sound);
    cache->bytes -= server_sound_bytes(&entry->sound);
    entry->sound = sound;
    cache->bytes += server_sound_bytes(&entry->sound);
    pthread_cond_broadcast(&cache->changed);
}

static struct entry *add(struct server_cache *cache, size_t row, struct error *error) {
    struct entry *entry = memory_array(1, sizeof *entry, "the sound of a clip", error);
    if (entry == NULL) return NULL;
    *entry = (struct entry){.row = row, .loading = true, .next = cache->first};
    cache->first = entry;
    cache->count++;
    cache->bytes += server_sound_bytes(&entry->sound);
    return entry;
}

/* Nobody uses it any more: room may be made, and a failed one goes at once. */
static void leave(struct server_cache *cache, struct entry *entry) {
    if (--entry->users > 0) return;
    if (entry->failed) {
        struct entry **place = &cache->first;
        while (*place != entry) place = &(*place)->next;
        remove_entry(cache, place);
    }
    shrink(cache);
}

const struct server_sound *server_cache_take(struct server_cache *cache, size_t row,
                                             struct error *error) {
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = find(cache, row);
    bool mine = entry == NULL;
    if (mine) entry = add(cache, row, error);
    if (entry != NULL) {
        entry->users++;
        entry->used = ++cache->clock;
        if (mine) load(cache, entry, error);
        while (entry->loading) pthread_cond_wait(&cache->changed, &cache->lock);
        if (entry->failed) {
            if (!mine) FAIL(error, ERROR_STOPPED, "the sound could not be loaded; try again");
            leave(cache, entry);
            entry = NULL;
        }
    }
    pthread_mutex_unlock(&cache->lock);
    return entry == NULL ? NULL : &entry->sound;
}

void server_cache_release(struct server_cache *cache, const struct server_sound *sound) {
    pthread_mutex_lock(&cache->lock);
    leave(cache, (struct entry *)(uintptr_t)sound);
    pthread_mutex_unlock(&cache->lock);
}

void server_cache_stop(struct server_cache *cache) {
    pthread_mutex_lock(&cache->lock);
    cache->stopping = true;
    pthread_cond_broadcast(&cache->changed);
    pthread_mutex_unlock(&cache->lock);
}
