/* Synthetic results of a run: clips on disk, issues, class health; with hostile or
 * ordinary names. */
#ifndef EARMARK_TEST_MADE_RUN_H
#define EARMARK_TEST_MADE_RUN_H

#include "host/base/folder.h"
#include "host/output/run.h"

struct made_settings {
    size_t clips;
    size_t issues;
    size_t classes;
    bool hostile;  /* commas, quotes, line ends, formulas, markup, invalid UTF-8 */
    bool sounds;   /* write the sound files; otherwise there are none */
    bool detector; /* two views with evidence, marks, estimates, cautions and wrong groups */
};

struct made_run {
    struct run_results results;
    char folder[256]; /* temporary; made_run_free removes it */
    char out[288];    /* folder/out: empty, for the files of the run */
    struct folder out_folder;
    char root[288]; /* folder/clips */
    struct made_clip *clips;
    struct run_annotation *annotations; /* NULL until made_run_take_sets */
    struct run_evidence *evidence;      /* NULL without a detector */
};

/* Any error fails the cmocka test. */
void made_run_make(struct made_run *made, const struct made_settings *settings);
/* Turns it into a run with several labels a clip: each issue has two annotations and sets in
 * place of classes (the first suggestion is empty), and there is no joint. */
void made_run_take_sets(struct made_run *made);
void made_run_free(struct made_run *made);

/* out/name in a buffer that the next call overwrites. */
const char *made_run_path(const struct made_run *made, const char *name);

/* The contents of out/name with a NUL appended, to be freed. */
char *made_run_file(const struct made_run *made, const char *name, size_t *size);

#endif
