/* INPUT of the command line, whatever its format, to a list of clips. */
#ifndef EARMARK_LISTS_INPUT_H
#define EARMARK_LISTS_INPUT_H

#include "host/lists/collection.h"
#include "host/lists/readers.h"

/* Finds the format of INPUT (see readers.h) and reads it. A folder is one of clips unless a
 * file in it says how it is to be read. ERROR_USAGE for options that do not fit the format, and
 * for a folder that could be read in two ways; ERROR_DATA, with the first reason, when nothing
 * usable is in it. collection_close also after a failure. */
enum error_code input_open(const char *path, const struct input_options *options,
                           struct collection *collection, struct error *error);

/* The reader with this index, for help texts; NULL after the last. */
const struct list_reader *input_reader(size_t index);

#endif
