/* "The machine's GEMM speed" in every ratio: oneDNN's general float32 product. */
#include "device_cpu.h"
#include "kernels/clock.h"
#include "memory.h"

#include <math.h>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>

enum error_code cpu_gemm_speed(struct device *device, size_t size, int repeats, double *speed,
                               struct error *error) {
    const struct cpu_device *cpu = (const struct cpu_device *)device;
    *speed = 0.0;
    if (size == 0 || size > 32768 || repeats < 1)
        return FAIL(error, ERROR_USAGE, "a matrix product of size %zu, %d times", size, repeats);
    float *matrices[3] = {NULL, NULL, NULL};
    for (int i = 0; i < 3; i++)
        matrices[i] = memory_aligned(size * size, sizeof(float), "a matrix product", error);
    if (error->code != ERROR_NONE) goto done;
    for (size_t i = 0; i < size * size; i++) {
        matrices[0][i] = sinf((float)(i % 1009));
        matrices[1][i] = cosf((float)(i % 1013));
        matrices[2][i] = 0.0f;
    }
    const dnnl_dim_t n = (dnnl_dim_t)size;
    const int threads = omp_get_max_threads();
    omp_set_num_threads(cpu->threads);
    dnnl_status_t status = dnnl_success;
    double best = INFINITY;
    for (int i = 0; i < repeats && status == dnnl_success; i++) {
        const double start = clock_seconds();
        status = dnnl_sgemm('N', 'N', n, n, n, 1.0f, matrices[0], n, matrices[1], n, 0.0f,
                            matrices[2], n);
        const double seconds = clock_seconds() - start;
        if (seconds < best) best = seconds;
    }
    omp_set_num_threads(threads);
    if (status != dnnl_success)
        FAIL(error, ERROR_DEVICE, "oneDNN cannot multiply matrices (status %d)", (int)status);
    else
        *speed = 2.0 * (double)size * (double)size * (double)size / best;
done:
    for (int i = 0; i < 3; i++) free(matrices[i]);
    return error->code;
}
