/* Decoding a file that is named by its path, in this process or by a decoder: the file is opened as
 * the program opens it. */
#ifndef EARMARK_TEST_DECODE_PATH_H
#define EARMARK_TEST_DECODE_PATH_H

#include "host/sound/decoder.h"

enum error_code decode_path(const char *path, const struct decode_settings *settings,
                            struct decoded *decoded, struct error *error);
enum error_code decoders_decode_path(struct decoders *decoders, int index, const char *path,
                                     const struct decode_settings *settings,
                                     struct decoded *decoded, struct error *error);

#endif
