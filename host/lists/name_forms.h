/* Files whose names the list writes in another Unicode form than the file system: macOS decomposes
 * accents (NFD), most editors compose them (NFC). */
#ifndef EARMARK_LISTS_NAME_FORMS_H
#define EARMARK_LISTS_NAME_FORMS_H

#include "host/base/root_folder.h"
#include "host/base/text.h"

/* The path under which the file is found where there is none under `path` itself: in NFC, in NFD,
 * or with each of its names in one of these; *found: it, in `text`; NULL: `path` is right, or there
 * is no such file. Errors: ERROR_MEMORY. */
enum error_code name_forms_find(const struct root_folder *root, const char *path, struct text *text,
                                const char **found, struct error *error);

#endif
