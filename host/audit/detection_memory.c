#include "host/audit/detection_memory.h"

#include "host/base/scratch.h"
#include "host/classifier/cholesky.h"
#include "host/classifier/lockstep.h"

#include <math.h>

/* The working memory of the CPU's classifier and search (kernels/cpu): the order and the labels of
 * the rows; sums of gradients in at
 * most CHAINS chains of at most CHAIN_BYTES, but at least LEAST_CHAINS; packed weights, once for
 * each fold and once more; for each thread a tile of rows and its logits. */
#define ROW_BYTES 12.5
#define CHAINS 64.0
#define LEAST_CHAINS 4.0
#define CHAIN_BYTES 0x1p28
#define BLOCK_BYTES 0x1.4p28 /* of fits that are evaluated together, unless one takes more */
#define TILE_ROWS 144.0
#define BATCH_TILES 64.0 /* of which products are summed, by rows and by columns */
#define BATCH_BYTES 0x1p24
#define PRODUCT_BYTES 0x1p16 /* a thread's block of products */

/* Queries at a time, in float32 twice and in a byte; tiles likewise, once; what is found. */
#define QUERIES 4080.0
#define LEAST_QUERIES 240.0
#define QUERY_BYTES 0x1p24
#define TILES_PER_THREAD 4.0
#define FOUND_BYTES 0x1p22

/* Tables that the models of label noise fit, and rows of theirs. */
#define NOISE_TABLES 16.0
#define NOISE_BYTES 0x1p23

static double most(double a, double b) {
    return a > b ? a : b;
}

/* Of a fit: its own state, and its share of an evaluation. */
static double evaluated(const struct detection_sizes *sizes) {
    double weights = (double)sizes->classes * ((double)sizes->features + 16) * sizeof(double);
    double chains = fmin(most(CHAIN_BYTES / weights, LEAST_CHAINS), CHAINS);
    return weights * (chains + (double)sizes->folds + 1);
}

/* Of `fits` at once. */
static double evaluation(const struct detection_sizes *sizes, double fits) {
    double one = evaluated(sizes), all = most(one, fmin(fits * one, BLOCK_BYTES));
    double columns = most(1, floor(all / one)) * (double)sizes->classes;
    double tile = TILE_ROWS * sizeof(double) * ((double)sizes->features + 16 + 2 * columns);
    return all + sizes->threads * tile;
}

static double logistic(const struct detection_sizes *sizes, double fits) {
    double results = 2 * (double)sizes->folds * (double)sizes->classes *
                     ((double)sizes->features + 1) * sizeof(double);
    return fits * (double)lockstep_fit_bytes(sizes->features, sizes->classes) +
           evaluation(sizes, fits) + results;
}

static double discriminant(const struct detection_sizes *sizes, double within) {
    double square = (double)sizes->features * (double)sizes->features * sizeof(double);
    double sums = (double)(sizes->folds + 2) * (double)sizes->classes * (double)sizes->features *
                  sizeof(double);
    double fits = (double)sizes->folds * (double)sizes->classes * ((double)sizes->features + 1) *
                  sizeof(double);
    double worker = square + (double)cholesky_memory(sizes->features) * sizeof(double) + sums;
    double tile =
        TILE_ROWS * sizeof(double) * ((double)sizes->features + 16 + 2 * (double)sizes->classes);
    double products = most(square, fmin(within, square * (double)sizes->folds));
    double weights = most(fits, fmin(within, fits * DISCRIMINANT_SHRINKAGES));
    return products + weights + sums + 2 * square +
           fmin(sizes->threads, DISCRIMINANT_SHRINKAGES) * worker +
           fmin(BATCH_BYTES, 2 * BATCH_TILES * tile) + sizes->threads * (tile + PRODUCT_BYTES);
}

static double search(const struct detection_sizes *sizes) {
    double padded = (double)sizes->features + 16;
    double queries = most(LEAST_QUERIES, fmin(QUERIES, QUERY_BYTES / padded / sizeof(float)));
    double tiles = (TILES_PER_THREAD + 1) * (sizes->threads + 1);
    return queries * padded * (2 * sizeof(float) + 1) +
           tiles * TILE_ROWS * padded * (sizeof(float) + 1) +
           sizes->threads *
               (16 * padded * sizeof(double) + LEAST_QUERIES * TILE_ROWS * sizeof(float)) +
           FOUND_BYTES;
}

/* The largest of the stages, of which one runs at a time. */
static double working(const struct detection_sizes *sizes, enum detector detector, double fits,
                      double within) {
    double classes = (double)sizes->classes;
    double largest =
        most(logistic(sizes, fits), (double)confident_memory(sizes->classes, sizes->threads));
    if (detector == DETECTOR_LOGISTIC) return largest;
    largest = most(largest, discriminant(sizes, within));
    largest = most(largest, search(sizes));
    return most(largest, NOISE_TABLES * classes * classes * sizeof(double) + NOISE_BYTES +
                             64 * classes * sizeof(double) * 4);
}

enum error_code detection_bound(size_t bytes, const struct detection_sizes *sizes,
                                const char *command, const struct folder *folder,
                                struct detection_settings *settings, struct error *error) {
    const struct crossval_settings complete = crossval_settings_complete(&settings->crossval);
    double one_fit = (double)lockstep_fit_bytes(sizes->features, sizes->classes);
    double base =
        (double)(scratch_program(sizes->threads) + sizes->other) + ROW_BYTES * (double)sizes->rows;
    const size_t all_fits = complete.c_count * sizes->folds;
    double fits = 1;
    double least = base + working(sizes, settings->detector, 1, 0);
    TRY(scratch_check(bytes, least < 0x1p62 ? (size_t)least : (size_t)1 << 62, command, error));
    /* Half of the rest is for what makes fits fast; arrays of rows have what is left. */
    double used = least, limit = least + ((double)bytes - least) / 2;
    for (size_t more = 2; more < 2 * all_fits; more *= 2) {
        double wanted = (double)(more < all_fits ? more : all_fits);
        double with = base + working(sizes, settings->detector, wanted, wanted * one_fit);
        if (with > limit || wanted * one_fit > CROSSVAL_MEMORY) break;
        fits = wanted;
        used = with;
    }
    settings->crossval.memory = (size_t)(fits * one_fit);
    scratch_set(&(struct scratch_bound){
        .bytes = bytes - (size_t)used, .least = SCRATCH_LEAST, .folder = folder});
    return ERROR_NONE;
}
