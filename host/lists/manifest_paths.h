/* The paths of a list's rows: their column as it is, or a template that the user gave, that a known
 * data set has, or that finds the first files where the column alone does not. */
#ifndef EARMARK_LISTS_MANIFEST_PATHS_H
#define EARMARK_LISTS_MANIFEST_PATHS_H

#include "host/lists/builder.h"
#include "host/lists/path_search.h"

/* Decides it from the first rows, (count, TEMPLATE_VALUES), at most PATH_SEARCH_ROWS, and moves the
 * root of the list if the files are beside it; called once, before the first clip is added. What is
 * not as the list says is in the collection's reading, its warnings or its list's advice. */
enum error_code manifest_paths_decide(struct builder *builder,
                                      const char *const (*rows)[TEMPLATE_VALUES], size_t count,
                                      struct error *error);

/* *path: that of the file of a row with these values, NULL for none, valid until the next call;
 * *problem: why it has none, or NULL. */
enum error_code manifest_paths_take(struct builder *builder,
                                    const char *const values[TEMPLATE_VALUES], const char **path,
                                    char problem[static 160], struct error *error);

/* Whether a path leaves the folder of the list, or the folder that its template begins with, by its
 * text alone; where links lead is known when the file is opened. */
bool manifest_paths_leave(const struct builder *builder, const char *path);

#endif
