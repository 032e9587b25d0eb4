/* Vectors of 16 bytes, by the extension that gcc and clang share: plain loops with
 * conditions are not turned into vector instructions, and every 64-bit machine has
 * vectors of this size. Included once per precision: REAL, INDEX (an integer of the
 * same size), NAME(x). */

#define LANES (16 / sizeof(REAL))

typedef REAL NAME(lanes) __attribute__((vector_size(16)));
typedef INDEX NAME(marks) __attribute__((vector_size(16)));
