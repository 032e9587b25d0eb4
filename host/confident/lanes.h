/* Vectors of VECTOR bytes, through the extension that gcc and clang share: compilers do not
 * vectorise loops with conditions. Every 64-bit machine has vectors of 16 bytes. Included once per
 * precision and size, with REAL, INDEX (an integer of the same size), VECTOR and NAME(x) defined.
 */

#define LANES (VECTOR / sizeof(REAL))

typedef REAL NAME(lanes) __attribute__((vector_size(VECTOR)));
typedef INDEX NAME(marks) __attribute__((vector_size(VECTOR)));
