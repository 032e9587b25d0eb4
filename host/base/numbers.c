#include "host/base/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void number_shortest(struct text *text, double value) {
    if (!isfinite(value)) return;
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    text_string(text, digits);
}

void number_shortest_float(struct text *text, float value) {
    if (!isfinite(value)) return;
    char digits[40];
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value) break;
    }
    text_string(text, digits);
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
