#include "host/base/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double seconds_of(const struct timeval *time) {
    return (double)time->tv_sec + 1e-6 * (double)time->tv_usec;
}

/* The number after a name, at its first place. */
static bool find_number(const char *text, const char *name, uint64_t *number) {
    const char *at = strstr(text, name);
    char *end;
    if (at == NULL) return false;
    at += strlen(name);
    *number = strtoull(at, &end, 10);
    return end != at;
}

static bool read_io(char *text, size_t size) {
    ssize_t got = -1;
    const int file = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        do got = read(file, text, size - 1);
        while (got < 0 && errno == EINTR);
        close(file);
    }
    text[got < 0 ? 0 : got] = '\0';
    return got > 0;
}

struct resources resources_now(void) {
    struct resources now = {.has_bytes = false};
    struct rusage usage;
    char text[512];
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        now.processor_seconds = seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime);
    now.has_bytes = read_io(text, sizeof text) && find_number(text, "rchar: ", &now.bytes_read) &&
                    find_number(text, "\nread_bytes: ", &now.bytes_fetched);
    return now;
}
