/* nvcc's own PTX, run in place of the code that g++ makes of a kernel (../README.md).
 *
 *   read.cpp       the text of a module: kernels, statements
 *   decode.cpp     statements to instructions, by a table of opcodes
 *   registers.cpp, floats.cpp, integers.cpp, convert.cpp, memory.cpp, copies.cpp, matrix.cpp
 *                  the opcodes: rows of that table and what they do
 *   warp.cpp       one warp: a program counter for each lane
 *   launch.cpp     blocks, and the hook behind the simulator's launch
 *
 * A register of a warp is a row of 32 values; a predicate is one word, a bit for each lane. So an
 * instruction is a loop over lanes, and its guard is an `and`. */
#ifndef CUDASIM_PTX_H
#define CUDASIM_PTX_H

#include "../cudasim.h"

#include <string>
#include <vector>

#define PTX_LANES 32
#define PTX_ALL 0xffffffffu
#define PTX_OPERANDS 14 /* those of mma */

struct ptx_warp;
struct ptx_instruction;
/* Does an instruction for the lanes whose bits are set. */
typedef void ptx_step(struct ptx_warp *warp, const struct ptx_instruction *instruction,
                      uint32_t lanes);

enum ptx_flow {
    PTX_NEXT,       /* the next instruction follows */
    PTX_PAUSE,      /* so it does, but other warps may come first */
    PTX_COLLECTIVE, /* all lanes of the warp take part */
    PTX_BARRIER,    /* all threads of the block wait */
    PTX_BRANCH,
    PTX_RETURN
};

/* A row of the table of opcodes. One letter of `operands` for each: p predicate, h 16, w 32 or l
 * 64 bits, a register or a constant; a capital for what is written; {} a vector, [] an address,
 * | two results, # a number, @ a label. An opcode may have several rows. */
struct ptx_opcode {
    std::string name, operands;
    ptx_step *step;
    enum ptx_flow flow;
};
typedef std::vector<struct ptx_opcode> ptx_opcodes;

struct ptx_instruction {
    ptx_step *step;
    enum ptx_flow flow;
    bool guarded, unless;      /* with unless: @!%p */
    uint32_t guard;            /* offset of the predicate */
    uint32_t at[PTX_OPERANDS]; /* offsets of the operands' registers, in the order of the text */
    bool wide[2];              /* whether the address has 64 bits */
    int64_t offset[2];         /* added to the address */
    int64_t number;
    uint32_t target;
    mutable bool executed; /* by any lane, in any launch */
};

struct ptx_statement {
    std::string text;
    int line;
};

enum ptx_special { PTX_TID, PTX_NTID, PTX_CTAID, PTX_NCTAID };
struct ptx_special_register {
    enum ptx_special what;
    int axis;
    uint32_t at;
};
struct ptx_constant {
    unsigned width; /* bytes */
    uint64_t bits;
    uint32_t at;
};
struct ptx_parameter {
    size_t offset, bytes;
};
struct ptx_array { /* of shared memory */
    size_t offset, bytes;
};

struct ptx_kernel {
    std::string name, file; /* "kernel<true, 4>" */
    std::vector<struct ptx_parameter> parameters;
    size_t parameter_bytes;
    unsigned threads_limit; /* 0: none */
    std::vector<struct ptx_instruction> code;
    std::vector<struct ptx_statement> texts; /* of each instruction */
    size_t register_bytes;                   /* of a warp; constants and special registers follow */
    size_t warp_bytes;
    std::vector<struct ptx_constant> constants;
    std::vector<struct ptx_special_register> specials;
    std::vector<struct ptx_array> arrays;
    size_t dynamic_offset; /* in shared memory; 0: none is used */
    size_t local_bytes;    /* of a thread */
};

struct ptx_copy {
    uint64_t from;
    uint32_t to, bytes, group;
};

struct ptx_warp {
    const struct ptx_kernel *kernel;
    unsigned char *registers, *local;
    unsigned first; /* thread of the block */
    uint32_t present, ready, waiting;
    uint32_t counter[PTX_LANES];
    std::vector<struct ptx_copy> copies[PTX_LANES];
    uint32_t group[PTX_LANES]; /* that is not committed yet */
    bool at_barrier;
};

template <typename T> static inline T *ptx_row(const struct ptx_warp *warp, uint32_t at) {
    return (T *)(void *)(warp->registers + at);
}

/* for each lane of a set */
#define PTX_EACH(lane, lanes)                                                                      \
    for (uint32_t lane, rest_ = (lanes);                                                           \
         rest_ != 0 && (lane = (uint32_t)__builtin_ctz(rest_), true); rest_ &= rest_ - 1)

/* ---- read.cpp ---- */
/* Reads all kernels of a file. */
void ptx_read(const char *path);
/* The kernel that the simulator calls so. Ends the test if there is none. */
const struct ptx_kernel *ptx_find(const char *name);
/* Decodes all kernels that were read. */
void ptx_decode_all(void);
/* Appends a line for each instruction of all kernels: 1 or 0 for executed or not, then where. */
void ptx_write_executed(const char *path);

/* ---- decode.cpp ---- */
/* Makes instructions of a kernel's statements; `shared` are the module's declarations. */
void ptx_decode(struct ptx_kernel *kernel, const std::vector<struct ptx_statement> &parameters,
                const std::vector<struct ptx_statement> &shared,
                const std::vector<struct ptx_statement> &body);
std::string ptx_trim(const std::string &text);

/* ---- the opcodes ---- */
void ptx_add_moves(ptx_opcodes *opcodes);
void ptx_add_integers(ptx_opcodes *opcodes);
void ptx_add_floats(ptx_opcodes *opcodes);
void ptx_add_conversions(ptx_opcodes *opcodes);
void ptx_add_memory(ptx_opcodes *opcodes);
void ptx_add_copies(ptx_opcodes *opcodes);
void ptx_add_matrices(ptx_opcodes *opcodes);

/* ---- memory.cpp ---- */
#define PTX_SHARED_BYTES ((size_t)256 * 1024)
#define PTX_RED_ZONE ((size_t)128)
/* Before a launch, and before each of its blocks. */
void ptx_memory_begin(const struct ptx_kernel *kernel, const unsigned char *parameters,
                      size_t dynamic_bytes);
void ptx_memory_new_block(void);
/* Where such an address is, or the end of the test if it is out of bounds or misaligned. */
unsigned char *ptx_shared(const struct ptx_warp *warp, const struct ptx_instruction *instruction,
                          uint32_t lane, uint64_t address, size_t bytes);
unsigned char *ptx_global(const struct ptx_warp *warp, const struct ptx_instruction *instruction,
                          uint32_t lane, uint64_t address, size_t bytes);
/* The n-th address of an instruction. */
static inline uint64_t ptx_address(const struct ptx_warp *warp,
                                   const struct ptx_instruction *instruction, unsigned operand,
                                   int n, uint32_t lane) {
    const uint32_t at = instruction->at[operand];
    const uint64_t base = instruction->wide[n] ? ptx_row<uint64_t>(warp, at)[lane]
                                               : ptx_row<uint32_t>(warp, at)[lane];
    return base + (uint64_t)instruction->offset[n];
}

/* ---- copies.cpp ---- */
void ptx_check_copies_done(const struct ptx_warp *warp);

/* ---- warp.cpp ---- */
/* Ends the test: what is wrong, the instruction, the lane. */
[[noreturn]] void ptx_fail(const struct ptx_warp *warp, const struct ptx_instruction *instruction,
                           uint32_t lane, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Until the warp waits at a barrier, pauses or ends: then nothing is ready and nothing waits. */
void ptx_run_warp(struct ptx_warp *warp);

/* ---- launch.cpp ---- */
/* Runs the kernel's PTX where CUDASIM_PTX names its folder; otherwise false. */
bool ptx_run_kernel(const struct cudasim_launch *launch, const struct cudasim_call *call);
/* Products that a tensor core adds at a time, cut to 24 bits (CUDASIM_PTX_HARSH); 0: exact sums. */
unsigned ptx_harsh(void);

#endif
