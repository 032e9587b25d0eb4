/* Half precision (IEEE binary16) and bfloat16, as their bits. */
#ifndef EARMARK_BASE_FLOAT16_H
#define EARMARK_BASE_FLOAT16_H

#include <stdint.h>

/* Exact. */
float float16_to_float32(uint16_t half);
float bfloat16_to_float32(uint16_t brain);

/* Rounded to nearest, ties to even; from 65,520 on infinity; NaN stays NaN. */
uint16_t float16_from_float32(float value);

#endif
