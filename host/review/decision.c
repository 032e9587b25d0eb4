#include "host/review/decision.h"

#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/utf8.h"
#include "host/clips/label_sets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"keep", "relabel", "unsure", "exclude", "undo"};

const char *decision_kind_name(enum decision_kind kind) {
    return kinds[kind];
}

enum decision_kind decision_kind_find(const char *name) {
    int kind = 0;
    while (kind < DECISION_KINDS && (name == NULL || strcmp(name, kinds[kind]) != 0)) kind++;
    return (enum decision_kind)kind;
}

bool decision_name_is_good(const char *name) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t length = strlen(name);
    return length > 0 && length <= DECISION_NAME_MAXIMUM && strspn(name, letters) == length;
}

bool decision_note_is_good(const char *note) {
    const size_t length = strlen(note);
    if (length > DECISION_NOTE_MAXIMUM) return false;
    for (size_t at = 0; at < length;) {
        const size_t bytes = utf8_length(note + at);
        if (bytes == 0 || utf8_point(note + at, bytes) < 0x20) return false;
        const uint32_t point = utf8_point(note + at, bytes);
        if (point >= 0x7f && point < 0xa0) return false;
        at += bytes;
    }
    return true;
}

/* ---- sets of labels ---- */

static int compare_labels(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool decision_join(const char **labels, size_t count, struct text *set) {
    if (count > 1) qsort(labels, count, sizeof *labels, compare_labels);
    text_string(set, "");
    for (size_t i = 0; i < count; i++) {
        if (*labels[i] == '\0' || strstr(labels[i], LABEL_JOINT) != NULL) return false;
        if (i > 0 && strcmp(labels[i], labels[i - 1]) == 0) continue;
        if (i > 0) text_string(set, LABEL_JOINT);
        text_string(set, labels[i]);
    }
    return true;
}

/* ---- reading ---- */

struct line {
    const json_t *object;
    const char *what;
    struct error *error;
};

static enum error_code wrong(const struct line *line, const char *member, const char *expected) {
    return FAIL(line->error, ERROR_DATA, "%s: \"%s\" is not %s", line->what, member, expected);
}

/* A text that may be missing or null, to be freed. */
static enum error_code take_text(const struct line *line, const char *member, const char **text) {
    const json_t *value = json_object_get(line->object, member);
    if (value == NULL || json_is_null(value)) return ERROR_NONE;
    if (!json_is_string(value)) return wrong(line, member, "a text");
    *text = json_bytes(value, line->error);
    return line->error->code;
}

static enum error_code join_array(const struct line *line, const char *member, const json_t *array,
                                  const char **set) {
    const size_t count = json_array_size(array);
    struct text joined = TEXT_INITIAL;
    char **labels = memory_array(count, sizeof *labels, "the labels of a decision", line->error);
    for (size_t i = 0; labels != NULL && i < count && line->error->code == ERROR_NONE; i++) {
        labels[i] = json_bytes(json_array_get(array, i), line->error);
        if (labels[i] == NULL) wrong(line, member, "a label, or an array of labels");
    }
    if (line->error->code == ERROR_NONE && !decision_join((const char **)labels, count, &joined))
        wrong(line, member, "an array of labels");
    if (line->error->code == ERROR_NONE) text_check(&joined, line->error);
    for (size_t i = 0; labels != NULL && i < count; i++) free(labels[i]);
    free(labels);
    *set = joined.data; /* freed with the decision, after an error too */
    return line->error->code;
}

/* A label or a set of them; where one is a set, all are. */
static enum error_code take_label(const struct line *line, const char *member, bool *any,
                                  struct decision *decision, const char **label) {
    const json_t *value = json_object_get(line->object, member);
    if (value == NULL || json_is_null(value)) return ERROR_NONE;
    if (!json_is_string(value) && !json_is_array(value))
        return wrong(line, member, "a label, or an array of labels");
    const bool is_set = json_is_array(value);
    if (*any && is_set != decision->sets)
        return wrong(line, member, "like the labels before it: one label, or an array");
    *any = true;
    decision->sets = is_set;
    return is_set ? join_array(line, member, value, label) : take_text(line, member, label);
}

/* No list can have such a label: readers take it for none. */
static bool is_blank(const char *label, bool is_set) {
    do {
        const size_t length = is_set ? strcspn(label, LABEL_JOINT) : strlen(label);
        if (strspn(label, " \t\r\n\v\f") >= length) return true;
        label += length;
    } while (*label++ != '\0');
    return false;
}

static enum error_code take_labels(const struct line *line, struct decision *decision) {
    bool any = false;
    TRY(take_label(line, "given", &any, decision, &decision->given));
    TRY(take_label(line, "suggested", &any, decision, &decision->suggested));
    if (decision->kind != DECISION_RELABEL) return ERROR_NONE;
    TRY(take_label(line, "label", &any, decision, &decision->label));
    const bool none = decision->label == NULL;
    const bool no_labels = decision->sets && !none && *decision->label == '\0';
    if (none || (!no_labels && is_blank(decision->label, decision->sets)))
        return wrong(line, "label", "there, which a relabelled clip needs");
    return ERROR_NONE;
}

/* Whole numbers from 0. */
static enum error_code take_count(const struct line *line, const char *member, json_int_t most,
                                  json_int_t *count) {
    const json_t *value = json_object_get(line->object, member);
    if (value == NULL || json_is_null(value)) return ERROR_NONE;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > most)
        return wrong(line, member, "a whole number from 0");
    *count = json_integer_value(value);
    return ERROR_NONE;
}

static enum error_code take_seconds(const struct line *line, const char *member, double *seconds) {
    const json_t *value = json_object_get(line->object, member);
    if (value == NULL || json_is_null(value)) return ERROR_NONE;
    const double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0.0 && number <= 1e12))
        return wrong(line, member, "a number of seconds from 0");
    *seconds = number;
    return ERROR_NONE;
}

/* What the clip is known by. */
static enum error_code take_clip(const struct line *line, struct decision *decision) {
    json_int_t row = -1;
    TRY(take_count(line, "row", (json_int_t)1 << 52, &row));
    if (row >= 0) decision->row = (size_t)row;
    TRY(take_text(line, "id", &decision->id));
    TRY(take_text(line, "path", &decision->path));
    TRY(take_seconds(line, "start", &decision->start));
    TRY(take_seconds(line, "end", &decision->end));
    if (decision->path == NULL ? row < 0 : *decision->path == '\0')
        return wrong(line, "path", "there, nor is \"row\"");
    if (decision->end < decision->start) return wrong(line, "end", "after \"start\"");
    return ERROR_NONE;
}

bool decision_digits_are_good(const char *digits) {
    return strlen(digits) == 16 && strspn(digits, "0123456789abcdef") == 16;
}

/* Sixteen digits, which may be missing. */
static enum error_code take_digits(const struct line *line, const char *member,
                                   const char *expected, char digits[17]) {
    const char *text = json_string_value(json_object_get(line->object, member));
    if (text == NULL || *text == '\0') return ERROR_NONE;
    if (!decision_digits_are_good(text)) return wrong(line, member, expected);
    memcpy(digits, text, 17);
    return ERROR_NONE;
}

/* Who decided, and how. */
static enum error_code take_reviewer(const struct line *line, const char *name,
                                     struct decision *decision) {
    json_int_t heard = 0;
    TRY(take_text(line, "by", &decision->by));
    if (decision->by == NULL || *decision->by == '\0') {
        free((char *)(uintptr_t)decision->by);
        decision->by = memory_string(name, line->error);
        if (decision->by == NULL) return line->error->code;
    }
    if (!decision_name_is_good(decision->by))
        return wrong(line, "by", "a reviewer's name: 1 to 64 letters, digits, and . _ -");
    TRY(take_text(line, "at", &decision->at));
    if (decision->at != NULL && (strlen(decision->at) > 40 ||
                                 strspn(decision->at, "0123456789TZ:.+-") != strlen(decision->at)))
        return wrong(line, "at", "a time such as 2026-11-29T19:02:11Z");
    TRY(take_count(line, "heard", UINT32_MAX, &heard));
    decision->heard = (uint32_t)heard;
    decision->bulk = json_is_true(json_object_get(line->object, "bulk"));
    TRY(take_text(line, "note", &decision->note));
    if (decision->note != NULL && strlen(decision->note) > DECISION_NOTE_MAXIMUM)
        return wrong(line, "note", "a text of at most 4096 bytes");
    return ERROR_NONE;
}

static enum error_code take(const struct line *line, const char *name, struct decision *decision) {
    const json_t *version = json_object_get(line->object, "v");
    if (!json_is_object(line->object))
        return FAIL(line->error, ERROR_DATA, "%s: not a decision", line->what);
    if (!json_is_integer(version)) return wrong(line, "v", "1, as in every line of a decision");
    if (json_integer_value(version) != 1)
        return FAIL(line->error, ERROR_UNSUPPORTED,
                    "%s: written by a newer version of earmark (\"v\" is %lld, not 1); use that",
                    line->what, (long long)json_integer_value(version));
    decision->kind =
        decision_kind_find(json_string_value(json_object_get(line->object, "decision")));
    if (decision->kind == DECISION_KINDS)
        return wrong(line, "decision", "keep, relabel, unsure, exclude or undo");
    TRY(take_digits(line, "run", "the hash of a run: 16 hexadecimal digits", decision->run));
    TRY(take_digits(line, "step", "16 hexadecimal digits", decision->step));
    TRY(take_clip(line, decision));
    TRY(take_labels(line, decision));
    return take_reviewer(line, name, decision);
}

enum error_code decision_parse(const char *text, size_t size, const char *what, const char *name,
                               struct decision *decision, struct error *error) {
    *decision = (struct decision)DECISION_INITIAL;
    if (size > DECISION_LINE_MAXIMUM)
        return FAIL(error, ERROR_DATA, "%s: longer than %zu bytes, which no decision is", what,
                    DECISION_LINE_MAXIMUM);
    struct error parsing = ERROR_INITIAL;
    json_t *object = json_parse(text, size, what, &parsing);
    if (object == NULL) {
        /* The line that is counted there is always the first. */
        const char *why = strstr(parsing.message, "not JSON: ");
        return FAIL(error, parsing.code, "%s: %s", what, why == NULL ? parsing.message : why);
    }
    take(&(struct line){object, what, error}, name, decision);
    json_decref(object);
    return error->code;
}

/* ---- writing ---- */

static void append_label(struct text *text, const char *label, bool is_set) {
    if (label == NULL || !is_set) {
        text_json_or_null(text, label);
        return;
    }
    struct text piece = TEXT_INITIAL;
    text_string(text, "[");
    for (const char *at = label; *at != '\0';) {
        const size_t length = strcspn(at, LABEL_JOINT);
        text_clear(&piece);
        text_append(&piece, at, length);
        if (at != label) text_string(text, ",");
        if (!piece.failed) text_json(text, piece.data);
        at += length;
        if (*at != '\0') at++;
    }
    if (piece.failed) text->failed = true;
    text_string(text, "]");
    text_free(&piece);
}

static void append_text(struct text *text, const char *member, const char *value) {
    text_format(text, ",\"%s\":", member);
    text_json_or_null(text, value);
}

static void append_labels(struct text *text, const char *member, const char *label, bool is_set) {
    text_format(text, ",\"%s\":", member);
    append_label(text, label, is_set);
}

void decision_append(struct text *text, const struct decision *decision) {
    text_format(text, "{\"v\":1,\"run\":\"%s\",\"row\":", decision->run);
    if (decision->row == DECISION_NO_ROW)
        text_string(text, "null");
    else
        text_format(text, "%zu", decision->row);
    append_text(text, "id", decision->id);
    append_text(text, "path", decision->path);
    text_string(text, ",\"start\":");
    number_json(text, decision->start);
    text_string(text, ",\"end\":");
    number_json(text, decision->end);
    append_labels(text, "given", decision->given, decision->sets);
    append_labels(text, "suggested", decision->suggested, decision->sets);
    append_text(text, "decision", decision_kind_name(decision->kind));
    append_labels(text, "label", decision->kind == DECISION_RELABEL ? decision->label : NULL,
                  decision->sets);
    append_text(text, "by", decision->by);
    append_text(text, "at", decision->at == NULL ? "" : decision->at);
    text_format(text, ",\"heard\":%u,\"bulk\":%s", decision->heard,
                decision->bulk ? "true" : "false");
    if (decision->step[0] != '\0') append_text(text, "step", decision->step);
    append_text(text, "note", decision->note == NULL ? "" : decision->note);
    text_string(text, "}\n");
}

/* ---- copies ---- */

/* Every text of it. */
#define TEXTS 8
static void texts_of(struct decision *decision, const char **texts[TEXTS]) {
    const char **members[TEXTS] = {&decision->id,        &decision->path,  &decision->given,
                                   &decision->suggested, &decision->label, &decision->by,
                                   &decision->at,        &decision->note};
    memcpy(texts, members, sizeof members);
}

enum error_code decision_copy(const struct decision *from, struct decision *copy,
                              struct error *error) {
    const char **texts[TEXTS];
    *copy = *from;
    texts_of(copy, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        if (*texts[i] == NULL) continue;
        *texts[i] = error->code == ERROR_NONE ? memory_string(*texts[i], error) : NULL;
    }
    return error->code;
}

void decision_free(struct decision *decision) {
    const char **texts[TEXTS];
    texts_of(decision, texts);
    for (size_t i = 0; i < TEXTS; i++) free((char *)(uintptr_t)*texts[i]);
    *decision = (struct decision)DECISION_INITIAL;
}

bool decision_agrees(const struct decision *one, const struct decision *other) {
    return one->kind == other->kind &&
           (one->kind != DECISION_RELABEL || strcmp(one->label, other->label) == 0);
}
