/* Softmax, loss and residual in one pass: a group of lanes computes one row of one task.
 *
 * Neighbouring groups compute neighbouring tasks of the same row, so that a warp reads consecutive
 * columns. Up to 256 classes, the logits are read once and kept in registers. */
#include "kernels/cuda/classifier_kernels.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"

#define THREADS 256
#define ALL_LANES 0xffffffffU
#define LEAST (-3.0e38) /* below every logit: an absent class has the intercept -1e30 */

template <typename Real, int LANES>
static __device__ __forceinline__ Real group_maximum(Real value) {
#pragma unroll
    for (int offset = LANES / 2; offset > 0; offset /= 2) {
        const Real other = __shfl_xor_sync(ALL_LANES, value, offset);
        value = other > value ? other : value;
    }
    return value;
}

template <typename Real, int LANES> static __device__ __forceinline__ Real group_sum(Real value) {
#pragma unroll
    for (int offset = LANES / 2; offset > 0; offset /= 2)
        value += __shfl_xor_sync(ALL_LANES, value, offset);
    return value;
}

static __device__ __forceinline__ float exponential(float x) {
    return expf(x);
}
static __device__ __forceinline__ double exponential(double x) {
    return exp(x);
}

/* The row and task of a group: the same for all its lanes. */
struct softmax_place {
    size_t row, task;
    bool inside;
    int label;               /* -1 in rows of padding */
    size_t classes;          /* 0 for a group without a row: it runs along and reads nothing */
    const double *intercept; /* of class 0; the next one is row_size numbers on */
};

static __device__ __forceinline__ softmax_place find_place(const softmax_view &view, size_t group,
                                                           const double *weights,
                                                           const int32_t *labels) {
    softmax_place place;
    place.inside = group < view.rows * view.tasks;
    if (!place.inside) group = 0;
    place.classes = place.inside ? view.classes : 0;
    place.row = group / view.tasks;
    place.task = group % view.tasks;
    place.label = labels[place.row];
    size_t column = view.begin + place.task * view.classes;
    if (column >= view.columns) column -= view.columns;
    place.intercept = weights + column * view.row_size + view.row_size - 1;
    return place;
}

template <typename Real>
static __device__ __forceinline__ void write_class(const softmax_view &view,
                                                   const softmax_place &place, size_t c, Real p,
                                                   Real *logits, float *probabilities) {
    if (probabilities != NULL) {
        probabilities[place.row * view.classes + c] = (float)p;
        return;
    }
    if ((int)c == place.label) p -= 1;
    if (place.label < 0) p = 0;
    logits[place.row * view.stride + place.task * view.classes + c] = p;
}

static __device__ __forceinline__ void write_loss(const softmax_view &view,
                                                  const softmax_place &place, double maximum,
                                                  double sum, double own, double *losses) {
    losses[place.row * view.tasks + place.task] =
        place.label < 0 ? 0.0 : log(sum) + (maximum - own);
}

/* At most LANES * VALUES classes. */
template <typename Real, int LANES, int VALUES>
__global__ void __launch_bounds__(THREADS)
    softmax_registers(softmax_view view, Real *__restrict__ logits,
                      const double *__restrict__ weights, const int32_t *__restrict__ labels,
                      float *__restrict__ probabilities, double *__restrict__ losses) {
    const int lane = (int)(threadIdx.x % LANES);
    const size_t group = (size_t)blockIdx.x * (THREADS / LANES) + threadIdx.x / LANES;
    const softmax_place place = find_place(view, group, weights, labels);
    const Real *row = logits + place.row * view.stride + place.task * view.classes;
    Real values[VALUES];
    Real maximum = (Real)LEAST, own = (Real)LEAST, sum = 0;
#pragma unroll
    for (int v = 0; v < VALUES; v++) {
        const size_t c = (size_t)(v * LANES + lane);
        values[v] = (Real)LEAST;
        if (c < place.classes) values[v] = row[c] + (Real)place.intercept[c * view.row_size];
        if ((int)c == place.label) own = values[v];
        maximum = values[v] > maximum ? values[v] : maximum;
    }
    maximum = group_maximum<Real, LANES>(maximum);
    own = group_maximum<Real, LANES>(own);
#pragma unroll
    for (int v = 0; v < VALUES; v++) {
        const size_t c = (size_t)(v * LANES + lane);
        values[v] = c < place.classes ? exponential(values[v] - maximum) : (Real)0;
        sum += values[v];
    }
    sum = group_sum<Real, LANES>(sum);
    if (!place.inside) return;
    const Real factor = (Real)1 / sum;
#pragma unroll
    for (int v = 0; v < VALUES; v++) {
        const size_t c = (size_t)(v * LANES + lane);
        if (c < place.classes)
            write_class(view, place, c, values[v] * factor, logits, probabilities);
    }
    if (lane == 0) write_loss(view, place, (double)maximum, (double)sum, (double)own, losses);
}

/* Any number of classes: the logits are read three times, mostly from the caches. */
template <typename Real>
__global__ void __launch_bounds__(THREADS, 3)
    softmax_memory(softmax_view view, Real *__restrict__ logits, const double *__restrict__ weights,
                   const int32_t *__restrict__ labels, float *__restrict__ probabilities,
                   double *__restrict__ losses) {
    const size_t lane = threadIdx.x % 32;
    const size_t group = (size_t)blockIdx.x * (THREADS / 32) + threadIdx.x / 32;
    const softmax_place place = find_place(view, group, weights, labels);
    const Real *row = logits + place.row * view.stride + place.task * view.classes;
    Real maximum = (Real)LEAST, own = (Real)LEAST;
    for (size_t c = lane; c < place.classes; c += 32) {
        const Real value = row[c] + (Real)place.intercept[c * view.row_size];
        if ((int)c == place.label) own = value;
        maximum = value > maximum ? value : maximum;
    }
    maximum = group_maximum<Real, 32>(maximum);
    own = group_maximum<Real, 32>(own);
    Real sum = 0;
    for (size_t c = lane; c < place.classes; c += 32)
        sum += exponential(row[c] + (Real)place.intercept[c * view.row_size] - maximum);
    sum = group_sum<Real, 32>(sum);
    if (!place.inside) return;
    const Real factor = (Real)1 / sum;
    for (size_t c = lane; c < place.classes; c += 32) {
        const Real value = row[c] + (Real)place.intercept[c * view.row_size];
        write_class(view, place, c, exponential(value - maximum) * factor, logits, probabilities);
    }
    if (lane == 0) write_loss(view, place, (double)maximum, (double)sum, (double)own, losses);
}

template <typename Real>
enum error_code launch_softmax(const struct softmax_view *view, Real *logits, const double *weights,
                               const int32_t *labels, float *probabilities, double *losses,
                               cudaStream_t stream, struct error *error) {
    const size_t lanes = view->classes <= 16 ? 4 : view->classes <= 64 ? 8 : 32;
    const size_t groups = THREADS / lanes;
    const dim3 grid((unsigned)((view->rows * view->tasks + groups - 1) / groups));
    if (lanes == 4)
        LAUNCH((softmax_registers<Real, 4, 4>), grid, dim3(THREADS), 0, stream, *view, logits,
               weights, labels, probabilities, losses);
    else if (lanes == 8)
        LAUNCH((softmax_registers<Real, 8, 8>), grid, dim3(THREADS), 0, stream, *view, logits,
               weights, labels, probabilities, losses);
    else if (view->classes <= 256)
        LAUNCH((softmax_registers<Real, 32, 8>), grid, dim3(THREADS), 0, stream, *view, logits,
               weights, labels, probabilities, losses);
    else
        LAUNCH((softmax_memory<Real>), grid, dim3(THREADS), 0, stream, *view, logits, weights,
               labels, probabilities, losses);
    return cuda_check(cudaGetLastError(), "softmax", error);
}

/* A warp for each row. */
__global__ void __launch_bounds__(THREADS)
    logarithms_kernel(softmax_view view, const double *__restrict__ logits,
                      const double *__restrict__ weights, double floor,
                      float *__restrict__ logarithms) {
    const size_t lane = threadIdx.x % 32;
    const size_t row = (size_t)blockIdx.x * (THREADS / 32) + threadIdx.x / 32;
    if (row >= view.rows) return; /* the whole warp */
    const double *from = logits + row * view.stride, *intercept = weights + view.row_size - 1;
    double maximum = LEAST, sum = 0;
    for (size_t c = lane; c < view.classes; c += 32)
        maximum = fmax(maximum, from[c] + intercept[c * view.row_size]);
    maximum = group_maximum<double, 32>(maximum);
    for (size_t c = lane; c < view.classes; c += 32)
        sum += exp(from[c] + intercept[c * view.row_size] - maximum);
    const double total = log(group_sum<double, 32>(sum));
    for (size_t c = lane; c < view.classes; c += 32) {
        const double value = from[c] + intercept[c * view.row_size] - maximum - total;
        logarithms[row * view.classes + c] = (float)(value < floor ? floor : value);
    }
}

enum error_code launch_logarithms(const struct softmax_view *view, const double *logits,
                                  const double *weights, double floor, float *logarithms,
                                  cudaStream_t stream, struct error *error) {
    const unsigned blocks = (unsigned)((view->rows + THREADS / 32 - 1) / (THREADS / 32));
    LAUNCH(logarithms_kernel, dim3(blocks), dim3(THREADS), 0, stream, *view, logits, weights, floor,
           logarithms);
    return cuda_check(cudaGetLastError(), "logarithms", error);
}

template enum error_code launch_softmax<float>(const struct softmax_view *, float *, const double *,
                                               const int32_t *, float *, double *, cudaStream_t,
                                               struct error *);
template enum error_code launch_softmax<double>(const struct softmax_view *, double *,
                                                const double *, const int32_t *, float *, double *,
                                                cudaStream_t, struct error *);
