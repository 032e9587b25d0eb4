/* A block's shared memory: the dynamic part, then each SHARED_ARRAY in the order in which
 * the block reaches them, with red zones between. All of it is NaN when a block starts. This
 * file also checks the limits of launches and has the asynchronous copies into shared memory. */
#include "cudasim.h"
#include "cudasim_primitives.h"

#include <map>
#include <set>
#include <stdlib.h>
#include <vector>

#define RED_ZONE ((size_t)128)
#define STATIC_LIMIT ((size_t)48 * 1024)
#define UNASKED ((size_t)32 * 1024) /* a GPU may keep too little for two blocks of more than this  \
                                     */

struct shared_array {
    const struct cudasim_shared_site *site; /* NULL: the dynamic part */
    const char *name;
    size_t offset, bytes;
};

/* Aligned to 128 bytes and no more: a kernel may rely only on that. */
static unsigned char memory[CUDASIM_AREA_BYTES + 256] __attribute__((aligned(256)));
unsigned char *const cudasim_area = memory + 128;
static std::vector<struct shared_array> arrays;
static size_t area_used; /* including red zones */
static std::map<const void *, size_t> dynamic_limits;
static std::set<const void *> prefer_shared; /* kernels */

/* ---- launches ---- */

cudaError_t cudasim_set_attribute(const void *kernel, enum cudaFuncAttribute attribute, int value) {
    CUDASIM_ENTER(false);
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) {
        if (value != cudaSharedmemCarveoutMaxShared) return cudasim_error(cudaErrorInvalidValue);
        prefer_shared.insert(kernel);
        return cudaSuccess;
    }
    if (value < 0 || (size_t)value > cudasim_get_settings()->shared)
        return cudasim_error(cudaErrorInvalidValue);
    dynamic_limits[kernel] = (size_t)value;
    return cudaSuccess;
}

void cudasim_check_launch(const struct cudasim_launch *launch, const struct cudasim_call *call) {
    const struct dim3 g = launch->grid, b = launch->block;
    const char *file = launch->place.file;
    const int line = launch->place.line;
    if (g.x == 0 || g.y == 0 || g.z == 0 || g.x > 0x7fffffffu || g.y > 65535 || g.z > 65535)
        cudasim_fail("kernel %s: a grid of (%u,%u,%u) blocks is out of range, launched at %s:%d",
                     launch->name, g.x, g.y, g.z, file, line);
    if (b.x == 0 || b.y == 0 || b.z == 0 || b.x > 1024 || b.y > 1024 || b.z > 64 ||
        (size_t)b.x * b.y * b.z > 1024)
        cudasim_fail("kernel %s: a block of (%u,%u,%u) threads is out of range, launched at %s:%d",
                     launch->name, b.x, b.y, b.z, file, line);
    const auto asked = dynamic_limits.find(call->kernel);
    const size_t limit = asked == dynamic_limits.end() ? STATIC_LIMIT : asked->second;
    if (launch->shared_bytes > limit)
        cudasim_fail("kernel %s: %zu bytes of dynamic shared memory, %zu are allowed "
                     "(cudaFuncSetAttribute), launched at %s:%d",
                     launch->name, launch->shared_bytes, limit, file, line);
    if (launch->shared_bytes > UNASKED && prefer_shared.count(call->kernel) == 0)
        cudasim_fail(
            "kernel %s: %zu bytes of dynamic shared memory, and no carve-out was asked for "
            "(cudaFuncSetAttribute), launched at %s:%d",
            launch->name, launch->shared_bytes, file, line);
}

/* ---- arrays ---- */

static unsigned char *add_array(const struct cudasim_shared_site *site, const char *name,
                                size_t bytes, size_t alignment) {
    const size_t offset = (area_used + alignment - 1) / alignment * alignment;
    arrays.push_back({site, name, offset, bytes});
    area_used = offset + bytes + RED_ZONE;
    if (area_used > CUDASIM_AREA_BYTES)
        cudasim_fail("array %s does not fit into shared memory", name);
    __asan_unpoison_memory_region(cudasim_area + offset, bytes);
    return cudasim_area + offset;
}

void cudasim_shared_begin(const struct cudasim_launch *launch) {
    arrays.clear();
    area_used = RED_ZONE;
    __asan_unpoison_memory_region(cudasim_area, CUDASIM_AREA_BYTES);
    memset(cudasim_area, 0xff, CUDASIM_AREA_BYTES);
    __asan_poison_memory_region(cudasim_area, CUDASIM_AREA_BYTES);
    cudasim_view.dynamic_shared = add_array(NULL, "SHARED_MEMORY", launch->shared_bytes, 128);
}

void *cudasim_shared_array(const struct cudasim_shared_site *site, struct cudasim_place place) {
    size_t total = 0;
    for (const struct shared_array &array : arrays) {
        if (array.site == site) return cudasim_area + array.offset;
        if (array.site != NULL) total += array.bytes;
    }
    total += site->bytes;
    if (total > STATIC_LIMIT)
        cudasim_fail("array %s at %s:%d: %zu bytes of static shared memory, %zu are allowed",
                     site->name, place.file, place.line, total, STATIC_LIMIT);
    if (total + arrays[0].bytes > cudasim_get_settings()->shared)
        cudasim_fail("array %s at %s:%d: %zu bytes of shared memory, a block may have %zu",
                     site->name, place.file, place.line, total + arrays[0].bytes,
                     cudasim_get_settings()->shared);
    return add_array(site, site->name, site->bytes, 16);
}

void cudasim_shared_new_block(void) {
    for (const struct shared_array &array : arrays)
        memset(cudasim_area + array.offset, 0xff, array.bytes);
}

void cudasim_shared_check_block(void) {
    size_t at = 0;
    if (CUDASIM_ASAN) return; /* sees each access itself */
    for (size_t i = 0; i <= arrays.size(); i++) {
        const size_t end = i < arrays.size() ? arrays[i].offset : area_used;
        for (; at < end; at++)
            if (cudasim_area[at] != 0xff)
                cudasim_fail("kernel %s wrote out of bounds in shared memory, %zu bytes %s array "
                             "%s, block %u",
                             cudasim_now.launch->name,
                             i == 0 ? end - at : at - arrays[i - 1].offset - arrays[i - 1].bytes,
                             i == 0 ? "before" : "past", arrays[i == 0 ? 0 : i - 1].name,
                             cudasim_now.block);
        if (i < arrays.size()) at = arrays[i].offset + arrays[i].bytes;
    }
}

bool cudasim_in_array(const void *address, size_t bytes) {
    const size_t offset = cudasim_shared_offset(address);
    for (const struct shared_array &array : arrays)
        if (offset >= array.offset && offset + bytes <= array.offset + array.bytes) return true;
    return false;
}

void cudasim_check_shared(const void *address, unsigned bytes, struct cudasim_place place) {
    if (!cudasim_in_array(address, bytes))
        cudasim_fail("%u bytes at %s:%d are not in an array of shared memory", bytes, place.file,
                     place.line);
    if ((uintptr_t)address % bytes != 0)
        cudasim_fail("misaligned: %u bytes at %s:%d, shared memory %zu", bytes, place.file,
                     place.line, cudasim_shared_offset(address) - arrays[0].offset);
}

/* ---- asynchronous copies ---- */

#define QUEUE 128

struct async_copy {
    void *to;
    const void *from; /* NULL: zeros */
    unsigned bytes, group;
};

/* The copies of one thread, a ring: [first, first + count). */
struct async_queue {
    struct async_copy copies[QUEUE];
    unsigned first, count, group; /* group: the number of the one that is not yet committed */
};
static struct async_queue queues[1024];

void cudasim_async_copy(void *to, const void *from, unsigned bytes, bool valid,
                        struct cudasim_place place) {
    const unsigned thread = cudasim_view.self->number;
    struct async_queue *queue = &queues[thread];
    cudasim_check_shared(to, bytes, place);
    const struct cudasim_allocation *source = cudasim_find(from);
    if (source == NULL || !source->live)
        cudasim_fail("asynchronous copy at %s:%d from %p, which is not device memory", place.file,
                     place.line, from);
    if ((uintptr_t)from % bytes != 0)
        cudasim_fail("misaligned: asynchronous copy of %u bytes at %s:%d from byte %td", bytes,
                     place.file, place.line, (const unsigned char *)from - source->data);
    if (valid) cudasim_check_range(from, bytes, source->gpu, "asynchronous copy");
    if (queue->count == QUEUE)
        cudasim_fail("more than %d asynchronous copies of one thread at %s:%d", QUEUE, place.file,
                     place.line);
    queue->copies[(queue->first + queue->count++) % QUEUE] = {to, valid ? from : NULL, bytes,
                                                              queue->group};
    cudasim_race_access(thread, to, bytes, true);
    memset(to, 0xff, bytes);
}

void cudasim_async_commit(void) { queues[cudasim_view.self->number].group++; }

void cudasim_async_wait(unsigned pending) {
    const unsigned thread = cudasim_view.self->number;
    struct async_queue *queue = &queues[thread];
    if (queue->count != 0) cudasim_maybe_yield(); /* the copies are still under way */
    for (; queue->count != 0; queue->count--, queue->first = (queue->first + 1) % QUEUE) {
        const struct async_copy *copy = &queue->copies[queue->first];
        if ((int)(queue->group - copy->group) <= (int)pending) break;
        cudasim_race_access(thread, copy->to, copy->bytes, true);
        if (copy->from == NULL) {
            memset(copy->to, 0, copy->bytes);
            continue;
        }
        cudasim_race_access(thread, copy->from, copy->bytes, false);
        memcpy(copy->to, copy->from, copy->bytes);
    }
}

void cudasim_check_async_done(unsigned thread) {
    if (queues[thread].count != 0)
        cudasim_fail("the thread ends with %u asynchronous copies it never waited for",
                     queues[thread].count);
}

/* ---- the steps of a warp ---- */

static float from_bf16(unsigned bits) { return __uint_as_float(bits << 16); }

void cudasim_finish_load_matrix(void *const given[32]) {
    unsigned short values[4][8][8];
    const unsigned first = cudasim_view.self->number / 32 * 32;
    for (unsigned lane = 0; lane < 32; lane++) {
        const void *row = ((struct cudasim_load_matrix *)given[lane])->row;
        cudasim_race_access(first + lane, row, 16, false);
        memcpy(values[lane / 8][lane % 8], row, 16);
    }
    for (unsigned lane = 0; lane < 32; lane++)
        for (unsigned m = 0; m < 4; m++) {
            const unsigned i = lane / 4, j = lane % 4 * 2;
            const unsigned low = values[m][i][j];
            const unsigned high = values[m][i][j + 1];
            ((struct cudasim_load_matrix *)given[lane])->result[m] = low | high << 16;
        }
}

/* d (16, 8) += a (16, depth) b (depth, 8): exact products, float32 sums in ascending order of
 * depth. A GPU adds in another order and may truncate instead of rounding. */
static void multiply(void *const given[32], const float (*a)[16], const float (*b)[8], int depth) {
    float d[16][8];
    for (unsigned lane = 0; lane < 32; lane++)
        for (unsigned i = 0; i < 4; i++)
            d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2] =
                ((struct cudasim_mma *)given[lane])->d[i];
    for (int m = 0; m < 16; m++)
        for (int k = 0; k < depth; k++)
            for (int n = 0; n < 8; n++) d[m][n] = __builtin_fmaf(a[m][k], b[k][n], d[m][n]);
    for (unsigned lane = 0; lane < 32; lane++)
        for (unsigned i = 0; i < 4; i++)
            ((struct cudasim_mma *)given[lane])->d[i] =
                d[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
    cudasim_view.fused_operations += 2ull * 16 * 8 * (unsigned)depth;
    cudasim_now.counts->matrix_steps++;
}

void cudasim_finish_mma_bf16(void *const given[32]) {
    float a[16][16], b[16][8];
    for (unsigned lane = 0; lane < 32; lane++) {
        const struct cudasim_mma *own = (struct cudasim_mma *)given[lane];
        const unsigned g = lane / 4, t = lane % 4 * 2;
        for (unsigned i = 0; i < 4; i++) {
            float *at = &a[g + i % 2 * 8][t + i / 2 * 8];
            at[0] = from_bf16(own->a[i] & 0xffff);
            at[1] = from_bf16(own->a[i] >> 16);
        }
        for (unsigned i = 0; i < 2; i++) {
            b[t + i * 8][g] = from_bf16(own->b[i] & 0xffff);
            b[t + i * 8 + 1][g] = from_bf16(own->b[i] >> 16);
        }
    }
    multiply(given, a, b, 16);
}

void cudasim_finish_mma_tf32(void *const given[32]) {
    float a[16][16], b[16][8];
    for (unsigned lane = 0; lane < 32; lane++) {
        const struct cudasim_mma *own = (struct cudasim_mma *)given[lane];
        const unsigned g = lane / 4, t = lane % 4;
        for (unsigned i = 0; i < 4; i++)
            a[g + i % 2 * 8][t + i / 2 * 4] = __uint_as_float(own->a[i] & 0xffffe000u);
        for (unsigned i = 0; i < 2; i++) b[t + i * 4][g] = __uint_as_float(own->b[i] & 0xffffe000u);
    }
    multiply(given, a, b, 8);
}
