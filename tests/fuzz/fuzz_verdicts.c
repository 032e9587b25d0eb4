/* The verdicts of a state. In every second input the checksum is corrected first; otherwise few
 * inputs would get past it. */
#include "host/embedding/known_verdicts.h"
#include "tests/fuzz/mend_checksum.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Every entry as a run uses it. */
static void take_all(struct verdict_list *list) {
    struct known_verdicts known = {.is_open = true, .earlier = *list};
    for (size_t i = 0; i < list->count; i++) {
        struct error error = ERROR_INITIAL;
        struct verdict verdict = {.status = CLIP_OK};
        known_verdicts_take(&known, &list->entries[i], &verdict, &error);
        if (error.code != ERROR_NONE || verdict.status == CLIP_OK || verdict.reason[0] == '\0')
            abort();
    }
    if (known.now.count != list->count || known.now.length > VERDICT_REASON_SIZE * list->count)
        abort();
    known_verdicts_close(&known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint64_t basis[2] = {0, 0};
    struct error error = ERROR_INITIAL;
    struct verdict_list list;
    bool fits = false;
    if (size < 1) return 0;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) return 0;
    memcpy(bytes, data + 1, size - 1);
    if ((data[0] & 1) != 0) mend_checksum(bytes, size - 1);
    if (verdict_file_parse(bytes, size - 1, "input", basis, &list, &fits, &error) == ERROR_NONE &&
        fits)
        take_all(&list); /* closes it */
    else
        verdict_list_free(&list);
    free(bytes);
    return 0;
}
