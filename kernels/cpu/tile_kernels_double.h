/* The template's constants for float64. No include guard: included before each use. */
#define REAL double
#define INTEGER uint64_t
#define EXPONENTIAL_LEAST (-708.0)           /* e to less is no normal number */
#define EXPONENTIAL_ROUND 6755399441055744.0 /* 1.5 2^52: adding it rounds to a whole */
#define LN2_HIGH 6.93147180369123816490e-01  /* ln 2 in two parts; the first times */
#define LN2_LOW 1.90821492927058770002e-10   /* a whole number is exact */
#define EXPONENTIAL_SHIFT 52                 /* where the exponent is */
#define EXPONENTIAL_DEGREE 13                /* of the series: error 4e-18 */
