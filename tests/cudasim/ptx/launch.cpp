/* Launches: the blocks of a grid one after the other, the warps of a block in an order of the
 * seed, each until it waits at a barrier, pauses or ends. */
#include "ptx.h"

#include <algorithm>
#include <dirent.h>
#include <stdlib.h>

static struct ptx_warp warps[1024 / PTX_LANES];
static unsigned warp_count, thread_count;

unsigned ptx_harsh(void) {
    static const char *const value = getenv("CUDASIM_PTX_HARSH");
    static const unsigned group = value == NULL ? 0 : (unsigned)atoi(value);
    if (value != NULL && group != 4 && group != 8)
        cudasim_fail("CUDASIM_PTX_HARSH=%s is neither 4 nor 8", value);
    return group;
}

static void at_exit(void) { ptx_write_executed(getenv("CUDASIM_PTX_EXECUTED")); }

/* Reads all modules of the folder, once. */
static bool has_modules(void) {
    static const char *const folder = getenv("CUDASIM_PTX");
    static bool read;
    if (folder == NULL || *folder == '\0' || read) return read;
    std::vector<std::string> names;
    DIR *entries = opendir(folder);
    if (entries == NULL) cudasim_fail("ptx: CUDASIM_PTX=%s cannot be opened", folder);
    while (const struct dirent *entry = readdir(entries)) {
        const std::string name = entry->d_name;
        if (name.size() > 4 && name.substr(name.size() - 4) == ".ptx") names.push_back(name);
    }
    closedir(entries);
    std::sort(names.begin(), names.end());
    for (const std::string &name : names) ptx_read((std::string(folder) + "/" + name).c_str());
    if (getenv("CUDASIM_PTX_EXECUTED") != NULL) {
        ptx_decode_all();
        atexit(at_exit); /* after what decoding constructs: it is there until then */
    }
    return read = true;
}

/* ---- a launch ---- */

static std::vector<unsigned char> copy_parameters(const struct ptx_kernel *kernel,
                                                  const struct cudasim_call *call) {
    const std::vector<struct cudasim_argument> arguments = call->arguments(call);
    std::vector<unsigned char> parameters(kernel->parameter_bytes, 0xff);
    if (arguments.size() != kernel->parameters.size())
        cudasim_fail("ptx: %s has %zu parameters, %zu are given", kernel->name.c_str(),
                     kernel->parameters.size(), arguments.size());
    for (size_t i = 0; i < arguments.size(); i++) {
        if (arguments[i].bytes != kernel->parameters[i].bytes)
            cudasim_fail("ptx: parameter %zu of %s has %zu bytes, %zu are given", i,
                         kernel->name.c_str(), kernel->parameters[i].bytes, arguments[i].bytes);
        memcpy(&parameters[kernel->parameters[i].offset], arguments[i].data, arguments[i].bytes);
    }
    return parameters;
}

template <typename T> static void fill(const struct ptx_warp *warp, uint32_t at, uint64_t bits) {
    for (uint32_t lane = 0; lane < PTX_LANES; lane++) ptx_row<T>(warp, at)[lane] = (T)bits;
}

static void fill_constants(const struct ptx_warp *warp) {
    for (const struct ptx_constant &constant : warp->kernel->constants) {
        if (constant.width == 0)
            *ptx_row<uint32_t>(warp, constant.at) = constant.bits ? PTX_ALL : 0;
        if (constant.width == 2) fill<uint16_t>(warp, constant.at, constant.bits);
        if (constant.width == 4) fill<uint32_t>(warp, constant.at, constant.bits);
        if (constant.width == 8) fill<uint64_t>(warp, constant.at, constant.bits);
    }
}

/* The bytes of all warps, which are kept for the next launch. */
static void make_warps(const struct ptx_kernel *kernel) {
    static unsigned char *bytes;
    static size_t allocated;
    const size_t local = (kernel->local_bytes * PTX_LANES + 63) / 64 * 64;
    const size_t each = kernel->warp_bytes + local;
    warp_count = (thread_count + PTX_LANES - 1) / PTX_LANES;
    if (allocated < each * warp_count) {
        free(bytes);
        allocated = each * warp_count;
        bytes = (unsigned char *)aligned_alloc(64, allocated);
        if (bytes == NULL) cudasim_fail("ptx: no memory for %s", kernel->name.c_str());
    }
    for (unsigned w = 0; w < warp_count; w++) {
        warps[w].kernel = kernel;
        warps[w].registers = bytes + w * each;
        warps[w].local = warps[w].registers + kernel->warp_bytes;
        warps[w].first = w * PTX_LANES;
        fill_constants(&warps[w]);
    }
}

/* ---- a block ---- */

static unsigned axis_of(unsigned x, unsigned y, unsigned z, int axis) {
    return axis == 0 ? x : axis == 1 ? y : z;
}

static void fill_specials(const struct ptx_warp *warp) {
    const struct dim3 g = cudasim_view.grid, b = cudasim_view.block;
    const struct uint3 at = cudasim_view.block_index;
    for (const struct ptx_special_register &special : warp->kernel->specials)
        for (uint32_t lane = 0; lane < PTX_LANES; lane++) {
            const unsigned thread = warp->first + lane;
            uint32_t *value = &ptx_row<uint32_t>(warp, special.at)[lane];
            switch (special.what) {
            case PTX_TID:
                *value =
                    axis_of(thread % b.x, thread / b.x % b.y, thread / b.x / b.y, special.axis);
                break;
            case PTX_NTID: *value = axis_of(b.x, b.y, b.z, special.axis); break;
            case PTX_CTAID: *value = axis_of(at.x, at.y, at.z, special.axis); break;
            case PTX_NCTAID: *value = axis_of(g.x, g.y, g.z, special.axis); break;
            }
        }
}

/* Registers and memory are NaN, predicates true. */
static void begin_warp(struct ptx_warp *warp) {
    const struct ptx_kernel *kernel = warp->kernel;
    const unsigned lanes = thread_count - warp->first;
    memset(warp->registers, 0xff, kernel->register_bytes);
    memset(warp->local, 0xff, kernel->local_bytes * PTX_LANES);
    fill_specials(warp);
    warp->present = warp->ready = lanes >= PTX_LANES ? PTX_ALL : (1u << lanes) - 1;
    warp->waiting = 0;
    warp->at_barrier = false;
    memset(warp->counter, 0, sizeof warp->counter);
    memset(warp->group, 0, sizeof warp->group);
    for (std::vector<struct ptx_copy> &copies : warp->copies) copies.clear();
}

/* All warps that have not ended wait at a barrier: at the same one, and none may have ended. */
static void pass_barrier(void) {
    const struct ptx_warp *first = &warps[0];
    unsigned threads = 0;
    for (unsigned w = 0; w < warp_count; w++) {
        if (warps[w].at_barrier) first = &warps[w];
        threads += (unsigned)__builtin_popcount(warps[w].waiting);
    }
    const uint32_t lane = (uint32_t)__builtin_ctz(first->waiting), at = first->counter[lane];
    const struct ptx_instruction *barrier = &first->kernel->code[at];
    if (threads != thread_count)
        ptx_fail(first, barrier, lane, "divergent barrier: %u of %u threads wait, the others ended",
                 threads, thread_count);
    for (unsigned w = 0; w < warp_count; w++) {
        struct ptx_warp *warp = &warps[w];
        if (warp->counter[__builtin_ctz(warp->waiting)] != at)
            ptx_fail(first, barrier, lane, "divergent barrier: warp %u waits at another", w);
        for (uint32_t &counter : warp->counter) counter = at + 1;
        warp->ready = warp->waiting;
        warp->waiting = 0;
        warp->at_barrier = false;
    }
    cudasim_now.counts->barriers++;
}

static void run_block(uint64_t number) {
    const struct dim3 grid = cudasim_view.grid;
    cudasim_view.block_index =
        uint3{(unsigned)(number % grid.x), (unsigned)(number / grid.x % grid.y),
              (unsigned)(number / grid.x / grid.y)};
    ptx_memory_new_block();
    for (unsigned w = 0; w < warp_count; w++) begin_warp(&warps[w]);
    for (;;) {
        unsigned runnable[sizeof warps / sizeof warps[0]], count = 0, waiting = 0;
        for (unsigned w = 0; w < warp_count; w++) {
            if (warps[w].at_barrier)
                waiting++;
            else if (warps[w].present != 0)
                runnable[count++] = w;
        }
        if (count != 0)
            ptx_run_warp(&warps[runnable[cudasim_draw(count)]]);
        else if (waiting != 0)
            pass_barrier();
        else
            return;
    }
}

bool ptx_run_kernel(const struct cudasim_launch *launch, const struct cudasim_call *call) {
    if (!has_modules()) return false;
    const struct ptx_kernel *kernel = ptx_find(launch->name);
    const std::vector<unsigned char> parameters = copy_parameters(kernel, call);
    const uint64_t blocks = (uint64_t)launch->grid.x * launch->grid.y * launch->grid.z;
    thread_count = launch->block.x * launch->block.y * launch->block.z;
    if (kernel->threads_limit != 0 && thread_count > kernel->threads_limit)
        cudasim_fail("ptx: %s is launched with %u threads, its limit is %u", launch->name,
                     thread_count, kernel->threads_limit);
    struct cudasim_kernel_counts *counts = cudasim_now.counts = cudasim_counts_of(launch->name);
    cudasim_view.grid = launch->grid;
    cudasim_view.block = launch->block;
    ptx_memory_begin(kernel, parameters.data(), launch->shared_bytes);
    make_warps(kernel);
    cudasim_each_block(blocks, run_block);
    counts->launches++;
    counts->blocks += blocks;
    counts->threads += blocks * thread_count;
    return true;
}
