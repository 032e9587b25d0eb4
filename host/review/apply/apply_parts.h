/* What the files of earmark apply share. Private to host/review/apply/. */
#ifndef EARMARK_REVIEW_APPLY_APPLY_PARTS_H
#define EARMARK_REVIEW_APPLY_APPLY_PARTS_H

#include "host/base/folder.h"
#include "host/base/json.h"
#include "host/lists/collection.h"
#include "host/report/all_clips.h"
#include "host/review/apply/apply_report.h"
#include "host/review/decisions.h"

/* A file to be written. */
struct product {
    char *name; /* in NEW, perhaps with folders; of a single file its own is not used */
    char *bytes;
    size_t size;
};

struct products {
    struct product *list;
    size_t count, capacity;
    bool is_folder; /* NEW is one with these files in it; else it is the only file */
};

/* How INPUT of the run was read. */
struct apply_source {
    struct folder out;
    json_t *run;        /* run.json */
    const json_t *list; /* of it */
    char *path;         /* INPUT; NULL: arrays, which have no list */
    char *format;
    char *separator;              /* between labels in OUT; NULL: a clip has one */
    char *option[10];             /* values of the options, see apply_source.c */
    struct collection collection; /* INPUT as it is now; empty for arrays */
    struct all_clips *clips;      /* of the run */
};

struct apply {
    const struct apply_settings *settings;
    struct apply_report *report;
    struct apply_source source;
    struct decisions decisions;
    struct outcome *outcomes; /* (count) by row of clips.csv */
    size_t *deciders;         /* (count) index of the decision; DECISIONS_NONE */
    size_t count;
    struct products products;
};

/* ---- apply_source.c ---- */

/* Reads run.json and clips.csv. */
enum error_code apply_source_open(const char *out, struct apply_source *source,
                                  struct error *error);
/* Reads INPUT again: ERROR_DATA where it is not what the audit read. */
enum error_code apply_source_read(struct apply_source *source, struct error *error);
/* The hash of a text of the list as the audit found it. */
uint64_t apply_source_hash(const struct apply_source *source, size_t file);
void apply_source_close(struct apply_source *source);

/* ---- apply_plan.c ---- */

/* Fills in the outcomes, and what the report says of them. */
enum error_code apply_plan(struct apply *apply, struct error *error);

/* ---- what is written: each adds products and words to the report ---- */

enum error_code apply_make_texts(struct apply *apply, struct error *error);
enum error_code apply_make_moves(struct apply *apply, struct error *error);
/* Clips and labels beside a list that stays as it is. */
enum error_code apply_make_tables(struct apply *apply, struct error *error);
/* changes.csv: every decision. */
enum error_code apply_add_changes(struct apply *apply, struct error *error);

/* ---- products.c ---- */

/* Takes the bytes over, also on failure. */
enum error_code products_add(struct products *products, const char *name, struct text *bytes,
                             struct error *error);
void products_free(struct products *products);
/* Writes them: NEW appears whole. */
enum error_code products_write(const struct products *products, const char *path,
                               struct error *error);

#endif
