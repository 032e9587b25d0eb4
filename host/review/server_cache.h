/* Sounds that were sent lately, so that a clip's sound, picture and facts are of one decoding and
 * a part of it (Range) needs no other. */
#ifndef EARMARK_REVIEW_SERVER_CACHE_H
#define EARMARK_REVIEW_SERVER_CACHE_H

#include "host/review/server_sound.h"

#define SERVER_CACHE_SOUNDS 256
#define SERVER_CACHE_BYTES ((size_t)192 << 20) /* those in use come on top: one a connection */

struct server_cache;

/* All must outlive the cache. Errors: ERROR_MEMORY. */
enum error_code server_cache_new(struct decoders *decoders, struct clip_sources *sources,
                                 const struct run_clips *clips, struct server_cache **cache,
                                 struct error *error);
void server_cache_free(struct server_cache *cache); /* nothing is in use any more; takes NULL */

/* The sound of a clip, which stays where it is until server_cache_release. Waits while it is
 * decoded, and for a decoder. Any thread may call this. NULL and the errors of
 * server_sound_load(). */
const struct server_sound *server_cache_take(struct server_cache *cache, size_t row,
                                             struct error *error);
void server_cache_release(struct server_cache *cache, const struct server_sound *sound);

/* From now on nothing is decoded; what is being decoded fails. */
void server_cache_stop(struct server_cache *cache);

#endif
