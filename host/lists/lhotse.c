/* Lhotse's supervision sets: each supervision is a clip, a segment of its recording with start
 * and duration; the recording set in the same folder has the paths of the recordings. Both are
 * JSON lines, perhaps gzip. The label is the field custom.label unless the caller names another
 * one. Recordings that are not files (commands, addresses) are refused. */
#include "host/base/json_lines.h"
#include "host/lists/lhotse_set.h"
#include "host/lists/list_note.h"
#include "host/lists/readers.h"

#include <stdlib.h>
#include <string.h>

struct supervisions {
    struct lhotse_set set;
    struct lhotse_recordings recordings;
    struct text recording;
    struct text start;
    struct text duration;
};

/* ---- supervisions ---- */

/* The text of a required member; `problem` if it is missing, else NULL. */
static const char *take_member(const json_t *object, const char *name, bool string,
                               struct text *text, const char *problem, struct error *error) {
    const json_t *value = json_object_get(object, name);
    bool right = string ? json_is_string(value) : json_is_number(value);
    return right && json_value_text(value, text, error) ? NULL : problem;
}

static enum error_code add_line(void *context, const struct json_lines *lines,
                                struct error *error) {
    struct supervisions *supervisions = context;
    struct lhotse_set *set = &supervisions->set;
    struct manifest_row row = {.line = lines->line};
    json_t *object = lines->object;
    row.span = lhotse_set_span(set, lines, NULL);
    if (object == NULL) {
        row.problem = lines->problem;
        return manifest_add(set->builder, &row, error);
    }
    const char *problems[] = {
        take_member(object, "recording_id", true, &supervisions->recording, "no recording_id",
                    error),
        take_member(object, "start", false, &supervisions->start, "no start", error),
        take_member(object, "duration", false, &supervisions->duration, "no duration", error)};
    for (size_t i = 3; i-- > 0;)
        if (problems[i] != NULL) row.problem = problems[i];
    TRY(error->code);
    TRY(lhotse_set_id(set, object, &row, error));
    TRY(lhotse_set_fields(set, object, NULL, &row, error));
    if (row.problem == NULL) {
        row.values[ROLE_START] = supervisions->start.data;
        row.values[ROLE_DURATION] = supervisions->duration.data;
        lhotse_set_sound(set, &supervisions->recordings, supervisions->recording.data,
                         lhotse_channel(object), &row);
    }
    return manifest_add(set->builder, &row, error);
}

/* ---- the whole ---- */

/* The recording set that belongs to a supervision set by its name: *path, to be freed, and *file;
 * NULL if there is none, and on ERROR_MEMORY and ERROR_FILE. */
static char *recordings_beside(const struct list_file *list, struct list_file *file,
                               struct error *error) {
    static const char word[] = "supervisions";
    static const char *const endings[] = {"", ".gz"};
    const char *found = strstr(list->name, word);
    if (found == NULL) return NULL;
    struct text path = TEXT_INITIAL;
    size_t folder = strlen(list->path) - strlen(list->name);
    size_t length = strlen(found);
    bool compressed = length > 3 && strcmp(found + length - 3, ".gz") == 0;
    const char *rest = found + strlen(word);
    size_t rest_length = strlen(rest) - (compressed ? 3 : 0);
    for (size_t i = 0; i < 2; i++) { /* compressed like the supervisions first */
        text_clear(&path);
        text_append(&path, list->path, folder + (size_t)(found - list->name));
        text_string(&path, "recordings");
        text_append(&path, rest, rest_length);
        text_string(&path, endings[compressed ? 1 - i : i]);
        if (text_check(&path, error) != ERROR_NONE) break;
        *file = (struct list_file){.path = path.data,
                                   .folder = list->folder,
                                   .name = path.data + folder,
                                   .is_member = true};
        if (list_file_exists(file->folder, file->name, error) || error->code != ERROR_NONE) break;
        text_clear(&path);
    }
    if (error->code == ERROR_NONE && path.length > 0) return path.data;
    text_free(&path);
    return NULL;
}

static enum error_code read_supervisions(struct builder *builder, const struct list_file *list,
                                         struct error *error) {
    struct supervisions supervisions = {
        .set = {.builder = builder, .name = list->path, .what = "supervision"}};
    struct lhotse_recordings *recordings = &supervisions.recordings;
    struct list_file beside;
    char *name = recordings_beside(list, &beside, error);
    if (name == NULL && error->code == ERROR_NONE)
        FAIL(error, ERROR_FILE, "%s: the recording set is missing; copy it into the same folder",
             list->path);
    if (error->code == ERROR_NONE) lhotse_set_open(&supervisions.set, error);
    if (error->code == ERROR_NONE)
        lhotse_recordings_read(recordings, &beside, builder->collection, error);
    if (error->code == ERROR_NONE) list_note_file(builder, list, error);
    if (error->code == ERROR_NONE)
        list_note_column(builder, supervisions.set.fields[0].name, error);
    if (error->code == ERROR_NONE) list_file_each_line(list, add_line, &supervisions, error);
    if (error->code == ERROR_NONE) lhotse_set_finish(&supervisions.set, name, error);
    if (error->code == ERROR_NONE) manifest_finish(builder, error);
    lhotse_set_free(&supervisions.set);
    lhotse_recordings_free(recordings);
    free(name);
    text_free(&supervisions.recording);
    text_free(&supervisions.start);
    text_free(&supervisions.duration);
    return error->code;
}

static bool is_supervisions(const struct list_file *list, struct error *error) {
    struct list_file beside;
    if (reader_lhotse_cuts.sniff(list, error) || error->code != ERROR_NONE) return false;
    char *recordings = recordings_beside(list, &beside, error);
    free(recordings);
    return recordings != NULL;
}

const struct list_reader reader_lhotse = {
    .name = "lhotse",
    .sentence = "a supervision set of Lhotse (supervisions.jsonl) with its recording set beside it "
                "(recordings.jsonl), or their folder",
    .labels = LHOTSE_LABELS,
    .endings = {JSON_LINES_ENDINGS},
    .members = {"supervisions.jsonl", "supervisions.jsonl.gz"},
    .sniff = is_supervisions,
    .read = read_supervisions,
};
