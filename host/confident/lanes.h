/* Vectors of 16 bytes, through the extension that gcc and clang share: compilers do not
 * vectorise loops with conditions, and every 64-bit machine has vectors of this size.
 * Included once per precision, with REAL, INDEX (an integer of the same size) and NAME(x)
 * defined. */

#define LANES (16 / sizeof(REAL))

typedef REAL NAME(lanes) __attribute__((vector_size(16)));
typedef INDEX NAME(marks) __attribute__((vector_size(16)));
