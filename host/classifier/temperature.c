#include "host/classifier/temperature.h"
#include "host/base/memory.h"
#include "host/base/scratch.h"
#include "kernels/device.h"

#include <math.h>
#include <stdlib.h>

/* Rows that one thread sums, to be added in order. */
#define CHUNK_ROWS ((size_t)512)

/* Below every logarithm of a class that is present. */
#define ABSENT (-1e29)

/* Terms below e^LEAST add nothing to a sum that is at least 1 / classes^b. */
#define LEAST (-100)

/* Below this many numbers one thread is fastest. */
#define SMALL ((size_t)20000)

struct judged {
    double loss, slope; /* mean, and its derivative by b */
};

double temperature_value(size_t index) {
    return exp(-4 + 0.1 * (double)index);
}

static int useful_threads(size_t numbers, int threads) {
    return numbers < SMALL ? 1 : threads;
}

/* One row's share. */
static void add_row(const float *row, size_t classes, int32_t label, double b, struct judged *sum) {
    double own = (double)row[label], total = 0, weighted = 0;
    if (!(own > ABSENT)) {
        sum->loss -= LOG_FLOOR;
        return;
    }
    for (size_t c = 0; c < classes; c++) {
        double value = (double)row[c];
        if (!(b * value > LEAST)) continue;
        double e = exp(b * value);
        total += e;
        weighted += e * value;
    }
    sum->loss += log(total) - b * own;
    sum->slope += weighted / total - own;
}

static struct judged judge(const struct temperature_input *input, double b, struct judged *chunks) {
    size_t count = (input->rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(useful_threads(input->rows * input->classes, input->threads))
    for (size_t i = 0; i < count; i++) {
        struct judged sum = {0, 0};
        size_t end = (i + 1) * CHUNK_ROWS < input->rows ? (i + 1) * CHUNK_ROWS : input->rows;
        for (size_t row = i * CHUNK_ROWS; row < end; row++)
            add_row(input->logarithms + row * input->classes, input->classes, input->labels[row], b,
                    &sum);
        chunks[i] = sum;
    }
    struct judged all = {0, 0};
    for (size_t i = 0; i < count; i++) {
        all.loss += chunks[i].loss;
        all.slope += chunks[i].slope;
    }
    all.loss /= (double)input->rows;
    return all;
}

enum error_code temperature_search(const struct temperature_input *input, double *temperature,
                                   double *log_loss, struct error *error) {
    struct judged *chunks =
        scratch_array(input->rows / CHUNK_ROWS + 1, sizeof *chunks, "sums of the log-loss", error);
    if (chunks == NULL) return error->code;
    /* The lowest is at one of the two values between which the slope changes its sign. */
    size_t low = 0, high = TEMPERATURE_COUNT - 1;
    struct judged at_low = judge(input, temperature_value(low), chunks);
    struct judged at_high = judge(input, temperature_value(high), chunks);
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        struct judged here = judge(input, temperature_value(middle), chunks);
        if (here.slope < 0) {
            low = middle;
            at_low = here;
        } else {
            high = middle;
            at_high = here;
        }
    }
    bool first = at_low.loss <= at_high.loss;
    *temperature = temperature_value(first ? low : high);
    *log_loss = first ? at_low.loss : at_high.loss;
    scratch_free(chunks);
    return ERROR_NONE;
}

void temperature_apply(float *logarithms, size_t rows, size_t classes, double temperature,
                       int threads) {
#pragma omp parallel for schedule(static) num_threads(useful_threads(rows *classes, threads))
    for (size_t r = 0; r < rows; r++) {
        float *row = logarithms + r * classes;
        double most = -INFINITY, total = 0;
        for (size_t c = 0; c < classes; c++) most = fmax(most, temperature * (double)row[c]);
        for (size_t c = 0; c < classes; c++) total += exp(temperature * (double)row[c] - most);
        double shift = most + log(total);
        for (size_t c = 0; c < classes; c++)
            row[c] = (float)fmax(temperature * (double)row[c] - shift, LOG_FLOOR);
    }
}
