/* Loaded before a test program (LD_PRELOAD): only the tests that TEST_FILTER names are run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((constructor)) static void set_filter(void) {
    const char *filter = getenv("TEST_FILTER");
    if (filter != NULL) cmocka_set_test_filter(filter);
}
