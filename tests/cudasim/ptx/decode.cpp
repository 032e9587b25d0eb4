/* Makes instructions of a kernel's statements. Registers, constants and special registers get
 * their places in a warp's bytes first; then each statement is compared with the rows of the table
 * of opcodes. One that no row fits ends the test with its text. */
#include "ptx.h"

#include <map>
#include <sstream>
#include <stdlib.h>
#include <unordered_map>

struct place {
    uint32_t at;
    char letter; /* as in struct ptx_opcode */
};

struct builder {
    struct ptx_kernel *kernel;
    std::unordered_map<std::string, struct place> registers;
    std::unordered_map<std::string, uint64_t> symbols; /* addresses */
    std::unordered_map<std::string, uint32_t> labels;  /* instructions */
    std::map<std::pair<unsigned, uint64_t>, uint32_t> constants;
    size_t shared_end;
};

[[noreturn]] static void fail(const struct builder *builder, const struct ptx_statement *at,
                              const char *why) {
    cudasim_fail("ptx: %s: %s\ncudasim: at %s:%d, in kernel %s", why, at->text.c_str(),
                 builder->kernel->file.c_str(), at->line, builder->kernel->name.c_str());
}

static unsigned width_of(char letter) {
    switch (letter) {
    case 'h': return 2;
    case 'l': return 8;
    default: return 4;
    }
}

/* A row of lanes; a predicate is one word. */
static uint32_t new_place(struct builder *builder, char letter) {
    const uint32_t at = (uint32_t)builder->kernel->warp_bytes;
    builder->kernel->warp_bytes += letter == 'p' ? 64 : (size_t)PTX_LANES * width_of(letter);
    return at;
}

static size_t round_up(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/* ---- declarations ---- */

static char letter_of(const std::string &type) {
    if (type == ".pred") return 'p';
    const std::string bits = type.size() > 2 ? type.substr(2) : "";
    return bits == "16" ? 'h' : bits == "32" ? 'w' : bits == "64" ? 'l' : '?';
}

static void declare(struct builder *builder, const struct ptx_statement *at,
                    const std::string &name, char letter) {
    const auto present = builder->registers.find(name);
    if (present == builder->registers.end())
        builder->registers[name] = {new_place(builder, letter), letter};
    else if (present->second.letter != letter)
        fail(builder, at, "a register of two types");
}

/* .reg .b32 %r<9>, or %name */
static void declare_registers(struct builder *builder, const struct ptx_statement *at) {
    std::istringstream words(at->text);
    std::string word, type, name;
    words >> word >> type;
    const char letter = letter_of(type);
    if (letter == '?') fail(builder, at, "unknown type");
    while (std::getline(words, name, ',')) {
        name = ptx_trim(name);
        const size_t bracket = name.find('<');
        if (bracket == std::string::npos) {
            declare(builder, at, name, letter);
            continue;
        }
        const int count = atoi(name.c_str() + bracket + 1);
        for (int i = 0; i < count; i++)
            declare(builder, at, name.substr(0, bracket) + std::to_string(i), letter);
    }
}

struct variable {
    std::string name;
    size_t alignment, bytes; /* bytes: 0 for [] */
};

/* .param .u64 name, or .shared .align 16 .b8 name[32] */
static struct variable read_variable(const struct ptx_statement *at) {
    struct variable read = {"", 1, 0};
    std::istringstream words(at->text);
    std::string word;
    size_t type_bytes = 1, alignment = 0;
    while (words >> word) {
        if (word == ".align")
            words >> alignment;
        else if (word[0] != '.')
            read.name = word;
        else if (isdigit((unsigned char)word.back()) && word.size() <= 4)
            type_bytes = strtoul(word.c_str() + 2, NULL, 10) / 8;
    }
    const size_t bracket = read.name.find('[');
    if (bracket == std::string::npos) {
        read.alignment = read.bytes = type_bytes; /* .align is that of what a pointer points to */
    } else {
        read.alignment = alignment != 0 ? alignment : type_bytes;
        read.bytes = type_bytes * strtoul(read.name.c_str() + bracket + 1, NULL, 10);
        read.name.resize(bracket);
    }
    return read;
}

static void add_parameter(struct builder *builder, const struct ptx_statement *at) {
    const struct variable parameter = read_variable(at);
    struct ptx_kernel *kernel = builder->kernel;
    const size_t offset = round_up(kernel->parameter_bytes, parameter.alignment);
    kernel->parameters.push_back({offset, parameter.bytes});
    kernel->parameter_bytes = offset + parameter.bytes;
    builder->symbols[parameter.name] = offset;
}

/* Arrays in the order of the text with red zones between. The dynamic one comes last, wherever
 * it is declared. */
static void add_shared(struct builder *builder, const struct ptx_statement *at) {
    const struct variable array = read_variable(at);
    if (array.bytes == 0) return;
    const size_t offset = round_up(builder->shared_end + PTX_RED_ZONE, array.alignment);
    builder->kernel->arrays.push_back({offset, array.bytes});
    builder->symbols[array.name] = offset;
    builder->shared_end = offset + array.bytes;
}

/* Its address is a multiple of its alignment and no more. */
static void add_dynamic_shared(struct builder *builder, const struct ptx_statement *at) {
    const struct variable array = read_variable(at);
    if (array.bytes != 0) return;
    const size_t offset =
        round_up(builder->shared_end + PTX_RED_ZONE, 2 * array.alignment) + array.alignment;
    builder->kernel->dynamic_offset = offset;
    builder->symbols[array.name] = offset;
}

static void add_local(struct builder *builder, const struct ptx_statement *at) {
    const struct variable array = read_variable(at);
    const size_t offset = round_up(builder->kernel->local_bytes, array.alignment);
    builder->symbols[array.name] = offset;
    builder->kernel->local_bytes = round_up(offset + array.bytes, 16);
}

/* ---- operands ---- */

/* The bits of a number in a register of that width. */
static bool read_number(const std::string &text, unsigned width, uint64_t *bits) {
    char *end;
    const bool single = text.rfind("0f", 0) == 0 || text.rfind("0F", 0) == 0;
    const bool exact = text.rfind("0d", 0) == 0 || text.rfind("0D", 0) == 0;
    if (single || exact) {
        if (width != (single ? 4 : 8)) return false;
        *bits = strtoull(text.c_str() + 2, &end, 16);
    } else {
        *bits = text[0] == '-' ? (uint64_t)strtoll(text.c_str(), &end, 0)
                               : strtoull(text.c_str(), &end, 0);
        if (width < 8) *bits &= ((uint64_t)1 << 8 * width) - 1;
    }
    return *end == '\0' && end != text.c_str();
}

static uint32_t constant_place(struct builder *builder, char letter, uint64_t bits) {
    const unsigned width = letter == 'p' ? 0 : width_of(letter);
    const auto key = std::make_pair(width, bits);
    const auto present = builder->constants.find(key);
    if (present != builder->constants.end()) return present->second;
    const uint32_t at = new_place(builder, letter);
    builder->kernel->constants.push_back({width, bits, at});
    return builder->constants[key] = at;
}

/* %tid.x and so on */
static bool find_special(struct builder *builder, const std::string &name, uint32_t *at) {
    static const std::map<std::string, enum ptx_special> names = {
        {"%tid", PTX_TID}, {"%ntid", PTX_NTID}, {"%ctaid", PTX_CTAID}, {"%nctaid", PTX_NCTAID}};
    const size_t dot = name.find('.');
    const auto found = names.find(name.substr(0, dot));
    if (dot == std::string::npos || dot + 2 != name.size() || found == names.end()) return false;
    const int axis = name[dot + 1] - 'x';
    if (axis < 0 || axis > 2) return false;
    *at = new_place(builder, 'w');
    builder->registers[name] = {*at, 'w'};
    builder->kernel->specials.push_back({found->second, axis, *at});
    return true;
}

/* A register, or what may stand for one that is read. */
static bool find_place(struct builder *builder, const std::string &name, char letter,
                       uint32_t *at) {
    const bool written = isupper((unsigned char)letter) != 0;
    const char wanted = (char)tolower(letter);
    const auto found = builder->registers.find(name);
    uint64_t bits;
    if (found != builder->registers.end()) {
        *at = found->second.at;
        return found->second.letter == wanted;
    }
    if (written || name.empty()) return false;
    if (wanted == 'w' && find_special(builder, name, at)) return true;
    const auto symbol = builder->symbols.find(name);
    if (symbol != builder->symbols.end() && (wanted == 'w' || wanted == 'l'))
        bits = symbol->second;
    else if (!read_number(name, width_of(wanted), &bits))
        return false;
    if (wanted == 'p') bits = bits != 0;
    *at = constant_place(builder, wanted, bits);
    return true;
}

/* [register+4], [symbol] */
static bool find_address(struct builder *builder, const std::string &text, int n,
                         struct ptx_instruction *instruction, uint32_t *at) {
    if (text.size() < 3 || text[0] != '[' || text.back() != ']') return false;
    std::string name = text.substr(1, text.size() - 2);
    const size_t plus = name.find('+');
    if (plus != std::string::npos) {
        instruction->offset[n] = strtoll(name.c_str() + plus + 1, NULL, 10);
        name = ptx_trim(name.substr(0, plus));
    }
    instruction->wide[n] = true;
    if (find_place(builder, name, 'l', at)) return true;
    instruction->wide[n] = false;
    return find_place(builder, name, 'w', at);
}

/* At the commas outside brackets; braces and | also separate, and stay as operands of their own. */
static std::vector<std::string> split_operands(const std::string &text) {
    std::vector<std::string> operands;
    std::string word;
    const auto end_word = [&] {
        if (!ptx_trim(word).empty()) operands.push_back(ptx_trim(word));
        word.clear();
    };
    for (const char c : text) {
        if (c != ',' && c != '{' && c != '}' && c != '|') {
            word += c;
            continue;
        }
        end_word();
        if (c != ',') operands.push_back(std::string(1, c));
    }
    end_word();
    return operands;
}

/* Whether the row fits the operands, which then are in the instruction. */
static bool fits(struct builder *builder, const struct ptx_opcode *row,
                 const std::vector<std::string> &operands, struct ptx_instruction *instruction) {
    size_t next = 0, count = 0;
    int addresses = 0;
    *instruction = {};
    for (const char *p = row->operands.c_str(); *p != '\0'; p++) {
        if (next == operands.size()) return false;
        const std::string &text = operands[next++];
        char *end;
        if (*p == '{' || *p == '}' || *p == '|') {
            if (text != std::string(1, *p)) return false;
        } else if (*p == '#') {
            instruction->number = strtoll(text.c_str(), &end, 0);
            if (*end != '\0') return false;
        } else if (*p == '@') {
            const auto label = builder->labels.find(text);
            if (label == builder->labels.end()) return false;
            instruction->target = label->second;
        } else if (*p == '[') {
            if (!find_address(builder, text, addresses++, instruction, &instruction->at[count++]))
                return false;
            p++; /* the ] */
        } else if (!find_place(builder, text, *p, &instruction->at[count++])) {
            return false;
        }
    }
    return next == operands.size();
}

/* ---- statements ---- */

static const std::unordered_multimap<std::string, struct ptx_opcode> *opcode_table(void) {
    static std::unordered_multimap<std::string, struct ptx_opcode> table;
    if (!table.empty()) return &table;
    ptx_opcodes rows;
    ptx_add_moves(&rows);
    ptx_add_integers(&rows);
    ptx_add_floats(&rows);
    ptx_add_conversions(&rows);
    ptx_add_memory(&rows);
    ptx_add_copies(&rows);
    ptx_add_matrices(&rows);
    for (const struct ptx_opcode &row : rows) table.emplace(row.name, row);
    return &table;
}

/* @%p1 or @!%p1 before an instruction: returns what follows it. */
static std::string take_guard(struct builder *builder, const struct ptx_statement *at,
                              struct ptx_instruction *guard) {
    if (at->text[0] != '@') return at->text;
    const size_t space = at->text.find_first_of(" \t");
    guard->guarded = true;
    guard->unless = at->text[1] == '!';
    const std::string name =
        at->text.substr(guard->unless ? 2 : 1, space - (guard->unless ? 2 : 1));
    if (!find_place(builder, name, 'p', &guard->guard)) fail(builder, at, "unknown guard");
    return ptx_trim(at->text.substr(space));
}

static void add_instruction(struct builder *builder, const struct ptx_statement *at) {
    struct ptx_instruction guard = {}, instruction = {};
    const std::string text = take_guard(builder, at, &guard);
    const size_t space = std::min(text.find_first_of(" \t"), text.size());
    const std::vector<std::string> operands = split_operands(text.substr(space));
    const auto rows = opcode_table()->equal_range(text.substr(0, space));
    for (auto row = rows.first; row != rows.second; row++) {
        if (!fits(builder, &row->second, operands, &instruction)) continue;
        instruction.step = row->second.step;
        instruction.flow = row->second.flow;
        instruction.guarded = guard.guarded;
        instruction.unless = guard.unless;
        instruction.guard = guard.guard;
        builder->kernel->code.push_back(instruction);
        builder->kernel->texts.push_back(*at);
        return;
    }
    fail(builder, at, rows.first == rows.second ? "unknown instruction" : "unknown operands");
}

static bool begins(const struct ptx_statement *statement, const char *word) {
    return statement->text.rfind(word, 0) == 0;
}

/* Declarations and labels; the rest are instructions. */
static bool prepare(struct builder *builder, const struct ptx_statement *at, uint32_t *count) {
    if (begins(at, ".reg "))
        declare_registers(builder, at);
    else if (begins(at, ".shared "))
        add_shared(builder, at);
    else if (begins(at, ".local "))
        add_local(builder, at);
    else if (at->text.back() == ':')
        builder->labels[at->text.substr(0, at->text.size() - 1)] = *count;
    else if (!begins(at, ".pragma "))
        return false;
    return true;
}

void ptx_decode(struct ptx_kernel *kernel, const std::vector<struct ptx_statement> &parameters,
                const std::vector<struct ptx_statement> &shared,
                const std::vector<struct ptx_statement> &body) {
    struct builder builder = {kernel, {}, {}, {}, {}, 0};
    std::vector<const struct ptx_statement *> instructions;
    uint32_t count = 0;
    for (const struct ptx_statement &at : parameters) add_parameter(&builder, &at);
    for (const struct ptx_statement &at : shared) add_shared(&builder, &at);
    for (const struct ptx_statement &at : body) {
        if (prepare(&builder, &at, &count)) continue;
        instructions.push_back(&at);
        count++;
    }
    for (const struct ptx_statement &at : shared) add_dynamic_shared(&builder, &at);
    kernel->register_bytes = kernel->warp_bytes;
    for (const struct ptx_statement *at : instructions) add_instruction(&builder, at);
    if (kernel->code.empty() || kernel->code.back().flow < PTX_BRANCH ||
        kernel->code.back().guarded)
        cudasim_fail("ptx: kernel %s runs past its end", kernel->name.c_str());
}
