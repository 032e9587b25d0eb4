/* The errors of kernels/error.h, and the types that nearly every header needs beside them. */
#ifndef EARMARK_BASE_ERROR_H
#define EARMARK_BASE_ERROR_H

#include "kernels/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#endif
