#include "host/sound/clip_sources.h"

#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/root_folder.h"
#include "host/containers/container.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More threads at once than this use up to one container each beyond it. */
#define OPEN_CONTAINERS 16

struct open_container {
    char *path; /* NULL: the place is free */
    struct container *container;
    size_t users;
    uint64_t used; /* larger is later */
    struct open_container *next;
};

struct clip_sources {
    const struct root_folder *root;
    pthread_mutex_t lock; /* for all below */
    struct open_container *open;
    size_t count;
    uint64_t clock;
};

enum error_code clip_sources_new(const struct root_folder *root, struct clip_sources **sources,
                                 struct error *error) {
    *sources = memory_array(1, sizeof **sources, "the sources of clips", error);
    if (*sources == NULL) return error->code;
    (*sources)->root = root;
    pthread_mutex_init(&(*sources)->lock, NULL);
    return ERROR_NONE;
}

static void close_container(struct clip_sources *sources, struct open_container **place) {
    struct open_container *entry = *place;
    *place = entry->next;
    sources->count--;
    container_close(entry->container);
    free(entry->path);
    free(entry);
}

void clip_sources_free(struct clip_sources *sources) {
    if (sources == NULL) return;
    while (sources->open != NULL) close_container(sources, &sources->open);
    pthread_mutex_destroy(&sources->lock);
    free(sources);
}

/* ---- open containers, with the lock ---- */

static struct open_container *find_open(struct clip_sources *sources, const char *path) {
    struct open_container *entry = sources->open;
    while (entry != NULL && strcmp(entry->path, path) != 0) entry = entry->next;
    return entry;
}

/* Closes those that were used least recently, as long as there are too many. */
static void close_idle(struct clip_sources *sources) {
    while (sources->count >= OPEN_CONTAINERS) {
        struct open_container **oldest = NULL;
        for (struct open_container **place = &sources->open; *place != NULL;
             place = &(*place)->next)
            if ((*place)->users == 0 && (oldest == NULL || (*place)->used < (*oldest)->used))
                oldest = place;
        if (oldest == NULL) return;
        close_container(sources, oldest);
    }
}

/* Takes the descriptor. */
static struct open_container *add_container(struct clip_sources *sources, int descriptor,
                                            const char *path, struct error *error) {
    struct container *container = NULL;
    if (container_open(descriptor, path, &container, error) != ERROR_NONE) return NULL;
    struct open_container *entry = memory_array(1, sizeof *entry, "a container", error);
    char *copy = memory_string(path, error);
    if (entry == NULL || copy == NULL) {
        container_close(container);
        free(entry);
        free(copy);
        return NULL;
    }
    *entry = (struct open_container){.path = copy, .container = container, .next = sources->open};
    sources->open = entry;
    sources->count++;
    return entry;
}

/* ---- sources ---- */

/* A failure of the container, or of a member, as the verdict of a clip. */
static enum clip_status refuse(const struct error *own, struct sound_source *source,
                               struct verdict *verdict, struct error *error) {
    sound_source_close(source);
    if (own->code == ERROR_MEMORY) {
        *error = *own;
        return verdict_set(verdict, CLIP_UNREADABLE, "no memory");
    }
    return verdict_set(verdict, CLIP_UNREADABLE, "%s", own->message);
}

/* The open container; NULL with *verdict, or with an error. */
static struct open_container *take_container(struct clip_sources *sources, const char *path,
                                             struct verdict *verdict, struct error *error) {
    struct sound_source file;
    struct error own = ERROR_INITIAL;
    pthread_mutex_lock(&sources->lock);
    struct open_container *entry = find_open(sources, path);
    if (entry == NULL) {
        close_idle(sources);
        int descriptor = root_folder_file(sources->root, path, SOUND_SOURCE_FLAGS);
        if (sound_source_take(descriptor, path, &file, verdict, error) == CLIP_OK)
            entry = add_container(sources, file.descriptor, path, &own);
        file.descriptor = -1;
        if (own.code != ERROR_NONE) refuse(&own, &file, verdict, error);
    }
    if (entry != NULL) {
        entry->users++;
        entry->used = ++sources->clock;
    }
    pthread_mutex_unlock(&sources->lock);
    return entry;
}

static void give_back(struct clip_sources *sources, struct open_container *entry) {
    pthread_mutex_lock(&sources->lock);
    entry->users--;
    pthread_mutex_unlock(&sources->lock);
}

/* The source of a member. Its bytes may lie in memory that holds only them. */
static enum clip_status open_member(struct container *container,
                                    const struct container_member *member,
                                    struct sound_source *source, struct verdict *verdict,
                                    struct error *error) {
    struct container_bytes bytes;
    struct error own = ERROR_INITIAL;
    container_bytes(container, member, &bytes, &own);
    *verdict = (struct verdict){.status = CLIP_OK};
    *source = (struct sound_source){.descriptor = bytes.descriptor,
                                    .status = *container_status(container),
                                    .offset = bytes.offset,
                                    .member = member->place,
                                    .bytes = bytes.count};
    if (own.code != ERROR_NONE) return refuse(&own, source, verdict, error);
    size_t stored = file_stored_bytes(&source->status);
    source->stored = bytes.count < stored ? bytes.count : stored;
    if (bytes.count > 0) return CLIP_OK;
    sound_source_close(source);
    return verdict_set(verdict, CLIP_UNREADABLE, "empty in its container; write it again");
}

enum clip_status clip_sources_open(struct clip_sources *sources, const struct clip_list *clips,
                                   size_t index, struct sound_source *source,
                                   struct verdict *verdict, struct error *error) {
    const struct clip_place *place = clip_place(clips, index);
    if (place == NULL)
        return sound_source_take(clip_open(clips, index, SOUND_SOURCE_FLAGS),
                                 clip_path(clips, index), source, verdict, error);
    const struct container_member member = {place->place, place->bytes};
    *source = (struct sound_source){.descriptor = -1};
    struct open_container *entry =
        take_container(sources, clip_container(clips, index), verdict, error);
    if (entry == NULL) return verdict->status;
    open_member(entry->container, &member, source, verdict, error);
    give_back(sources, entry);
    return verdict->status;
}

/* The length of the part of the path that is a container, up to the '/' after it; 0: none. */
static size_t container_length(const struct clip_sources *sources, const char *path, char *prefix) {
    struct stat status;
    size_t length = strlen(path);
    if (length >= PATH_MAX) return 0;
    for (size_t i = 1; i + 1 < length; i++) {
        if (path[i] != '/') continue;
        memcpy(prefix, path, i);
        prefix[i] = '\0';
        if (!container_is_named(prefix)) continue;
        int file = root_folder_file(sources->root, prefix, O_PATH);
        bool found = file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode);
        if (file >= 0) close(file);
        if (found) return i;
    }
    return 0;
}

enum clip_status clip_sources_find(struct clip_sources *sources, const char *path,
                                   struct sound_source *source, struct verdict *verdict,
                                   struct error *error) {
    char prefix[PATH_MAX];
    struct container_member member = {0, 0};
    struct error own = ERROR_INITIAL;
    bool found = false;
    size_t length = container_length(sources, path, prefix);
    if (length == 0)
        return sound_source_take(root_folder_file(sources->root, path, SOUND_SOURCE_FLAGS), path,
                                 source, verdict, error);
    *source = (struct sound_source){.descriptor = -1};
    struct open_container *entry = take_container(sources, prefix, verdict, error);
    if (entry == NULL) return verdict->status;
    container_find(entry->container, path + length + 1, &member, &found, &own);
    if (own.code != ERROR_NONE)
        refuse(&own, source, verdict, error);
    else if (!found)
        verdict_set(verdict, CLIP_UNREADABLE, "no longer in its container");
    else
        open_member(entry->container, &member, source, verdict, error);
    give_back(sources, entry);
    return verdict->status;
}
