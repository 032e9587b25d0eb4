#include "host/lists/time_columns.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct time_columns usual[] = {
    {"start", "end"},
    {"onset", "offset"},
    {"start_time", "end_time"},
    {"time_start", "time_end"},
    {"start_seconds", "end_seconds"},
    {"start_sec", "end_sec"},
    {"start_s", "end_s"},
    {"t_start", "t_end"},
    {"tmin", "tmax"},
    {"begin", "end"},
    {"begin_time", "end_time"},
    {"start (s)", "end (s)"},
    {"begin time (s)", "end time (s)"},
};

/* Without spaces around it, as options match names. */
static void copy_name(const char *column, char name[TIME_COLUMNS_NAME]) {
    column += strspn(column, " \t");
    size_t length = strlen(column);
    while (length > 0 && strchr(" \t", column[length - 1]) != NULL) length--;
    if (length >= TIME_COLUMNS_NAME) length = TIME_COLUMNS_NAME - 1;
    memcpy(name, column, length);
    name[length] = '\0';
}

void time_columns_find(const char *(*find)(const void *list, const char *name), const void *list,
                       struct time_columns *found) {
    *found = (struct time_columns){0};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        const char *start = find(list, usual[i].start), *end = find(list, usual[i].end);
        if (start == NULL || end == NULL) continue;
        copy_name(start, found->start);
        copy_name(end, found->end);
        return;
    }
}

bool time_columns_end(const struct time_columns *found, const char *name) {
    return strcasecmp(found->end, name) == 0;
}
