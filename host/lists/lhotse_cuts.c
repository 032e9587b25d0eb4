/* Lhotse's cut sets: JSON lines, perhaps gzip. A cut is a segment of a recording, which is
 * described in the same line. Each supervision in a cut is a clip; a cut without supervisions is
 * itself one. Supervisions are timed from the start of the cut and are trimmed to it, as by
 * Lhotse's trimmed_supervisions. Cuts that are not a segment of one file (mixed cuts, commands,
 * addresses) are refused. */
#include "host/lists/lhotse_cuts.h"
#include "host/base/json_lines.h"
#include "host/base/memory.h"
#include "host/lists/lhotse_set.h"
#include "host/lists/list_note.h"
#include "host/lists/readers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAXIMUM_LINES_SNIFFED 100 /* until the first object, which decides */
#define MAXIMUM_SUPERVISIONS 8192 /* of a cut: more than its line has room for in full */

struct lhotse_cuts {
    struct lhotse_set set;
    struct lhotse_recordings recordings; /* the one of the current cut */
    json_t *cut;                         /* the current one */
    size_t line;                         /* of the cut */
    const struct json_lines *lines;      /* that it is in */
    struct json_place array, place;      /* of its supervisions; of the current one */
    const char *file;                    /* that it is in, for reasons; NULL: the only one */
    const char *problem;                 /* of all its clips, or NULL */
    struct text start;
    struct text end;
    struct text duration;
    struct text id;
};

/* ---- kinds ---- */

static const struct kind {
    const char *type;
    const char *problem; /* why none of its clips can be used, or NULL */
} cut_kinds[] = {
    {"MonoCut", NULL},
    {"MultiCut", NULL},
    {"Cut", NULL}, /* what MonoCut was before Lhotse 0.8 */
    {"MixedCut",
     "a mixed cut, whose sound is not in one file; save it with Lhotse's save_audios, and "
     "list the resulting cuts"},
    {"PaddingCut", "a cut of padding, which has no sound"},
};

static const struct kind *find_kind(const json_t *object) {
    const char *type = json_string_value(json_object_get(object, "type"));
    for (size_t i = 0; type != NULL && i < sizeof cut_kinds / sizeof cut_kinds[0]; i++)
        if (strcmp(type, cut_kinds[i].type) == 0) return &cut_kinds[i];
    return NULL;
}

/* Any manifest may have a column "type", and "Cut" may be its value there. */
static bool is_cut(const json_t *object) {
    const struct kind *kind = find_kind(object);
    return kind != NULL && (strcmp(kind->type, "Cut") != 0 ||
                            json_is_array(json_object_get(object, "supervisions")));
}

/* Whether the file, perhaps gzip, is a cut set, by its first object. */
static bool is_cuts(const struct list_file *list, struct error *error) {
    struct error trouble = ERROR_INITIAL; /* reading the file reports it */
    FILE *stream = NULL;
    if (list->is_member && list_file_exists(list->folder, "recording.tar", error))
        return false; /* Lhotse Shar in one shard */
    if (list_file_stream(list, &stream, &trouble) != ERROR_NONE) return false;
    struct json_lines lines = {.stream = stream, .name = list->path};
    bool end = false;
    for (size_t i = 0; i < MAXIMUM_LINES_SNIFFED && !end && lines.object == NULL; i++)
        if (json_lines_next(&lines, &end, &trouble) != ERROR_NONE) break;
    bool found = lines.object != NULL && is_cut(lines.object);
    json_lines_close(&lines);
    fclose(stream);
    if (trouble.code == ERROR_MEMORY) *error = trouble;
    return found && trouble.code == ERROR_NONE;
}

/* ---- one cut ---- */

static bool has_numbers(const json_t *object) {
    return json_is_number(json_object_get(object, "start")) &&
           json_is_number(json_object_get(object, "duration"));
}

/* The problem with all clips of the current cut, or NULL; its recording is kept. */
static const char *check_cut(struct lhotse_cuts *cuts, struct error *error) {
    const json_t *recording = json_object_get(cuts->cut, "recording");
    const json_t *supervisions = json_object_get(cuts->cut, "supervisions");
    if (!has_numbers(cuts->cut)) return "its cut has no start or no duration";
    if (supervisions != NULL && !json_is_null(supervisions) && !json_is_array(supervisions))
        return "its cut has supervisions that are not a list";
    if (recording == NULL || json_is_null(recording))
        return "its cut has no recording; features alone cannot be audited";
    lhotse_recordings_clear(&cuts->recordings);
    if (!lhotse_recordings_add(&cuts->recordings, recording, cuts->line, error))
        return "its cut has a recording without id or sources, or with a long id";
    return NULL;
}

/* The segment of the file that the supervision (NULL: the whole cut) covers; the problem with it,
 * or NULL. */
static const char *find_segment(const json_t *cut, const json_t *supervision, double *start,
                                double *end) {
    double offset = json_number_value(json_object_get(cut, "start"));
    double length = json_number_value(json_object_get(cut, "duration"));
    double first = 0;
    double last = length;
    if (offset < 0) return "its cut begins before its recording";
    if (!(length > 0)) return "its cut has no length";
    if (supervision != NULL) {
        double begin = json_number_value(json_object_get(supervision, "start"));
        double seconds = json_number_value(json_object_get(supervision, "duration"));
        if (!(seconds > 0)) return "it has no length";
        first = fmax(begin, 0);
        last = fmin(begin + seconds, length);
    }
    *start = offset + first;
    *end = offset + last;
    return last > first ? NULL : "it is outside its cut";
}

/* The segment of the file or, if there is none, the values of the JSON, for the message. */
static enum error_code take_segment(struct lhotse_cuts *cuts, const json_t *supervision,
                                    struct manifest_row *row, struct error *error) {
    const json_t *shown = supervision == NULL ? cuts->cut : supervision;
    double start = 0;
    double end = 0;
    row->segment_problem = find_segment(cuts->cut, supervision, &start, &end);
    text_clear(&cuts->start);
    text_clear(&cuts->end);
    if (row->segment_problem == NULL) {
        text_format(&cuts->start, "%.17g", start);
        text_format(&cuts->end, "%.17g", end);
        row->values[ROLE_END] = cuts->end.data;
    } else {
        json_value_text(json_object_get(shown, "start"), &cuts->start, error);
        json_value_text(json_object_get(shown, "duration"), &cuts->duration, error);
        row->values[ROLE_DURATION] = cuts->duration.data;
    }
    row->values[ROLE_START] = cuts->start.data;
    TRY(text_check(&cuts->start, error));
    return text_check(&cuts->end, error);
}

/* Whether the sound is in the tar file beside the cuts, as its only part there. */
static bool is_shar(const json_t *cut) {
    const json_t *sources = json_object_get(json_object_get(cut, "recording"), "sources");
    const char *type = json_string_value(json_object_get(json_array_get(sources, 0), "type"));
    return type != NULL && strcmp(type, "shar") == 0;
}

/* The member of a tar file has the id of its cut. */
static enum error_code take_id(struct lhotse_cuts *cuts, struct manifest_row *row,
                               struct error *error) {
    const json_t *id = json_object_get(cuts->cut, "id");
    text_clear(&cuts->id);
    if (json_is_string(id)) json_value_text(id, &cuts->id, error);
    row->values[ROLE_PATH] = cuts->id.data;
    return error->code;
}

/* Where the clip is written; supervisions are taken in their order. */
static struct list_span find_span(struct lhotse_cuts *cuts, const json_t *supervision) {
    const char *text = cuts->lines->text;
    const bool is_first = cuts->place.end == 0;
    struct json_place whole, next;
    if (!cuts->set.builder->collection->trace.wants_spans || supervision == NULL)
        return lhotse_set_span(&cuts->set, cuts->lines, NULL);
    if (is_first && json_place_value(text, strlen(text), &whole))
        json_place_member(text, whole, "supervisions", &cuts->array);
    if (!json_place_next(text, cuts->array, &cuts->place))
        return (struct list_span){.form = FORM_NONE};
    struct list_span span = lhotse_set_span(&cuts->set, cuts->lines, &cuts->place);
    next = cuts->place;
    if (is_first && !json_place_next(text, cuts->array, &next)) return span; /* the only one */
    if (span.form == FORM_NONE) return span;
    span.whole = span.begin;
    span.whole_end = span.end;
    span.whole_form = span.form;
    span.form = FORM_JSON_VALUE;
    span.begin = cuts->lines->begin + cuts->place.begin;
    span.end = cuts->lines->begin + cuts->place.end;
    span.object_end = span.end - 1;
    return span;
}

/* Adds the clip of a supervision; NULL: of the whole cut. */
static enum error_code add_clip(struct lhotse_cuts *cuts, json_t *supervision,
                                struct error *error) {
    struct manifest_row row = {.line = cuts->line, .file = cuts->file, .problem = cuts->problem};
    const json_t *channels = supervision;
    row.span = find_span(cuts, supervision);
    if (supervision != NULL && !has_numbers(supervision) && row.problem == NULL)
        row.problem = "a supervision without start or duration";
    TRY(lhotse_set_id(&cuts->set, supervision == NULL ? cuts->cut : supervision, &row, error));
    TRY(lhotse_set_fields(&cuts->set, supervision, cuts->cut, &row, error));
    if (json_object_get(channels, "channel") == NULL) channels = cuts->cut;
    if (row.problem == NULL) {
        const char *id = cuts->recordings.names.data + cuts->recordings.sources[0].id;
        if (cuts->set.builder->members != NULL && is_shar(cuts->cut))
            TRY(take_id(cuts, &row, error));
        else
            lhotse_set_sound(&cuts->set, &cuts->recordings, id, lhotse_channel(channels), &row);
        TRY(take_segment(cuts, supervision, &row, error));
    }
    return manifest_add(cuts->set.builder, &row, error);
}

/* A line that is not a usable cut: one row, however many supervisions it has. */
static enum error_code refuse_line(struct lhotse_cuts *cuts, const char *problem,
                                   struct error *error) {
    struct manifest_row row = {.line = cuts->line, .file = cuts->file, .problem = problem};
    row.span = list_note_object(cuts->set.builder, cuts->lines, NULL);
    TRY(lhotse_set_id(&cuts->set, cuts->cut, &row, error));
    return manifest_add(cuts->set.builder, &row, error);
}

static enum error_code add_line(void *context, const struct json_lines *lines,
                                struct error *error) {
    struct lhotse_cuts *cuts = context;
    const struct kind *kind = find_kind(lines->object);
    cuts->cut = lines->object;
    cuts->line = lines->line;
    cuts->lines = lines;
    cuts->array = cuts->place = (struct json_place){0, 0};
    if (lines->object == NULL) return refuse_line(cuts, lines->problem, error);
    if (kind == NULL) return refuse_line(cuts, "not a cut of a known type", error);
    if (kind->problem != NULL) return refuse_line(cuts, kind->problem, error);
    cuts->problem = check_cut(cuts, error);
    const json_t *supervisions = json_object_get(cuts->cut, "supervisions");
    size_t count = json_array_size(supervisions);
    if (count > MAXIMUM_SUPERVISIONS)
        return refuse_line(cuts, "more than 8192 supervisions in one cut; split it", error);
    if (count == 0 && error->code == ERROR_NONE) add_clip(cuts, NULL, error);
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++)
        add_clip(cuts, json_array_get(supervisions, i), error);
    return error->code;
}

/* ---- the whole ---- */

enum error_code lhotse_cuts_open(struct builder *builder, const char *name,
                                 struct lhotse_cuts **cuts, struct error *error) {
    *cuts = memory_array(1, sizeof **cuts, "cuts", error);
    if (*cuts == NULL) return error->code;
    (*cuts)->set = (struct lhotse_set){.builder = builder, .name = name, .what = "cut"};
    return lhotse_set_open(&(*cuts)->set, error);
}

enum error_code lhotse_cuts_read(struct lhotse_cuts *cuts, const struct list_file *file,
                                 const char *shown, struct error *error) {
    cuts->file = shown;
    return list_file_each_line(file, add_line, cuts, error);
}

enum error_code lhotse_cuts_finish(struct lhotse_cuts *cuts, struct error *error) {
    const char *sounds = cuts->file == NULL ? NULL : "the tar files beside them (Lhotse Shar)";
    return lhotse_set_finish(&cuts->set, sounds, error);
}

void lhotse_cuts_free(struct lhotse_cuts *cuts) {
    if (cuts == NULL) return;
    lhotse_set_free(&cuts->set);
    lhotse_recordings_free(&cuts->recordings);
    text_free(&cuts->start);
    text_free(&cuts->end);
    text_free(&cuts->duration);
    text_free(&cuts->id);
    free(cuts);
}

static enum error_code read_cuts(struct builder *builder, const struct list_file *list,
                                 struct error *error) {
    struct lhotse_cuts *cuts = NULL;
    lhotse_cuts_open(builder, list->path, &cuts, error);
    if (error->code == ERROR_NONE) list_note_file(builder, list, error);
    if (error->code == ERROR_NONE) list_note_column(builder, cuts->set.fields[0].name, error);
    if (error->code == ERROR_NONE) lhotse_cuts_read(cuts, list, NULL, error);
    if (error->code == ERROR_NONE) lhotse_cuts_finish(cuts, error);
    if (error->code == ERROR_NONE) manifest_finish(builder, error);
    lhotse_cuts_free(cuts);
    return error->code;
}

const struct list_reader reader_lhotse_cuts = {
    .name = "lhotse-cuts",
    .sentence = "a cut set of Lhotse, or a folder with cuts.jsonl",
    .labels = LHOTSE_LABELS,
    .endings = {JSON_LINES_ENDINGS},
    .members = {"cuts.jsonl", "cuts.jsonl.gz"},
    .sniff = is_cuts,
    .read = read_cuts,
};
