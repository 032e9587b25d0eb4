#include "kernels/cuda/kernel_times.h"

#include "kernels/cuda/check.h"
#include "kernels/cuda/launch.h"

#include <stdio.h>
#include <string.h>

#define MAXIMUM_PENDING 4096 /* launches whose events are kept until they are added up */

struct timed_launch {
    const char *name; /* a literal, one for each kernel */
    cudaEvent_t begin, end;
};

static struct {
    struct timed_launch pending[MAXIMUM_PENDING];
    int pending_count;
    const char *names[DEVICE_MAXIMUM_KERNELS];
    struct device_kernel_times times;
    struct error error; /* the first; nothing is timed after it */
} timing;

/* "kernel<true>" of launch_name()'s "... [with auto kernel = kernel<true>]". */
static void copy_name(const char *text, struct device_kernel *kernel) {
    static const char before[] = "kernel = ";
    const char *begin = strstr(text, before);
    begin = begin == NULL ? text : begin + strlen(before);
    const char *end = strrchr(begin, ']');
    const int length = end == NULL ? (int)strlen(begin) : (int)(end - begin);
    snprintf(kernel->name, sizeof kernel->name, "%.*s", length, begin);
}

static struct device_kernel *find_kernel(const char *name) {
    struct device_kernel_times *times = &timing.times;
    for (size_t i = 0; i < times->count; i++)
        if (timing.names[i] == name) return &times->kernels[i];
    if (times->count == DEVICE_MAXIMUM_KERNELS) return NULL;
    timing.names[times->count] = name;
    copy_name(name, &times->kernels[times->count]);
    return &times->kernels[times->count++];
}

/* Waits for a launch and adds it to the sums. */
static void add_launch(const struct timed_launch *launch) {
    float milliseconds = 0.0f;
    if (launch->end == NULL) return; /* the error is noted */
    struct device_kernel *kernel = find_kernel(launch->name);
    if (kernel == NULL) {
        FAIL(&timing.error, ERROR_INTERNAL, "there are more than %d kernels to time",
             DEVICE_MAXIMUM_KERNELS);
        return;
    }
    if (cuda_check(cudaEventSynchronize(launch->end), "the time of a kernel", &timing.error) !=
            ERROR_NONE ||
        cuda_check(cudaEventElapsedTime(&milliseconds, launch->begin, launch->end),
                   "the time of a kernel", &timing.error) != ERROR_NONE)
        return;
    kernel->launches += 1.0;
    kernel->seconds += 1e-3 * (double)milliseconds;
}

static void add_up(void) {
    for (int i = 0; i < timing.pending_count; i++) {
        const struct timed_launch *launch = &timing.pending[i];
        add_launch(launch);
        if (launch->begin != NULL) cudaEventDestroy(launch->begin);
        if (launch->end != NULL) cudaEventDestroy(launch->end);
    }
    timing.pending_count = 0;
}

static void record(cudaEvent_t *event, cudaStream_t stream) {
    if (cuda_check(cudaEventCreateWithFlags(event, cudaEventDefault), "the time of a kernel",
                   &timing.error) == ERROR_NONE)
        cuda_check(cudaEventRecord(*event, stream), "the time of a kernel", &timing.error);
}

static void before_launch(const char *kernel, cudaStream_t stream) {
    if (timing.error.code != ERROR_NONE) return;
    if (timing.pending_count == MAXIMUM_PENDING) add_up();
    struct timed_launch *launch = &timing.pending[timing.pending_count++];
    *launch = {kernel, NULL, NULL};
    record(&launch->begin, stream);
}

/* An error of the launch itself stays for cuda_check_launch(). */
static void after_launch(cudaStream_t stream) {
    if (timing.error.code == ERROR_NONE)
        record(&timing.pending[timing.pending_count - 1].end, stream);
}

enum error_code cuda_kernels_start(struct device *device, struct error *error) {
    static const struct launch_hooks hooks = {before_launch, after_launch};
    (void)device;
    (void)error;
    memset(&timing, 0, sizeof timing);
    launch_hooks = &hooks;
    return ERROR_NONE;
}

enum error_code cuda_kernels_stop(struct device *device, struct device_kernel_times *times,
                                  struct error *error) {
    (void)device;
    launch_hooks = NULL;
    add_up();
    *times = timing.times;
    if (timing.error.code != ERROR_NONE) *error = timing.error;
    return error->code;
}
