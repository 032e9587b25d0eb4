/* Tests of the simulator: programs with a planted bug must be caught, and the same programs
 * without it must give the right result, whatever the seed. Each runs in its own process. Built
 * like kernels/cuda: plain, with AddressSanitizer, with hooks. */
#include "test_simulator.h"

#include "kernels/cuda/launch.h"
#include "kernels/cuda/primitives.h"

#define COUNT 256

/* ---- barriers and shared memory ---- */
template <bool fault> static __global__ void reverse(const float *in, float *out) {
    SHARED_ARRAY(float, values, COUNT);
    values[threadIdx.x] = in[threadIdx.x];
    if (!fault) __syncthreads();
    out[threadIdx.x] = values[COUNT - 1 - threadIdx.x];
}

template <bool fault> static __global__ void reverse_dynamic(const float *in, float *out) {
    SHARED_MEMORY(float, values);
    values[threadIdx.x] = in[threadIdx.x];
    if (!fault) __syncthreads();
    out[threadIdx.x] = values[COUNT - 1 - threadIdx.x];
}

static __global__ void half_barrier(const float *in, float *out) {
    if (threadIdx.x < COUNT / 2) __syncthreads();
    out[threadIdx.x] = in[COUNT - 1 - threadIdx.x];
}

static __global__ void two_barriers(const float *in, float *out) {
    if (threadIdx.x < COUNT / 2)
        __syncthreads();
    else
        __syncthreads();
    out[threadIdx.x] = in[COUNT - 1 - threadIdx.x];
}

static __global__ void missing_lane(const float *in, float *out) {
    float value = in[COUNT - 1 - threadIdx.x];
    if (threadIdx.x % 32 != 5) value = __shfl_xor_sync(0xffffffffu, value, 0);
    out[threadIdx.x] = value;
}

static __global__ void past_array(const float *in, float *out) {
    SHARED_ARRAY(float, values, COUNT);
    values[threadIdx.x + (threadIdx.x == COUNT - 1)] = 0.0f;
    out[threadIdx.x] = in[COUNT - 1 - threadIdx.x];
}

static __global__ void before_dynamic(const float *in, float *out) {
    SHARED_MEMORY(float, values);
    values[(int)threadIdx.x - (threadIdx.x == 0)] = 0.0f;
    out[threadIdx.x] = in[COUNT - 1 - threadIdx.x];
}

static __global__ void large_array(const float *in, float *out) {
    SHARED_ARRAY(float, values, 12 * 1024 + 1);
    values[threadIdx.x] = in[threadIdx.x];
    out[threadIdx.x] = values[threadIdx.x];
}

/* Blocks of 32 threads; with the bug a block reads what another writes. */
template <bool fault> static __global__ void blocks_meet(const float *in, float *out) {
    const unsigned i = blockIdx.x * 32 + threadIdx.x;
    out[i] = in[COUNT - 1 - i];
    if (fault && out[COUNT - 1 - i] == 12345.0f) out[i] = 0.0f;
}

/* ---- memory ---- */
static __global__ void read_at(const float *in, float *out, size_t offset) {
    out[threadIdx.x] = in[COUNT - 1 - threadIdx.x + offset];
}
static __global__ void write_at(const float *in, float *out, long offset) {
    out[threadIdx.x] = in[COUNT - 1 - threadIdx.x];
    if (threadIdx.x == 0) out[offset] = 1.0f;
}
static __global__ void vector_at(const float *in, float *out, size_t offset) {
    if (threadIdx.x >= COUNT / 4) return;
    const float4 v = *(const float4 *)(in + offset + COUNT - 4 - 4 * threadIdx.x);
    ((float4 *)out)[threadIdx.x] = make_float4(v.w, v.z, v.y, v.x);
}

/* ---- asynchronous copies ---- */
enum copy_fault { COPY_RIGHT, COPY_NO_WAIT, COPY_NO_BARRIER, COPY_TOO_EARLY, COPY_MISALIGNED };

template <int fault> static __global__ void copy_twice(const float *in, float *out) {
    SHARED_ARRAY(float, values, COUNT);
    const unsigned i = threadIdx.x;
    for (int pass = 0; pass < 2; pass++) {
        if (i < COUNT / 4)
            async_copy_16(values + 4 * i, in + 4 * i + (fault == COPY_MISALIGNED), true);
        async_commit();
        if (fault != COPY_NO_WAIT) async_wait<0>();
        if (fault != COPY_NO_BARRIER) __syncthreads();
        out[i] = pass == 0 ? values[COUNT - 1 - i] : (out[i] + values[COUNT - 1 - i]) * 0.5f;
        if (fault != COPY_TOO_EARLY) __syncthreads();
    }
    async_wait<0>();
}

/* ---- tensor cores: one warp, (16, K) by (K, 8) ---- */
static __global__ void multiply_bf16(const float *a, const float *b, float *d) {
    SHARED_ARRAY(unsigned, tile, 16 * 8);
    const unsigned lane = threadIdx.x, g = lane / 4, t = lane % 4;
    for (unsigned i = lane; i < 16 * 8; i += 32) tile[i] = floats_to_bf16(a[2 * i], a[2 * i + 1]);
    __syncthreads();
    unsigned fragment[4], column[2];
    float sum[4] = {};
    load_matrix_x4(fragment, tile + (lane % 16) * 8 + lane / 16 * 4);
    for (unsigned i = 0; i < 2; i++)
        column[i] = floats_to_bf16(b[(2 * t + 8 * i) * 8 + g], b[(2 * t + 8 * i + 1) * 8 + g]);
    mma_m16n8k16_bf16(sum, fragment, column);
    for (unsigned i = 0; i < 4; i++) d[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sum[i];
}

static __global__ void multiply_tf32(const float *a, const float *b, float *d) {
    const unsigned lane = threadIdx.x, g = lane / 4, t = lane % 4;
    unsigned row[4], column[2];
    float sum[4] = {};
    for (unsigned i = 0; i < 4; i++)
        row[i] = __float_as_uint(float_to_tf32(a[(g + i % 2 * 8) * 8 + t + i / 2 * 4]));
    for (unsigned i = 0; i < 2; i++)
        column[i] = __float_as_uint(float_to_tf32(b[(t + i * 4) * 8 + g]));
    mma_m16n8k8_tf32(sum, row, column);
    for (unsigned i = 0; i < 4; i++) d[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sum[i];
}

/* The set-up of the programs: input COUNT .. 1 and output on GPU 0, pinned memory for both. */
struct rig {
    cudaStream_t stream, other;
    cudaEvent_t event;
    float *sent, *received, *in, *out;
};

static void open_rig(struct rig *rig) {
    cudaStreamCreateWithFlags(&rig->stream, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&rig->other, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&rig->event, cudaEventDisableTiming);
    cudaMallocHost(&rig->sent, COUNT * sizeof(float));
    cudaMallocHost(&rig->received, COUNT * sizeof(float));
    cudaMalloc(&rig->in, COUNT * sizeof(float));
    cudaMalloc(&rig->out, COUNT * sizeof(float));
    for (int i = 0; i < COUNT; i++) rig->sent[i] = (float)(COUNT - i);
}

static void close_rig(struct rig *rig) {
    cudaStreamSynchronize(rig->other);
    cudaStreamDestroy(rig->stream);
    cudaStreamDestroy(rig->other);
    cudaEventDestroy(rig->event);
    cudaFreeHost(rig->sent);
    cudaFreeHost(rig->received);
    cudaFree(rig->in);
    cudaFree(rig->out);
}

static void send(struct rig *rig, cudaStream_t stream) {
    cudaMemcpyAsync(rig->in, rig->sent, COUNT * sizeof(float), cudaMemcpyHostToDevice, stream);
}

/* Whether 1 .. COUNT came back. */
static bool receive(struct rig *rig, bool wait) {
    cudaMemcpyAsync(rig->received, rig->out, COUNT * sizeof(float), cudaMemcpyDeviceToHost,
                    rig->stream);
    if (wait) cudaStreamSynchronize(rig->stream);
    bool right = true;
    for (int i = 0; i < COUNT; i++)
        if (!(rig->received[i] == (float)(i + 1))) right = false;
    cudaStreamSynchronize(rig->stream);
    close_rig(rig);
    return right;
}

#define KERNEL_PROGRAM(name, kernel, blocks, threads, shared, ...)                                 \
    static bool name(void) {                                                                       \
        struct rig rig;                                                                            \
        open_rig(&rig);                                                                            \
        send(&rig, rig.stream);                                                                    \
        LAUNCH(kernel, dim3(blocks), dim3(threads), shared, rig.stream, rig.in, rig.out,           \
               ##__VA_ARGS__);                                                                     \
        return receive(&rig, true);                                                                \
    }
#define BYTES (COUNT * sizeof(float))
KERNEL_PROGRAM(barrier_right, (reverse<false>), 1, COUNT, 0)
KERNEL_PROGRAM(barrier_missing, (reverse<true>), 1, COUNT, 0)
KERNEL_PROGRAM(warps_right, (reverse_dynamic<false>), 1, COUNT, BYTES)
KERNEL_PROGRAM(warps_race, (reverse_dynamic<true>), 1, COUNT, BYTES)
KERNEL_PROGRAM(barrier_half, half_barrier, 1, COUNT, 0)
KERNEL_PROGRAM(barrier_two, two_barriers, 1, COUNT, 0)
KERNEL_PROGRAM(lane_missing, missing_lane, 1, COUNT, 0)
KERNEL_PROGRAM(shared_past, past_array, 1, COUNT, 0)
KERNEL_PROGRAM(shared_before, before_dynamic, 1, COUNT, BYTES)
KERNEL_PROGRAM(shared_static, large_array, 1, COUNT, 0)
KERNEL_PROGRAM(shared_dynamic, (reverse_dynamic<false>), 1, COUNT, 48 * 1024 + 4)
KERNEL_PROGRAM(shared_unasked, (reverse_dynamic<false>), 1, COUNT, 48 * 1024)
KERNEL_PROGRAM(blocks_right, (blocks_meet<false>), COUNT / 32, 32, 0)
KERNEL_PROGRAM(blocks_race, (blocks_meet<true>), COUNT / 32, 32, 0)
KERNEL_PROGRAM(threads_many, (reverse<false>), 1, 1025, 0)
KERNEL_PROGRAM(grid_none, (reverse<false>), 0, COUNT, 0)
KERNEL_PROGRAM(grid_large, (reverse<false>), dim3(1, 65536), COUNT, 0)
KERNEL_PROGRAM(read_past, read_at, 1, COUNT, 0, 1)
KERNEL_PROGRAM(write_past, write_at, 1, COUNT, 0, COUNT)
KERNEL_PROGRAM(write_far, write_at, 1, COUNT, 0, 1 << 20)
KERNEL_PROGRAM(vector_right, vector_at, 1, COUNT, 0, 0)
KERNEL_PROGRAM(vector_misaligned, vector_at, 1, COUNT, 0, (size_t)-1)
KERNEL_PROGRAM(copy_right, (copy_twice<COPY_RIGHT>), 1, COUNT, 0)
KERNEL_PROGRAM(copy_no_wait, (copy_twice<COPY_NO_WAIT>), 1, COUNT, 0)
KERNEL_PROGRAM(copy_no_barrier, (copy_twice<COPY_NO_BARRIER>), 1, COUNT, 0)
KERNEL_PROGRAM(copy_too_early, (copy_twice<COPY_TOO_EARLY>), 1, COUNT, 0)
KERNEL_PROGRAM(copy_misaligned, (copy_twice<COPY_MISALIGNED>), 1, COUNT, 0)

static bool read_fresh(void) {
    struct rig rig;
    open_rig(&rig);
    LAUNCH((reverse<false>), dim3(1), dim3(COUNT), 0, rig.stream, rig.in, rig.out);
    return receive(&rig, true);
}

/* ---- streams ---- */
static bool two_streams(bool event, bool early_reuse, bool wait) {
    struct rig rig;
    open_rig(&rig);
    send(&rig, rig.other);
    if (event) {
        cudaEventRecord(rig.event, rig.other);
        cudaStreamWaitEvent(rig.stream, rig.event, 0);
    }
    if (early_reuse) rig.sent[3] = 0.0f;
    LAUNCH((reverse<false>), dim3(1), dim3(COUNT), 0, rig.stream, rig.in, rig.out);
    return receive(&rig, wait);
}
static bool streams_right(void) { return two_streams(true, false, true); }
static bool streams_no_event(void) { return two_streams(false, false, true); }
static bool host_writes_early(void) { return two_streams(true, true, true); }
static bool host_reads_early(void) { return two_streams(true, false, false); }

/* A second copy up overwrites what the kernel of another stream reads. */
static bool overwrite(bool event) {
    struct rig rig;
    float *zeros;
    open_rig(&rig);
    cudaMallocHost(&zeros, BYTES);
    memset(zeros, 0, BYTES);
    send(&rig, rig.stream);
    cudaStreamSynchronize(rig.stream);
    LAUNCH((reverse<false>), dim3(1), dim3(COUNT), 0, rig.stream, rig.in, rig.out);
    cudaEventRecord(rig.event, rig.stream);
    if (event) cudaStreamWaitEvent(rig.other, rig.event, 0);
    cudaMemcpyAsync(rig.in, zeros, BYTES, cudaMemcpyHostToDevice, rig.other);
    const bool right = receive(&rig, true);
    cudaFreeHost(zeros);
    return right;
}
static bool overwrite_right(void) { return overwrite(true); }
static bool overwrite_race(void) { return overwrite(false); }

static bool freed_early(void) {
    struct rig rig;
    open_rig(&rig);
    send(&rig, rig.stream);
    cudaFreeHost(rig.sent);
    cudaStreamSynchronize(rig.stream);
    return true; /* unless it was caught at once */
}

/* ---- who may touch what ---- */
static bool host_touches(void) {
    struct rig rig;
    open_rig(&rig);
    rig.in[0] = 1.0f;
    return false;
}
static bool host_memory(void) {
    struct rig rig;
    static float values[COUNT];
    open_rig(&rig);
    for (int i = 0; i < COUNT; i++) values[i] = (float)(COUNT - i);
    LAUNCH((reverse<false>), dim3(1), dim3(COUNT), 0, rig.stream, values, rig.out);
    return receive(&rig, true);
}
static bool pageable_copy(void) {
    struct rig rig;
    float values[COUNT] = {};
    open_rig(&rig);
    cudaMemcpyAsync(rig.in, values, BYTES, cudaMemcpyHostToDevice, rig.stream);
    return receive(&rig, true);
}
static bool copy_past(void) {
    struct rig rig;
    open_rig(&rig);
    cudaMemcpyAsync(rig.in + 1, rig.sent, BYTES, cudaMemcpyHostToDevice, rig.stream);
    return receive(&rig, true);
}
static bool use_after_free(void) {
    struct rig rig;
    open_rig(&rig);
    cudaFree(rig.in);
    LAUNCH((reverse<false>), dim3(1), dim3(COUNT), 0, rig.stream, rig.in, rig.out);
    return receive(&rig, true);
}
static bool other_gpu(void) {
    struct rig rig;
    float *elsewhere;
    open_rig(&rig);
    cudaSetDevice(1);
    cudaMalloc(&elsewhere, BYTES);
    cudaSetDevice(0);
    LAUNCH((reverse<false>), dim3(1), dim3(COUNT), 0, rig.stream, elsewhere, rig.out);
    return receive(&rig, true);
}

/* ---- leaks ---- */
#define LEAK_PROGRAM(name, type, create)                                                           \
    static bool name(void) {                                                                       \
        type forgotten;                                                                            \
        return create == 0;                                                                        \
    }
LEAK_PROGRAM(leak_memory, float *, cudaMalloc(&forgotten, 100))
LEAK_PROGRAM(leak_pinned, float *, cudaMallocHost(&forgotten, 100))
LEAK_PROGRAM(leak_stream, cudaStream_t, cudaStreamCreateWithFlags(&forgotten, 0))
LEAK_PROGRAM(leak_event, cudaEvent_t, cudaEventCreateWithFlags(&forgotten, 0))
LEAK_PROGRAM(leak_handle, cublasHandle_t, cublasCreate(&forgotten))

/* ---- injected errors: the n-th call gives them, and only it or all after it ---- */
static bool memory_fails_once(void) {
    float *first = NULL, *second = NULL, *third = NULL;
    const bool right = cudaMalloc(&first, 100) == cudaSuccess &&
                       cudaMalloc(&second, 100) == cudaErrorMemoryAllocation &&
                       cudaGetLastError() == cudaErrorMemoryAllocation &&
                       cudaGetLastError() == cudaSuccess && cudaMalloc(&third, 100) == cudaSuccess;
    cudaFree(first);
    cudaFree(third);
    return right;
}
static bool sticky_stays(void) {
    float *first = NULL, *second = NULL;
    return cudaMalloc(&first, 100) == cudaSuccess &&
           cudaMalloc(&second, 100) == cudaErrorIllegalAddress &&
           cudaGetLastError() == cudaErrorIllegalAddress &&
           cudaGetLastError() == cudaErrorIllegalAddress &&
           cudaFree(first) == cudaErrorIllegalAddress;
}
static bool one_is_lost(void) {
    float *lost = NULL, *left = NULL;
    setenv("CUDASIM_GPUS", "2", 1); /* before the first call reads it */
    return cudaMalloc(&lost, 100) == cudaSuccess && cudaMalloc(&left, 100) != cudaSuccess &&
           cudaGetLastError() == cudaErrorIllegalAddress && cudaSetDevice(1) == cudaSuccess &&
           cudaMalloc(&left, 100) == cudaSuccess && cudaFree(lost) == cudaErrorIllegalAddress &&
           cudaFree(left) == cudaSuccess && cudaSetDevice(0) == cudaErrorIllegalAddress;
}
static bool memory_is_bounded(void) {
    float *first = NULL, *second = NULL;
    size_t left, total;
    const bool right = cudaMalloc(&first, 600) == cudaSuccess &&
                       cudaMemGetInfo(&left, &total) == cudaSuccess && left == 400 &&
                       cudaMalloc(&second, 401) == cudaErrorMemoryAllocation;
    cudaFree(first);
    return right;
}

/* ---- products against double precision ---- */
static float from_bf16(float value) {
    return __uint_as_float((unsigned)cudasim_bf16_bits(value) << 16);
}

static bool multiply(bool bf16) {
    struct rig rig;
    const int depth = bf16 ? 16 : 8;
    float *b;
    open_rig(&rig);
    for (int i = 0; i < COUNT; i++) rig.sent[i] = 1.0f / (float)(i + 3);
    cudaMalloc(&b, BYTES);
    send(&rig, rig.stream);
    cudaMemcpyAsync(b, rig.sent, BYTES, cudaMemcpyHostToDevice, rig.stream);
    if (bf16)
        LAUNCH(multiply_bf16, dim3(1), dim3(32), 0, rig.stream, rig.in, b, rig.out);
    else
        LAUNCH(multiply_tf32, dim3(1), dim3(32), 0, rig.stream, rig.in, b, rig.out);
    cudaMemcpyAsync(rig.received, rig.out, 128 * sizeof(float), cudaMemcpyDeviceToHost, rig.stream);
    cudaStreamSynchronize(rig.stream);
    bool right = true;
    for (int m = 0; m < 16; m++)
        for (int n = 0; n < 8; n++) {
            double rounded = 0.0, exact = 0.0;
            for (int k = 0; k < depth; k++) {
                const float x = rig.sent[m * depth + k], y = rig.sent[k * 8 + n];
                exact += (double)x * y;
                rounded += bf16 ? (double)from_bf16(x) * from_bf16(y)
                                : (double)float_to_tf32(x) * float_to_tf32(y);
            }
            const double got = rig.received[m * 8 + n];
            if (!(fabs(got - rounded) <= 1e-6 * rounded) || got == (float)exact) right = false;
        }
    cudaFree(b);
    close_rig(&rig);
    return right;
}
static bool bf16_right(void) { return multiply(true); }
static bool tf32_right(void) { return multiply(false); }

/* c = a b by cuBLAS, column-major, a transposed: 2 x 3 times 3 x 2. */
static bool blas_right(void) {
    struct rig rig;
    cublasHandle_t blas;
    const float one = 1.0f, none = 0.0f;
    open_rig(&rig);
    for (int i = 0; i < COUNT; i++) rig.sent[i] = (float)(i + 1);
    cublasCreate(&blas);
    cublasSetStream(blas, rig.stream);
    send(&rig, rig.stream);
    cublasSgemm(blas, CUBLAS_OP_T, CUBLAS_OP_N, 2, 2, 3, &one, rig.in, 3, rig.in + 6, 3, &none,
                rig.out, 2);
    cudaMemcpyAsync(rig.received, rig.out, 4 * sizeof(float), cudaMemcpyDeviceToHost, rig.stream);
    cudaStreamSynchronize(rig.stream);
    const bool right = rig.received[0] == 50.0f && rig.received[1] == 122.0f &&
                       rig.received[2] == 68.0f && rig.received[3] == 167.0f;
    cublasDestroy(blas);
    close_rig(&rig);
    return right;
}

static const struct simulator_test tests[] = {
    {"reverse with a barrier", barrier_right, RIGHT, NULL, NULL},
    {"a missing __syncthreads", barrier_missing, WRONG_RESULT, NULL, NULL},
    {"a missing __syncthreads, detected", barrier_missing, CAUGHT_BY_HOOKS, "race: ", NULL},
    {"warps with a barrier", warps_right, RIGHT, NULL, NULL},
    {"a data race between warps", warps_race, WRONG_RESULT, NULL, NULL},
    {"a data race between warps, detected", warps_race, CAUGHT_BY_HOOKS, "race: ", NULL},
    {"a barrier for half the threads", barrier_half, CAUGHT, "__syncthreads at", NULL},
    {"two barriers instead of one", barrier_two, CAUGHT, "divergent barrier", NULL},
    {"a shuffle without one lane", lane_missing, CAUGHT, "lane", NULL},
    {"a write past a shared array", shared_past, CAUGHT, "past array values", NULL},
    {"a write before shared memory", shared_before, CAUGHT, "before array", NULL},
    {"static shared memory over-used", shared_static, CAUGHT, "static shared memory", NULL},
    {"dynamic shared memory over-used", shared_dynamic, CAUGHT, "dynamic shared memory", NULL},
    {"shared memory not asked for", shared_unasked, CAUGHT, "no carve-out", NULL},
    {"blocks that do not meet", blocks_right, RIGHT, NULL, NULL},
    {"a race between blocks", blocks_race, CAUGHT_BY_HOOKS, "race: ", NULL},
    {"too many threads", threads_many, CAUGHT, "out of range", NULL},
    {"a grid of none", grid_none, CAUGHT, "out of range", NULL},
    {"too large a grid", grid_large, CAUGHT, "out of range", NULL},
    {"a read past the end", read_past, WRONG_RESULT, NULL, NULL},
    {"a read past the end, detected", read_past, CAUGHT_BY_HOOKS, "out of bounds", NULL},
    {"a write past the end", write_past, CAUGHT, "out of its bounds", NULL},
    {"a write far away", write_far, CAUGHT, "touches", NULL},
    {"vectors", vector_right, RIGHT, NULL, NULL},
    {"a misaligned vector", vector_misaligned, CAUGHT_BY_HOOKS, "misaligned", NULL},
    {"a misaligned vector, sanitized", vector_misaligned, CAUGHT_BY_SANITIZER, "misaligned", NULL},
    {"asynchronous copies", copy_right, RIGHT, NULL, NULL},
    {"an asynchronous copy not waited for", copy_no_wait, WRONG_RESULT, NULL, NULL},
    {"an asynchronous copy without a barrier", copy_no_barrier, WRONG_RESULT, NULL, NULL},
    {"an asynchronous copy, detected", copy_no_barrier, CAUGHT_BY_HOOKS, "race: ", NULL},
    {"an asynchronous copy too early", copy_too_early, WRONG_RESULT, NULL, NULL},
    {"an early copy, detected", copy_too_early, CAUGHT_BY_HOOKS, "race: ", NULL},
    {"a misaligned asynchronous copy", copy_misaligned, CAUGHT, "misaligned", NULL},
    {"a read of uninitialised memory", read_fresh, WRONG_RESULT, NULL, NULL},
    {"uninitialised memory, detected", read_fresh, CAUGHT_BY_HOOKS, "never written", NULL},
    {"streams with an event", streams_right, RIGHT, NULL, NULL},
    {"a missing stream wait", streams_no_event, WRONG_RESULT, NULL, NULL},
    {"a missing stream wait, detected", streams_no_event, CAUGHT_BY_HOOKS, "", NULL},
    {"a copy up overtaken by the host", host_writes_early, WRONG_RESULT, NULL, NULL},
    {"a copy down not waited for", host_reads_early, WRONG_RESULT, NULL, NULL},
    {"a buffer used again after an event", overwrite_right, RIGHT, NULL, NULL},
    {"a buffer used again too early", overwrite_race, WRONG_RESULT, NULL, NULL},
    {"a buffer too early, detected", overwrite_race, CAUGHT_BY_HOOKS, "between streams", NULL},
    {"pinned memory freed too early", freed_early, CAUGHT_LATE, "is freed while", NULL},
    {"the host touches GPU memory", host_touches, CAUGHT, "the host touches", NULL},
    {"a kernel touches host memory", host_memory, CAUGHT_BY_HOOKS, "host's memory", NULL},
    {"a copy of pageable memory", pageable_copy, CAUGHT, "not pinned", NULL},
    {"a copy past the end", copy_past, CAUGHT, "out of bounds", NULL},
    {"memory used after its end", use_after_free, CAUGHT, "", NULL},
    {"another GPU's memory", other_gpu, CAUGHT, "", "CUDASIM_GPUS=2"},
    {"a leak of GPU memory", leak_memory, CAUGHT, "leak: 1 allocations of device", NULL},
    {"a leak of pinned memory", leak_pinned, CAUGHT, "leak: 1 allocations of pinned", NULL},
    {"a leak of a stream", leak_stream, CAUGHT, "leak: 1 streams", NULL},
    {"a leak of an event", leak_event, CAUGHT, "leak: 1 events", NULL},
    {"a leak of a cuBLAS handle", leak_handle, CAUGHT, "leak: 1 cuBLAS", NULL},
    {"out of memory at the second", memory_fails_once, RIGHT, NULL, "CUDASIM_FAIL=memory:2"},
    {"a sticky error at the second", sticky_stays, RIGHT, NULL, "CUDASIM_FAIL=sticky:2"},
    {"one GPU of two is lost", one_is_lost, RIGHT, NULL, "CUDASIM_FAIL=gpu:0:2"},
    {"memory has an end", memory_is_bounded, RIGHT, NULL, "CUDASIM_MEMORY=1000"},
    {"tensor cores in bfloat16", bf16_right, RIGHT, NULL, NULL},
    {"tensor cores in TF32", tf32_right, RIGHT, NULL, NULL},
    {"cuBLAS", blas_right, RIGHT, NULL, NULL},
};

int main(void) { return run_simulator_tests(tests, sizeof tests / sizeof tests[0]); }
