#include "tests/support/decode_path.h"

#include <fcntl.h>

/* Whether the file can be decoded; otherwise *decoded says why not. */
static bool open_path(const char *path, struct sound_source *source, struct decoded *decoded,
                      struct error *error) {
    *decoded = (struct decoded){.buffer = decoded->buffer,
                                .capacity = decoded->capacity,
                                .target = decoded->target,
                                .target_capacity = decoded->target_capacity};
    return sound_source_take(open(path, SOUND_SOURCE_FLAGS), path, source, &decoded->verdict,
                             error) == CLIP_OK;
}

enum error_code decode_path(const char *path, const struct decode_settings *settings,
                            struct decoded *decoded, struct error *error) {
    struct sound_source source;
    if (!open_path(path, &source, decoded, error)) return error->code;
    if (decode_clip(&source, settings, decoded, error) == ERROR_NONE && decoded->samples != NULL)
        decoded_hash(decoded);
    return error->code;
}

enum error_code decoders_decode_path(struct decoders *decoders, int index, const char *path,
                                     const struct decode_settings *settings,
                                     struct decoded *decoded, struct error *error) {
    struct sound_source source;
    if (open_path(path, &source, decoded, error))
        decoders_decode(decoders, index, &source, settings, decoded, error);
    sound_source_close(&source);
    return error->code;
}
