#include "host/sound/spectrogram.h"

#include "host/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define WINDOW_SECONDS 0.02
#define SMALLEST_WINDOW 256 /* has more frequencies than the picture has rows */

/* Tables and room for one transform of `size`, a power of two. */
struct transform {
    size_t size;
    double *window;  /* (size) */
    double *cosines; /* (size / 2) */
    double *sines;
    double *real; /* (size) */
    double *imaginary;
    double *power; /* (size / 2) sums over the frames of a column */
};

static enum error_code transform_open(int rate, struct transform *transform, struct error *error) {
    static const char what[] = "a spectrogram";
    size_t size = SMALLEST_WINDOW;
    while ((double)size < WINDOW_SECONDS * rate) size *= 2;
    double *all = memory_array(4 * size + size / 2, sizeof *all, what, error);
    *transform = (struct transform){.size = size, .window = all};
    if (all == NULL) return error->code;
    transform->cosines = all + size;
    transform->sines = all + size + size / 2;
    transform->real = all + 2 * size;
    transform->imaginary = all + 3 * size;
    transform->power = all + 4 * size;
    for (size_t i = 0; i < size; i++)
        transform->window[i] = 0.5 - 0.5 * cos(2.0 * M_PI * (double)i / (double)size);
    for (size_t i = 0; i < size / 2; i++) {
        transform->cosines[i] = cos(2.0 * M_PI * (double)i / (double)size);
        transform->sines[i] = -sin(2.0 * M_PI * (double)i / (double)size);
    }
    return ERROR_NONE;
}

static void swap(double *a, double *b) {
    double kept = *a;
    *a = *b;
    *b = kept;
}

static void reverse_bits(struct transform *transform) {
    for (size_t i = 1, j = 0; i < transform->size; i++) {
        size_t bit = transform->size / 2;
        for (; (j & bit) != 0; bit /= 2) j ^= bit;
        j |= bit;
        if (i >= j) continue;
        swap(&transform->real[i], &transform->real[j]);
        swap(&transform->imaginary[i], &transform->imaginary[j]);
    }
}

/* The Fourier transform in place: radix 2, decimation in time. */
static void transform_run(struct transform *transform) {
    double *real = transform->real, *imaginary = transform->imaginary;
    reverse_bits(transform);
    for (size_t half = 1; half < transform->size; half *= 2) {
        size_t step = transform->size / (2 * half);
        for (size_t first = 0; first < transform->size; first += 2 * half)
            for (size_t k = 0; k < half; k++) {
                size_t a = first + k, b = a + half;
                double c = transform->cosines[k * step], s = transform->sines[k * step];
                double x = real[b] * c - imaginary[b] * s;
                double y = real[b] * s + imaginary[b] * c;
                real[b] = real[a] - x;
                imaginary[b] = imaginary[a] - y;
                real[a] += x;
                imaginary[a] += y;
            }
    }
}

/* Mean of the channels, full scale 1. */
static double sample_at(const struct decoded *decoded, size_t frame) {
    size_t channels = (size_t)decoded->channels;
    double sum = 0.0;
    for (size_t c = 0; c < channels; c++) {
        size_t at = frame * channels + c;
        sum += decoded->format == SAMPLES_INT16
                   ? (double)((const int16_t *)decoded->samples)[at] / 32768.0
                   : (double)((const float *)decoded->samples)[at];
    }
    return sum / (double)channels;
}

/* A frame around a place, with silence beyond both ends. */
static void take_frame(const struct transform *transform, const struct decoded *decoded,
                       size_t frames, size_t middle, double *out) {
    size_t half = transform->size / 2;
    for (size_t i = 0; i < transform->size; i++) {
        size_t at = middle + i;
        bool inside = at >= half && at - half < frames;
        out[i] = inside ? transform->window[i] * sample_at(decoded, at - half) : 0.0;
    }
}

/* Adds the power of the frames at one or two places: the second is the imaginary part, and the
 * powers of the two are told apart by nothing, since their sum is wanted. */
static void add_power(struct transform *transform, const struct decoded *decoded, size_t frames,
                      const size_t *middles, size_t count) {
    const size_t size = transform->size;
    take_frame(transform, decoded, frames, middles[0], transform->real);
    if (count > 1)
        take_frame(transform, decoded, frames, middles[1], transform->imaginary);
    else
        memset(transform->imaginary, 0, size * sizeof *transform->imaginary);
    transform_run(transform);
    for (size_t k = 0; k < size / 2; k++) {
        size_t mirrored = k == 0 ? 0 : size - k;
        double a = transform->real[k], b = transform->imaginary[k];
        double c = transform->real[mirrored], d = transform->imaginary[mirrored];
        transform->power[k] += (a * a + b * b + c * c + d * d) / 2.0;
    }
}

/* Mean power of each row's band, the highest first. */
static void make_column(struct transform *transform, const struct decoded *decoded, size_t frames,
                        size_t column, size_t looks, double *bands) {
    const size_t bins = transform->size / 2;
    memset(transform->power, 0, bins * sizeof *transform->power);
    for (size_t look = 0; look < looks; look += 2) {
        size_t middles[2];
        for (size_t i = 0; i < 2; i++)
            middles[i] = (size_t)((2 * (uint64_t)(column * looks + look + i) + 1) * frames /
                                  (2 * looks * SPECTROGRAM_COLUMNS));
        add_power(transform, decoded, frames, middles, looks - look > 1 ? 2 : 1);
    }
    for (size_t row = 0; row < SPECTROGRAM_ROWS; row++) {
        size_t first = row * bins / SPECTROGRAM_ROWS;
        size_t end = ((row + 1) * bins + SPECTROGRAM_ROWS - 1) / SPECTROGRAM_ROWS;
        double sum = 0.0;
        for (size_t k = first; k < end; k++) sum += transform->power[k];
        bands[SPECTROGRAM_ROWS - 1 - row] = sum / (double)((end - first) * looks);
    }
}

static unsigned char grey_of(double power, double loudest) {
    const int white = SPECTROGRAM_GREYS - 1;
    if (!(power > 0.0) || !(loudest > 0.0)) return (unsigned char)white;
    double level = rint(-10.0 * log10(power / loudest) / SPECTROGRAM_RANGE * white);
    return (unsigned char)(level > white ? white : level);
}

enum error_code spectrogram_make(const struct decoded *decoded, size_t frames,
                                 struct spectrogram *spectrogram, struct error *error) {
    struct transform transform;
    double *bands = memory_array((size_t)SPECTROGRAM_COLUMNS * SPECTROGRAM_ROWS, sizeof *bands,
                                 "a spectrogram", error);
    if (bands == NULL) return error->code;
    if (transform_open(decoded->facts.rate, &transform, error) == ERROR_NONE &&
        transform.power != NULL) {
        double loudest = 0.0;
        size_t spacing = SPECTROGRAM_COLUMNS * (transform.size / 2);
        size_t looks = (frames + spacing - 1) / spacing;
        looks = looks < 1 ? 1 : looks > SPECTROGRAM_LOOKS ? SPECTROGRAM_LOOKS : looks;
        for (size_t c = 0; c < SPECTROGRAM_COLUMNS; c++)
            make_column(&transform, decoded, frames, c, looks, bands + c * SPECTROGRAM_ROWS);
        for (size_t i = 0; i < (size_t)SPECTROGRAM_COLUMNS * SPECTROGRAM_ROWS; i++)
            if (bands[i] > loudest) loudest = bands[i];
        for (size_t row = 0; row < SPECTROGRAM_ROWS; row++)
            for (size_t c = 0; c < SPECTROGRAM_COLUMNS; c++)
                spectrogram->grey[row][c] = grey_of(bands[c * SPECTROGRAM_ROWS + row], loudest);
    }
    free(transform.window);
    free(bands);
    return error->code;
}

/* ---- PNG ---- */

#define PIXEL_BYTES                                                                                \
    ((size_t)SPECTROGRAM_ROWS * (1 + SPECTROGRAM_COLUMNS / 2)) /* a filter before each row */
#define CHUNK_FRAME ((size_t)12)                               /* length, type and check sum */

static unsigned char *put_number(unsigned char *at, uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = (unsigned char)(number >> shift);
    return at;
}

/* A chunk whose bytes may stand where they belong already. */
static unsigned char *put_chunk(unsigned char *at, const char *type, const unsigned char *bytes,
                                size_t count) {
    unsigned char *start = put_number(at, (uint32_t)count);
    memcpy(start, type, 4);
    if (count > 0) memmove(start + 4, bytes, count);
    return put_number(start + 4 + count, (uint32_t)crc32(0, start, (uInt)(count + 4)));
}

static void pack_pixels(const struct spectrogram *spectrogram, unsigned char *pixels) {
    for (size_t row = 0; row < SPECTROGRAM_ROWS; row++) {
        const unsigned char *grey = spectrogram->grey[row];
        *pixels++ = 0; /* no filter */
        for (size_t c = 0; c < SPECTROGRAM_COLUMNS; c += 2)
            *pixels++ = (unsigned char)(grey[c] << 4 | grey[c + 1]);
    }
}

enum error_code spectrogram_png(const struct spectrogram *spectrogram, unsigned char **data,
                                size_t *size, struct error *error) {
    static const unsigned char signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    /* Width, height, 4 bits, grey, and the only compression, filters and order that there are. */
    static const unsigned char header[13] = {
        0, 0, SPECTROGRAM_COLUMNS >> 8, SPECTROGRAM_COLUMNS & 255, 0, 0, 0, SPECTROGRAM_ROWS, 4};
    uLongf packed = compressBound(PIXEL_BYTES);
    const size_t most = sizeof signature + sizeof header + packed + 3 * CHUNK_FRAME;
    unsigned char *png = memory_array(most + PIXEL_BYTES, 1, "a spectrogram", error);
    if (png == NULL) return error->code;
    unsigned char *pixels = png + most; /* a thread's stack may be small */
    pack_pixels(spectrogram, pixels);
    memcpy(png, signature, sizeof signature);
    unsigned char *at = put_chunk(png + sizeof signature, "IHDR", header, sizeof header);
    if (compress2(at + 8, &packed, pixels, PIXEL_BYTES, Z_DEFAULT_COMPRESSION) != Z_OK) {
        free(png);
        return FAIL(error, ERROR_MEMORY, "no memory for a spectrogram");
    }
    at = put_chunk(at, "IDAT", at + 8, packed);
    at = put_chunk(at, "IEND", NULL, 0);
    *data = png;
    *size = (size_t)(at - png);
    return ERROR_NONE;
}

enum error_code spectrogram_draw(const struct decoded *decoded, size_t frames, unsigned char **data,
                                 size_t *size, struct error *error) {
    struct spectrogram *spectrogram = memory_array(1, sizeof *spectrogram, "a spectrogram", error);
    if (spectrogram != NULL && spectrogram_make(decoded, frames, spectrogram, error) == ERROR_NONE)
        spectrogram_png(spectrogram, data, size, error);
    free(spectrogram);
    return error->code;
}
