#include "host/base/hash_seed.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t seed;

static void choose(void) {
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed && seed != 0) return;
    /* No random numbers, as early at boot: the time and the places of memory and stack. */
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    seed = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15);
    seed ^= (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)&now ^ (uint64_t)(uintptr_t)&seed << 20 ^ 1;
}

uint64_t hash_seed(void) {
    pthread_once(&once, choose);
    return seed;
}
