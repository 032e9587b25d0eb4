/* .npy files, and confident learning on every array that can be read. */
#include "host/base/npy.h"
#include "host/confident/confident.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = ERROR_INITIAL;
    struct npy_array array;
    if (npy_parse(data, size, &array, &error) != ERROR_NONE || array.count > 4096) return 0;
    static float singles[4096];
    static double doubles[4096];
    static int64_t integers[4096];
    if (array.count > 0 && array.rows <= 4096) {
        npy_copy_float32(&array, 0, array.rows, singles);
        npy_copy_float64(&array, 0, array.rows, doubles);
        npy_copy_int64(&array, 0, array.rows, integers, &error);
    }
    if (array.rows > 4096 || array.dimensions != 2 || array.columns > 64) return 0;
    for (size_t i = 0; i < array.rows; i++)
        integers[i] = (int64_t)(i % (array.columns == 0 ? 1 : array.columns));
    struct confident_input input = {npy_view(NPY_INT64, array.rows, 0, integers), array, 1, false};
    struct confident_settings settings = CONFIDENT_DEFAULTS;
    struct confident_result result;
    error = (struct error)ERROR_INITIAL;
    confident_find(&input, &settings, &result, &error);
    confident_free(&result);
    return 0;
}
