#include "host/base/lock_owner.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TITLE "earmark lock 1\n"
#define FIELDS 6

static const char *const names[FIELDS] = {"host",       "machine", "boot",
                                          "namespaces", "process", "started"};

/* The fields in the order of their names. */
static char *field_of(struct lock_owner *owner, size_t i) {
    char *const fields[FIELDS] = {owner->host,       owner->machine, owner->boot,
                                  owner->namespaces, owner->process, owner->started};
    return fields[i];
}

/* ---- this process ---- */

/* The first line of a small file; empty where it cannot be read. */
static void read_line(const char *path, char *line, size_t size) {
    ssize_t got = -1;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor >= 0) {
        do got = read(descriptor, line, size - 1);
        while (got < 0 && errno == EINTR);
        close(descriptor);
    }
    line[got < 0 ? 0 : got] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

/* Fields of /proc/PID/stat, which follow the name of the program in parentheses; false where there
 * is none. */
static bool read_stat(const char *process, char *state, long *threads, char *started, size_t size) {
    char path[LOCK_OWNER_FIELD + 16], line[2048];
    snprintf(path, sizeof path, "/proc/%s/stat", process);
    read_line(path, line, sizeof line);
    char *at = strrchr(line, ')'), *rest = NULL;
    if (at == NULL) return false;
    int field = 3;
    for (char *word = strtok_r(at + 1, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest), field++) {
        if (field == 3) *state = *word;
        if (field == 20) *threads = strtol(word, NULL, 10);
        if (field == 22) return snprintf(started, size, "%s", word) < (int)size;
    }
    return false;
}

void lock_owner_self(struct lock_owner *owner) {
    struct utsname system;
    char state, space[2][64] = {"", ""};
    long threads;
    *owner = (struct lock_owner){.host = ""};
    if (uname(&system) == 0)
        snprintf(owner->host, sizeof owner->host, "%.*s", LOCK_OWNER_FIELD - 1, system.nodename);
    read_line("/etc/machine-id", owner->machine, sizeof owner->machine);
    read_line("/proc/sys/kernel/random/boot_id", owner->boot, sizeof owner->boot);
    /* An ID is only in one of these the same process, and ticks count from another moment. */
    if (readlink("/proc/self/ns/pid", space[0], sizeof space[0] - 1) > 0 &&
        readlink("/proc/self/ns/time", space[1], sizeof space[1] - 1) >= -1)
        snprintf(owner->namespaces, sizeof owner->namespaces, "%s%s", space[0], space[1]);
    snprintf(owner->process, sizeof owner->process, "%ld", (long)getpid());
    if (!read_stat("self", &state, &threads, owner->started, sizeof owner->started))
        owner->started[0] = '\0';
    for (size_t i = 0; i < FIELDS; i++) /* what lock_owner_read takes */
        for (char *at = field_of(owner, i); *at != '\0'; at++)
            if (!isgraph((unsigned char)*at)) *at = '?';
}

/* ---- the text ---- */

size_t lock_owner_write(const struct lock_owner *owner, char text[LOCK_OWNER_TEXT]) {
    struct lock_owner copy = *owner;
    size_t length = (size_t)snprintf(text, LOCK_OWNER_TEXT, "%s", TITLE);
    for (size_t i = 0; i < FIELDS; i++)
        length += (size_t)snprintf(text + length, LOCK_OWNER_TEXT - length, "%s %s\n", names[i],
                                   field_of(&copy, i));
    return length;
}

bool lock_owner_read(const char *text, size_t size, struct lock_owner *owner) {
    char copy[LOCK_OWNER_TEXT];
    const char *at = text, *end = text + size;
    *owner = (struct lock_owner){.host = ""};
    if (size < sizeof TITLE || size >= sizeof copy || memcmp(at, TITLE, sizeof TITLE - 1) != 0)
        return false;
    at += sizeof TITLE - 1;
    for (size_t i = 0; i < FIELDS; i++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t name = strlen(names[i]);
        if (line_end == NULL || (size_t)(line_end - at) < name + 1) return false;
        size_t length = (size_t)(line_end - at) - name - 1;
        if (length >= LOCK_OWNER_FIELD) return false;
        memcpy(field_of(owner, i), at + name + 1, length);
        for (size_t k = 0; k < length; k++)
            if (!isgraph((unsigned char)field_of(owner, i)[k])) return false;
        at = line_end + 1;
    }
    return lock_owner_write(owner, copy) == size && memcmp(copy, text, size) == 0;
}

/* ---- is it gone? ---- */

static bool same(const char *left, const char *right) {
    return left[0] != '\0' && strcmp(left, right) == 0;
}

/* A process of this number and these ticks is in this container's list, and has not ended. */
static bool may_run(const struct lock_owner *owner) {
    char state = '?', started[LOCK_OWNER_FIELD], *end = NULL;
    long threads = 0, number = strtol(owner->process, &end, 10);
    if (number <= 0 || *end != '\0' || (pid_t)number != number) return true; /* nobody's */
    if (kill((pid_t)number, 0) != 0 && errno == ESRCH) return false;
    if (!read_stat(owner->process, &state, &threads, started, sizeof started)) return true;
    if (owner->started[0] != '\0' && strcmp(started, owner->started) != 0) return false;
    return state != 'Z' || threads > 1; /* ended, and nobody has asked how */
}

bool lock_owner_is_gone(const struct lock_owner *owner) {
    struct lock_owner self;
    lock_owner_self(&self);
    if (!same(self.host, owner->host) || strcmp(self.machine, owner->machine) != 0) return false;
    if (self.boot[0] == '\0' || owner->boot[0] == '\0') return false;
    if (strcmp(self.boot, owner->boot) != 0) return true;
    return same(self.namespaces, owner->namespaces) && !may_run(owner);
}
