/* The results of a run that never was: clips on disk, issues, health; with names
 * that are as bad as names can be, or ordinary ones. */
#ifndef EARMARK_TEST_MADE_RUN_H
#define EARMARK_TEST_MADE_RUN_H

#include "host/output/run.h"

struct made_settings {
    size_t clips;
    size_t issues;
    size_t classes;
    bool hostile; /* commas, quotes, line ends, formulas, markup, no UTF-8 */
    bool sounds;  /* write the files; otherwise none is there */
};

struct made_run {
    struct run_results results;
    char folder[256]; /* temporary; made_run_free removes it */
    char out[288];    /* folder/out: empty, for the files of the run */
    char root[288];   /* folder/clips */
    struct made_clip *clips;
    struct run_annotation *annotations; /* NULL until made_run_take_sets */
};

/* Any trouble fails the cmocka test. */
void made_run_make(struct made_run *made, const struct made_settings *settings);
/* Makes of it a run where clips may have several labels: issues have two annotations each,
 * sets in place of classes (the first suggestion is empty), and there is no joint. */
void made_run_take_sets(struct made_run *made);
void made_run_free(struct made_run *made);

/* out/name in a buffer that the next call overwrites. */
const char *made_run_path(const struct made_run *made, const char *name);

/* The whole of out/name, to be freed, with a NUL behind it. */
char *made_run_file(const struct made_run *made, const char *name, size_t *size);

#endif
