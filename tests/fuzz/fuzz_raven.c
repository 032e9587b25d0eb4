/* Raven's selection tables. The first byte chooses the options, the rest is the table and, behind a
 * byte 0x1e, the sound of its name. */
#include "tests/fuzz/table_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    check_table(&reader_raven, "Tag", data, size);
    return 0;
}
