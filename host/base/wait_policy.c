#include "host/base/wait_policy.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

void wait_policy_set(char **argv) {
    static const char *const settings[] = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (getenv(settings[i]) != NULL) return;
    /* The path, not the link: the process keeps its name. A loader that was called with the
     * program's path has no base address, and the link leads to it, not to the program. */
    char path[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0 || (size_t)length == sizeof path || getauxval(AT_BASE) == 0) return;
    path[length] = '\0';
    /* libgomp spins this many times before it sleeps: some microseconds, in which most threads
     * of a free machine meet. libomp reads the policy. */
    if (setenv("OMP_WAIT_POLICY", "passive", 1) == 0 && setenv("GOMP_SPINCOUNT", "1000", 1) == 0)
        execv(path, argv);
}
