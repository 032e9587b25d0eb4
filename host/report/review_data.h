/* What the page of a review is made from, as one JSON object: in report.html, and sent by `earmark
 * review`. */
#ifndef EARMARK_REPORT_REVIEW_DATA_H
#define EARMARK_REPORT_REVIEW_DATA_H

#include "host/base/folder.h"
#include "host/output/run.h"
#include "host/report/limits.h"
#include "host/report/near.h"

enum review_carrier { REVIEW_FILE, REVIEW_SERVER };

struct review_data;

/* Reads what the object has besides the results: the run's hash, embeddings, labels and
 * probabilities of its folder, where they are there. The results must know every clip that may be
 * named, stay valid, and be used by one thread only meanwhile. Errors: ERROR_FILE, ERROR_DATA,
 * ERROR_MEMORY, ERROR_STOPPED. */
enum error_code review_data_open(const struct folder *folder, const struct run_results *results,
                                 struct review_data **data, struct error *error);
void review_data_close(struct review_data *data); /* takes NULL */

/* Appends the object. No name in it ends a script element or a string of JavaScript. The list ends
 * with the last issue that begins within `most_bytes`; 0: it has all. */
enum error_code review_data_write(struct review_data *data, enum review_carrier carrier,
                                  size_t most_bytes, struct text *out, struct error *error);

/* One clip, as the object has it: {"row":17,...}. */
enum error_code review_data_clip(struct review_data *data, size_t row, struct text *out,
                                 struct error *error);

/* A clip of one label that is no issue, with the classes that it may be: its members `top`, as an
 * issue has it, and `suggested`, the likeliest class other than its label, or null. */
enum error_code review_data_found(struct review_data *data, size_t row, struct text *out,
                                  struct error *error);

const char *review_data_hash(const struct review_data *data);
/* Issues, from the first, whose nearest clips of both classes were searched for. */
size_t review_data_searched(const struct review_data *data);
/* NULL: the run has no embeddings. */
const struct near *review_data_near(const struct review_data *data);

/* Rows of clips that somebody who judges an issue also wants to hear, at most REVIEW_HEARD, those
 * that matter most first: the same sound, the nearest of both classes, the nearest of all. */
size_t review_data_heard(const struct review_data *data, size_t issue, size_t rows[REVIEW_HEARD]);

#endif
