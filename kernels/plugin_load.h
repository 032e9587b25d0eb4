/* Loading a plug-in: a shared object in the program's folder that exports one symbol, a structure
 * whose first member is an int, the version of its interface. */
#ifndef EARMARK_PLUGIN_LOAD_H
#define EARMARK_PLUGIN_LOAD_H

#include "error.h"

struct plugin {
    const char *file;   /* "earmark-cuda.so" */
    const char *symbol; /* what it exports */
    const char *name;   /* of its interface, for messages */
    int version;        /* of its interface */

    /* A library of the machine that it is linked with, and the words for its absence. Or NULL. */
    const char *driver, *without_driver;
};

/* Loads it from the folder of the program's own file, links followed, and from nowhere else, so
 * that no search path decides what code runs. It stays loaded. *exported: what it exports. Errors:
 * ERROR_UNSUPPORTED, with what is missing. */
enum error_code plugin_load(const struct plugin *plugin, const void **exported,
                            struct error *error);

#endif
