#include "host/lists/tar_samples.h"

#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/lists/json_label.h"
#include "host/lists/sound_name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of one member; annotations are a few hundred bytes. */
#define LONGEST_JSON ((size_t)1 << 20)

static const char *const class_endings[] = {"cls", "class", "label", "lbl", NULL};

void tar_samples_free(struct tar_samples *samples) {
    tar_index_free(&samples->index);
    text_free(&samples->text);
    free(samples->sides);
    *samples = (struct tar_samples){0};
}

void tar_fields_free(struct tar_fields *fields) {
    text_free(&fields->known);
    text_free(&fields->value);
}

bool tar_name_is_hidden(const char *name) {
    for (const char *part = name;; part++) {
        size_t dots = strspn(part, ".");
        if (dots > 2 || (dots > 0 && part[dots] != '/' && part[dots] != '\0')) return true;
        part = strchr(part, '/');
        if (part == NULL) return false;
    }
}

bool tar_is_sound(const char *name) {
    enum sound_name kind = sound_name_of(name);
    return kind == NAME_SOUND || kind == NAME_UNREAD;
}

bool tar_is_clip(const struct tar_samples *samples, const struct tar_entry *entry) {
    const char *name = tar_index_name(&samples->index, entry);
    return !entry->replaced && !tar_name_is_hidden(name) && tar_is_sound(name);
}

static uint64_t keep(struct tar_samples *samples, const char *bytes, size_t length) {
    uint64_t offset = samples->text.length;
    text_append(&samples->text, bytes, length);
    text_append(&samples->text, "", 1);
    return offset;
}

static const char *at(const struct tar_samples *samples, uint64_t offset) {
    return offset == 0 ? NULL : samples->text.data + offset;
}

/* ---- members that say something ---- */

struct reading {
    struct tar_samples *samples;
    struct tar_fields *fields;
    struct text content;
};

/* The length of the name before '.' and the ending, in any case; 0: it has another one. */
static size_t before_ending(const char *name, const char *ending) {
    size_t length = strlen(name), own = strlen(ending);
    if (length < own + 2 || own == 0 || name[length - own - 1] != '.' ||
        strcasecmp(name + length - own, ending) != 0 || name[length - own - 2] == '/')
        return 0;
    return length - own - 1;
}

static enum error_code add_side(struct reading *reading, const struct tar_side *side, size_t stem,
                                struct error *error) {
    struct tar_samples *samples = reading->samples;
    const char *name = tar_index_name(&samples->index, &samples->index.entries[side->entry]);
    TRY(memory_grow(&samples->sides, &samples->side_capacity, samples->side_count + 1,
                    sizeof *samples->sides, "members of a tar file", error));
    samples->sides[samples->side_count] = *side;
    samples->sides[samples->side_count++].stem = keep(samples, name, stem);
    samples->index.entries[side->entry].is_noted = true;
    reading->fields->texts++;
    return text_check(&samples->text, error);
}

/* Text without the spaces and line ends around it. */
static enum error_code take_text(struct reading *reading, struct tar_walk *walk,
                                 struct tar_side *side, enum manifest_role role,
                                 struct error *error) {
    static const char blanks[] = " \t\r\n\v\f";
    TRY(tar_walk_read(walk, BUILDER_MAXIMUM_LABELS + 1, &reading->content, error));
    const char *start = reading->content.data;
    size_t length = strlen(start);
    while (length > 0 && strchr(blanks, start[length - 1]) != NULL) length--;
    size_t before = strspn(start, blanks);
    if (before > length) before = length;
    side->values[role] = keep(reading->samples, start + before, length - before);
    return ERROR_NONE;
}

/* The member that an option names, for the role that it is for. */
static enum error_code take_named(struct reading *reading, struct tar_walk *walk,
                                  struct tar_side *side, bool *taken, struct error *error) {
    static const enum manifest_role roles[] = {ROLE_LABEL, ROLE_GROUP, ROLE_FOLD, ROLE_START,
                                               ROLE_END};
    const struct input_options *options = &reading->fields->builder->options;
    const char *names[] = {options->label_column, options->group_field, options->fold_column,
                           options->start_column, options->end_column};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0] && !*taken; i++) {
        size_t stem = names[i] == NULL ? 0 : before_ending(walk->member.name, names[i]);
        if (stem == 0) continue;
        *taken = reading->fields->by_member[roles[i]] = true;
        side->source = TAR_FROM_COLUMN;
        TRY(take_text(reading, walk, side, roles[i], error));
        if (roles[i] == ROLE_LABEL) reading->fields->sources[TAR_FROM_COLUMN]++;
        TRY(add_side(reading, side, stem, error));
    }
    return ERROR_NONE;
}

/* A label as text. */
static enum error_code take_class(struct reading *reading, struct tar_walk *walk,
                                  struct tar_side *side, bool *taken, struct error *error) {
    size_t stem = 0;
    for (const char *const *ending = class_endings; *ending != NULL && stem == 0; ending++)
        stem = before_ending(walk->member.name, *ending);
    side->source = stem > 0 ? TAR_FROM_CLASS : TAR_FROM_TEXT;
    if (stem == 0) stem = before_ending(walk->member.name, "txt");
    if (stem == 0) return ERROR_NONE;
    *taken = true;
    TRY(take_text(reading, walk, side, ROLE_LABEL, error));
    reading->fields->sources[side->source]++;
    return add_side(reading, side, stem, error);
}

/* ---- JSON ---- */

/* "meta.label" is the member label of the member meta, unless one has all of the name. */
static json_t *find_member(json_t *object, const char *name) {
    char part[256];
    json_t *found = json_object_get(object, name);
    while (found == NULL && json_is_object(object)) {
        size_t length = strcspn(name, ".");
        if (name[length] == '\0' || length >= sizeof part) return json_object_get(object, name);
        memcpy(part, name, length);
        part[length] = '\0';
        object = json_object_get(object, part);
        name += length + 1;
        found = json_object_get(object, name);
    }
    return found;
}

static json_t *value_of(struct tar_fields *fields, enum manifest_role role, json_t *object) {
    if (fields->keys[role] != NULL) return find_member(object, fields->keys[role]);
    const char *const *names = manifest_names(fields->builder, role, fields->scratch[role]);
    for (; *names != NULL; names++) {
        json_t *value = find_member(object, *names);
        if (value == NULL) continue;
        fields->keys[role] = *names;
        return value;
    }
    return NULL;
}

/* Times are those of the recording that a sound was cut from, unless options name them. */
static bool is_wanted(const struct tar_fields *fields, enum manifest_role role) {
    const struct input_options *options = &fields->builder->options;
    if (role == ROLE_START) return options->start_column != NULL;
    if (role == ROLE_END) return options->end_column != NULL;
    return role == ROLE_LABEL || role == ROLE_GROUP || role == ROLE_FOLD || role == ROLE_SPLIT;
}

static enum error_code take_values(struct reading *reading, struct tar_side *side, json_t *object,
                                   struct error *error) {
    struct tar_fields *fields = reading->fields;
    const char *separator = fields->builder->options.label_separator;
    char problem[JSON_LABEL_PROBLEM];
    for (enum manifest_role role = ROLE_PATH; role < ROLE_COUNT; role++) {
        if (!is_wanted(fields, role)) continue;
        json_t *value = value_of(fields, role, object);
        if (value == NULL || json_is_null(value)) continue;
        const char *key = fields->keys[role];
        bool good = json_label_text(value, key, role == ROLE_LABEL ? separator : NULL,
                                    &fields->value, problem, error);
        TRY(error->code);
        if (role == ROLE_LABEL) fields->sources[side->source]++;
        if (good)
            side->values[role] =
                keep(reading->samples, fields->value.data == NULL ? "" : fields->value.data,
                     fields->value.length);
        else if (side->problem == 0)
            side->problem = keep(reading->samples, problem, strlen(problem));
    }
    return ERROR_NONE;
}

static void list_members(struct tar_fields *fields, json_t *object) {
    if (fields->known.length > 0) return;
    for (void *member = json_object_iter(object); member != NULL;
         member = json_object_iter_next(object, member))
        text_format(&fields->known, "%s%s", fields->known.length > 0 ? ", " : "",
                    json_object_iter_key(member));
}

static enum error_code take_json(struct reading *reading, struct tar_walk *walk,
                                 struct tar_side *side, bool *taken, struct error *error) {
    struct error own = ERROR_INITIAL;
    size_t stem = before_ending(walk->member.name, "json");
    if (stem == 0) stem = before_ending(walk->member.name, "jsn");
    if (stem == 0) return ERROR_NONE;
    *taken = true;
    side->source =
        reading->fields->builder->options.label_column != NULL ? TAR_FROM_COLUMN : TAR_FROM_JSON;
    TRY(tar_walk_read(walk, LONGEST_JSON + 1, &reading->content, error));
    json_t *object = NULL;
    if (reading->content.length > LONGEST_JSON)
        FAIL(&own, ERROR_DATA, "its JSON is longer than 1 MiB");
    else
        object = json_parse(reading->content.data, reading->content.length, "its JSON", &own);
    if (own.code == ERROR_MEMORY) return *error = own, error->code;
    if (object == NULL) side->problem = keep(reading->samples, own.message, strlen(own.message));
    if (json_is_object(object)) {
        list_members(reading->fields, object);
        take_values(reading, side, object, error);
    }
    json_decref(object);
    TRY(error->code);
    return add_side(reading, side, stem, error);
}

static enum error_code take_member(void *context, struct tar_walk *walk, struct error *error) {
    struct reading *reading = context;
    const struct builder *builder = reading->fields->builder;
    bool taken = false;
    if (walk->member.kind != TAR_FILE || tar_name_is_hidden(walk->member.name)) return ERROR_NONE;
    struct tar_side side = {.entry = reading->samples->index.count - 1};
    TRY(take_named(reading, walk, &side, &taken, error));
    if (!taken) TRY(take_json(reading, walk, &side, &taken, error));
    if (!taken && builder->options.label_column == NULL && !builder->has_pattern)
        TRY(take_class(reading, walk, &side, &taken, error));
    return ERROR_NONE;
}

/* ---- all ---- */

static int compare_sides(const void *left, const void *right, void *context) {
    const struct tar_side *a = left;
    const struct tar_side *b = right;
    int order = strcmp(at(context, a->stem), at(context, b->stem));
    return order != 0 ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

enum error_code tar_samples_read(struct tar_samples *samples, struct tar_fields *fields,
                                 int descriptor, uint64_t size, struct error *error) {
    struct reading reading = {.samples = samples, .fields = fields};
    text_append(&samples->text, "", 1); /* the offset 0 is of none */
    tar_index_read(&samples->index, descriptor, samples->file, size, take_member, &reading, error);
    text_free(&reading.content);
    if (error->code == ERROR_NONE && samples->side_count > 1)
        qsort_r(samples->sides, samples->side_count, sizeof *samples->sides, compare_sides,
                samples);
    return error->code == ERROR_NONE ? text_check(&fields->known, error) : error->code;
}

/* The first side whose stem is not before the string. */
static size_t find_side(const struct tar_samples *samples, const char *stem) {
    size_t low = 0, high = samples->side_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(at(samples, samples->sides[middle].stem), stem) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t key_length(const char *name) {
    const char *slash = strrchr(name, '/');
    return (size_t)(strchrnul(slash == NULL ? name : slash, '.') - name);
}

/* Whether all members between the two are of the same sample. */
static bool is_together(const struct tar_index *index, size_t a, size_t b) {
    const char *name = tar_index_name(index, &index->entries[a]);
    size_t length = key_length(name);
    for (size_t i = a < b ? a : b; i < (a < b ? b : a); i++) {
        const char *other = tar_index_name(index, &index->entries[i]);
        if (key_length(other) != length || memcmp(other, name, length) != 0) return false;
    }
    return true;
}

static void take_side(const struct tar_samples *samples, const struct tar_side *side,
                      enum tar_source source, struct manifest_row *row, const char **problem) {
    for (size_t role = 0; role < ROLE_COUNT; role++)
        if (row->values[role] == NULL && (role != ROLE_LABEL || side->source == source))
            row->values[role] = at(samples, side->values[role]);
    if (*problem == NULL && side->source == source) *problem = at(samples, side->problem);
}

void tar_samples_values(struct tar_samples *samples, size_t entry, enum tar_source source,
                        struct manifest_row *row, const char **problem, bool *together,
                        struct text *scratch) {
    const char *name = tar_index_name(&samples->index, &samples->index.entries[entry]);
    const char *dot = strrchr(name, '.');
    size_t lengths[2] = {dot == NULL ? strlen(name) : (size_t)(dot - name), key_length(name)};
    *problem = NULL;
    *together = true;
    for (size_t i = 0; i < 2 && (i == 0 || lengths[0] != lengths[1]); i++) {
        text_clear(scratch);
        text_append(scratch, name, lengths[i]);
        if (scratch->failed) return;
        for (size_t s = find_side(samples, scratch->data); s < samples->side_count; s++) {
            struct tar_side *side = &samples->sides[s];
            if (strcmp(at(samples, side->stem), scratch->data) != 0) break;
            side->used = true;
            if (samples->index.entries[side->entry].replaced) continue;
            take_side(samples, side, source, row, problem);
            *together = *together && is_together(&samples->index, entry, side->entry);
        }
    }
}
