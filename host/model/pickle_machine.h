/* The pickle reader's values and stack. */
#ifndef EARMARK_MODEL_PICKLE_MACHINE_H
#define EARMARK_MODEL_PICKLE_MACHINE_H

#include "host/base/error.h"
#include "host/model/pickle_tensor.h"

#include <stdint.h>

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
    size_t opcode; /* position of the opcode being executed */
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

/* FAIL() with the position of the opcode before the message. */
#define MACHINE_FAIL(machine, code, ...)                                                           \
    machine_fail((machine), (code), __FILE__, __LINE__, __VA_ARGS__)
enum error_code machine_fail(struct machine *machine, enum error_code code, const char *file,
                             int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Pushes the index of a value that exists, or STACK_MARK. ERROR_UNSUPPORTED when the stack
 * is full. */
enum error_code machine_push_index(struct machine *machine, size_t index);

/* Adds a value and pushes its index. ERROR_UNSUPPORTED beyond PICKLE_MAXIMUM_VALUES. */
enum error_code machine_push(struct machine *machine, struct value value);

/* Removes the top of the stack, a value's index. ERROR_DATA when there is none or a mark. */
enum error_code machine_pop(struct machine *machine, size_t *index);

/* Position on the stack of the topmost mark. ERROR_DATA when there is none. */
enum error_code machine_find_mark(struct machine *machine, size_t *mark);

/* Replaces the topmost `count` values by one tuple of them. ERROR_DATA when there are fewer,
 * or a mark among them. */
enum error_code machine_make_tuple(struct machine *machine, size_t count);

/* Item `index` of a tuple; index must be less than its count. */
const struct value *machine_item(const struct machine *machine, const struct value *tuple,
                                 size_t index);

#endif
