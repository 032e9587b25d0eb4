/* Loads and stores. Each access is checked for its alignment, and for its bounds in one array of
 * shared memory or one allocation of the GPU. Shared and local memory are NaN at first. */
#include "loops.h"

#define ALIGNED_TO ((size_t)128) /* dynamic shared memory, and no more */

static unsigned char shared[PTX_SHARED_BYTES] __attribute__((aligned(256)));
static bool owned[PTX_SHARED_BYTES]; /* bytes of arrays; the zones between them are wider than an
                                      * access */
static size_t shared_end;
static const unsigned char *parameters_now;
static const struct cudasim_allocation *recent[4]; /* allocations of the last accesses */
static unsigned next_recent;

void ptx_memory_begin(const struct ptx_kernel *kernel, const unsigned char *parameters,
                      size_t dynamic_bytes) {
    parameters_now = parameters;
    memset(recent, 0, sizeof recent);
    memset(owned, 0, sizeof owned);
    size_t total = dynamic_bytes;
    shared_end = PTX_RED_ZONE;
    for (const struct ptx_array &array : kernel->arrays) {
        memset(owned + array.offset, 1, array.bytes);
        total += array.bytes;
        shared_end = array.offset + array.bytes;
    }
    if (total > cudasim_get_settings()->shared)
        cudasim_fail("ptx: %s has %zu bytes of shared memory, a block may have %zu",
                     kernel->name.c_str(), total, cudasim_get_settings()->shared);
    if (kernel->dynamic_offset == 0) return;
    memset(owned + kernel->dynamic_offset, 1, dynamic_bytes);
    shared_end = kernel->dynamic_offset + dynamic_bytes;
}

void ptx_memory_new_block(void) { memset(shared, 0xff, shared_end); }

unsigned char *ptx_shared(const struct ptx_warp *warp, const struct ptx_instruction *instruction,
                          uint32_t lane, uint64_t address, size_t bytes) {
    if (address % bytes != 0)
        ptx_fail(warp, instruction, lane, "misaligned: %zu bytes at %llu of shared memory", bytes,
                 (unsigned long long)address);
    if (address > PTX_SHARED_BYTES - bytes || !owned[address] || !owned[address + bytes - 1])
        ptx_fail(warp, instruction, lane, "%zu bytes at %llu of shared memory are in no array",
                 bytes, (unsigned long long)address);
    return shared + address;
}

unsigned char *ptx_global(const struct ptx_warp *warp, const struct ptx_instruction *instruction,
                          uint32_t lane, uint64_t address, size_t bytes) {
    unsigned char *at = (unsigned char *)address;
    if (address % bytes != 0)
        ptx_fail(warp, instruction, lane, "misaligned: %zu bytes at %p", bytes, (void *)at);
    for (const struct cudasim_allocation *a : recent)
        if (a != NULL && at >= a->data && at + bytes <= a->data + a->bytes) return at;
    const struct cudasim_allocation *a = cudasim_find(at);
    if (a == NULL || !a->live || a->gpu != cudasim_device_gpu)
        ptx_fail(warp, instruction, lane, "%zu bytes at %p: not memory of this GPU", bytes,
                 (void *)at);
    if (at < a->data || at + bytes > a->data + a->bytes)
        ptx_fail(warp, instruction, lane,
                 "%zu bytes at byte %td of allocation %u (%zu bytes): out "
                 "of bounds",
                 bytes, at - a->data, a->number, a->bytes);
    recent[next_recent++ % 4] = a;
    return at;
}

/* ---- the spaces ---- */

struct in_global {
    static unsigned char *at(const struct ptx_warp *warp, const struct ptx_instruction *i,
                             uint32_t lane, uint64_t address, size_t bytes) {
        return ptx_global(warp, i, lane, address, bytes);
    }
};

struct in_shared {
    static unsigned char *at(const struct ptx_warp *warp, const struct ptx_instruction *i,
                             uint32_t lane, uint64_t address, size_t bytes) {
        return ptx_shared(warp, i, lane, address, bytes);
    }
};

struct in_local {
    static unsigned char *at(const struct ptx_warp *warp, const struct ptx_instruction *i,
                             uint32_t lane, uint64_t address, size_t bytes) {
        const size_t each = warp->kernel->local_bytes;
        if (address % bytes != 0 || address > each || bytes > each - address)
            ptx_fail(warp, i, lane, "%zu bytes at %llu of %zu bytes of local memory", bytes,
                     (unsigned long long)address, each);
        return warp->local + lane * each + address;
    }
};

struct in_parameters {
    static unsigned char *at(const struct ptx_warp *warp, const struct ptx_instruction *i,
                             uint32_t lane, uint64_t address, size_t bytes) {
        for (const struct ptx_parameter &parameter : warp->kernel->parameters)
            if (address >= parameter.offset &&
                address + bytes <= parameter.offset + parameter.bytes && address % bytes == 0)
                return const_cast<unsigned char *>(parameters_now) + address;
        ptx_fail(warp, i, lane, "%zu bytes at %llu are in no parameter, or misaligned", bytes,
                 (unsigned long long)address);
    }
};

/* ---- loads and stores of count values of type M, from and to registers of type R ---- */

template <class space, typename M, typename R, unsigned count>
static void load(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    PTX_EACH(lane, lanes) {
        const uint64_t address = ptx_address(warp, i, count, 0, lane);
        M values[count];
        memcpy(values, space::at(warp, i, lane, address, sizeof values), sizeof values);
        for (unsigned n = 0; n < count; n++) ptx_row<R>(warp, i->at[n])[lane] = (R)values[n];
    }
}

template <class space, typename M, typename R, unsigned count>
static void store(struct ptx_warp *warp, const struct ptx_instruction *i, uint32_t lanes) {
    PTX_EACH(lane, lanes) {
        const uint64_t address = ptx_address(warp, i, 0, 0, lane);
        M values[count];
        for (unsigned n = 0; n < count; n++) values[n] = (M)ptx_row<R>(warp, i->at[1 + n])[lane];
        memcpy(space::at(warp, i, lane, address, sizeof values), values, sizeof values);
    }
}

/* ---- their rows ---- */

struct space_name {
    const char *load, *store; /* store: NULL where nothing may be stored */
};

template <class space, typename M, typename R, unsigned count>
static void add_count(ptx_opcodes *opcodes, struct space_name name, const char *type, char letter) {
    static const char *const vectors[] = {"", "", ".v2", "", ".v4"};
    const std::string ending = std::string(vectors[count]) + "." + type;
    const char capital = (char)toupper(letter);
    std::string to(count, capital), from(count, letter);
    if (count > 1) to = "{" + to + "}", from = "{" + from + "}";
    opcodes->push_back({name.load + ending, to + "[]", load<space, M, R, count>, PTX_NEXT});
    if (name.store == NULL) return;
    opcodes->push_back({name.store + ending, "[]" + from, store<space, M, R, count>, PTX_NEXT});
}

template <class space, typename M, typename R>
static void add_type(ptx_opcodes *opcodes, struct space_name name, const char *type, char letter) {
    add_count<space, M, R, 1>(opcodes, name, type, letter);
    if (sizeof(M) <= 8) add_count<space, M, R, 2>(opcodes, name, type, letter);
    if (sizeof(M) <= 4) add_count<space, M, R, sizeof(M) <= 4 ? 4 : 2>(opcodes, name, type, letter);
}

/* A register may be wider than the type: a signed type is then extended by its sign. */
template <class space> static void add_space(ptx_opcodes *opcodes, struct space_name name) {
    for (const char *type : {"u8", "b8"}) {
        add_type<space, uint8_t, uint16_t>(opcodes, name, type, 'h');
        add_type<space, uint8_t, uint32_t>(opcodes, name, type, 'w');
    }
    for (const char *type : {"u16", "b16"}) {
        add_type<space, uint16_t, uint16_t>(opcodes, name, type, 'h');
        add_type<space, uint16_t, uint32_t>(opcodes, name, type, 'w');
    }
    add_type<space, int16_t, int16_t>(opcodes, name, "s16", 'h');
    add_type<space, int16_t, int32_t>(opcodes, name, "s16", 'w');
    for (const char *type : {"u32", "b32", "f32"})
        add_type<space, uint32_t, uint32_t>(opcodes, name, type, 'w');
    add_type<space, int32_t, int32_t>(opcodes, name, "s32", 'w');
    add_type<space, uint32_t, uint64_t>(opcodes, name, "u32", 'l');
    add_type<space, int32_t, int64_t>(opcodes, name, "s32", 'l');
    for (const char *type : {"u64", "s64", "b64", "f64"})
        add_type<space, uint64_t, uint64_t>(opcodes, name, type, 'l');
}

void ptx_add_memory(ptx_opcodes *opcodes) {
    add_space<in_global>(opcodes, {"ld.global", "st.global"});
    add_space<in_global>(opcodes, {"ld.global.nc", NULL});
    add_space<in_shared>(opcodes, {"ld.shared", "st.shared"});
    add_space<in_local>(opcodes, {"ld.local", "st.local"});
    add_space<in_parameters>(opcodes, {"ld.param", NULL});
}
