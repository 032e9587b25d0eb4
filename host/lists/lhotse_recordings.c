#include "host/lists/lhotse_recordings.h"

#include "host/base/json_lines.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/lists/builder.h"

#include <stdlib.h>
#include <string.h>

#define MAXIMUM_SOURCES 64 /* of one recording */

/* Thousands of supervisions may refer to one recording: its strings are those of a short line. */
#define MAXIMUM_STRING BUILDER_MAXIMUM_NAME

static const char *name_at(const struct lhotse_recordings *recordings, size_t offset) {
    return recordings->names.data + offset;
}

static enum error_code keep(struct lhotse_recordings *recordings, const json_t *string,
                            size_t *offset, struct error *error) {
    *offset = 0;
    char *bytes = json_bytes(string, error);
    if (bytes == NULL) return error->code;
    *offset = recordings->names.length;
    long_text_append(&recordings->names, bytes, strlen(bytes) + 1, error);
    free(bytes);
    return error->code;
}

/* ---- one recording ---- */

/* Why a source cannot be used, whatever its path; or NULL. */
static const char *check_source(const json_t *recording, const json_t *source) {
    const char *type = json_string_value(json_object_get(source, "type"));
    const json_t *transforms = json_object_get(recording, "transforms");
    if (type == NULL || !json_is_string(json_object_get(source, "source")))
        return "its recording has a source without type or path";
    if (strcmp(type, "command") == 0)
        return "its recording is a shell command, which is never run; write its output to a file "
               "and name that file";
    if (strcmp(type, "url") == 0)
        return "its recording is an address, which is never fetched; download it and name the file";
    if (strcmp(type, "file") != 0)
        return "its recording is neither a file nor a known kind of source; save it as a file";
    if (json_array_size(transforms) > 0)
        return "its recording has transforms, which are not applied; save the transformed sound";
    if (json_string_length(json_object_get(source, "source")) > MAXIMUM_STRING)
        return "its recording has a path of more than 4095 bytes; shorten it";
    return NULL;
}

static int only_channel(const json_t *source) {
    const json_t *channels = json_object_get(source, "channels");
    const json_t *first = json_array_get(channels, 0);
    if (json_array_size(channels) != 1 || !json_is_integer(first) ||
        json_integer_value(first) < 0 || json_integer_value(first) > INT32_MAX)
        return -1;
    return (int)json_integer_value(first);
}

static enum error_code add_source(struct lhotse_recordings *recordings, const json_t *recording,
                                  const json_t *source, size_t id, size_t line,
                                  struct error *error) {
    struct lhotse_source kept = {.id = id,
                                 .problem = check_source(recording, source),
                                 .line = line,
                                 .order = recordings->count,
                                 .channel = only_channel(source)};
    TRY(scratch_grow(&recordings->sources, &recordings->capacity, recordings->count + 1,
                     sizeof *recordings->sources, "recordings", error));
    if (kept.problem == NULL)
        TRY(keep(recordings, json_object_get(source, "source"), &kept.path, error));
    recordings->sources[recordings->count++] = kept;
    return ERROR_NONE;
}

bool lhotse_recordings_add(struct lhotse_recordings *recordings, const json_t *recording,
                           size_t line, struct error *error) {
    const json_t *sources = json_object_get(recording, "sources");
    const json_t *name = json_object_get(recording, "id");
    size_t count = json_array_size(sources), id = 0;
    if (!json_is_string(name) || json_string_length(name) > MAXIMUM_STRING || count < 1 ||
        count > MAXIMUM_SOURCES)
        return false;
    if (recordings->names.length == 0 && /* 0: no path */
        long_text_append(&recordings->names, "", 1, error) != ERROR_NONE)
        return false;
    keep(recordings, name, &id, error);
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++)
        add_source(recordings, recording, json_array_get(sources, i), id, line, error);
    return true;
}

/* ---- the set ---- */

static int compare_sources(const void *left, const void *right, void *context) {
    const struct lhotse_recordings *recordings = context;
    const struct lhotse_source *a = left;
    const struct lhotse_source *b = right;
    int order = strcmp(name_at(recordings, a->id), name_at(recordings, b->id));
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

/* Keeps the first recording of each id; returns the number of sources dropped. */
static size_t drop_repeated(struct lhotse_recordings *recordings) {
    struct lhotse_source *sources = recordings->sources;
    size_t kept = 0;
    for (size_t i = 0; i < recordings->count; i++) {
        bool repeats = kept > 0 && sources[kept - 1].line != sources[i].line &&
                       strcmp(name_at(recordings, sources[kept - 1].id),
                              name_at(recordings, sources[i].id)) == 0;
        if (!repeats) sources[kept++] = sources[i];
    }
    size_t dropped = recordings->count - kept;
    recordings->count = kept;
    return dropped;
}

static enum error_code warn(struct collection *collection, size_t others, size_t repeated,
                            const char *path, struct error *error) {
    if (others > 0)
        TRY(warnings_add(
            &collection->warnings, error,
            "lines of %s that are not recordings: %zu; clips that refer to them have a reason",
            path, others));
    if (repeated > 0)
        TRY(warnings_add(&collection->warnings, error,
                         "sources in %s that repeat a recording: %zu; its first line counts", path,
                         repeated));
    return ERROR_NONE;
}

struct reading {
    struct lhotse_recordings *recordings;
    size_t others; /* lines that are not recordings */
};

static enum error_code add_line(void *context, const struct json_lines *lines,
                                struct error *error) {
    struct reading *reading = context;
    if (lines->object == NULL ||
        !lhotse_recordings_add(reading->recordings, lines->object, lines->line, error))
        reading->others++;
    return error->code;
}

enum error_code lhotse_recordings_read(struct lhotse_recordings *recordings,
                                       const struct list_file *file, struct collection *collection,
                                       struct error *error) {
    struct reading reading = {.recordings = recordings};
    TRY(list_file_each_line(file, add_line, &reading, error));
    if (recordings->count > 1)
        sort_in_place_with(recordings->sources, recordings->count, sizeof *recordings->sources,
                           compare_sources, recordings);
    if (error->code == ERROR_NONE)
        warn(collection, reading.others, drop_repeated(recordings), file->path, error);
    return error->code;
}

void lhotse_recordings_clear(struct lhotse_recordings *recordings) {
    recordings->names.length = 0;
    recordings->count = 0;
}

void lhotse_recordings_free(struct lhotse_recordings *recordings) {
    long_text_free(&recordings->names);
    scratch_free(recordings->sources);
    *recordings = (struct lhotse_recordings){0};
}

/* The first source of the recording, or the number of sources. */
static size_t find_first(const struct lhotse_recordings *recordings, const char *id) {
    size_t first = 0;
    for (size_t last = recordings->count; first < last;) {
        size_t middle = first + (last - first) / 2;
        if (strcmp(name_at(recordings, recordings->sources[middle].id), id) < 0)
            first = middle + 1;
        else
            last = middle;
    }
    return first;
}

const char *lhotse_recordings_find(const struct lhotse_recordings *recordings, const char *id,
                                   int channel, const char **path, bool *mixed) {
    const struct lhotse_source *chosen = NULL;
    size_t count = 0;
    for (size_t i = find_first(recordings, id); i < recordings->count; i++, count++) {
        const struct lhotse_source *source = &recordings->sources[i];
        bool same = chosen == NULL ? strcmp(name_at(recordings, source->id), id) == 0
                                   : source->id == chosen->id;
        if (!same) break;
        if (chosen == NULL || (source->channel == channel && chosen->channel != channel))
            chosen = source;
    }
    if (chosen == NULL) return "its recording is not in the recording set";
    if (chosen->problem != NULL) return chosen->problem;
    if (count > 1 && chosen->channel != channel)
        return "its recording is several files, and none of them is only its channel";
    if (channel >= 0 && chosen->channel >= 0 && chosen->channel != channel)
        return "its recording does not have its channel";
    *mixed = channel >= 0 && chosen->channel < 0;
    *path = name_at(recordings, chosen->path);
    return NULL;
}
