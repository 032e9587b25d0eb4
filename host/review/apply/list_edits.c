#include "host/review/apply/list_edits.h"

#include "host/base/json_place.h"
#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/base/utf8.h"
#include "host/review/apply/label_text.h"

#include <stdlib.h>
#include <string.h>

/* A file under way. */
struct making {
    const struct collection *collection;
    const struct traced_file *file;
    const struct stored_text *stored;
    const struct outcome *outcomes;
    struct list_edits *edits;
    uint64_t whole, whole_end; /* of the shared record under way; nothing of it stays: */
    bool drops_whole;
    uint64_t dropped_end; /* of the last value of JSON that was dropped; 0: none */
};

static const struct list_span *span_of(const struct making *making, size_t clip) {
    return &making->collection->trace.spans[clip];
}

/* Fails for a clip, by its path, with what to do. */
static enum error_code fail_clip(const struct making *making, size_t clip, const char *problem,
                                 struct error *error) {
    return FAIL(error, ERROR_DATA,
                "%s: %.*s: %s; nothing was written: decide otherwise, or change the list by hand",
                making->file->name, UTF8_PIECE(clip_path(&making->collection->clips, clip), 300),
                problem);
}

/* Takes the text over. */
static enum error_code add_edit(struct making *making, uint64_t begin, uint64_t end,
                                struct text *bytes, struct error *error) {
    struct list_edits *edits = making->edits;
    if (bytes != NULL) TRY(text_check(bytes, error));
    TRY(memory_grow(&edits->list, &edits->capacity, edits->count + 1, sizeof *edits->list,
                    "the changes of the list", error));
    edits->list[edits->count++] =
        (struct text_edit){begin, end, bytes == NULL ? NULL : bytes->data};
    if (bytes != NULL) *bytes = (struct text)TEXT_INITIAL;
    return ERROR_NONE;
}

/* ---- labels ---- */

static enum error_code relabel(struct making *making, size_t clip, struct error *error) {
    const struct list_span *span = span_of(making, clip);
    const struct list_trace *trace = &making->collection->trace;
    struct text bytes = TEXT_INITIAL;
    const char *problem = NULL;
    if (span->label_end == 0 || span->label_end > making->stored->size)
        return fail_clip(making, clip, "the list has no label for it that could be replaced",
                         error);
    const struct label_place place = {.old = making->stored->text + span->label,
                                      .old_size = span->label_end - span->label,
                                      .form = (enum list_form)span->form,
                                      .delimiter = making->file->delimiter,
                                      .takes_rest = making->file->takes_rest,
                                      .separator = trace->separator,
                                      .is_ascii = making->stored->is_ascii};
    label_text_write(&place, making->outcomes[clip].label, &bytes, &problem, error);
    if (error->code == ERROR_NONE && problem != NULL) fail_clip(making, clip, problem, error);
    if (error->code == ERROR_NONE) add_edit(making, span->label, span->label_end, &bytes, error);
    text_free(&bytes);
    return error->code;
}

/* Supervisions of one cut may have one label, that of the cut: what is decided on one of them is
 * then decided on all. */
static enum error_code check_shared(const struct making *making, size_t clip, struct error *error) {
    const struct list_span *span = span_of(making, clip);
    const struct outcome *own = &making->outcomes[clip];
    for (int side = -1; side <= 1; side += 2) {
        const size_t other = clip + (size_t)side;
        if (other >= making->collection->trace.span_count) continue;
        const struct list_span *beside = span_of(making, other);
        const struct outcome *its = &making->outcomes[other];
        if (beside->form == FORM_NONE || beside->file != span->file ||
            beside->label != span->label || beside->label_end != span->label_end)
            continue;
        if (its->kind != OUTCOME_RELABEL || strcmp(its->label, own->label) != 0)
            return fail_clip(making, clip,
                             "its label is that of several clips, for which it was not decided "
                             "alike",
                             error);
    }
    return ERROR_NONE;
}

/* ---- what is excluded ---- */

/* A line of a file of keys, with its end. */
static enum error_code drop_line(struct making *making, const struct list_span *span,
                                 struct error *error) {
    const char *text = making->stored->text;
    uint64_t begin = span->begin, end = span->end;
    while (begin > 0 && text[begin - 1] != '\n') begin--;
    while (end < making->stored->size && text[end] != '\n') end++;
    return add_edit(making, begin, end + (end < making->stored->size), NULL, error);
}

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* A value with one comma: that before it, unless nothing that stays is before it. */
static enum error_code drop_value(struct making *making, const struct list_span *span,
                                  struct error *error) {
    const char *text = making->stored->text;
    uint64_t begin = span->begin, end = span->end;
    bool is_first = making->dropped_end > 0 && making->dropped_end == begin;
    while (!is_first && begin > 0 && is_space(text[begin - 1])) begin--;
    if (!is_first && begin > 0 && text[begin - 1] == ',') {
        making->dropped_end = 0;
        return add_edit(making, begin - 1, end, NULL, error);
    }
    begin = span->begin;
    while (end < making->stored->size && is_space(text[end])) end++;
    const bool comma = end < making->stored->size && text[end] == ',';
    if (comma)
        for (end++; end < making->stored->size && is_space(text[end]);) end++;
    else
        end = span->end;
    making->dropped_end = comma ? end : 0;
    return add_edit(making, begin, end, NULL, error);
}

/* A record that several clips share goes with the last of them. *done: it does. */
static enum error_code drop_whole(struct making *making, size_t clip, bool *done,
                                  struct error *error) {
    const struct list_span *span = span_of(making, clip);
    const bool begins = making->whole != span->whole || making->whole_end != span->whole_end;
    *done = false;
    if (span->whole_end == 0) return ERROR_NONE;
    if (begins) {
        making->whole = span->whole;
        making->whole_end = span->whole_end;
        making->drops_whole = clip == 0 || span_of(making, clip - 1)->whole != span->whole;
        for (size_t i = clip;
             i < making->collection->trace.span_count && span_of(making, i)->file == span->file &&
             span_of(making, i)->whole_end == span->whole_end;
             i++)
            making->drops_whole =
                making->drops_whole && making->outcomes[i].kind == OUTCOME_EXCLUDE;
    }
    *done = making->drops_whole;
    if (!*done || !begins) return ERROR_NONE;
    const struct list_span whole = {.begin = span->whole, .end = span->whole_end};
    return span->whole_form == FORM_JSON_LINE
               ? add_edit(making, whole.begin, whole.end, NULL, error)
               : drop_value(making, &whole, error);
}

static enum error_code drop(struct making *making, size_t clip, struct error *error) {
    const struct list_span *span = span_of(making, clip);
    bool done = false;
    TRY(drop_whole(making, clip, &done, error));
    if (done) return ERROR_NONE;
    switch ((enum list_form)span->form) {
    case FORM_KEY_LINE: return drop_line(making, span, error);
    case FORM_JSON_VALUE: return drop_value(making, span, error);
    case FORM_ROW:
    case FORM_PLAIN_ROW:
    case FORM_JSON_LINE: return add_edit(making, span->begin, span->end, NULL, error);
    case FORM_NONE: break;
    }
    return fail_clip(making, clip, "the list has no place for it that could be left out", error);
}

/* A member more in its object. */
static enum error_code mark_object(struct making *making, size_t clip, struct error *error) {
    const struct list_span *span = span_of(making, clip);
    const char *text = making->stored->text;
    struct json_place object = {span->begin, span->object_end + 1}, found;
    struct text bytes = TEXT_INITIAL;
    if (span->object_end == 0 || span->object_end >= making->stored->size)
        return fail_clip(making, clip, "it is no object, so it cannot be marked", error);
    while (object.begin < object.end && text[object.begin] != '{') object.begin++;
    if (json_place_member(text, object, EXCLUDE_COLUMN, &found))
        return fail_clip(making, clip, "it has a member '" EXCLUDE_COLUMN "' already", error);
    uint64_t at = span->object_end;
    while (at > object.begin && is_space(text[at - 1])) at--;
    text_format(&bytes, "%s\"" EXCLUDE_COLUMN "\": \"" EXCLUDE_MARKED "\"",
                text[at - 1] == '{' ? "" : ", ");
    add_edit(making, at, at, &bytes, error);
    text_free(&bytes);
    return error->code;
}

/* ---- tables get a column ---- */

/* Appends a cell to the row that ends, with its line end, at `end`. */
static enum error_code add_cell(struct making *making, uint64_t begin, uint64_t end, size_t missing,
                                const char *value, struct error *error) {
    const char *text = making->stored->text;
    struct text bytes = TEXT_INITIAL;
    if (end > begin && text[end - 1] == '\n') end--;
    if (end > begin && text[end - 1] == '\r') end--;
    for (size_t i = 0; i <= missing; i++) text_append(&bytes, &making->file->delimiter, 1);
    text_string(&bytes, value);
    add_edit(making, end, end, &bytes, error);
    text_free(&bytes);
    return error->code;
}

static bool is_row(const struct list_span *span) {
    return span->form == FORM_ROW || span->form == FORM_PLAIN_ROW;
}

static enum error_code mark_row(struct making *making, size_t clip, struct error *error) {
    const struct list_span *span = span_of(making, clip);
    const size_t columns = making->file->columns;
    const bool excluded = making->outcomes[clip].kind == OUTCOME_EXCLUDE;
    if (making->collection->clips.clips[clip].status == CLIP_BAD_ROW && !excluded)
        return ERROR_NONE;
    if (span->cells > columns)
        return fail_clip(making, clip,
                         "its row has more cells than the header, so no column can be added for "
                         "marks; give --exclude drop",
                         error);
    return add_cell(making, span->begin, span->end, columns - span->cells,
                    excluded ? EXCLUDE_MARKED : "", error);
}

static enum error_code mark_header(struct making *making, struct error *error) {
    const struct traced_file *file = making->file;
    const char *header = making->stored->text + file->header;
    if (file->header_end == 0 || file->header_end > making->stored->size || file->takes_rest)
        return FAIL(error, ERROR_USAGE,
                    "%s: no column can be added for marks%s; give --exclude drop", file->name,
                    file->header_end == 0 ? ", since no line names the columns" : "");
    if (memmem(header, file->header_end - file->header, EXCLUDE_COLUMN, strlen(EXCLUDE_COLUMN)) !=
        NULL)
        return FAIL(error, ERROR_USAGE,
                    "%s: it has a column '" EXCLUDE_COLUMN "' already; give --exclude drop",
                    file->name);
    return add_cell(making, file->header, file->header_end, 0, EXCLUDE_COLUMN, error);
}

/* ---- all clips ---- */

static enum error_code exclude(struct making *making, size_t clip, enum exclude_how how,
                               struct error *error) {
    const struct list_span *span = span_of(making, clip);
    if (how == EXCLUDE_DROP) return drop(making, clip, error);
    if (is_row(span) || span->form == FORM_KEY_LINE) return ERROR_NONE; /* see below; its list */
    return mark_object(making, clip, error);
}

static int compare_edits(const void *left, const void *right) {
    const struct text_edit *a = left;
    const struct text_edit *b = right;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    return (a->end > b->end) - (a->end < b->end);
}

/* Sorts them and leaves out the second of two that are the same. */
static void sort_edits(struct list_edits *edits) {
    size_t kept = 0;
    if (edits->count > 1) qsort(edits->list, edits->count, sizeof *edits->list, compare_edits);
    for (size_t i = 0; i < edits->count; i++) {
        struct text_edit *last = kept == 0 ? NULL : &edits->list[kept - 1], *next = &edits->list[i];
        if (last != NULL && last->begin == next->begin && last->end == next->end &&
            last->bytes != NULL && next->bytes != NULL && strcmp(last->bytes, next->bytes) == 0)
            free(next->bytes);
        else
            edits->list[kept++] = *next;
    }
    edits->count = kept;
}

enum error_code list_edits_find(const struct collection *collection, size_t file,
                                const struct stored_text *stored, const struct outcome *outcomes,
                                enum exclude_how how, struct list_edits *edits,
                                struct error *error) {
    struct making making = {.collection = collection,
                            .file = &collection->trace.files[file],
                            .stored = stored,
                            .outcomes = outcomes,
                            .edits = edits};
    bool marks_rows = false;
    for (size_t i = 0; i < collection->trace.span_count; i++) {
        const struct list_span *span = span_of(&making, i);
        if (span->form != FORM_NONE && span->file != file) continue;
        if (span->end > stored->size || span->begin > span->end)
            return FAIL(error, ERROR_INTERNAL, "%s: a clip outside the text; please report this",
                        making.file->name);
        if (outcomes[i].kind == OUTCOME_RELABEL) {
            TRY(check_shared(&making, i, error));
            TRY(relabel(&making, i, error));
        } else if (outcomes[i].kind == OUTCOME_EXCLUDE) {
            TRY(exclude(&making, i, how, error));
            marks_rows = marks_rows || (how == EXCLUDE_MARK && is_row(span));
        }
    }
    if (marks_rows) TRY(mark_header(&making, error));
    for (size_t i = 0; marks_rows && i < collection->trace.span_count; i++)
        if (is_row(span_of(&making, i)) && span_of(&making, i)->file == file)
            TRY(mark_row(&making, i, error));
    sort_edits(edits);
    return ERROR_NONE;
}

void list_edits_free(struct list_edits *edits) {
    for (size_t i = 0; i < edits->count; i++) free(edits->list[i].bytes);
    free(edits->list);
    *edits = (struct list_edits){0};
}
