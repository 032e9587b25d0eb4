/* The race detector of the build with hooks: g++ -fsanitize=thread inserts calls of
 * __tsan_read4() and so on before each access in kernels/cuda; this file defines them, in place
 * of that sanitizer's library.
 *
 * Every two bytes of GPU and shared memory have a shadow of three records: the last write
 * and the last reads of two threads. Two accesses of a block are ordered by a __syncthreads;
 * those of different operations by streams, events and the host's waiting (each operation has a
 * clock for each stream). The detector also finds reads of memory that was never written,
 * accesses outside arrays and allocations, wrong alignment, and host memory in kernels. It counts
 * the bytes. */
#include "cudasim.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define OPERATION_BITS 18
#define OPERATIONS (1u << OPERATION_BITS)
#define GRANULE ((size_t)2)

/* From the lowest bit: operation, block (16), thread (10), barrier (20). Not bit fields, because
 * compilers store these piece by piece, and most of the detector's time is spent here. */
typedef uint64_t record;
#define RECORD(operation, block, thread, barrier)                                                  \
    ((uint64_t)(operation) % OPERATIONS | (uint64_t)((block)&0xffff) << OPERATION_BITS |           \
     (uint64_t)((thread)&0x3ff) << (OPERATION_BITS + 16) |                                         \
     (uint64_t)(barrier) << (OPERATION_BITS + 26))
#define OPERATION RECORD(OPERATIONS - 1, 0, 0, 0)
#define BLOCK RECORD(0, 0xffff, 0, 0)
#define THREAD RECORD(0, 0, 0x3ff, 0)
#define BARRIER RECORD(0, 0, 0, 0xfffff)
static unsigned thread_of(record r) { return (unsigned)((r & THREAD) >> (OPERATION_BITS + 16)); }
static unsigned block_of(record r) { return (unsigned)((r & BLOCK) >> OPERATION_BITS); }

struct cell {
    record write, read, other_read; /* of operation 0: none */
};

struct party { /* who accesses: what a record stores, and its origin */
    record now;
    const void *code;
};

static const struct cudasim_operation *operation_now;
static const unsigned char *arena;
static struct {
    uint32_t sequence;
    int slot;
    const char *name;
} operations[OPERATIONS];
static struct cell *global_cells;
static struct cell shared_cells[512 * 1024 / GRANULE];

/* "name at file:line", as far as binutils can tell. */
static void describe_code(const void *code, char *words, size_t size) {
    Dl_info info;
    char command[600];
    words[0] = '\0';
    if (code == NULL || dladdr(code, &info) == 0 || info.dli_fname == NULL) return;
    const uintptr_t base = (uintptr_t)info.dli_fbase;
    snprintf(command, sizeof command, "addr2line -Cfpe '%.400s' %#zx 2>/dev/null", info.dli_fname,
             (uintptr_t)code - 1 - (base < 0x1000000 ? 0 : base));
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) return;
    snprintf(words, size, " in ");
    if (fgets(words + 4, (int)size - 4, pipe) == NULL) words[0] = '\0';
    words[strcspn(words, "\n")] = '\0';
    pclose(pipe);
}

static void describe_address(const void *address, char *words, size_t size) {
    const struct cudasim_allocation *found = cudasim_find(address);
    if (found != NULL)
        snprintf(words, size, "byte %td of allocation %u (%zu bytes)",
                 (const unsigned char *)address - found->data, found->number, found->bytes);
    else
        snprintf(words, size, "byte %zu of shared memory", cudasim_shared_offset(address) - 128);
}

[[noreturn]] static void fail_at(const struct party *party, const void *address, const char *what) {
    char code[400], place[120];
    describe_code(party->code, code, sizeof code);
    describe_address(address, place, sizeof place);
    cudasim_fail("%s: %s%s", what, place, code);
}

[[noreturn]] static void fail_race(const struct party *party, record earlier, const void *address,
                                   bool write, bool earlier_write) {
    char what[300];
    const char *now = write ? "write" : "read", *then = earlier_write ? "write" : "read";
    if (((earlier ^ party->now) & OPERATION) != 0)
        snprintf(what, sizeof what,
                 "race between streams: %s without having waited for the %s by %s", now, then,
                 operations[earlier & OPERATION].name);
    else
        snprintf(what, sizeof what, "race: %s by thread %u after the %s by thread %u of block %u%s",
                 now, thread_of(party->now), then, thread_of(earlier), block_of(earlier),
                 block_of(earlier) == block_of(party->now) ? " without a barrier between" : "");
    fail_at(party, address, what);
}

static inline bool is_ordered(record earlier, record now) {
    const uint64_t differ = earlier ^ now;
    if ((earlier & OPERATION) == 0) return true;
    if ((differ & OPERATION) != 0) {
        const auto &o = operations[earlier & OPERATION];
        return operation_now->clock[o.slot] >= o.sequence;
    }
    return (differ & BLOCK) == 0 && ((differ & THREAD) == 0 || (differ & BARRIER) != 0);
}

static inline void access_cell(struct cell *cell, const struct party *party, const void *at,
                               bool write) {
    const record now = party->now, last = cell->read;
    if (!write && last == now) return; /* no write in between */
    if (!is_ordered(cell->write, now)) fail_race(party, cell->write, at, write, true);
    if (!write) {
        if ((cell->write & OPERATION) == 0) fail_at(party, at, "read of what was never written");
        if ((last & OPERATION) != 0 && ((last ^ now) & (OPERATION | BLOCK | THREAD)) != 0)
            cell->other_read = last;
        cell->read = now;
        return;
    }
    if (!is_ordered(last, now)) fail_race(party, last, at, true, false);
    if (!is_ordered(cell->other_read, now)) fail_race(party, cell->other_read, at, true, false);
    *cell = (struct cell){now, 0, 0};
}

static struct cell *cells_of(const void *address) {
    if (global_cells == NULL) {
        void *pages =
            mmap(NULL, CUDASIM_ARENA_BYTES / GRANULE * sizeof(struct cell), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages == MAP_FAILED) cudasim_fail("no address space for the race detector");
        global_cells = (struct cell *)pages;
    }
    return global_cells + (size_t)((const unsigned char *)address - arena) / GRANULE;
}

static void access_global(const struct party *party, const void *address, size_t bytes,
                          bool write) {
    static const struct cudasim_allocation *last;
    const unsigned char *at = (const unsigned char *)address;
    if (last == NULL || !last->live || at < last->data || at + bytes > last->data + last->bytes) {
        last = cudasim_find(address);
        if (last == NULL || !last->live || at < last->data || at + bytes > last->data + last->bytes)
            fail_at(party, address, write ? "write out of bounds" : "read out of bounds");
        if (last->gpu == CUDASIM_HOST) fail_at(party, address, "a kernel touches pinned memory");
    }
    struct cell *cell = cells_of(address);
    for (size_t i = 0; i < bytes; i += GRANULE) access_cell(cell++, party, at + i, write);
}

/* Records of earlier blocks are void. */
static void access_shared(const struct party *party, const void *address, size_t bytes,
                          bool write) {
    struct party own = *party;
    const size_t offset = cudasim_shared_offset(address);
    if (!cudasim_in_array(address, bytes))
        fail_at(party, address,
                write ? "write outside of shared arrays" : "read outside of shared arrays");
    own.now = (own.now & ~BLOCK) | RECORD(0, cudasim_now.blocks_run, 0, 0);
    struct cell *cell = &shared_cells[offset / GRANULE];
    for (size_t i = 0; i < bytes; i += GRANULE, cell++) {
        if (((cell->write ^ own.now) & (OPERATION | BLOCK)) != 0) cell->write = 0;
        if (((cell->read ^ own.now) & (OPERATION | BLOCK)) != 0) cell->read = 0;
        if (((cell->other_read ^ own.now) & (OPERATION | BLOCK)) != 0) cell->other_read = 0;
        access_cell(cell, &own, (const unsigned char *)address + i, write);
    }
}

/* The program's constants are in the GPU's memory too. */
static int in_constants(struct dl_phdr_info *info, size_t, void *wanted) {
    const uintptr_t at = (uintptr_t) * (const void **)wanted;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        const uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
        const bool constant = (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W)) ||
                              segment->p_type == PT_GNU_RELRO;
        if (constant && at >= begin && at < begin + segment->p_memsz) return 1;
    }
    return 0;
}

[[maybe_unused]] static void access_any(unsigned thread, const void *address, size_t bytes,
                                        bool write, const void *code) {
    struct cudasim_kernel_counts *counts = cudasim_now.counts;
    const struct party party = {
        RECORD(operation_now->number, cudasim_now.block, thread, cudasim_now.barrier), code};
    if ((uintptr_t)address - (uintptr_t)arena < CUDASIM_ARENA_BYTES) {
        *(write ? &counts->global_written : &counts->global_read) += bytes;
        access_global(&party, address, bytes, write);
    } else if (cudasim_shared_offset(address) != SIZE_MAX) {
        *(write ? &counts->shared_written : &counts->shared_read) += bytes;
        access_shared(&party, address, bytes, write);
    } else if (!cudasim_is_own(address) &&
               (write || dl_iterate_phdr(in_constants, (void *)&address) == 0)) {
        char code_words[400];
        describe_code(code, code_words, sizeof code_words);
        cudasim_fail("a kernel touches the host's memory at %p%s", address, code_words);
    }
}

void cudasim_race_access(unsigned thread, const void *address, size_t bytes, bool write) {
#ifdef CUDASIM_HOOKS
    access_any(thread, address, bytes, write, NULL);
#else
    (void)thread, (void)address, (void)bytes, (void)write;
#endif
}

void cudasim_race_range(const void *address, size_t bytes, bool write) {
#ifdef CUDASIM_HOOKS
    const struct party party = {RECORD(operation_now->number, 0, 0, 0), NULL};
    access_global(&party, address, bytes, write);
#else
    (void)address, (void)bytes, (void)write;
#endif
}

void cudasim_race_new_operation(const struct cudasim_operation *operation) {
    const uint32_t index = operation->number % OPERATIONS;
    operation_now = operation;
    arena = cudasim_arena();
    operations[index] = {operation->sequence, operation->slot, operation->name};
}

extern "C" {
#ifdef CUDASIM_HOOKS
static inline void hook(const void *address, size_t bytes, bool write, bool aligned,
                        const void *code) {
    if (cudasim_in_fibre(address) || !cudasim_in_kernel()) return;
    if (aligned && (uintptr_t)address % bytes != 0) {
        const struct party party = {RECORD(0, 0, cudasim_view.self->number, 0), code};
        fail_at(&party, address, "misaligned access");
    }
    access_any(cudasim_view.self->number, address, bytes, write, code);
}

#define HOOKS(bytes)                                                                               \
    void __tsan_read##bytes(const void *at) {                                                      \
        hook(at, bytes, false, true, __builtin_return_address(0));                                 \
    }                                                                                              \
    void __tsan_write##bytes(const void *at) {                                                     \
        hook(at, bytes, true, true, __builtin_return_address(0));                                  \
    }                                                                                              \
    void __tsan_unaligned_read##bytes(const void *at) {                                            \
        hook(at, bytes, false, false, __builtin_return_address(0));                                \
    }                                                                                              \
    void __tsan_unaligned_write##bytes(const void *at) {                                           \
        hook(at, bytes, true, false, __builtin_return_address(0));                                 \
    }
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
void __tsan_read_range(const void *at, size_t bytes) {
    hook(at, bytes, false, false, __builtin_return_address(0));
}
void __tsan_write_range(const void *at, size_t bytes) {
    hook(at, bytes, true, false, __builtin_return_address(0));
}
void __tsan_init(void) {}
void __tsan_func_entry(const void *) {}
void __tsan_func_exit(void) {}
#endif
}
