#include "statistics.h"

#include "kernels/device.h"
#include "kernels/front_end.h"

#include <math.h>
#include <stdlib.h>

#define MELS STATISTICS_MELS

/* What is followed from frame to frame. Time, from 0 to 1, has weighted moments only. */
enum series { CENTROID, WIDTH, ROLLOFF, FLATNESS, FLUX, SHAPES, TIME = SHAPES, SERIES };

/* Weighted mean and sum of squares about it, updated number by number (West 1979). */
struct moments {
    double mean[SERIES];
    double squares[SERIES];
    double weight;
};

static void add_to_moments(struct moments *moments, const double *values, size_t count,
                           double weight) {
    moments->weight += weight;
    if (!(moments->weight > 0.0)) return;
    const double share = weight / moments->weight;
    for (size_t i = 0; i < count; i++) {
        const double before = values[i] - moments->mean[i];
        moments->mean[i] += before * share;
        moments->squares[i] += weight * before * (values[i] - moments->mean[i]);
    }
}

/* Mean and deviation where the weights are powers divided by their sum, which counts as at least
 * STATISTICS_LEAST_POWER: of a silent clip both are 0. */
static void take_moments(const struct moments *moments, size_t i, double *mean, double *deviation) {
    const double divisor = fmax(moments->weight, STATISTICS_LEAST_POWER);
    *mean = moments->mean[i] * (moments->weight / divisor);
    const double away = moments->mean[i] - *mean;
    *deviation = sqrt((moments->squares[i] + moments->weight * away * away) / divisor);
}

/* ---- frames ---- */

/* The shape of one frame's spectrum; share: (MELS) of the frame's power, before: those of the
 * frame before, or NULL. */
static void measure_shape(const double share[MELS], const double *before, double shape[SHAPES]) {
    double centroid = 0.0, width = 0.0, sum = 0.0, flux = 0.0, product = 1.0;
    size_t rolloff = 0;
    for (size_t m = 0; m < MELS; m++) {
        centroid += share[m] * (double)m;
        sum += share[m];
        rolloff += sum < STATISTICS_ROLLOFF;
        product *= share[m] + STATISTICS_SHARE_FLOOR; /* >= 1e-144: one logarithm for all */
    }
    for (size_t m = 0; m < MELS; m++) {
        const double away = (double)m - centroid;
        width += share[m] * away * away;
    }
    if (before != NULL)
        for (size_t m = 0; m < MELS; m++) flux += fmax(share[m] - before[m], 0.0);
    shape[CENTROID] = centroid;
    shape[WIDTH] = sqrt(width);
    shape[ROLLOFF] = (double)rolloff;
    shape[FLATNESS] = log(product) / MELS - log(sum / MELS + STATISTICS_SHARE_FLOOR);
    shape[FLUX] = flux;
}

/* Fills the moments and levels (frames), in dB above the floor of powers. */
static void measure_frames(const float *powers, size_t frames, double *levels,
                           struct moments *weighted, struct moments *plain) {
    const double last = frames > 1 ? (double)(frames - 1) : 1.0;
    double shares[2][MELS];
    for (size_t t = 0; t < frames; t++) {
        const float *power = powers + t * MELS;
        double *share = shares[t % 2], values[SERIES], sum = 0.0;
        for (size_t m = 0; m < MELS; m++) sum += (double)power[m];
        const double divisor = fmax(sum, STATISTICS_LEAST_POWER);
        for (size_t m = 0; m < MELS; m++) share[m] = (double)power[m] / divisor;
        measure_shape(share, t > 0 ? shares[(t + 1) % 2] : NULL, values);
        values[TIME] = (double)t / last;
        add_to_moments(weighted, values, SERIES, sum);
        add_to_moments(plain, values, SHAPES, 1.0);
        levels[t] = 10.0 * log10(fmax(sum, (double)POWER_FLOOR));
    }
}

static void write_shape(const struct moments *weighted, const struct moments *plain,
                        float *statistics) {
    for (size_t i = 0; i < SHAPES; i++) {
        double mean, deviation;
        take_moments(weighted, i, &mean, &deviation);
        statistics[i] = (float)mean;
        statistics[SHAPES + i] = (float)deviation;
        take_moments(plain, i, &mean, &deviation);
        statistics[(size_t)2 * SHAPES + i] = (float)mean;
        statistics[(size_t)3 * SHAPES + i] = (float)deviation;
    }
}

/* ---- the envelope ---- */

/* Raises levels to DECIBEL_RANGE below the largest and subtracts that. Returns the first frame
 * that has it. */
static size_t normalise_levels(double *levels, size_t frames) {
    size_t peak = 0;
    for (size_t t = 1; t < frames; t++)
        if (levels[t] > levels[peak]) peak = t;
    const double largest = levels[peak], least = largest - (double)DECIBEL_RANGE;
    for (size_t t = 0; t < frames; t++) levels[t] = fmax(levels[t], least) - largest;
    return peak;
}

static double mean_of(const double *values, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += values[i];
    return sum / (double)count;
}

static double deviation_of(const double *values, size_t count, double mean) {
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)count);
}

static double share_above(const double *levels, size_t frames, double level) {
    size_t count = 0;
    for (size_t t = 0; t < frames; t++) count += levels[t] > level;
    return (double)count / (double)frames;
}

/* Frames from the peak on that are above STATISTICS_DECAY_LEVEL. */
static size_t count_decaying(const double *levels, size_t frames) {
    size_t count = 0;
    for (size_t t = 0; t < frames; t++) count += levels[t] > STATISTICS_DECAY_LEVEL;
    return count;
}

/* The slope, in dB a frame, of the line through these levels by least squares. */
static double slope_of(const double *levels, size_t count) {
    if (count < 2) return 0.0;
    const double mean = mean_of(levels, count), middle = (double)(count - 1) / 2.0;
    double products = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double step = (double)i - middle;
        products += step * (levels[i] - mean);
        squares += step * step;
    }
    return products / squares;
}

/* Mean size, largest rise and deviation of the changes from frame to frame. */
static void write_changes(const double *levels, size_t frames, float *statistics) {
    double sizes = 0.0, rise = 0.0, squares = 0.0;
    statistics[0] = statistics[1] = statistics[2] = 0.0f;
    if (frames < 2) return;
    const double count = (double)(frames - 1), mean = (levels[frames - 1] - levels[0]) / count;
    for (size_t t = 1; t < frames; t++) {
        const double change = levels[t] - levels[t - 1];
        sizes += fabs(change);
        rise = fmax(rise, change);
        squares += (change - mean) * (change - mean);
    }
    statistics[0] = (float)(sizes / count);
    statistics[1] = (float)rise;
    statistics[2] = (float)sqrt(squares / count);
}

static int compare_levels(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Linear between the two neighbours, as numpy's quantile. */
static double quantile_of(const double *sorted, size_t count, double fraction) {
    const double position = fraction * (double)(count - 1);
    const size_t below = (size_t)position;
    const size_t above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (position - (double)below);
}

/* The 19 numbers of the envelope. Sorts levels (frames), which it reads as measure_frames()
 * leaves them. */
static void write_envelope(double *levels, size_t frames, const struct moments *weighted,
                           float *statistics) {
    static const double fractions[] = {STATISTICS_QUANTILES}, shares[] = {STATISTICS_SHARE_LEVELS};
    const size_t peak = normalise_levels(levels, frames);
    const size_t decaying = count_decaying(levels + peak, frames - peak);
    const size_t left = frames - peak, wanted = decaying > 2 ? decaying : 2;
    double centre, spread;
    take_moments(weighted, TIME, &centre, &spread);
    const double mean = mean_of(levels, frames);
    statistics[0] = (float)log((double)frames);
    statistics[1] = (float)centre;
    statistics[2] = (float)spread;
    statistics[3] = frames > 1 ? (float)((double)peak / (double)(frames - 1)) : 0.0f;
    statistics[4] = (float)log1p((double)peak);
    statistics[5] = (float)mean;
    statistics[6] = (float)deviation_of(levels, frames, mean);
    for (size_t i = 0; i < 3; i++)
        statistics[11 + i] = (float)share_above(levels, frames, shares[i]);
    statistics[14] = (float)slope_of(levels + peak, wanted < left ? wanted : left);
    statistics[15] = (float)log1p((double)decaying);
    write_changes(levels, frames, statistics + 16);
    qsort(levels, frames, sizeof *levels, compare_levels);
    for (size_t i = 0; i < 4; i++)
        statistics[7 + i] = (float)quantile_of(levels, frames, fractions[i]);
}

/* ---- a clip ---- */

void statistics_workspace_free(struct statistics_workspace *workspace) {
    free(workspace->levels);
    *workspace = (struct statistics_workspace){NULL, 0};
}

static enum error_code reserve(struct statistics_workspace *workspace, size_t frames,
                               struct error *error) {
    if (frames <= workspace->capacity) return ERROR_NONE;
    statistics_workspace_free(workspace);
    workspace->levels = calloc(frames, sizeof *workspace->levels);
    if (workspace->levels == NULL)
        return FAIL(error, ERROR_MEMORY, "no memory for the levels of %zu frames", frames);
    workspace->capacity = frames;
    return ERROR_NONE;
}

enum error_code statistics_of_powers(const float *powers, size_t frames, float *statistics,
                                     struct statistics_workspace *workspace, struct error *error) {
    struct moments weighted = {.weight = 0.0}, plain = {.weight = 0.0};
    if (reserve(workspace, frames, error) != ERROR_NONE) return error->code;
    measure_frames(powers, frames, workspace->levels, &weighted, &plain);
    if (!isfinite(weighted.weight)) { /* not to be sorted */
        for (size_t i = STATISTICS_ENVELOPE; i < STATISTICS_COUNT; i++) statistics[i] = NAN;
        return ERROR_NONE;
    }
    write_envelope(workspace->levels, frames, &weighted, statistics + STATISTICS_ENVELOPE);
    write_shape(&weighted, &plain, statistics + STATISTICS_SHAPE);
    return ERROR_NONE;
}

void statistics_of_decibels(const float *decibels, size_t frames, float *statistics) {
    double sums[MELS] = {0.0}, squares[MELS] = {0.0};
    float largest = decibels[0];
    for (size_t i = 1; i < frames * MELS; i++)
        largest = decibels[i] > largest ? decibels[i] : largest;
    const float least = largest - DECIBEL_RANGE;
    for (size_t t = 0; t < frames; t++)
        for (size_t m = 0; m < MELS; m++) {
            const float value = decibels[t * MELS + m];
            sums[m] += (double)((value < least ? least : value) - largest);
        }
    for (size_t m = 0; m < MELS; m++) sums[m] /= (double)frames;
    for (size_t t = 0; t < frames; t++)
        for (size_t m = 0; m < MELS; m++) {
            const float value = decibels[t * MELS + m];
            const double away = (double)((value < least ? least : value) - largest) - sums[m];
            squares[m] += away * away;
        }
    for (size_t m = 0; m < MELS; m++) {
        statistics[m] = (float)sums[m];
        statistics[MELS + m] = (float)sqrt(squares[m] / (double)frames);
    }
}
