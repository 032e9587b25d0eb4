/* The names under which lists have the times at which a clip begins and ends. In some lists these
 * are places in the clip's file, in others in the recording that the clip was cut from, so they are
 * used only when options name them. */
#ifndef EARMARK_LISTS_TIME_COLUMNS_H
#define EARMARK_LISTS_TIME_COLUMNS_H

#include <stdbool.h>

#define TIME_COLUMNS_NAME 32

/* As the list writes the names; empty: none. */
struct time_columns {
    char start[TIME_COLUMNS_NAME];
    char end[TIME_COLUMNS_NAME];
};

/* Takes the first usual pair of which the list has both. `find` returns the column of a name, as
 * the list writes it, or NULL. */
void time_columns_find(const char *(*find)(const void *list, const char *name), const void *list,
                       struct time_columns *found);

/* Whether the column of this name is the end of a pair. */
bool time_columns_end(const struct time_columns *found, const char *name);

#endif
