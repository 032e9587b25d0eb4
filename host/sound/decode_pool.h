/* Decodes the clips of a list ahead of the consumer, within bounded memory. The consumer gets
 * them in the list's order, whatever the number of decoders. */
#ifndef EARMARK_SOUND_DECODE_POOL_H
#define EARMARK_SOUND_DECODE_POOL_H

#include "host/clips/clips.h"
#include "host/sound/decoder.h"

struct decode_pool_settings {
    struct decoders *decoders; /* for this pool alone while it is open */
    int threads;               /* >= 1: this many of the decoders are used, each by a thread */
    size_t maximum_bytes;      /* of samples decoded or under way and not yet recycled */
    const size_t *chosen;      /* (count) clips to decode, ascending, in place of the first
                                  `count`; the caller's, until the pool is closed; or NULL */
    /* Memory for a clip's samples and, for the consumer, *place, where it is; called by any thread
     * once a clip is decoded. NULL: there is none now; or no function. */
    void *(*place)(void *context, size_t clip, const struct decoded *decoded, void **place);
    void *place_context;
    struct decode_settings decode; /* its functions and their context are the pool's own */
};

struct decode_item {
    size_t clip;            /* index into the list */
    struct decoded decoded; /* a clip whose status in the list is not CLIP_OK has that status
                               and is not opened; the fingerprint was taken before decoding */
    void *place;            /* from settings.place, or NULL; the samples may be elsewhere all the
                               same, or the clip unusable: then nothing of it is used */
};

struct decode_pool;

/* Starts decoding clips first .. first + count - 1, or those chosen. The list stays unchanged (no
 * clip_list_set_status) until the pool is closed. Copies the settings. */
enum error_code decode_pool_open(const struct clip_list *clips, size_t first, size_t count,
                                 const struct decode_pool_settings *settings,
                                 struct decode_pool **pool, struct error *error);

/* The next clip in order, NULL after the last. The item is the caller's until
 * recycled; several may be held (the clip asked for next is decoded even when
 * the memory bound is reached). Errors: those of decoders_decode; ERROR_STOPPED after a
 * signal (stop_check), within a fraction of a second. */
enum error_code decode_pool_next(struct decode_pool *pool, struct decode_item **item,
                                 struct error *error);

/* Returns an item to the pool, in any order; takes NULL. */
void decode_pool_recycle(struct decode_pool *pool, struct decode_item *item);

/* Ends the threads, early or not, and frees everything, items not recycled too; takes NULL. */
void decode_pool_close(struct decode_pool *pool);

#endif
