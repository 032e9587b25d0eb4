/* The race detector of the build with hooks: g++ -fsanitize=thread calls __tsan_read4() and
 * so on before each access in kernels/cuda, and here they are, without that sanitizer's
 * library.
 *
 * Every two bytes of GPU and shared memory have a shadow of three records: the last write
 * and the last reads of two threads. Two accesses are ordered by a __syncthreads of their
 * block; those of different operations by streams, events and the host's waiting (a clock of each
 * stream in each operation). Found besides: reads of what was never written, accesses outside of
 * arrays and allocations, wrong alignment, and the host's memory in kernels. Bytes are counted
 * here. */
#include "cudasim.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define OPERATION_BITS 18
#define OPERATIONS (1u << OPERATION_BITS)
#define GRANULE ((size_t)2)

struct record {
    uint64_t operation : OPERATION_BITS, block : 16, thread : 10, barrier : 20;
};

struct cell {
    struct record write, read, other_read; /* operation 0: none */
};

struct party { /* who is at work: what a record keeps, and where it comes from */
    struct record record;
    unsigned thread;
    const void *code;
};

static const struct cudasim_operation *operation_now;
static struct {
    uint32_t sequence;
    int slot;
    const char *name;
} operations[OPERATIONS];
static struct cell *global_cells;
static struct cell shared_cells[512 * 1024 / GRANULE];

/* "name at file:line", as far as binutils knows. */
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

[[noreturn]] static void fail_race(const struct party *party, const struct record *earlier,
                                   const void *address, bool write, bool earlier_write) {
    char what[300];
    const char *now = write ? "write" : "read", *then = earlier_write ? "write" : "read";
    if (earlier->operation != party->record.operation)
        snprintf(what, sizeof what,
                 "race between streams: %s without having waited for the %s by %s", now, then,
                 operations[earlier->operation].name);
    else
        snprintf(what, sizeof what, "race: %s by thread %u after the %s by thread %u of block %u%s",
                 now, (unsigned)party->record.thread, then, (unsigned)earlier->thread,
                 (unsigned)earlier->block,
                 earlier->block == party->record.block ? " without a barrier between" : "");
    fail_at(party, address, what);
}

static bool is_ordered(const struct record *earlier, const struct record *now) {
    if (earlier->operation != now->operation) {
        const auto &o = operations[earlier->operation];
        return operation_now->clock[o.slot] >= o.sequence;
    }
    if (earlier->block != now->block) return false;
    return earlier->thread == now->thread || earlier->barrier != now->barrier;
}

static void note_read(struct cell *cell, const struct record *now) {
    const struct record last = cell->read;
    const bool stale = last.operation != now->operation || last.block != now->block;
    if (last.operation != 0 && (stale || last.thread != now->thread)) cell->other_read = last;
    cell->read = *now;
}

static void access_cell(struct cell *cell, const struct party *party, const void *at, bool write) {
    const struct record *now = &party->record;
    if (cell->write.operation != 0 && !is_ordered(&cell->write, now))
        fail_race(party, &cell->write, at, write, true);
    if (!write) {
        if (cell->write.operation == 0) fail_at(party, at, "read of what was never written");
        note_read(cell, now);
        return;
    }
    if (cell->read.operation != 0 && !is_ordered(&cell->read, now))
        fail_race(party, &cell->read, at, true, false);
    if (cell->other_read.operation != 0 && !is_ordered(&cell->other_read, now))
        fail_race(party, &cell->other_read, at, true, false);
    *cell = (struct cell){*now, {}, {}};
}

static struct cell *cells_of(const void *address) {
    if (global_cells == NULL) {
        void *pages =
            mmap(NULL, CUDASIM_ARENA_BYTES / GRANULE * sizeof(struct cell), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages == MAP_FAILED) cudasim_fail("no address space for the race detector");
        global_cells = (struct cell *)pages;
    }
    return global_cells + (size_t)((const unsigned char *)address - cudasim_arena()) / GRANULE;
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

/* Records of earlier blocks mean nothing. */
static void access_shared(const struct party *party, const void *address, size_t bytes,
                          bool write) {
    struct party own = *party;
    const size_t offset = cudasim_shared_offset(address);
    if (!cudasim_in_array(address, bytes))
        fail_at(party, address,
                write ? "write outside of shared arrays" : "read outside of shared arrays");
    own.record.block = cudasim_now.blocks_run & 0xffff;
    struct cell *cell = &shared_cells[offset / GRANULE];
    for (size_t i = 0; i < bytes; i += GRANULE, cell++) {
        if (cell->write.operation != own.record.operation || cell->write.block != own.record.block)
            cell->write = {};
        if (cell->read.operation != own.record.operation || cell->read.block != own.record.block)
            cell->read = {};
        if (cell->other_read.operation != own.record.operation ||
            cell->other_read.block != own.record.block)
            cell->other_read = {};
        access_cell(cell, &own, (const unsigned char *)address + i, write);
    }
}

/* Constants of the program are in a GPU's memory too. */
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
    const unsigned char *at = (const unsigned char *)address, *arena = cudasim_arena();
    struct party party = {{}, thread, code};
    party.record.operation = operation_now->number % OPERATIONS;
    party.record.block = cudasim_now.block & 0xffff;
    party.record.thread = thread & 0x3ff;
    party.record.barrier = cudasim_now.barrier & 0xfffff;
    if (at >= arena && at < arena + CUDASIM_ARENA_BYTES) {
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
    struct party party = {{}, 0, NULL};
    party.record.operation = operation_now->number % OPERATIONS;
    access_global(&party, address, bytes, write);
#else
    (void)address, (void)bytes, (void)write;
#endif
}

void cudasim_race_new_operation(const struct cudasim_operation *operation) {
    const uint32_t index = operation->number % OPERATIONS;
    operation_now = operation;
    operations[index] = {operation->sequence, operation->slot, operation->name};
}

extern "C" {
#ifdef CUDASIM_HOOKS
static inline void hook(const void *address, size_t bytes, bool write, bool aligned,
                        const void *code) {
    if (!cudasim_in_kernel() || cudasim_in_fibre(address)) return;
    if (aligned && (uintptr_t)address % bytes != 0) {
        const struct party party = {{}, cudasim_view.self->number, code};
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
