/* Inside of the pickle reader: values, the stack, and what torch's globals mean. */
#ifndef EARMARK_MODEL_PICKLE_MACHINE_H
#define EARMARK_MODEL_PICKLE_MACHINE_H

#include "host/model/pickle.h"

#define PICKLE_MAXIMUM_VALUES ((size_t)1 << 18)
#define PICKLE_MAXIMUM_STACK ((size_t)1 << 16)
#define PICKLE_MAXIMUM_MEMO ((size_t)1 << 16)

enum value_type {
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_STRING,
    VALUE_TUPLE,
    VALUE_DICTIONARY,
    VALUE_GLOBAL,
    VALUE_STORAGE,
    VALUE_TENSOR
};

enum pickle_global { GLOBAL_ORDERED_DICTIONARY, GLOBAL_REBUILD_TENSOR, GLOBAL_STORAGE_TYPE };

/* Values are referred to by their index, so that the array may grow. */
struct value {
    enum value_type type;
    union {
        int64_t integer; /* also a bool */
        struct {
            const char *bytes;
            size_t length;
        } string;
        struct {
            size_t first; /* in machine->items */
            size_t count;
        } tuple;
        struct {
            size_t first; /* in machine->entries, linked; NO_ENTRY when empty */
            size_t last;
            size_t count;
        } dictionary;
        struct {
            enum pickle_global kind;
            enum storage_dtype dtype; /* of a storage type */
        } global;
        struct pickle_storage storage;
        size_t tensor; /* in machine->tensors */
    } as;
};

struct entry {
    size_t key;
    size_t value;
    size_t next;
};

#define NO_ENTRY SIZE_MAX
#define STACK_MARK SIZE_MAX
#define MEMO_EMPTY ((size_t)0) /* the memo holds index + 1 */

struct machine {
    const unsigned char *bytes;
    size_t size;
    size_t at;     /* the next byte */
    size_t opcode; /* where the opcode being executed stands */
    struct value *values;
    size_t value_count, value_capacity;
    size_t *items; /* of tuples */
    size_t item_count, item_capacity;
    struct entry *entries; /* of dictionaries */
    size_t entry_count, entry_capacity;
    struct pickle_tensor *tensors;
    size_t tensor_count, tensor_capacity;
    size_t *stack;
    size_t stack_count, stack_capacity;
    size_t *memo;
    size_t memo_capacity;
    struct error *error;
};

/* Fails with the position of the opcode before the message. */
#define MACHINE_FAIL(machine, code, ...) machine_fail((machine), (code), __LINE__, __VA_ARGS__)
enum error_code machine_fail(struct machine *machine, enum error_code code, int line,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Adds a value and pushes it. */
enum error_code machine_push(struct machine *machine, struct value value);

/* Item `index` of a tuple, which must have it. */
const struct value *machine_item(const struct machine *machine, const struct value *tuple,
                                 size_t index);

/* GLOBAL: pushes what the name stands for, or refuses it. */
enum error_code torch_global(struct machine *machine, const char *name, size_t length);

/* BINPERSID: pushes the storage that a persistent id tuple describes. */
enum error_code torch_persistent(struct machine *machine, const struct value *id);

/* REDUCE: pushes the result of calling a global with a tuple of arguments. */
enum error_code torch_reduce(struct machine *machine, const struct value *callable,
                             const struct value *arguments);

#endif
