#include "host/base/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_SIZE 40
#define REMEMBERED 64

static bool reads_back(double value, int precision, char digits[NUMBER_SIZE]) {
    snprintf(digits, NUMBER_SIZE, "%.*g", precision, value);
    return strtod(digits, NULL) == value;
}

/* Most numbers of a computation need 16 or 17 digits, so 16 are tried first. Where they do not
 * suffice, 15 do not either, except for powers of two, which are nearer to their lower neighbour.
 */
static void double_digits(double value, char digits[NUMBER_SIZE]) {
    char fewer[NUMBER_SIZE];
    int exponent;
    const bool power = fabs(frexp(value, &exponent)) == 0.5;
    if (reads_back(value, 16, digits) || power) {
        if (reads_back(value, 15, fewer)) memcpy(digits, fewer, sizeof fewer);
        if (!power) return;
    }
    if (strtod(digits, NULL) != value) reads_back(value, 17, digits);
}

static void float_digits(float value, char digits[NUMBER_SIZE]) {
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, NUMBER_SIZE, "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value) break;
    }
}

/* The same number is often written again soon: into another file, or as another score. */
struct remembered {
    uint64_t bits; /* of the double */
    bool is_float;
    char digits[NUMBER_SIZE]; /* empty: nothing is remembered */
};

static void append_number(struct text *text, double value, bool is_float) {
    static _Thread_local struct remembered remembered[REMEMBERED];
    static const uint64_t odd = 0x9e3779b97f4a7c15u;
    if (!isfinite(value)) return;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    struct remembered *entry = &remembered[((bits * odd) >> 32) % REMEMBERED];
    if (entry->digits[0] == '\0' || entry->bits != bits || entry->is_float != is_float) {
        if (is_float)
            float_digits((float)value, entry->digits);
        else
            double_digits(value, entry->digits);
        entry->bits = bits;
        entry->is_float = is_float;
    }
    text_string(text, entry->digits);
}

void number_shortest(struct text *text, double value) {
    append_number(text, value, false);
}

void number_shortest_float(struct text *text, float value) {
    append_number(text, (double)value, true);
}

void number_json(struct text *text, double value) {
    if (isfinite(value))
        number_shortest(text, value);
    else
        text_string(text, "null");
}

void number_json_float(struct text *text, float value) {
    if (isfinite(value))
        number_shortest_float(text, value);
    else
        text_string(text, "null");
}

void number_thousands(struct text *text, uint64_t value) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, value);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) text_string(text, ",");
        text_append(text, &digits[i], 1);
    }
}

void number_percent(struct text *text, double share) {
    bool near_end = fabs(share) < 0.0995 || (share > 0.9905 && share < 1.0);
    if (share > 0.0 && share < 0.00005)
        text_string(text, "under 0.01%");
    else if (share < 1.0 && share >= 0.99995)
        text_string(text, "over 99.99%");
    else if (isfinite(share))
        text_format(text, "%.*f%%", near_end ? 2 : 1, 100.0 * share);
    else
        text_string(text, "–");
}

void number_short(struct text *text, double value) {
    if (isfinite(value))
        text_format(text, "%.4g", value);
    else
        text_string(text, "–");
}
