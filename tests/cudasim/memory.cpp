/* Memory of the simulated GPUs, and pinned memory of the host.
 *
 * Each allocation has its own pages in one reserved range of addresses; addresses are never
 * reused. Pages of a GPU are closed (no access) except while that GPU works: its first access
 * opens them, and any other access ends the test. Red zones surround the data; all bytes are
 * 0xff (NaN) at first. */
#include "cudasim.h"

#include <algorithm>
#include <deque>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define RED_ZONE ((size_t)256)

static std::deque<struct cudasim_allocation> allocations; /* by address */
static unsigned char *arena_next;
static size_t used_bytes[64];
__thread int cudasim_device_gpu = CUDASIM_HOST;
static struct cudasim_allocation *opened[4096]; /* now, of the GPU that works */
static size_t opened_count;
static struct sigaction earlier_handler;

unsigned char *cudasim_arena(void) {
    static unsigned char *arena = NULL;
    if (arena != NULL) return arena;
    void *pages = mmap(NULL, CUDASIM_ARENA_BYTES, PROT_NONE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) cudasim_fail("no address space for the simulated memory");
    return arena = (unsigned char *)pages;
}

struct cudasim_allocation *cudasim_find(const void *address) {
    const unsigned char *at = (const unsigned char *)address;
    auto after = std::upper_bound(
        allocations.begin(), allocations.end(), at,
        [](const unsigned char *a, const cudasim_allocation &b) { return a < b.pages; });
    if (after == allocations.begin()) return NULL;
    struct cudasim_allocation *found = &*(after - 1);
    return at < found->pages + found->page_bytes ? found : NULL;
}

static const char *place_name(int gpu, char *words, size_t size) {
    if (gpu == CUDASIM_HOST) return "pinned memory";
    snprintf(words, size, "memory of GPU %d", gpu);
    return words;
}

/* Describes the address: its allocation and its offset there. */
static void describe(const void *address, char *words, size_t size) {
    char place[32];
    const struct cudasim_allocation *found = cudasim_find(address);
    if (found == NULL)
        snprintf(words, size, "address %p, which is not device memory", address);
    else
        snprintf(words, size, "byte %td of %sallocation %u (%zu bytes, %s)",
                 (const unsigned char *)address - found->data, found->live ? "" : "freed ",
                 found->number, found->bytes, place_name(found->gpu, place, sizeof place));
}

void cudasim_check_range(const void *address, size_t bytes, int gpu, const char *what) {
    char words[200];
    const struct cudasim_allocation *found = cudasim_find(address);
    const unsigned char *at = (const unsigned char *)address;
    describe(address, words, sizeof words);
    if (found == NULL || !found->live || found->gpu != gpu)
        cudasim_fail("%s: %zu bytes at %s: not %s", what, bytes, words,
                     gpu == CUDASIM_HOST ? "pinned memory" : "memory of the stream's GPU");
    if (at < found->data || bytes > found->bytes ||
        (size_t)(at - found->data) > found->bytes - bytes)
        cudasim_fail("%s: %zu bytes at %s: out of bounds", what, bytes, words);
}

static void poison_red_zones(const struct cudasim_allocation *a) {
    __asan_poison_memory_region(a->pages, (size_t)(a->data - a->pages));
    __asan_poison_memory_region(a->data + a->bytes,
                                (size_t)(a->pages + a->page_bytes - a->data) - a->bytes);
}

/* Opens a GPU's pages; the first time they become NaN. */
static void open_pages(struct cudasim_allocation *a) {
    mprotect(a->pages, a->page_bytes, PROT_READ | PROT_WRITE);
    a->open = true;
    if (a->gpu != CUDASIM_HOST) {
        if (opened_count == sizeof opened / sizeof opened[0])
            cudasim_fail("one operation touches too many allocations for the simulator");
        opened[opened_count++] = a;
    }
    if (!a->fresh) return;
    memset(a->pages, 0xff, a->page_bytes);
    poison_red_zones(a);
    a->fresh = false;
}

static void on_fault(int signal_number, siginfo_t *info, void *) {
    char words[200];
    struct cudasim_allocation *found = cudasim_find(info->si_addr);
    if (found != NULL && found->live && found->gpu == cudasim_device_gpu && cudasim_on_device() &&
        !found->open) {
        open_pages(found);
        return;
    }
    const unsigned char *at = (const unsigned char *)info->si_addr;
    if (at >= cudasim_arena() && at < cudasim_arena() + CUDASIM_ARENA_BYTES) {
        describe(at, words, sizeof words);
        if (cudasim_on_device())
            cudasim_fail("GPU %d touches %s, out of its bounds", cudasim_device_gpu, words);
        cudasim_fail("the host touches %s", words);
    }
    if (cudasim_in_kernel()) cudasim_fail("touches address %p: no memory is there", (void *)at);
    sigaction(signal_number, &earlier_handler, NULL); /* not ours: let it happen again */
}

static void install_handler(void) {
    static thread_local bool has_stack;
    if (!has_stack) {
        stack_t stack = {}, present;
        const size_t size = 256 * 1024;
        sigaltstack(NULL, &present);
        stack.ss_sp = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        stack.ss_size = size;
        if (present.ss_flags & SS_DISABLE || present.ss_size < size) sigaltstack(&stack, NULL);
        has_stack = true;
    }
    struct sigaction action = {}, present_action;
    sigaction(SIGSEGV, NULL, &present_action);
    if (present_action.sa_sigaction == on_fault) return;
    earlier_handler = present_action; /* cmocka sets its own for every test */
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, NULL);
}

void cudasim_device_begin(int gpu) {
    install_handler();
    cudasim_device_gpu = gpu;
}

void cudasim_device_end(void) {
    cudasim_device_gpu = CUDASIM_HOST;
    for (size_t i = 0; i < opened_count; i++) {
        mprotect(opened[i]->pages, opened[i]->page_bytes, PROT_NONE);
        opened[i]->open = false;
    }
    opened_count = 0;
}

static void check_red_zone(const struct cudasim_allocation *a, const char *what) {
    char words[200];
    if (CUDASIM_ASAN) return; /* sees each access itself */
    const unsigned char *end = a->pages + a->page_bytes, *data_end = a->data + a->bytes;
    const unsigned char *before = a->data - RED_ZONE;
    for (const unsigned char *at = before; at < end; at++) {
        if (at == a->data) at = data_end;
        if (at < end && *at != 0xff) {
            describe(at, words, sizeof words);
            cudasim_fail("%s wrote to %s, out of its bounds", what, words);
        }
    }
}

void cudasim_check_red_zones(const char *what) {
    for (size_t i = 0; i < opened_count; i++) check_red_zone(opened[i], what);
}

/* The data ends as close to the end of the last page as 256-byte alignment allows. */
static void *allocate(size_t bytes, int gpu) {
    struct cudasim_allocation a = {};
    const size_t rounded = (bytes + RED_ZONE - 1) / RED_ZONE * RED_ZONE;
    a.page_bytes = (rounded + 2 * RED_ZONE + PAGE - 1) / PAGE * PAGE;
    if (arena_next == NULL) arena_next = cudasim_arena() + PAGE;
    if ((size_t)(arena_next - cudasim_arena()) + a.page_bytes + PAGE > CUDASIM_ARENA_BYTES)
        cudasim_fail("the simulated addresses are used up");
    a.pages = arena_next;
    a.data = a.pages + a.page_bytes - RED_ZONE - rounded;
    a.bytes = bytes;
    a.gpu = gpu;
    a.live = a.fresh = true;
    a.number = (unsigned)allocations.size() + 1;
    arena_next += a.page_bytes + PAGE;
    allocations.push_back(a);
    install_handler();
    if (gpu == CUDASIM_HOST) open_pages(&allocations.back());
    return a.data;
}

static void release(struct cudasim_allocation *a) {
    if (a->gpu == CUDASIM_HOST) check_red_zone(a, "the host or a copy");
    /* Maps inaccessible pages in their place, which frees the old ones. */
    if (mmap(a->pages, a->page_bytes, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
        cudasim_fail("pages cannot be given back");
    a->live = a->open = false;
}

unsigned cudasim_live_allocations(bool pinned) {
    unsigned count = 0;
    for (const struct cudasim_allocation &a : allocations)
        if (a.live && (a.gpu == CUDASIM_HOST) == pinned) count++;
    return count;
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes) {
    CUDASIM_ENTER(false);
    *total_bytes = cudasim_get_settings()->memory;
    *free_bytes = *total_bytes - used_bytes[cudasim_current_gpu()];
    return cudaSuccess;
}

cudaError_t cudasim_malloc(void **memory, size_t bytes) {
    CUDASIM_ENTER(true);
    const int gpu = cudasim_current_gpu();
    if (bytes == 0) {
        *memory = NULL;
        return cudaSuccess;
    }
    if (bytes > cudasim_get_settings()->memory - used_bytes[gpu])
        return cudasim_error(cudaErrorMemoryAllocation);
    used_bytes[gpu] += bytes;
    *memory = allocate(bytes, gpu);
    return cudaSuccess;
}

cudaError_t cudasim_malloc_host(void **memory, size_t bytes) {
    CUDASIM_ENTER(true);
    *memory = bytes == 0 ? NULL : allocate(bytes, CUDASIM_HOST);
    return cudaSuccess;
}

/* The allocation of that kind that begins there. */
static struct cudasim_allocation *to_free(void *memory, bool pinned, const char *call) {
    char words[200];
    struct cudasim_allocation *found = cudasim_find(memory);
    describe(memory, words, sizeof words);
    if (found == NULL || !found->live || (found->gpu == CUDASIM_HOST) != pinned ||
        found->data != memory)
        cudasim_fail("%s of %s", call, words);
    return found;
}

cudaError_t cudaFree(void *memory) {
    cudasim_lock lock;
    const cudaError_t status = cudasim_enter(false);
    if (memory == NULL || status != cudaSuccess) return status;
    struct cudasim_allocation *found = to_free(memory, false, "cudaFree");
    if (const cudaError_t state = cudasim_state_of(found->gpu)) return cudasim_error(state);
    cudasim_drain(found->gpu); /* cudaFree waits for the GPU */
    used_bytes[found->gpu] -= found->bytes;
    release(found);
    return cudaSuccess;
}

cudaError_t cudaFreeHost(void *memory) {
    cudasim_lock lock;
    const cudaError_t status = cudasim_enter(false);
    if (memory == NULL || status != cudaSuccess) return status;
    struct cudasim_allocation *found = to_free(memory, true, "cudaFreeHost");
    cudasim_check_unused(found->data, found->bytes);
    release(found);
    return cudaSuccess;
}
