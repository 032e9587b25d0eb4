#include "host/lists/json_members.h"

#include "host/base/utf8.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OTHERS_SHOWN 5

const json_t *json_members_path(const json_t *value) {
    const json_t *inside = json_object_get(value, "path");
    return json_is_string(inside) ? inside : value;
}

static const json_t *path_of(const struct json_members *members, const json_t *object) {
    for (const char *const *name = members->path_names; *name != NULL; name++) {
        const json_t *value = json_object_get(object, *name);
        if (value != NULL) return json_members_path(value);
    }
    return NULL;
}

static bool has_path(const struct json_members *members, const json_t *object) {
    return json_is_string(path_of(members, object));
}

/* Whether it has all paths in one member: a table by columns. */
static bool is_columns(const struct json_members *members, const json_t *object) {
    const json_t *path = path_of(members, object);
    return json_is_array(path) || json_is_object(path);
}

bool json_members_hold(const void *context, const json_t *object) {
    const struct json_members *members = context;
    const char *key;
    json_t *value;
    if (has_path(members, object)) return false;
    if (is_columns(members, object)) return true;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (audio_extension(key, NULL) || json_is_object(value)) return true;
        if (json_is_object(json_array_get(value, 0))) return true;
    }
    return false;
}

/* Whether the name is that of a sound file, by its ending or because there is such a file. */
static bool names_file(const struct json_members *members, const char *name) {
    if (audio_extension(name, NULL)) return true;
    if (name[0] == '\0' || strchr(name, '.') == NULL) return false;
    int found = root_folder_file(members->root, name, O_PATH);
    if (found >= 0) close(found);
    return found >= 0;
}

static enum error_code add_other(struct json_members *members, const struct json_lines *lines,
                                 struct error *error) {
    struct text *last = &members->last_other;
    if (lines->in_array && last->length > 0 && strcmp(last->data, lines->member) == 0)
        return ERROR_NONE; /* another element of it */
    text_clear(last);
    text_string(last, lines->member);
    members->other_count++;
    if (members->other_count <= OTHERS_SHOWN)
        text_format(&members->others, "%s'%.*s'", members->other_count > 1 ? ", " : "",
                    UTF8_PIECE(lines->member, 60));
    TRY(text_check(last, error));
    return text_check(&members->others, error);
}

/* An element of an array: the array is the list if its first element has a path. */
static enum error_code use_element(struct json_members *members, const struct json_lines *lines,
                                   enum json_member_use *use, struct error *error) {
    bool is_row = lines->object != NULL && has_path(members, lines->object);
    bool in_list =
        members->kind == JSON_MEMBERS_LIST && strcmp(members->list.data, lines->member) == 0;
    *use = JSON_MEMBER_ROW;
    if (in_list) return ERROR_NONE;
    if (members->kind != JSON_MEMBERS_LIST && !is_row && names_file(members, lines->member)) {
        *use = JSON_MEMBER_NAMED; /* clips of one file */
        members->kind = JSON_MEMBERS_CLIPS;
        return ERROR_NONE;
    }
    if (is_row && members->kind == JSON_MEMBERS_LIST)
        return FAIL(error, ERROR_DATA,
                    "%s: its members '%.*s' and '%.*s' are both lists of clips; save the one to "
                    "read as a file of its own",
                    lines->name, UTF8_PIECE(members->list.data, 60), UTF8_PIECE(lines->member, 60));
    if (is_row && members->kind == JSON_MEMBERS_UNDECIDED) {
        members->kind = JSON_MEMBERS_LIST;
        text_string(&members->list, lines->member);
        return text_check(&members->list, error);
    }
    *use = members->kind == JSON_MEMBERS_CLIPS ? JSON_MEMBER_BAD : JSON_MEMBER_OTHER;
    return *use == JSON_MEMBER_OTHER ? add_other(members, lines, error) : ERROR_NONE;
}

static enum error_code use_member(struct json_members *members, const struct json_lines *lines,
                                  enum json_member_use *use, struct error *error) {
    bool is_row = lines->object != NULL && has_path(members, lines->object);
    bool is_named = !is_row && names_file(members, lines->member);
    *use = is_row ? JSON_MEMBER_ROW : is_named ? JSON_MEMBER_NAMED : JSON_MEMBER_OTHER;
    if (members->kind == JSON_MEMBERS_LIST) *use = JSON_MEMBER_OTHER;
    if (members->kind == JSON_MEMBERS_CLIPS && *use == JSON_MEMBER_OTHER) *use = JSON_MEMBER_BAD;
    if (*use == JSON_MEMBER_OTHER) return add_other(members, lines, error);
    if (members->kind == JSON_MEMBERS_UNDECIDED && members->other_count > 0)
        return FAIL(error, ERROR_DATA,
                    "%s: one JSON object, whose member '%.*s' is a clip, but not the members "
                    "before it (%zu: %s); save the clips as one array, or as a file of JSON lines",
                    lines->name, UTF8_PIECE(lines->member, 60), members->other_count,
                    members->others.data);
    members->kind = JSON_MEMBERS_CLIPS;
    return ERROR_NONE;
}

enum error_code json_members_use(struct json_members *members, const struct json_lines *lines,
                                 enum json_member_use *use, struct error *error) {
    TRY((lines->in_array ? use_element : use_member)(members, lines, use, error));
    members->row_count += *use == JSON_MEMBER_ROW;
    members->named_count += *use == JSON_MEMBER_NAMED;
    return ERROR_NONE;
}

enum error_code json_members_finish(const struct json_members *members, const char *name,
                                    struct text *reading, struct error *error) {
    const char *others = members->others.data == NULL ? "none" : members->others.data;
    const char *more = members->other_count > OTHERS_SHOWN ? ", ..." : "";
    const char *before = reading->length > 0 ? "; " : "";
    if (members->kind == JSON_MEMBERS_UNDECIDED)
        return FAIL(error, ERROR_DATA,
                    "%s: one JSON object, none of whose members is a list of clips with '%s', a "
                    "clip with it, or the name of a sound file (%s%s); save one object a clip "
                    "(pandas: to_json with orient='records')",
                    name, members->path_names[0], others, more);
    if (members->kind == JSON_MEMBERS_LIST)
        text_format(reading, "%s%s is one JSON object: its list '%s' is read", before, name,
                    members->list.data);
    else
        text_format(reading, "%s%s is one JSON object: each member is read as a clip%s", before,
                    name,
                    members->row_count == 0     ? ", its name as the path"
                    : members->named_count == 0 ? ", its name as the id"
                                                : ", its name as the id or the path");
    if (members->kind == JSON_MEMBERS_LIST && members->other_count > 0)
        text_format(reading, ", other members are not (%zu: %s%s)", members->other_count, others,
                    more);
    return text_check(reading, error);
}

void json_members_free(struct json_members *members) {
    text_free(&members->list);
    text_free(&members->others);
    text_free(&members->last_other);
    *members = (struct json_members){0};
}
