/* The settings of a run in progress, kept beside its shards as lines of "name value", so that
 * the run that continues it can report what has changed. */
#ifndef EARMARK_EMBEDDING_RUN_RECORD_H
#define EARMARK_EMBEDDING_RUN_RECORD_H

#include "host/base/folder.h"
#include "host/base/text.h"

#define RUN_RECORD "record.txt"
#define RUN_RECORD_INPUT "input" /* the line with INPUT, where there is one */

/* Appends a line; a line end in the value becomes a space. */
void run_record_add(struct text *record, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads folder/record.txt, appends the names whose lines differ in `record` to
 * `changed`, separated by commas, and writes `record` in its place. A record that is
 * missing or was not written by this program counts as empty. */
enum error_code run_record_replace(const struct folder *folder, const struct text *record,
                                   struct text *changed, struct error *error);

/* The value of a line of folder/record.txt, any bytes, to be freed; NULL where there is none, or it
 * cannot be read. */
char *run_record_value(const struct folder *folder, const char *name);

/* The comparison alone, of any bytes. */
void run_record_compare(const char *old, size_t size, const struct text *record,
                        struct text *changed);

#endif
