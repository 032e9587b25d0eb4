/* Mapped files, and the end of the process if one of them becomes unreadable. */
#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/progress.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXIT_UNREAD 1 /* as after any other file that cannot be read */

/* A mapping: for the handler, and what its file was like. */
struct mapped {
    struct mapped *next;
    const unsigned char *data;
    size_t size;
    struct stat status; /* at the beginning */
    char *path;         /* as given: below */
    char shown[];       /* as it is shown, in the form of messages; then the path */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mapped *all; /* under the lock, except in the handler, which ends the process */

static struct iovec vector_of(const char *text) {
    return (struct iovec){(void *)(uintptr_t)text, strlen(text)};
}

/* A page of a mapping could not be read. Async-signal-safe calls only. */
static void on_bus_error(int number, siginfo_t *info, void *context) {
    const unsigned char *place = info->si_addr;
    const struct mapped *mapped = all;
    (void)context;
    while (mapped != NULL &&
           !(place >= mapped->data && (size_t)(place - mapped->data) < mapped->size))
        mapped = mapped->next;
    if (mapped == NULL) { /* not in a mapping: it happens again, and ends the process */
        signal(number, SIG_DFL);
        return;
    }
    const bool json = progress_is_json();
    const struct iovec message[] = {
        vector_of(json ? "{\"event\": \"message\", \"level\": \"error\", \"message\": \""
                       : "earmark: "),
        vector_of(mapped->shown),
        vector_of(": cannot be read any more: it was truncated, or its disk or mount failed; fix "
                  "that, then give the same command again"),
        vector_of(json ? "\"}\n" : "\n")};
    ssize_t written = writev(STDERR_FILENO, message, 4);
    (void)written; /* nothing is left to do if that fails */
    _exit(EXIT_UNREAD);
}

/* In an object the path is a part of a string: without its quotes. */
static void show(struct text *shown, const char *path) {
    struct text json = TEXT_INITIAL;
    if (progress_is_json()) {
        text_json(&json, path);
        if (json.failed)
            shown->failed = true;
        else
            text_append(shown, json.data + 1, json.length - 2);
    } else {
        name_shown(shown, path, "\\");
    }
    text_free(&json);
}

static enum error_code note(const char *path, const struct file_mapping *mapping,
                            const struct stat *status, struct error *error) {
    const size_t size = strlen(path) + 1;
    struct text shown = TEXT_INITIAL;
    show(&shown, path);
    struct mapped *mapped = NULL;
    if (text_check(&shown, error) == ERROR_NONE && shown.data != NULL)
        mapped = memory_array(1, sizeof *mapped + shown.length + 1 + size, path, error);
    if (mapped != NULL) {
        mapped->path = mapped->shown + shown.length + 1;
        memcpy(mapped->shown, shown.data, shown.length + 1);
        memcpy(mapped->path, path, size);
    }
    text_free(&shown);
    if (mapped == NULL) return error->code;
    mapped->data = mapping->data;
    mapped->size = mapping->size;
    mapped->status = *status;
    pthread_mutex_lock(&lock);
    mapped->next = all;
    all = mapped;
    pthread_mutex_unlock(&lock);
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    return ERROR_NONE;
}

static void forget(const unsigned char *data) {
    pthread_mutex_lock(&lock);
    struct mapped **place = &all;
    while (*place != NULL && (*place)->data != data) place = &(*place)->next;
    struct mapped *mapped = *place;
    if (mapped != NULL) *place = mapped->next;
    pthread_mutex_unlock(&lock);
    free(mapped);
}

static bool same_time(const struct timespec *left, const struct timespec *right) {
    return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

static bool same_file(const struct stat *left, const struct stat *right) {
    return left->st_dev == right->st_dev && left->st_ino == right->st_ino &&
           left->st_size == right->st_size && same_time(&left->st_mtim, &right->st_mtim) &&
           same_time(&left->st_ctim, &right->st_ctim);
}

enum error_code file_map_unchanged(const struct file_mapping *mapping, bool same_bytes,
                                   struct error *error) {
    struct stat status;
    pthread_mutex_lock(&lock);
    const struct mapped *mapped = all;
    while (mapped != NULL && mapped->data != mapping->data) mapped = mapped->next;
    pthread_mutex_unlock(&lock);
    if (mapped == NULL) return ERROR_NONE;
    if (same_bytes && stat(mapped->path, &status) == 0 && same_file(&status, &mapped->status))
        return ERROR_NONE;
    return FAIL(error, ERROR_FILE,
                "%s: was changed while it was read; give the same command again when nothing "
                "writes to it",
                mapped->path);
}

/* protection: of mmap(). */
static enum error_code map_opened(int descriptor, size_t size, int protection, const char *path,
                                  struct file_mapping *mapping, struct error *error) {
    struct stat status;
    *mapping = (struct file_mapping){NULL, size};
    if (mapping->size > 0) {
        void *mapped = MAP_FAILED;
        if (fstat(descriptor, &status) == 0)
            mapped = mmap(NULL, mapping->size, protection, MAP_SHARED, descriptor, 0);
        if (mapped == MAP_FAILED)
            file_fail(error, path, "map", errno);
        else
            mapping->data = mapped;
    }
    close(descriptor);
    if (mapping->data != NULL && note(path, mapping, &status, error) != ERROR_NONE)
        file_unmap(mapping);
    return error->code;
}

enum error_code file_map_opened(int descriptor, size_t size, const char *path,
                                struct file_mapping *mapping, struct error *error) {
    return map_opened(descriptor, size, PROT_READ, path, mapping, error);
}

enum error_code file_map_written(int descriptor, size_t size, const char *path,
                                 struct file_mapping *mapping, struct error *error) {
    return map_opened(descriptor, size, PROT_READ | PROT_WRITE, path, mapping, error);
}

enum error_code file_map(const char *path, struct file_mapping *mapping, struct error *error) {
    int descriptor = -1;
    size_t size = 0;
    *mapping = (struct file_mapping){NULL, 0};
    TRY(file_open_regular(path, &descriptor, &size, error));
    return file_map_opened(descriptor, size, path, mapping, error);
}

void file_unmap(struct file_mapping *mapping) {
    if (mapping->data != NULL) {
        forget(mapping->data);
        munmap((void *)(uintptr_t)mapping->data, mapping->size);
    }
    *mapping = (struct file_mapping){NULL, 0};
}
