/* Where the sounds of Label Studio's exports are: it names them by addresses of its server. */
#ifndef EARMARK_LISTS_LABEL_STUDIO_PATHS_H
#define EARMARK_LISTS_LABEL_STUDIO_PATHS_H

#include "host/base/root_folder.h"
#include "host/base/text.h"

/* Finds the file of an address (/data/upload/1/0a1b2c3d-x.wav, /data/local-files/?d=dir/x.wav, a
 * path) in the folder of the list: the path itself, then its ends (dir/x.wav, x.wav), then its name
 * without the eight digits that an upload puts before it. `path` gets what was found, else the path
 * that the address names. *moved: it is not the path itself. Returns why the sound cannot be read,
 * or NULL. Errors: ERROR_MEMORY. */
const char *label_studio_path(const struct root_folder *root, const char *address,
                              struct text *path, bool *moved, struct error *error);

#endif
