/* The template's constants for float32. No include guard: included before each use. */
#define REAL float
#define INTEGER uint32_t
#define EXPONENTIAL_LEAST (-87.3F)         /* e to less is no normal number */
#define EXPONENTIAL_ROUND 12582912.0F      /* 1.5 2^23: adding it rounds to a whole */
#define LN2_HIGH 0.693359375F              /* ln 2 in two parts; the first times */
#define LN2_LOW (-2.12194440054690583e-4F) /* a whole number is exact */
#define EXPONENTIAL_SHIFT 23               /* where the exponent is */
#define EXPONENTIAL_DEGREE 7               /* of the series: error 5e-9 */
