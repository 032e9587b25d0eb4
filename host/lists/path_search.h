/* Where the sound files of a list are, when they are not where it says: a known number of names in
 * a bounded number of folders is tried on its first rows. Nothing is opened for reading. */
#ifndef EARMARK_LISTS_PATH_SEARCH_H
#define EARMARK_LISTS_PATH_SEARCH_H

#include "host/base/root_folder.h"
#include "host/lists/path_template.h"

#define PATH_SEARCH_ROWS 20

struct path_search {
    const struct root_folder *root;             /* what paths start from */
    bool beside;                                /* the folders beside the root, too */
    const char *const *names;                   /* templates of the file's name; ends in NULL */
    const char *const (*rows)[TEMPLATE_VALUES]; /* (row_count) see path_template_fill */
    size_t row_count;
    struct template_columns *columns;

    struct path_template best; /* finds the most rows, the first of several; no text: none */
    size_t found;              /* rows that it finds */
    struct text rival;         /* another that finds as many other files; empty: none */

    struct root_folder above; /* private from here on: the folder so many levels above the root */
    size_t levels;
    struct text path;
    struct text folder;
    struct text name;
    struct text first; /* the file that `best` finds first */
};

/* How many rows the template finds: a file that is there, or that only its link keeps out. */
enum error_code path_search_count(struct path_search *search, struct path_template *made,
                                  size_t *found, struct error *error);

/* Whether the folder is there in which the template has the file of the first row. */
enum error_code path_search_folder(struct path_search *search, struct path_template *made,
                                   bool *found, struct error *error);

/* Tries each name, and with each audio ending, in the root, in folders with the usual names, in the
 * others below it, and in those beside it whose names say that they have sounds. */
enum error_code path_search_run(struct path_search *search, struct error *error);
void path_search_close(struct path_search *search); /* takes a zeroed one */

#endif
