/* The two passes over all rows: the mean probability of every class over its own rows (the
 * thresholds), then the state of every row (guess, veto). What later steps need of a row is
 * kept at its place: places are ordered by class, then by row. */
#ifndef EARMARK_CONFIDENT_SCAN_H
#define EARMARK_CONFIDENT_SCAN_H

#include "host/confident/confident_settings.h"
#include "host/confident/rows.h"

/* A row's state: the class it is confidently guessed to be, plus one (0: none), and: */
#define STATE_GUESS 0x07ffffffu
#define STATE_VETOED 0x08000000u       /* the given label is the most probable, within 1e-6 */
#define STATE_UNEQUAL 0x10000000u      /* the first most probable class is not the given one */
#define STATE_OFF_DIAGONAL 0x20000000u /* there is a guess, and it is not the given class */
#define STATE_BY_NOISE_RATE 0x40000000u
#define STATE_FLAGGED 0x80000000u

struct scan {
    struct rows rows;
    const struct npy_array *labels;
    size_t classes;
    int threads;
    size_t chunk_rows; /* rows are scanned in chunks that do not depend on the threads */
    size_t chunks;
    size_t *starts;       /* (chunks, classes): place of a chunk's first row of a class */
    size_t *class_starts; /* (classes + 1): place of a class's first row */
    /* by place: */
    uint32_t *row_of; /* (rows) */
    void *given;      /* (rows) float or double: p of the given class */
    void *other;      /* (rows) float or double: the highest p of the other classes */
    uint32_t *states; /* (rows) */
    /* by row: */
    double *self_confidence; /* (rows) or NULL: scan_rows() fills it; not owned */
};

/* Consecutive labels of one chunk; set count to 0 before the first call. */
#define SCAN_LABEL_RUN ((size_t)512)

struct label_run {
    size_t first; /* row */
    size_t count;
    int64_t values[SCAN_LABEL_RUN];
};

/* Reads the next labels of a chunk; false at its end. */
bool scan_next_labels(const struct scan *scan, size_t chunk, struct label_run *run);

/* Checks types, shapes and labels, and orders the rows by class. ERROR_DATA with the row or
 * class and the reason. scan_close() frees *scan; after an error it is empty. */
enum error_code scan_open(const struct confident_input *input, struct scan *scan,
                          struct error *error);
void scan_close(struct scan *scan);

/* First pass: writes thresholds (classes); 2 for a class without rows. */
enum error_code scan_thresholds(struct scan *scan, double *thresholds, struct error *error);

/* Second pass: fills states and other, and adds the counts of (given, guess) to joint
 * (classes, classes), which is zero. ERROR_DATA for a probability out of range. */
enum error_code scan_rows(struct scan *scan, const double *thresholds, int64_t *joint,
                          struct error *error);

static inline uint64_t scan_class_count(const struct scan *scan, size_t k) {
    return scan->class_starts[k + 1] - scan->class_starts[k];
}

static inline bool scan_misses_class(const struct scan *scan) {
    for (size_t k = 0; k < scan->classes; k++)
        if (scan->class_starts[k] == scan->class_starts[k + 1]) return true;
    return false;
}

/* A value rounded to the precision of the computation. */
static inline double rows_round(const struct rows *rows, double value) {
    return rows->single ? (double)(float)value : value;
}

/* Probabilities by place: of the given class, and the highest of the others. */
static inline double scan_given(const struct scan *scan, size_t place) {
    return scan->rows.single ? (double)((const float *)scan->given)[place]
                             : ((const double *)scan->given)[place];
}

static inline double scan_other(const struct scan *scan, size_t place) {
    return scan->rows.single ? (double)((const float *)scan->other)[place]
                             : ((const double *)scan->other)[place];
}

/* cleanlab's normalized margin. */
static inline double scan_margin(const struct scan *scan, size_t place) {
    double margin = rows_round(&scan->rows, scan_given(scan, place) - scan_other(scan, place));
    return rows_round(&scan->rows, margin + 1) / 2;
}

#endif
