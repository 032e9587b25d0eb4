/* One of the two runs that are compared. */
#ifndef EARMARK_REPORT_DIFF_SIDE_H
#define EARMARK_REPORT_DIFF_SIDE_H

#include "host/base/progress.h"
#include "host/report/read.h"

/* A clip of one run, which may have tens of millions: no text of it is kept. */
struct diff_clip {
    uint64_t id;      /* hash of its id; 0 in none of these: it has none */
    uint64_t label;   /* of the given label */
    uint64_t sound;   /* of the measures of its sound: exact numbers, as good as its samples; 0: not
                         measured, or silent */
    uint64_t named;   /* of that and the last component of its path */
    uint32_t partner; /* its row in the other run + 1; 0: it is not there */
    uint32_t issue;   /* its rank; 0: not flagged */
    uint8_t status;   /* enum clip_status */
    bool labelled;    /* the label is no empty text */
    bool reported;    /* its texts are wanted */
};

/* The texts of a clip that is reported. */
struct diff_text {
    size_t row;
    char *id, *label;
};

struct diff_side {
    struct folder folder;
    struct run_read *read;
    const struct run_results *results;
    struct diff_clip *clips; /* (count) by row */
    size_t count, clip_capacity;
    struct diff_text *texts; /* (text_count) ascending rows */
    size_t text_count, text_capacity;
};

/* Opens the run and reads what is compared of every clip. */
enum error_code diff_side_open(const char *path, enum progress_style style, struct diff_side *side,
                               struct error *error);
/* Reads the texts of the clips that are reported, and checks that the run is still there. */
enum error_code diff_side_texts(struct diff_side *side, struct error *error);
void diff_side_close(struct diff_side *side);

/* The id of a clip that is reported, and its label, which may be empty. */
const char *diff_id(const struct diff_side *side, size_t row);
const char *diff_label(const struct diff_side *side, size_t row);

#endif
