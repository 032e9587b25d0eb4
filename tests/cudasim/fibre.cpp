/* Runs kernels: blocks one after the other, the threads of a block as fibres that switch where
 * they wait: at barriers, shuffles and the steps of a warp. The seed decides which block, warp
 * and lane continues. */
#include "cudasim.h"
#include "ptx/ptx.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#define STACK_BYTES ((size_t)256 * 1024)
#else
#define __sanitizer_start_switch_fiber(save, bottom, size) ((void)0)
#define __sanitizer_finish_switch_fiber(save, bottom, size) ((void)0)
#define STACK_BYTES ((size_t)128 * 1024)
#endif
#define MAXIMUM_THREADS 1024
#define WARP 32
#define ALL_LANES 0xffffffffu

enum state { RUNNABLE, AT_WARP, AT_BARRIER, ENDED };

struct fibre {
    struct cudasim_thread thread; /* first: what kernels see */
    enum state state;
    bool started;
    cudasim_finish *finish;
    void *given;
    struct cudasim_place place;
    const void *stack; /* lowest address */
    size_t stack_bytes;
    void *fake_stack; /* AddressSanitizer's */
};

struct warp {
    uint32_t runnable, waiting, ended, present; /* bits of lanes */
};

struct cudasim_view cudasim_view;
struct cudasim_now cudasim_now;

static struct fibre fibres[MAXIMUM_THREADS];
static struct fibre scheduler; /* the host thread itself */
static struct fibre *current = &scheduler;
static struct warp warps[MAXIMUM_THREADS / WARP];
static uint32_t runnable_warps;
static unsigned thread_count, waiting_count, ended_count, current_warp;
static struct cudasim_place barrier_place;
static const struct cudasim_call *call_now;
static uint32_t draws = 1;
static enum { ANY_ORDER, FORWARDS, BACKWARDS } order;
static bool wanders; /* switches warps where lanes wait for each other */

extern "C" void cudasim_switch(void **from, void *to);
asm(".text\n.globl cudasim_switch\n.hidden cudasim_switch\n.type cudasim_switch, @function\n"
    "cudasim_switch:\n"
    "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
    "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
    "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nret\n"
    ".size cudasim_switch, . - cudasim_switch\n");

static struct uint3 index_of(unsigned number) {
    const struct dim3 block = cudasim_view.block;
    return uint3{number % block.x, number / block.x % block.y, number / block.x / block.y};
}

void cudasim_describe_thread(char *words, size_t size) {
    const struct uint3 b = cudasim_view.block_index, t = current->thread.index;
    snprintf(words, size, "block (%u,%u,%u), thread (%u,%u,%u)", b.x, b.y, b.z, t.x, t.y, t.z);
}

/* ---- switching ---- */

static void switch_to(struct fibre *next) {
    struct fibre *from = current;
    if (next == from) return;
    current = next;
    cudasim_view.self = &next->thread;
    __sanitizer_start_switch_fiber(&from->fake_stack, next->stack, next->stack_bytes);
    cudasim_switch(&from->thread.stack_pointer, next->thread.stack_pointer);
    __sanitizer_finish_switch_fiber(current->fake_stack, NULL, NULL);
}

static uint32_t draw(void) {
    draws = draws * 1664525u + 1013904223u;
    return draws >> 16;
}

static unsigned pick_bit(uint32_t bits) {
    if (order == FORWARDS) return (unsigned)__builtin_ctz(bits);
    if (order == BACKWARDS) return 31u - (unsigned)__builtin_clz(bits);
    const unsigned turn = draw() & 31;
    const uint32_t turned = turn == 0 ? bits : bits >> turn | bits << (32 - turn);
    return ((unsigned)__builtin_ctz(turned) + turn) & 31;
}

/* The next to run: preferably a lane of the same warp; the scheduler if none can. */
static struct fibre *choose(void) {
    if (runnable_warps == 0) return &scheduler;
    if (warps[current_warp].runnable == 0 || (wanders && (draw() & 15) == 0))
        current_warp = pick_bit(runnable_warps);
    return &fibres[current_warp * WARP + pick_bit(warps[current_warp].runnable)];
}

void cudasim_maybe_yield(void) {
    if ((draw() & 7) != 0) return;
    current_warp = pick_bit(runnable_warps);
    switch_to(choose());
}

static void stop_running(struct fibre *self, enum state state) {
    struct warp *warp = &warps[self->thread.number / WARP];
    self->state = state;
    warp->runnable &= ~(1u << self->thread.number % WARP);
    if (warp->runnable == 0) runnable_warps &= ~(1u << self->thread.number / WARP);
}

/* The endless loop of each fibre: one thread of a kernel after the other. */
static void fibre_main(void) {
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
    for (;;) {
        call_now->run(call_now);
        struct fibre *self = current;
        struct warp *warp = &warps[self->thread.number / WARP];
        cudasim_check_async_done(self->thread.number);
        if (waiting_count != 0)
            cudasim_fail("the thread ends while others wait for it at __syncthreads at %s:%d",
                         barrier_place.file, barrier_place.line);
        if (warp->waiting != 0) {
            const unsigned lane = (unsigned)__builtin_ctz(warp->waiting);
            const struct fibre *other = &fibres[self->thread.number / WARP * WARP + lane];
            cudasim_fail("the thread ends while lane %u of its warp waits for it at %s:%d", lane,
                         other->place.file, other->place.line);
        }
        stop_running(self, ENDED);
        warp->ended |= 1u << self->thread.number % WARP;
        ended_count++;
        switch_to(choose());
    }
}

/* AddressSanitizer must know the host thread's stack to switch back to it. */
static void find_own_stack(void) {
#ifdef __SANITIZE_ADDRESS__
    pthread_attr_t attributes;
    void *lowest;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &lowest, &scheduler.stack_bytes);
    scheduler.stack = lowest;
    pthread_attr_destroy(&attributes);
#endif
}

static void make_fibres(void) {
    static bool made;
    if (made) return;
    const size_t each = STACK_BYTES + 4096;
    unsigned char *stacks =
        (unsigned char *)mmap(NULL, MAXIMUM_THREADS * each, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED)
        cudasim_fail("no memory for the stacks of %d threads", MAXIMUM_THREADS);
    for (unsigned i = 0; i < MAXIMUM_THREADS; i++) {
        mprotect(stacks + i * each, 4096, PROT_NONE);
        fibres[i].stack = stacks + i * each + 4096;
        fibres[i].stack_bytes = STACK_BYTES;
        fibres[i].thread.number = i;
        /* The stack as cudasim_switch leaves it: six registers, then the return address, with
         * the alignment of a function's entry. */
        void **top = (void **)(stacks + (i + 1) * each) - 1;
        top[0] = NULL;
        *--top = (void *)fibre_main;
        for (int r = 0; r < 6; r++) *--top = NULL;
        fibres[i].thread.stack_pointer = top;
    }
    cudasim_now.stacks = (uintptr_t)stacks;
    cudasim_now.stacks_bytes = MAXIMUM_THREADS * each;
    made = true;
}

bool cudasim_is_own(const void *address) {
    const uintptr_t at = (uintptr_t)address, call = (uintptr_t)call_now;
    return at - (uintptr_t)&cudasim_view < sizeof cudasim_view ||
           at - (uintptr_t)fibres < sizeof fibres || at - call < call_now->bytes;
}

/* ---- where threads wait ---- */

static bool is_same(struct cudasim_place a, struct cudasim_place b) {
    return a.line == b.line && (a.file == b.file || strcmp(a.file, b.file) == 0);
}

void cudasim_block_barrier(struct cudasim_place place) {
    struct fibre *self = current;
    if (waiting_count == 0)
        barrier_place = place;
    else if (!is_same(place, barrier_place))
        cudasim_fail("divergent barrier: __syncthreads at %s:%d while others wait at %s:%d",
                     place.file, place.line, barrier_place.file, barrier_place.line);
    if (ended_count != 0)
        cudasim_fail("divergent barrier: __syncthreads at %s:%d, but %u threads of the block ended",
                     place.file, place.line, ended_count);
    stop_running(self, AT_BARRIER);
    self->place = place;
    if (++waiting_count == thread_count) {
        waiting_count = 0;
        cudasim_now.barrier++;
        cudasim_now.counts->barriers++;
        for (unsigned i = 0; i < thread_count; i++) fibres[i].state = RUNNABLE;
        for (unsigned w = 0; w * WARP < thread_count; w++) {
            warps[w].runnable = warps[w].present;
            runnable_warps |= 1u << w;
        }
        current_warp = pick_bit(runnable_warps);
    }
    switch_to(choose());
}

void cudasim_warp_meet(unsigned mask, cudasim_finish *finish, void *given,
                       struct cudasim_place place) {
    struct fibre *self = current;
    const unsigned first = self->thread.number / WARP * WARP, lane = self->thread.number % WARP;
    struct warp *warp = &warps[first / WARP];
    if (mask != ALL_LANES || (warp->present & ~warp->ended) != ALL_LANES)
        cudasim_fail("lane %u waits for lanes %08x at %s:%d: not all 32 are there and named", lane,
                     mask, place.file, place.line);
    stop_running(self, AT_WARP);
    self->finish = finish;
    self->given = given;
    self->place = place;
    warp->waiting |= 1u << lane;
    if (warp->waiting != ALL_LANES) {
        switch_to(choose());
        return;
    }
    void *all[WARP];
    for (unsigned other = 0; other < WARP; other++) {
        struct fibre *f = &fibres[first + other];
        if (f->finish != finish || !is_same(f->place, place))
            cudasim_fail("divergent warp: lane %u waits at %s:%d, lane %u at %s:%d", lane,
                         place.file, place.line, other, f->place.file, f->place.line);
        all[other] = f->given;
        f->state = RUNNABLE;
    }
    warp->waiting = 0;
    warp->runnable = ALL_LANES;
    runnable_warps |= 1u << first / WARP;
    finish(all);
}

/* No thread can continue: prints which threads wait where. */
static void fail_stuck(void) {
    for (unsigned i = 0; i < thread_count; i++) {
        const struct fibre *f = &fibres[i];
        if (f->state != AT_WARP) continue;
        current = &fibres[i];
        cudasim_view.self = &current->thread;
        cudasim_fail("divergent warp: waits for the other lanes at %s:%d; %u of %u threads wait "
                     "at __syncthreads, %u ended",
                     f->place.file, f->place.line, waiting_count, thread_count, ended_count);
    }
    cudasim_fail("divergent barrier: %u of %u threads wait at __syncthreads at %s:%d, %u ended",
                 waiting_count, thread_count, barrier_place.file, barrier_place.line, ended_count);
}

/* ---- a kernel ---- */

static void run_block(uint64_t number) {
    const struct dim3 grid = cudasim_view.grid;
    draws = cudasim_random();
    const uint32_t dice = cudasim_draw(8);
    order = dice == 0 ? FORWARDS : dice == 1 ? BACKWARDS : ANY_ORDER;
    wanders = cudasim_draw(2) == 0;
    cudasim_shared_new_block();
    cudasim_view.block_index =
        uint3{(unsigned)(number % grid.x), (unsigned)(number / grid.x % grid.y),
              (unsigned)(number / grid.x / grid.y)};
    cudasim_now.block = (uint32_t)number;
    cudasim_now.blocks_run++;
    cudasim_now.barrier = 0;
    waiting_count = ended_count = 0;
    runnable_warps = 0;
    for (unsigned w = 0; w * WARP < thread_count; w++) {
        const unsigned lanes = thread_count - w * WARP;
        const uint32_t present = lanes >= WARP ? ALL_LANES : (1u << lanes) - 1;
        warps[w] = warp{present, 0, 0, present};
        runnable_warps |= 1u << w;
    }
    for (unsigned i = 0; i < thread_count; i++) {
        fibres[i].thread.index = index_of(i);
        fibres[i].state = RUNNABLE;
    }
    current_warp = pick_bit(runnable_warps);
    switch_to(choose());
    cudasim_view.self = NULL;
    if (ended_count != thread_count) fail_stuck();
    cudasim_shared_check_block();
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
    return b == 0 ? a : common_divisor(b, a % b);
}

void cudasim_each_block(uint64_t blocks, void (*run)(uint64_t number)) {
    uint64_t step = cudasim_draw((uint32_t)(blocks < UINT32_MAX ? blocks : UINT32_MAX)) | 1;
    while (common_divisor(step, blocks) != 1) step++;
    uint64_t number = cudasim_draw((uint32_t)(blocks < UINT32_MAX ? blocks : UINT32_MAX));
    for (uint64_t i = 0; i < blocks; i++, number = (number + step) % blocks) run(number);
}

void cudasim_run_kernel(const struct cudasim_launch *launch, const struct cudasim_call *call) {
    const uint64_t blocks = (uint64_t)launch->grid.x * launch->grid.y * launch->grid.z;
    const unsigned long long fused_before = cudasim_view.fused_operations;
    if (ptx_run_kernel(launch, call)) return;
    make_fibres();
    find_own_stack();
    cudasim_now.launch = launch;
    call_now = call;
    struct cudasim_kernel_counts *counts = cudasim_now.counts = cudasim_counts_of(launch->name);
    cudasim_view.grid = launch->grid;
    cudasim_view.block = launch->block;
    thread_count = launch->block.x * launch->block.y * launch->block.z;
    cudasim_shared_begin(launch);
    cudasim_each_block(blocks, run_block);
    counts->launches++;
    if (launch->shared_bytes > counts->shared_bytes) counts->shared_bytes = launch->shared_bytes;
    counts->blocks += blocks;
    counts->threads += blocks * thread_count;
    counts->fused_operations += cudasim_view.fused_operations - fused_before;
    cudasim_now.launch = NULL;
}
