/* Where a value is in a text of JSON that has been parsed already. */
#ifndef EARMARK_BASE_JSON_PLACE_H
#define EARMARK_BASE_JSON_PLACE_H

#include "host/base/error.h"

/* Bytes of the text, from begin up to end. */
struct json_place {
    size_t begin, end;
};

/* The whole value of the text, without the spaces around it; false: there is none. */
bool json_place_value(const char *text, size_t size, struct json_place *value);

/* The member of this name of the object that begins and ends at `object`: its value. False: there
 * is none, or no object. Names are compared as text_json() would have them, without escapes that
 * are not needed. Takes any bytes, and never looks outside `object`. */
bool json_place_member(const char *text, struct json_place object, const char *name,
                       struct json_place *value);

/* Likewise the element of an array after *value, which is zeroed for the first. */
bool json_place_next(const char *text, struct json_place array, struct json_place *value);

/* Whether it is null. */
bool json_place_is_null(const char *text, struct json_place value);

#endif
