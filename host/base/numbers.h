/* Numbers in files and on the screen. */
#ifndef EARMARK_BASE_NUMBERS_H
#define EARMARK_BASE_NUMBERS_H

#include "host/base/text.h"

/* Appends the shortest decimal that reads back as the same double or float; nothing for a number
 * that is not finite. */
void number_shortest(struct text *text, double value);
void number_shortest_float(struct text *text, float value);

/* The same for JSON: null if it is not finite. */
void number_json(struct text *text, double value);
void number_json_float(struct text *text, float value);

/* 1,234,567 */
void number_thousands(struct text *text, uint64_t value);
/* 12.3% for 0.1234, two decimals near 0 and 1; a dash if it is not finite. */
void number_percent(struct text *text, double share);
/* Four significant digits, for the screen; a dash if it is not finite. */
void number_short(struct text *text, double value);

#endif
