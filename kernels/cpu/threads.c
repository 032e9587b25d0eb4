#include "threads.h"

#include <omp.h>

void threads_begin(void) {
    omp_set_num_threads(1);
}

void threads_end(const struct error *mine, struct error *error) {
    if (mine->code == ERROR_NONE) return;
#pragma omp critical(threads_end)
    if (error->code == ERROR_NONE) *error = *mine;
}

size_t threads_number(void) {
    return (size_t)omp_get_thread_num();
}
