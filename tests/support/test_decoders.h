/* Decoders for a whole test program; they must be started before it has threads. */
#ifndef EARMARK_TEST_DECODERS_H
#define EARMARK_TEST_DECODERS_H

#include "host/sound/decoder.h"

extern struct decoders *test_decoders; /* two */

int test_decoders_begin(void **state); /* for cmocka_run_group_tests */
int test_decoders_end(void **state);

#endif
