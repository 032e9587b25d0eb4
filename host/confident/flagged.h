/* Which rows are flagged as wrongly labelled. */
#ifndef EARMARK_CONFIDENT_FLAGGED_H
#define EARMARK_CONFIDENT_FLAGGED_H

#include "host/confident/mix_view.h"

/* flagged (rows): 1 or 0; *count: the ones. Rows are flagged by falling probability of a wrong
 * label (noise_model.h), as many as give the highest expected F1: down to half of that F1.
 * ERROR_MEMORY. */
enum error_code flagged_find(const struct mix_view *view, unsigned char *flagged, size_t *count,
                             struct error *error);

#endif
