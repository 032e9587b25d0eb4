/* Cut sets of Lhotse in several files. */
#ifndef EARMARK_LISTS_LHOTSE_CUTS_H
#define EARMARK_LISTS_LHOTSE_CUTS_H

#include "host/lists/list_file.h"

struct builder;
struct lhotse_cuts;

/* name: for messages. lhotse_cuts_free also after a failure. */
enum error_code lhotse_cuts_open(struct builder *builder, const char *name,
                                 struct lhotse_cuts **cuts, struct error *error);
/* Adds the clips of a file; `shown` names it in reasons. NULL: it is the only one. */
enum error_code lhotse_cuts_read(struct lhotse_cuts *cuts, const struct list_file *file,
                                 const char *shown, struct error *error);
enum error_code lhotse_cuts_finish(struct lhotse_cuts *cuts, struct error *error);
void lhotse_cuts_free(struct lhotse_cuts *cuts); /* takes NULL */

#endif
