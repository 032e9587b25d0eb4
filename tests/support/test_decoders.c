#include "tests/support/test_decoders.h"

struct decoders *test_decoders;

int test_decoders_begin(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    return decoders_open(2, &test_decoders, &error) == ERROR_NONE ? 0 : -1;
}

int test_decoders_end(void **state) {
    (void)state;
    decoders_close(test_decoders);
    return 0;
}
