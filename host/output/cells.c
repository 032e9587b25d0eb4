#include "host/output/cells.h"

#include "host/base/numbers.h"

void cell_name(struct text *row, const char *name) {
    text_string(row, ",");
    if (name != NULL) text_csv(row, name);
}

void cell_integer(struct text *row, int64_t value) {
    text_format(row, ",%lld", (long long)value);
}

void cell_double(struct text *row, double value) {
    text_string(row, ",");
    number_shortest(row, value);
}

void cell_float(struct text *row, float value) {
    text_string(row, ",");
    number_shortest_float(row, value);
}
