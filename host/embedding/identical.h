/* Clips with identical samples: each is reported. */
#ifndef EARMARK_EMBEDDING_IDENTICAL_H
#define EARMARK_EMBEDDING_IDENTICAL_H

#include "host/base/error.h"

/* For every row the first other row with the same audio and the same label, and the
 * first with the same audio and another label; SIZE_MAX where there is none. hashes
 * (rows, 2), labels (rows), same_label and other_label (rows). */
enum error_code identical_find(const uint64_t (*hashes)[2], const int32_t *labels, size_t rows,
                               size_t *same_label, size_t *other_label, struct error *error);

#endif
