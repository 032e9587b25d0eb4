#include "host/cluster/part_owner.h"

#include "host/base/file_replace.h"
#include "host/base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_LIMIT ((size_t)8 << 10)
#define ATTEMPTS 3

/* ---- members ---- */

static bool read_text(const json_t *json, const char *name, char *text, size_t size) {
    struct error ignored = ERROR_INITIAL;
    char *value = json_bytes(json_object_get(json, name), &ignored);
    bool fits = value != NULL && strlen(value) < size;
    if (fits) memcpy(text, value, strlen(value) + 1);
    free(value);
    return fits;
}

static bool read_count(const json_t *json, const char *name, uint64_t *count) {
    const json_t *value = json_object_get(json, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *count = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_number(const json_t *json, const char *name, double *number) {
    const json_t *value = json_object_get(json, name);
    *number = json_number_value(value);
    return json_is_number(value) && isfinite(*number) && *number >= 0;
}

static bool read_members(const json_t *json, struct part_owner *owner) {
    struct lock_owner *process = &owner->process;
    return read_text(json, "host", process->host, LOCK_OWNER_FIELD) &&
           read_text(json, "machine", process->machine, LOCK_OWNER_FIELD) &&
           read_text(json, "boot", process->boot, LOCK_OWNER_FIELD) &&
           read_text(json, "namespaces", process->namespaces, LOCK_OWNER_FIELD) &&
           read_text(json, "process", process->process, LOCK_OWNER_FIELD) &&
           read_text(json, "started", process->started, LOCK_OWNER_FIELD) &&
           read_count(json, "beat", &owner->beat) && read_count(json, "clips", &owner->clips) &&
           read_count(json, "clips_done", &owner->clips_done) &&
           read_number(json, "clips_a_second", &owner->clips_a_second) &&
           read_number(json, "audio_seconds", &owner->audio_seconds) &&
           read_number(json, "seconds", &owner->seconds) &&
           read_text(json, "tag", owner->tag, PART_TAG_SIZE);
}

bool part_owner_parse(const char *text, size_t size, struct part_owner *owner) {
    struct error ignored = ERROR_INITIAL;
    json_t *json = json_parse(text, size, PART_OWNER, &ignored);
    *owner = (struct part_owner){.beat = 0};
    bool read = json != NULL && read_members(json, owner) && owner->tag[0] != '\0';
    json_decref(json);
    return read;
}

/* ---- the file ---- */

enum error_code part_owner_read_as(const struct folder *folder, const char *name,
                                   struct part_owner *owner, bool *there, struct error *error) {
    for (int attempt = 0;; attempt++) {
        struct error unread = ERROR_INITIAL;
        char *text = NULL;
        size_t size = 0;
        *owner = (struct part_owner){.process = {.host = "?", .process = "?"}};
        *there = folder_has(folder, name);
        if (!*there) return ERROR_NONE;
        folder_read(folder, name, OWNER_LIMIT, &text, &size, &unread);
        struct part_owner read;
        if (text != NULL && part_owner_parse(text, size, &read)) *owner = read;
        free(text);
        if (unread.code != ERROR_FILE && unread.code != ERROR_MEMORY) return ERROR_NONE;
        /* It may just have been removed, or be another file by now, which NFS calls stale. */
        if (attempt < ATTEMPTS && folder_has(folder, name)) continue;
        if (folder_has(folder, name)) *error = unread;
        *there = false;
        return error->code;
    }
}

enum error_code part_owner_read(const struct folder *folder, struct part_owner *owner, bool *there,
                                struct error *error) {
    return part_owner_read_as(folder, PART_OWNER, owner, there, error);
}

static void append_owner(struct text *text, const struct part_owner *owner) {
    const struct lock_owner *process = &owner->process;
    const struct {
        const char *name, *value;
    } texts[] = {{"host", process->host},
                 {"machine", process->machine},
                 {"boot", process->boot},
                 {"namespaces", process->namespaces},
                 {"process", process->process},
                 {"started", process->started},
                 {"tag", owner->tag}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        text_format(text, "%s\"%s\": ", i == 0 ? "{" : ",\n ", texts[i].name);
        text_json(text, texts[i].value);
    }
    text_format(text,
                ",\n \"beat\": %llu,\n \"clips\": %llu,\n \"clips_done\": %llu,\n"
                " \"clips_a_second\": %.3f,\n \"audio_seconds\": %.3f,\n \"seconds\": %.3f}\n",
                (unsigned long long)owner->beat, (unsigned long long)owner->clips,
                (unsigned long long)owner->clips_done, owner->clips_a_second, owner->audio_seconds,
                owner->seconds);
}

enum error_code part_owner_write(const struct folder *folder, const struct part_owner *owner,
                                 bool *made, struct error *error) {
    struct text text = TEXT_INITIAL;
    struct file_replacement file;
    append_owner(&text, owner);
    if (text_check(&text, error) == ERROR_NONE &&
        file_replace_open(folder, PART_OWNER, &file, error) == ERROR_NONE) {
        if (fwrite(text.data, 1, text.length, file.stream) != text.length)
            file_fail(error, file.path, "write", file.failure);
        else if (made == NULL)
            file_replace_commit(&file, error);
        else
            file_replace_commit_new(&file, made, error);
        file_replace_close(&file);
    }
    text_free(&text);
    return error->code;
}
