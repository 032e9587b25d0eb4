#include "host/base/resources.h"

#include "host/base/file.h"

#include <dirent.h>
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

/* Of one thread: nanoseconds that it ran, that it waited for a processor, and how often. */
static double queued_of(int tasks, const char *thread) {
    char path[64], text[128];
    uint64_t queued = 0;
    snprintf(path, sizeof path, "%.20s/schedstat", thread);
    if (file_take_text(openat(tasks, path, O_RDONLY | O_CLOEXEC), text, sizeof text))
        find_number(text, " ", &queued);
    return 1e-9 * (double)queued;
}

static double queued_seconds(void) {
    double seconds = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) return 0;
    for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        if (entry->d_name[0] != '.') seconds += queued_of(dirfd(tasks), entry->d_name);
    closedir(tasks);
    return seconds;
}

struct resources resources_now(void) {
    struct resources now = {.has_bytes = false};
    struct rusage usage;
    char text[512];
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        now.processor_seconds = seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime);
    now.queued_seconds = queued_seconds();
    now.has_bytes =
        file_take_text(open("/proc/self/io", O_RDONLY | O_CLOEXEC), text, sizeof text) &&
        find_number(text, "rchar: ", &now.bytes_read) &&
        find_number(text, "\nread_bytes: ", &now.bytes_fetched);
    return now;
}
