/* The stack machine of pickle protocol 2. */
#include "host/model/pickle.h"

#include "host/base/memory.h"
#include "host/model/pickle_torch.h"
#include "host/model/quote.h"

#include <stdlib.h>
#include <string.h>

enum opcode {
    OPCODE_MARK = '(',
    OPCODE_EMPTY_TUPLE = ')',
    OPCODE_STOP = '.',
    OPCODE_BININT = 'J',
    OPCODE_BININT1 = 'K',
    OPCODE_BININT2 = 'M',
    OPCODE_NONE = 'N',
    OPCODE_BINPERSID = 'Q',
    OPCODE_REDUCE = 'R',
    OPCODE_BINUNICODE = 'X',
    OPCODE_BUILD = 'b',
    OPCODE_GLOBAL = 'c',
    OPCODE_BINGET = 'h',
    OPCODE_LONG_BINGET = 'j',
    OPCODE_BINPUT = 'q',
    OPCODE_LONG_BINPUT = 'r',
    OPCODE_SETITEM = 's',
    OPCODE_TUPLE = 't',
    OPCODE_SETITEMS = 'u',
    OPCODE_EMPTY_DICT = '}',
    OPCODE_PROTO = 0x80,
    OPCODE_TUPLE1 = 0x85,
    OPCODE_TUPLE2 = 0x86,
    OPCODE_TUPLE3 = 0x87,
    OPCODE_NEWTRUE = 0x88,
    OPCODE_NEWFALSE = 0x89,
    OPCODE_LONG1 = 0x8a
};

/* ---- the bytes ---- */

/* The next `count` bytes, or NULL and an error. */
static const unsigned char *take(struct machine *machine, size_t count) {
    if (count > machine->size - machine->at) {
        MACHINE_FAIL(machine, ERROR_DATA, "the pickle ends in the middle");
        return NULL;
    }
    const unsigned char *bytes = machine->bytes + machine->at;
    machine->at += count;
    return bytes;
}

/* A little-endian number of `width` bytes, at most 8, not sign-extended. */
static enum error_code take_number(struct machine *machine, size_t width, uint64_t *number) {
    const unsigned char *bytes = take(machine, width);
    if (bytes == NULL) return machine->error->code;
    *number = 0;
    for (size_t i = width; i-- > 0;) *number = *number << 8 | bytes[i];
    return ERROR_NONE;
}

/* ---- opcodes ---- */

static enum error_code push_integer(struct machine *machine, enum value_type type,
                                    int64_t integer) {
    return machine_push(machine, (struct value){.type = type, .as.integer = integer});
}

/* LONG1: a length, and that many bytes of a signed number. */
static enum error_code push_long(struct machine *machine) {
    uint64_t length = 0;
    uint64_t number = 0;
    TRY(take_number(machine, 1, &length));
    if (length > sizeof number)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED, "a number of %d bytes", (int)length);
    TRY(take_number(machine, (size_t)length, &number));
    if (length > 0 && length < 8 && (number >> (8 * length - 1)) != 0)
        number |= UINT64_MAX << (8 * length);
    return push_integer(machine, VALUE_INTEGER, (int64_t)number);
}

static enum error_code push_string(struct machine *machine) {
    uint64_t length = 0;
    TRY(take_number(machine, 4, &length));
    struct value value = {.type = VALUE_STRING};
    value.as.string.bytes = (const char *)take(machine, (size_t)length);
    value.as.string.length = (size_t)length;
    if (value.as.string.bytes == NULL) return machine->error->code;
    return machine_push(machine, value);
}

static enum error_code push_scalar(struct machine *machine, enum opcode opcode) {
    uint64_t number = 0;
    switch (opcode) {
    case OPCODE_NONE: return machine_push(machine, (struct value){.type = VALUE_NONE});
    case OPCODE_NEWTRUE: return push_integer(machine, VALUE_BOOL, 1);
    case OPCODE_NEWFALSE: return push_integer(machine, VALUE_BOOL, 0);
    case OPCODE_BININT1: TRY(take_number(machine, 1, &number)); break;
    case OPCODE_BININT2: TRY(take_number(machine, 2, &number)); break;
    case OPCODE_LONG1: return push_long(machine);
    case OPCODE_BINUNICODE: return push_string(machine);
    default: /* BININT: four bytes with a sign */
        TRY(take_number(machine, 4, &number));
        return push_integer(machine, VALUE_INTEGER, (int32_t)(uint32_t)number);
    }
    return push_integer(machine, VALUE_INTEGER, (int64_t)number);
}

/* GLOBAL: two lines, module and name. */
static enum error_code push_global(struct machine *machine) {
    const char *start = (const char *)machine->bytes + machine->at;
    size_t rest = machine->size - machine->at;
    const char *first = memchr(start, '\n', rest);
    const char *second =
        first == NULL ? NULL : memchr(first + 1, '\n', rest - (size_t)(first + 1 - start));
    if (second == NULL) return MACHINE_FAIL(machine, ERROR_DATA, "a name without an end");
    machine->at += (size_t)(second + 1 - start);
    return torch_global(machine, start, (size_t)(second - start));
}

static enum error_code push_dictionary(struct machine *machine) {
    struct value value = {.type = VALUE_DICTIONARY};
    value.as.dictionary.first = NO_ENTRY;
    value.as.dictionary.last = NO_ENTRY;
    return machine_push(machine, value);
}

/* Appends an item to the dictionary whose index is `target`. */
static enum error_code set_item(struct machine *machine, size_t target, size_t key, size_t value) {
    struct value *dictionary = &machine->values[target];
    if (dictionary->type != VALUE_DICTIONARY)
        return MACHINE_FAIL(machine, ERROR_DATA, "an item set in something that is no dictionary");
    if (machine->entry_count >= PICKLE_MAXIMUM_VALUES)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED, "more than %zu items",
                            PICKLE_MAXIMUM_VALUES);
    TRY(memory_grow(&machine->entries, &machine->entry_capacity, machine->entry_count + 1,
                    sizeof *machine->entries, "the pickle dictionaries", machine->error));
    size_t index = machine->entry_count++;
    machine->entries[index] = (struct entry){key, value, NO_ENTRY};
    if (dictionary->as.dictionary.last == NO_ENTRY)
        dictionary->as.dictionary.first = index;
    else
        machine->entries[dictionary->as.dictionary.last].next = index;
    dictionary->as.dictionary.last = index;
    dictionary->as.dictionary.count++;
    return ERROR_NONE;
}

/* SETITEMS: dictionary, mark, key, value, key, value, ... */
static enum error_code set_items(struct machine *machine) {
    size_t mark = 0;
    TRY(machine_find_mark(machine, &mark));
    size_t count = machine->stack_count - mark - 1;
    if (mark == 0 || machine->stack[mark - 1] == STACK_MARK || count % 2 != 0)
        return MACHINE_FAIL(machine, ERROR_DATA, "items without a dictionary or a value");
    for (size_t i = mark + 1; i < machine->stack_count; i += 2)
        TRY(set_item(machine, machine->stack[mark - 1], machine->stack[i], machine->stack[i + 1]));
    machine->stack_count = mark;
    return ERROR_NONE;
}

static enum error_code set_one_item(struct machine *machine) {
    size_t key = 0;
    size_t value = 0;
    TRY(machine_pop(machine, &value));
    TRY(machine_pop(machine, &key));
    if (machine->stack_count == 0 || machine->stack[machine->stack_count - 1] == STACK_MARK)
        return MACHINE_FAIL(machine, ERROR_DATA, "an item without a dictionary");
    return set_item(machine, machine->stack[machine->stack_count - 1], key, value);
}

/* BUILD sets attributes of an object; a state dict's `_metadata` is ignored. */
static enum error_code build(struct machine *machine) {
    size_t state = 0;
    TRY(machine_pop(machine, &state));
    size_t object =
        machine->stack_count == 0 ? STACK_MARK : machine->stack[machine->stack_count - 1];
    if (object == STACK_MARK || machine->values[object].type != VALUE_DICTIONARY ||
        machine->values[state].type != VALUE_DICTIONARY)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED,
                            "attributes of something that is no dictionary");
    return ERROR_NONE;
}

/* BINPUT, LONG_BINPUT: stores the top of the stack in the memo under a number. */
static enum error_code remember(struct machine *machine, size_t width) {
    uint64_t number = 0;
    TRY(take_number(machine, width, &number));
    if (number >= PICKLE_MAXIMUM_MEMO)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED, "memo number %llu; at most %zu are kept",
                            (unsigned long long)number, PICKLE_MAXIMUM_MEMO);
    if (machine->stack_count == 0 || machine->stack[machine->stack_count - 1] == STACK_MARK)
        return MACHINE_FAIL(machine, ERROR_DATA, "an object is missing on the stack");
    TRY(memory_grow(&machine->memo, &machine->memo_capacity, (size_t)number + 1,
                    sizeof *machine->memo, "the pickle memo", machine->error));
    machine->memo[number] = machine->stack[machine->stack_count - 1] + 1;
    return ERROR_NONE;
}

/* BINGET, LONG_BINGET: pushes what the memo has under a number. */
static enum error_code recall(struct machine *machine, size_t width) {
    uint64_t number = 0;
    TRY(take_number(machine, width, &number));
    if (number >= machine->memo_capacity || machine->memo[number] == MEMO_EMPTY)
        return MACHINE_FAIL(machine, ERROR_DATA, "memo number %llu was never set",
                            (unsigned long long)number);
    return machine_push_index(machine, machine->memo[number] - 1);
}

static enum error_code persistent(struct machine *machine) {
    size_t id = 0;
    TRY(machine_pop(machine, &id));
    const struct value copy = machine->values[id];
    return torch_persistent(machine, &copy);
}

static enum error_code reduce(struct machine *machine) {
    size_t arguments = 0;
    size_t callable = 0;
    TRY(machine_pop(machine, &arguments));
    TRY(machine_pop(machine, &callable));
    /* Copies: pushing the result may move the values. */
    const struct value function = machine->values[callable];
    const struct value tuple = machine->values[arguments];
    return torch_reduce(machine, &function, &tuple);
}

static enum error_code tuple_from_mark(struct machine *machine) {
    size_t mark = 0;
    TRY(machine_find_mark(machine, &mark));
    size_t count = machine->stack_count - mark - 1;
    memmove(machine->stack + mark, machine->stack + mark + 1, count * sizeof *machine->stack);
    machine->stack_count--;
    return machine_make_tuple(machine, count);
}

/* PROTO: the version, which must be the one torch.save writes. */
static enum error_code protocol(struct machine *machine) {
    uint64_t version = 0;
    TRY(take_number(machine, 1, &version));
    if (version != 2)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED,
                            "pickle protocol %d; PyTorch's own, 2, is read: save it again without "
                            "pickle_protocol",
                            (int)version);
    return ERROR_NONE;
}

static enum error_code execute(struct machine *machine, enum opcode opcode) {
    switch (opcode) {
    case OPCODE_PROTO: return protocol(machine);
    case OPCODE_MARK: return machine_push_index(machine, STACK_MARK);
    case OPCODE_NONE:
    case OPCODE_NEWTRUE:
    case OPCODE_NEWFALSE:
    case OPCODE_BININT:
    case OPCODE_BININT1:
    case OPCODE_BININT2:
    case OPCODE_LONG1:
    case OPCODE_BINUNICODE: return push_scalar(machine, opcode);
    case OPCODE_EMPTY_TUPLE: return machine_make_tuple(machine, 0);
    case OPCODE_TUPLE1: return machine_make_tuple(machine, 1);
    case OPCODE_TUPLE2: return machine_make_tuple(machine, 2);
    case OPCODE_TUPLE3: return machine_make_tuple(machine, 3);
    case OPCODE_TUPLE: return tuple_from_mark(machine);
    case OPCODE_EMPTY_DICT: return push_dictionary(machine);
    case OPCODE_SETITEM: return set_one_item(machine);
    case OPCODE_SETITEMS: return set_items(machine);
    case OPCODE_BINPUT: return remember(machine, 1);
    case OPCODE_LONG_BINPUT: return remember(machine, 4);
    case OPCODE_BINGET: return recall(machine, 1);
    case OPCODE_LONG_BINGET: return recall(machine, 4);
    case OPCODE_GLOBAL: return push_global(machine);
    case OPCODE_BINPERSID: return persistent(machine);
    case OPCODE_REDUCE: return reduce(machine);
    case OPCODE_BUILD: return build(machine);
    case OPCODE_STOP: break; /* handled by the caller */
    }
    return MACHINE_FAIL(machine, ERROR_UNSUPPORTED,
                        "opcode 0x%02x, which no plain dictionary of tensors needs",
                        (unsigned)opcode);
}

/* Executes opcodes up to STOP; *result: the index of the value on top of the stack then. */
static enum error_code run(struct machine *machine, size_t *result) {
    for (;;) {
        machine->opcode = machine->at;
        const unsigned char *opcode = take(machine, 1);
        if (opcode == NULL) return machine->error->code;
        if (*opcode == OPCODE_STOP) return machine_pop(machine, result);
        TRY(execute(machine, (enum opcode) * opcode));
    }
}

/* ---- from the dictionary to the list of tensors ---- */

static int by_name(const void *left, const void *right) {
    const struct pickle_tensor *a = left;
    const struct pickle_tensor *b = right;
    size_t common = a->name_length < b->name_length ? a->name_length : b->name_length;
    int order = memcmp(a->name, b->name, common);
    if (order != 0) return order;
    return a->name_length < b->name_length ? -1 : a->name_length > b->name_length;
}

static enum error_code check_names(const struct pickle_state *state, struct error *error) {
    struct pickle_tensor *sorted =
        memory_array(state->count, sizeof *sorted, "the tensors' names", error);
    if (sorted == NULL) return error->code;
    if (state->count > 0) memcpy(sorted, state->tensors, state->count * sizeof *sorted);
    qsort(sorted, state->count, sizeof *sorted, by_name);
    for (size_t i = 1; i < state->count; i++)
        if (by_name(&sorted[i - 1], &sorted[i]) == 0) {
            FAIL(error, ERROR_DATA, "data.pkl: tensor '%s' is there twice",
                 quote_bytes(sorted[i].name, sorted[i].name_length).text);
            break;
        }
    free(sorted);
    return error->code;
}

/* Fills *state from `result`, which must be a dictionary of texts to tensors. */
static enum error_code collect(const struct machine *machine, const struct value *result,
                               struct pickle_state *state, struct error *error) {
    if (result->type != VALUE_DICTIONARY)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "data.pkl: not a dictionary of tensors (save model.state_dict())");
    size_t count = result->as.dictionary.count;
    if (count > PICKLE_MAXIMUM_TENSORS)
        return FAIL(error, ERROR_UNSUPPORTED, "data.pkl: %zu tensors; at most %zu are read", count,
                    PICKLE_MAXIMUM_TENSORS);
    state->tensors = memory_array(count, sizeof *state->tensors, "the list of tensors", error);
    if (state->tensors == NULL) return error->code;
    for (size_t at = result->as.dictionary.first; at != NO_ENTRY; at = machine->entries[at].next) {
        const struct value *key = &machine->values[machine->entries[at].key];
        const struct value *value = &machine->values[machine->entries[at].value];
        if (key->type != VALUE_STRING)
            return FAIL(error, ERROR_UNSUPPORTED, "data.pkl: the name of entry %zu is not a text",
                        state->count);
        if (value->type != VALUE_TENSOR)
            return FAIL(error, ERROR_UNSUPPORTED,
                        "data.pkl: '%s' is no tensor (save model.state_dict())",
                        quote_bytes(key->as.string.bytes, key->as.string.length).text);
        struct pickle_tensor *tensor = &state->tensors[state->count++];
        *tensor = machine->tensors[value->as.tensor];
        tensor->name = key->as.string.bytes;
        tensor->name_length = key->as.string.length;
    }
    return check_names(state, error);
}

enum error_code pickle_read(const unsigned char *bytes, size_t size, struct pickle_state *state,
                            struct error *error) {
    struct machine machine = {.bytes = bytes, .size = size, .error = error};
    size_t result = 0;
    *state = (struct pickle_state){NULL, 0};
    if (size > PICKLE_MAXIMUM_BYTES)
        FAIL(error, ERROR_UNSUPPORTED, "data.pkl: %zu bytes; at most %zu are read", size,
             PICKLE_MAXIMUM_BYTES);
    else if (size == 0 || bytes[0] != OPCODE_PROTO)
        FAIL(error, ERROR_DATA, "data.pkl is not a pickle of protocol 2");
    else if (run(&machine, &result) == ERROR_NONE)
        collect(&machine, &machine.values[result], state, error);
    free(machine.values);
    free(machine.items);
    free(machine.entries);
    free(machine.tensors);
    free(machine.stack);
    free(machine.memo);
    if (error->code != ERROR_NONE) pickle_free(state);
    return error->code;
}

void pickle_free(struct pickle_state *state) {
    free(state->tensors);
    *state = (struct pickle_state){NULL, 0};
}
