/* Shards of an unfinished run, and the record beside them. In every second input the
 * checksum is corrected first; otherwise few inputs would get past it. */
#include "host/embedding/run_record.h"
#include "host/embedding/shard.h"
#include "tests/fuzz/mend_checksum.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Every byte that a reader would use; the sum keeps the compiler from dropping the loops. */
static void look_at(const struct shard *shard, size_t columns) {
    uint32_t sum = 0;
    for (size_t i = 0; i < shard->count; i++) {
        uint32_t words[sizeof *shard->clips / sizeof(uint32_t)];
        memcpy(words, &shard->clips[i], sizeof words);
        for (size_t w = 0; w < sizeof words / sizeof words[0]; w++) sum += words[w];
        for (size_t c = 0; c < columns; c++) sum += shard->rows[i * columns + c] > 0;
    }
    if (sum == 1 && strlen(shard->device) >= SHARD_DEVICE_SIZE) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct shard shard;
    bool fits = false;
    if (size < 1) return 0;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) return 0;
    memcpy(bytes, data + 1, size - 1);
    if ((data[0] & 1) != 0) mend_checksum(bytes, size - 1);
    const struct shard_key key = {.settings = {0, 0}, .columns = data[0] >> 1};
    if (shard_parse(bytes, size - 1, "input", &key, &shard, &fits, &error) == ERROR_NONE && fits)
        look_at(&shard, key.columns);
    struct text record = TEXT_INITIAL, changed = TEXT_INITIAL;
    run_record_add(&record, "model", "%zu", size);
    run_record_add(&record, "clips", "12");
    run_record_compare((const char *)bytes, size - 1, &record, &changed);
    text_free(&record);
    text_free(&changed);
    free(bytes);
    return 0;
}
