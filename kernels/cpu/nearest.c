/* Nearest rows by cosine: tiles of the rows that may be found against blocks of queries, with the
 * classifier's kernels, after a screen by 8-bit products where the CPU has them (screen.h), which
 * changes no result. A similarity depends on its two rows only and the order of a list is
 * total, so that neither tiles, blocks nor threads change a result. */
#include "kernels/cpu/device_cpu.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/screen.h"
#include "kernels/cpu/tile_kernels.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Queries at a time: a tile is packed once for all of them, and their panels stay in the last
 * cache. Multiples of what the kernels multiply by at once. */
#define QUERY_GROUP ((size_t)240)      /* at most: products are searched while in cache */
#define LEAST_QUERY_GROUP ((size_t)48) /* for many threads */
#define QUERY_BLOCK (17 * QUERY_GROUP)
#define TILES_PER_THREAD 4 /* packed at a time */
#define LEAST_TILES ((size_t)8)
#define PANEL_BYTES ((size_t)16 << 20)

/* Relative error that a similarity is allowed when it is estimated without a division; it is
 * three roundings, below 2e-7. */
#define ESTIMATE_ERROR 1e-6F

/* A pair that passes the screen costs about this many times its share of a product of all. */
#define SCREEN_GAIN 5
#define PASSED ((size_t)64) /* pairs to compute at a time */

/* A packed tile and its rows. */
struct tile {
    float *packed;
    size_t rows;
    size_t numbers[TILE_ROWS]; /* of the rows in the data */
    double lengths[TILE_ROWS];
    float inverses[TILE_ROWS]; /* 1 / length; 0 for rows of zeros, NaN: too large or small */
    struct screen_tile rounded;
};

struct search {
    const struct nearest_problem *problem;
    const struct tile_kernels *kernels;
    size_t candidates, strips;
    const size_t *queries; /* of this block */
    size_t query_count;
    size_t count;
    float *panels;    /* the queries, scaled to length 1 */
    bool is_screened; /* with the next two, which are NULL otherwise */
    float *units;     /* (query_count, strips * lanes): the same, a row each */
    struct screen_queries rounded;
    const double *shift, *scale; /* (columns) */
    size_t tile_count;           /* packed at a time */
    struct tile *tiles;          /* (tile_count) */
    char *tile_memory;
    float *products; /* (threads, QUERY_GROUP, TILE_ROWS) */
    size_t *found;   /* (query_count, count), best first; SIZE_MAX: none yet */
    float *similar;  /* the same, their similarities */
};

/* A query's neighbours: (count), best first. */
struct list {
    size_t *found;
    float *similar;
};

/* Whether (similarity, row) ranks before (other, other_row). */
static bool ranks_before(float similarity, size_t row, float other, size_t other_row) {
    if (other_row == SIZE_MAX) return true;
    return similarity > other || (similarity == other && row < other_row);
}

static void insert(struct list list, size_t count, size_t row, float similarity) {
    size_t at = count;
    while (at > 0 && ranks_before(similarity, row, list.similar[at - 1], list.found[at - 1])) {
        at--;
        if (at + 1 < count) {
            list.found[at + 1] = list.found[at];
            list.similar[at + 1] = list.similar[at];
        }
    }
    if (at == count) return;
    list.found[at] = row;
    list.similar[at] = similarity;
}

/* What an estimate must reach to enter the list: anything while it is not full. */
static float least_estimate(struct list list, size_t count) {
    float last = list.similar[count - 1];
    return list.found[count - 1] == SIZE_MAX ? -INFINITY
                                             : last - ESTIMATE_ERROR * (1 + fabsf(last));
}

/* unit (columns) = the row, scaled, and divided by its length; a row of zeros stays one. */
static void unit_row(const struct search *search, size_t row, double *unit) {
    size_t columns = search->problem->columns;
    const float *x = matrix_row(&search->problem->data, row);
    double square = 0;
    for (size_t f = 0; f < columns; f++) {
        unit[f] = (double)(float)(((double)x[f] - search->shift[f]) * search->scale[f]);
        square += unit[f] * unit[f];
    }
    double length = sqrt(square);
    for (size_t f = 0; f < columns; f++) unit[f] = length > 0 ? unit[f] / length : 0;
}

static void round_query(const struct search *search, size_t query, const double *unit) {
    size_t columns = search->problem->columns, padded = search->strips * search->kernels->lanes;
    float *to = search->units + query * padded;
    for (size_t f = 0; f < padded; f++) to[f] = f < columns ? (float)unit[f] : 0;
    struct screen_queries rounded = search->rounded;
    screen_pack_query(&rounded, query, to);
}

/* Packs the queries that share the panels' group `group`; units: (lanes, columns). */
static void pack_group(const struct search *search, size_t group, double *units) {
    size_t lanes = search->kernels->lanes, columns = search->problem->columns, count = 0;
    const double *weights[TILE_STRIP_BYTES / sizeof(float)];
    for (; count < lanes && group * lanes + count < search->query_count; count++) {
        weights[count] = units + count * columns;
        unit_row(search, search->queries[group * lanes + count], units + count * columns);
        if (search->is_screened) round_query(search, group * lanes + count, weights[count]);
    }
    search->kernels->pack_weights(search->panels + group * lanes * search->strips * lanes, weights,
                                  count, columns);
}

/* Lengths of the tile's rows: each one sum in the order of the columns, four side by side. */
static void find_lengths(const struct search *search, struct tile *tile) {
    size_t lanes = search->kernels->lanes;
    for (size_t r = 0; r < tile->rows; r += 4) { /* TILE_ROWS is a multiple: rows of zeros follow */
        double squares[4] = {0};
        for (size_t s = 0; s < search->strips; s++) {
            const float *x = tile->packed + (s * TILE_ROWS + r) * lanes;
            for (size_t f = 0; f < lanes; f++)
                for (size_t k = 0; k < 4; k++)
                    squares[k] += (double)x[k * lanes + f] * (double)x[k * lanes + f];
        }
        for (size_t k = 0; k < 4; k++) {
            double length = sqrt(squares[k]), inverse = length > 0 ? 1 / length : 0;
            bool rounds_well = inverse == 0 || (inverse > 1e-30 && inverse < 1e30);
            tile->lengths[r + k] = length;
            tile->inverses[r + k] = rounds_well ? (float)inverse : NAN;
        }
    }
}

/* Puts row `r` of the tile into the list of a query, row `query` of the data, if it belongs there;
 * product: its unit row times the tile's row. */
static void offer(const struct search *search, const struct tile *tile, size_t r, size_t query,
                  float product, struct list list) {
    const int32_t *apart = search->problem->apart;
    size_t row = tile->numbers[r];
    if (row == query || (apart != NULL && apart[row] == apart[query])) return;
    double length = tile->lengths[r];
    insert(list, search->count, row, length > 0 ? (float)((double)product / length) : 0);
}

/* The same for all rows of the tile; products (TILE_ROWS). */
static void search_list(const struct search *search, const struct tile *tile, size_t query,
                        const float *products, struct list list) {
    float least = least_estimate(list, search->count);
    for (size_t first = 0; first < tile->rows; first += 16) {
        int possible = 0;
        for (size_t r = first; r < first + 16; r++)
            possible |= !(products[r] * tile->inverses[r] < least);
        if (!possible) continue;
        for (size_t r = first; r < first + 16 && r < tile->rows; r++) {
            if (products[r] * tile->inverses[r] < least) continue;
            offer(search, tile, r, query, products[r], list);
            least = least_estimate(list, search->count);
        }
    }
}

static struct list list_of(const struct search *search, size_t q) {
    return (struct list){search->found + q * search->count, search->similar + q * search->count};
}

/* Pairs that passed the screen, of one tile. */
struct passed {
    size_t count;
    struct screen_pair pairs[PASSED];
};

static void offer_passed(const struct search *search, const struct tile *tile,
                         struct passed *passed) {
    float products[PASSED];
    screen_products(tile->packed, search->strips, passed->pairs, passed->count, products);
    for (size_t i = 0; i < passed->count; i++) {
        const struct screen_pair *pair = &passed->pairs[i];
        offer(search, tile, pair->row, search->queries[pair->query], products[i],
              list_of(search, pair->query));
    }
    passed->count = 0;
}

/* Searches the tile for queries q .. q + group - 1, of which few rows pass the screen. Where many
 * do, or lists have room for all, returns false, and has done nothing. */
static bool search_screened(const struct search *search, const struct tile *tile, size_t q,
                            size_t group) {
    float least[QUERY_GROUP];
    uint64_t masks[QUERY_GROUP][SCREEN_BLOCKS];
    struct passed passed = {.count = 0};
    size_t padded = search->strips * search->kernels->lanes;
    if (list_of(search, q).found[search->count - 1] == SIZE_MAX) return false;
    for (size_t i = 0; i < QUERY_GROUP; i++)
        least[i] = i < group ? least_estimate(list_of(search, q + i), search->count) : INFINITY;
    struct screen_queries rounded = search->rounded;
    rounded.scales += q;
    rounded.errors += q;
    rounded.sums += q;
    rounded.values += q * padded;
    if (screen_search(&tile->rounded, tile->rows, &rounded, group, least, masks) >
        group * tile->rows / SCREEN_GAIN)
        return false;
    for (size_t i = 0; i < group; i++) {
        const float *unit = search->units + (q + i) * padded;
        for (size_t block = 0; block < SCREEN_BLOCKS; block++)
            for (uint64_t mask = masks[i][block]; mask != 0; mask &= mask - 1) {
                size_t row = block * SCREEN_ROWS + (size_t)__builtin_ctzll(mask);
                passed.pairs[passed.count++] = (struct screen_pair){unit, q + i, row};
                if (passed.count == PASSED) offer_passed(search, tile, &passed);
            }
    }
    offer_passed(search, tile, &passed);
    return true;
}

static void pack_tile(const struct search *search, size_t index, struct tile *tile) {
    const struct nearest_problem *problem = search->problem;
    size_t first = index * TILE_ROWS, left = search->candidates - first;
    tile->rows = left < TILE_ROWS ? left : TILE_ROWS;
    const float *rows[TILE_ROWS];
    memset(tile->inverses, 0, sizeof tile->inverses);
    for (size_t r = 0; r < tile->rows; r++) {
        tile->numbers[r] = problem->references == NULL ? first + r : problem->references[first + r];
        rows[r] = matrix_row(&problem->data, tile->numbers[r]);
    }
    search->kernels->pack_data(tile->packed, rows, problem->columns, tile->rows, search->shift,
                               search->scale);
    find_lengths(search, tile);
    if (search->is_screened)
        screen_pack_tile(&tile->rounded, tile->packed, tile->rows, search->strips, tile->inverses);
}

/* Searches the tile for queries q .. q + group - 1; products: a thread's. */
static void search_tile(const struct search *search, const struct tile *tile, size_t q,
                        size_t group, float *products) {
    if (search->is_screened && search_screened(search, tile, q, group)) return;
    search->kernels->multiply(tile->packed, tile->rows, search->strips,
                              search->panels + q * search->strips * search->kernels->lanes, group,
                              products);
    for (size_t i = 0; i < group; i++)
        search_list(search, tile, search->queries[q + i], products + i * TILE_ROWS,
                    list_of(search, q + i));
}

/* Searches all tiles for the block of queries, some tiles at a time: packed by all threads, then
 * searched, each group of queries by one thread. units: (threads, lanes, columns). */
static void search_block(const struct search *search, size_t threads, double *units) {
    size_t lanes = search->kernels->lanes, queries = search->query_count;
    size_t tiles = (search->candidates + TILE_ROWS - 1) / TILE_ROWS;
    size_t group = queries / threads / 4 / LEAST_QUERY_GROUP * LEAST_QUERY_GROUP;
    if (group < LEAST_QUERY_GROUP) group = LEAST_QUERY_GROUP;
    if (group > QUERY_GROUP) group = QUERY_GROUP;
#pragma omp parallel num_threads((int)threads)
    {
        size_t thread = (size_t)omp_get_thread_num();
#pragma omp for schedule(static)
        for (size_t i = 0; i < queries * search->count; i++) {
            search->found[i] = SIZE_MAX;
            search->similar[i] = NAN;
        }
#pragma omp for schedule(static)
        for (size_t g = 0; g < (queries + lanes - 1) / lanes; g++)
            pack_group(search, g, units + thread * lanes * search->problem->columns);
        for (size_t first = 0; first < tiles; first += search->tile_count) {
            size_t count = tiles - first < search->tile_count ? tiles - first : search->tile_count;
#pragma omp for schedule(dynamic, 1)
            for (size_t t = 0; t < count; t++) pack_tile(search, first + t, &search->tiles[t]);
#pragma omp for schedule(dynamic, 1)
            for (size_t q = 0; q < queries; q += group)
                for (size_t t = 0; t < count; t++)
                    search_tile(search, &search->tiles[t], q,
                                queries - q < group ? queries - q : group,
                                search->products + thread * QUERY_GROUP * TILE_ROWS);
        }
    }
}

/* Queries of a block: at most QUERY_BLOCK, fewer where rows are long; blocks of about one size. */
static size_t block_size(size_t query_count, size_t strips) {
    size_t most = PANEL_BYTES / (strips * TILE_STRIP_BYTES) / QUERY_GROUP * QUERY_GROUP;
    if (most < QUERY_GROUP) most = QUERY_GROUP;
    if (most > QUERY_BLOCK) most = QUERY_BLOCK;
    size_t blocks = (query_count + most - 1) / most, even = (query_count + blocks - 1) / blocks;
    size_t block = (even + QUERY_GROUP - 1) / QUERY_GROUP * QUERY_GROUP;
    return query_count < block ? query_count : block;
}

static enum error_code make_tiles(struct search *search, size_t threads, struct error *error) {
    size_t all = (search->candidates + TILE_ROWS - 1) / TILE_ROWS;
    size_t packed = search->strips * TILE_ROWS * TILE_STRIP_BYTES;
    size_t rounded = search->is_screened ? packed / sizeof(float) : 0;
    search->tile_count = threads * TILES_PER_THREAD;
    if (search->tile_count < LEAST_TILES) search->tile_count = LEAST_TILES;
    if (search->tile_count > all) search->tile_count = all;
    search->tiles = memory_aligned(search->tile_count, sizeof *search->tiles, "tiles", error);
    search->tile_memory = memory_aligned(search->tile_count, packed + rounded, "tiles", error);
    search->products =
        memory_aligned(threads * QUERY_GROUP * TILE_ROWS, sizeof(float), "products", error);
    if (error->code != ERROR_NONE) return error->code;
    for (size_t t = 0; t < search->tile_count; t++) {
        char *memory = search->tile_memory + t * (packed + rounded);
        search->tiles[t].packed = (float *)(void *)memory;
        search->tiles[t].rounded.values = (uint8_t *)memory + packed;
    }
    return ERROR_NONE;
}

/* Allocates what a search needs for blocks of `block` queries; `usual`: (2 * columns). */
static enum error_code make_room(struct search *search, size_t block, size_t threads,
                                 double **usual, double **units, struct error *error) {
    size_t lanes = search->kernels->lanes, columns = search->problem->columns;
    size_t groups = (block + lanes - 1) / lanes, padded = search->strips * lanes;
    *usual = memory_aligned(2 * columns, sizeof(double), "constants", error);
    *units = memory_aligned(threads * lanes, columns * sizeof(double), "queries", error);
    search->panels = memory_aligned(groups * padded, TILE_STRIP_BYTES, "queries", error);
    if (error->code != ERROR_NONE || make_tiles(search, threads, error) != ERROR_NONE ||
        !search->is_screened)
        return error->code;
    block = (block + SCREEN_QUERIES - 1) / SCREEN_QUERIES * SCREEN_QUERIES;
    struct screen_queries *rounded = &search->rounded;
    rounded->strips = search->strips;
    search->units = memory_aligned(block, padded * sizeof(float), "queries", error);
    rounded->values = memory_aligned(block, padded, "queries", error);
    rounded->scales = memory_aligned(block, sizeof(float), "queries", error);
    rounded->errors = memory_aligned(block, sizeof(float), "queries", error);
    rounded->sums = memory_aligned(block, sizeof(int32_t), "queries", error);
    if (error->code != ERROR_NONE) return error->code;
    memset(rounded->values, 0, block * padded);
    for (size_t q = 0; q < block; q++) {
        rounded->scales[q] = rounded->errors[q] = 0;
        rounded->sums[q] = 0;
    }
    return ERROR_NONE;
}

static void free_room(struct search *search) {
    free(search->panels);
    free(search->tiles);
    free(search->tile_memory);
    free(search->products);
    free(search->units);
    free(search->rounded.values);
    free(search->rounded.scales);
    free(search->rounded.errors);
    free(search->rounded.sums);
}

enum error_code cpu_nearest(struct device *device, const struct nearest_problem *problem,
                            const size_t *queries, size_t query_count, size_t count,
                            size_t *neighbours, float *similarities, struct error *error) {
    size_t threads = (size_t)((struct cpu_device *)device)->threads, columns = problem->columns;
    struct search search = {.problem = problem,
                            .kernels = tile_kernels_single(),
                            .candidates = nearest_candidates(problem),
                            .count = count};
    double *usual = NULL, *units = NULL;
    if (query_count == 0 || count == 0) return ERROR_NONE;
    if (nearest_check(problem, queries, query_count, error) != ERROR_NONE) return error->code;
    search.strips = (columns + search.kernels->lanes - 1) / search.kernels->lanes;
    search.is_screened = screen_is_supported(search.kernels, columns);
    size_t block = block_size(query_count, search.strips);
    if (make_room(&search, block, threads, &usual, &units, error) != ERROR_NONE) goto done;
    for (size_t f = 0; f < columns; f++) {
        usual[f] = 0;
        usual[columns + f] = 1;
    }
    search.shift = problem->shift == NULL ? usual : problem->shift;
    search.scale = problem->scale == NULL ? usual + columns : problem->scale;
    for (size_t first = 0; first < query_count; first += block) {
        search.queries = queries + first;
        search.query_count = query_count - first < block ? query_count - first : block;
        search.found = neighbours + first * count;
        search.similar = similarities + first * count;
        search_block(&search, threads, units);
    }
done:
    free(usual);
    free(units);
    free_room(&search);
    return error->code;
}
