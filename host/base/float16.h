/* Half precision (IEEE binary16) and bfloat16, by their bits. */
#ifndef EARMARK_BASE_FLOAT16_H
#define EARMARK_BASE_FLOAT16_H

#include <stdint.h>

/* Exact. */
float float16_to_float32(uint16_t half);
float bfloat16_to_float32(uint16_t brain);

/* Nearest, ties to even; beyond 65,519.99 becomes infinity; NaN stays NaN. */
uint16_t float16_from_float32(float value);

#endif
