#include "host/base/memory_limit.h"

#include "host/base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_SIZE 4096 /* bytes of /proc/self/cgroup: about 500 have been seen */

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* The number in a file; UINT64_MAX where there is none, or "max". */
static uint64_t limit_in(const char *path) {
    char text[64], *end;
    if (!file_take_text(open(path, O_RDONLY | O_CLOEXEC), text, sizeof text)) return UINT64_MAX;
    const uint64_t limit = strtoull(text, &end, 10);
    return end == text ? UINT64_MAX : limit;
}

/* Of a group and all those that it is in. In a container its path may be one of the machine, and
 * its files those at the mount itself, which come last. */
static uint64_t limit_of(const char *mount, const char *group, size_t length, const char *name) {
    uint64_t limit = UINT64_MAX;
    for (;;) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s%.*s/%s", mount, (int)length, group, name);
        limit = smaller(limit, limit_in(path));
        if (length == 0) return limit;
        do length--;
        while (length > 0 && group[length] != '/');
    }
}

/* Whether the controllers of a line, separated by commas, have this one. */
static bool has_controller(const char *controllers, size_t size, const char *wanted) {
    const size_t length = strlen(wanted);
    for (const char *at = controllers, *end = controllers + size; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma == NULL ? end : comma;
        if ((size_t)(stop - at) == length && memcmp(at, wanted, length) == 0) return true;
        at = stop + 1;
    }
    return false;
}

/* Lines "number:controllers:/path", where version 2 has "0::/path". */
uint64_t memory_limit_of_groups(const char *groups, const char *mount) {
    uint64_t limit = UINT64_MAX;
    for (const char *line = groups, *next; *line != '\0'; line = next) {
        const size_t size = strcspn(line, "\n");
        const char *first = memchr(line, ':', size);
        next = line + size + (line[size] == '\n');
        if (first == NULL) continue;
        const char *second = memchr(first + 1, ':', size - (size_t)(first + 1 - line));
        if (second == NULL) continue;
        const size_t length = size - (size_t)(second + 1 - line);
        char old[PATH_MAX];
        snprintf(old, sizeof old, "%s/memory", mount);
        if (second == first + 1)
            limit = smaller(limit, limit_of(mount, second + 1, length, "memory.max"));
        else if (has_controller(first + 1, (size_t)(second - first - 1), "memory"))
            limit = smaller(limit, limit_of(old, second + 1, length, "memory.limit_in_bytes"));
    }
    return limit;
}

uint64_t memory_limit(void) {
    char groups[GROUPS_SIZE];
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    const bool known = pages > 0 && page > 0;
    const uint64_t machine = known ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    if (!file_take_text(open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC), groups, sizeof groups))
        return machine;
    return smaller(machine, memory_limit_of_groups(groups, "/sys/fs/cgroup"));
}
