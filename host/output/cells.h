/* Cells of the CSV files of a run and values of its JSON. Private to host/output. */
#ifndef EARMARK_OUTPUT_CELLS_H
#define EARMARK_OUTPUT_CELLS_H

#include "host/base/text.h"

#include <stdint.h>

/* A comma and the cell. An absent name (NULL) and a number that is not finite are empty cells. */
void cell_name(struct text *row, const char *name);
void cell_integer(struct text *row, int64_t value);
void cell_double(struct text *row, double value);
void cell_float(struct text *row, float value);

#endif
