/* The simulator's half of kernels/cuda/launch.h. */
#ifndef CUDASIM_LAUNCH_H
#define CUDASIM_LAUNCH_H

#include <cuda_runtime.h>
#include <new>
#include <stdlib.h>
#include <tuple>
#include <utility>
#include <vector>

struct cudasim_argument {
    const void *data;
    size_t bytes;
};

/* A launch waiting in its stream: the kernel and a copy of its arguments. */
struct cudasim_call {
    void (*run)(const struct cudasim_call *call); /* one thread of the kernel */
    void (*destroy)(struct cudasim_call *call);
    std::vector<struct cudasim_argument> (*arguments)(const struct cudasim_call *call);
    const void *kernel;
    size_t bytes; /* of the whole call */
};

struct cudasim_launch {
    const char *name;
    struct dim3 grid, block;
    size_t shared_bytes;
    cudaStream_t stream;
    struct cudasim_place place;
};

/* Takes ownership of the call. */
extern "C" void cudasim_enqueue_kernel(const struct cudasim_launch *launch,
                                       struct cudasim_call *call);

template <typename... P> struct cudasim_call_of {
    struct cudasim_call base;
    void (*kernel)(P...);
    std::tuple<P...> arguments;
};

template <typename... P> void cudasim_run_call(const struct cudasim_call *call) {
    const cudasim_call_of<P...> *own = (const cudasim_call_of<P...> *)call;
    std::apply(own->kernel, own->arguments);
}

template <typename... P>
std::vector<struct cudasim_argument> cudasim_arguments_of_call(const struct cudasim_call *call) {
    std::vector<struct cudasim_argument> list;
    std::apply(
        [&](const P &...argument) {
            (list.push_back({&argument, sizeof argument}), ...);
        },
        ((const cudasim_call_of<P...> *)call)->arguments);
    return list;
}

template <typename... P> void cudasim_destroy_call(struct cudasim_call *call) {
    delete (cudasim_call_of<P...> *)call;
}

template <typename... P, typename... A>
void cudasim_launch_kernel(const struct cudasim_launch &launch, void (*kernel)(P...),
                           A &&...arguments) {
    cudasim_call_of<P...> *call = new cudasim_call_of<P...>{
        {cudasim_run_call<P...>, cudasim_destroy_call<P...>, cudasim_arguments_of_call<P...>,
         (const void *)kernel, sizeof(cudasim_call_of<P...>)},
        kernel,
        std::tuple<P...>(std::forward<A>(arguments)...)};
    cudasim_enqueue_kernel(&launch, &call->base);
}

/* "softmax<float, 4>", also for a launch inside a template. */
template <auto kernel> const char *cudasim_kernel_name(void) {
    static char name[sizeof __PRETTY_FUNCTION__];
    const char *begin = strstr(__PRETTY_FUNCTION__, "kernel = ") + strlen("kernel = ");
    if (name[0] == '\0') memcpy(name, begin, strlen(begin) - 1); /* without the ] */
    return name;
}

#define LAUNCH_NOW(kernel, grid, block, shared_bytes, stream, ...)                                 \
    cudasim_launch_kernel({cudasim_kernel_name<(kernel)>(),                                        \
                           (grid),                                                                 \
                           (block),                                                                \
                           (size_t)(shared_bytes),                                                 \
                           (stream),                                                               \
                           {__FILE__, __LINE__}},                                                  \
                          kernel, ##__VA_ARGS__)

/* A static one for each SHARED_ARRAY; its address identifies the array. */
struct cudasim_shared_site {
    const char *name;
    size_t bytes;
};
extern "C" void *cudasim_shared_array(const struct cudasim_shared_site *site,
                                      struct cudasim_place place);

#define SHARED_MEMORY(type, name) type *const name = (type *)cudasim_view.dynamic_shared

#define SHARED_ARRAY(type, name, count)                                                            \
    static const struct cudasim_shared_site cudasim_site_##name = {#name, sizeof(type[count])};    \
    type(&name)[count] =                                                                           \
        *(type(*)[count])cudasim_shared_array(&cudasim_site_##name, {__FILE__, __LINE__})

#endif
