/* A list that is one JSON object: the clips are in the only array with paths that it has, or each
 * member is a clip, by its name or by its value. */
#ifndef EARMARK_LISTS_JSON_MEMBERS_H
#define EARMARK_LISTS_JSON_MEMBERS_H

#include "host/base/json_lines.h"
#include "host/lists/builder.h"

enum json_member_kind {
    JSON_MEMBERS_UNDECIDED,
    JSON_MEMBERS_LIST,  /* the clips are the elements of one member */
    JSON_MEMBERS_CLIPS, /* each member is a clip */
};

/* What a member, or an element of one, is. */
enum json_member_use {
    JSON_MEMBER_OTHER, /* no part of the list */
    JSON_MEMBER_ROW,   /* an object with the path of its clip */
    JSON_MEMBER_NAMED, /* the clip whose path is the member's name */
    JSON_MEMBER_BAD    /* not a clip, among members that are */
};

struct json_members {
    const struct root_folder *root;
    const char *const *path_names; /* ends in NULL */
    const char *scratch[2];        /* for them */

    enum json_member_kind kind;
    struct text list;   /* of JSON_MEMBERS_LIST: the member's name */
    struct text others; /* the first names of members that are no part of the list */
    size_t other_count;
    struct text last_other;
    size_t row_count;
    size_t named_count; /* of JSON_MEMBERS_CLIPS: by the member's name */
};

/* The path in the value of its member: Hugging Face's audio is an object that has it. */
const json_t *json_members_path(const json_t *value);

/* Whether the object holds the clips and is not one itself: a json_holds_rows of json_members. */
bool json_members_hold(const void *members, const json_t *object);

/* What the current member or element of `lines` is. ERROR_DATA for a second list, and for members
 * that are clips after others that are not. */
enum error_code json_members_use(struct json_members *members, const struct json_lines *lines,
                                 enum json_member_use *use, struct error *error);

/* At the end: says in `reading` what was read; ERROR_DATA if nothing was. */
enum error_code json_members_finish(const struct json_members *members, const char *name,
                                    struct text *reading, struct error *error);
void json_members_free(struct json_members *members); /* takes a zeroed one */

#endif
