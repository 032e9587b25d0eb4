/* The values and the stack of the pickle reader. */
#include "host/model/pickle_machine.h"

#include "host/base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum error_code machine_fail(struct machine *machine, enum error_code code, const char *file,
                             int line, const char *format, ...) {
    char message[ERROR_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    error_vformat(message, sizeof message, format, arguments);
    va_end(arguments);
    return error_set(machine->error, code, file, line, "data.pkl, byte %zu: %s", machine->opcode,
                     message);
}

enum error_code machine_push_index(struct machine *machine, size_t index) {
    if (machine->stack_count >= PICKLE_MAXIMUM_STACK)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED, "more than %zu objects on the stack",
                            PICKLE_MAXIMUM_STACK);
    TRY(memory_grow(&machine->stack, &machine->stack_capacity, machine->stack_count + 1,
                    sizeof *machine->stack, "the pickle stack", machine->error));
    machine->stack[machine->stack_count++] = index;
    return ERROR_NONE;
}

enum error_code machine_push(struct machine *machine, struct value value) {
    if (machine->value_count >= PICKLE_MAXIMUM_VALUES)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED, "more than %zu objects",
                            PICKLE_MAXIMUM_VALUES);
    TRY(memory_grow(&machine->values, &machine->value_capacity, machine->value_count + 1,
                    sizeof *machine->values, "the pickle values", machine->error));
    machine->values[machine->value_count] = value;
    return machine_push_index(machine, machine->value_count++);
}

enum error_code machine_pop(struct machine *machine, size_t *index) {
    if (machine->stack_count == 0 || machine->stack[machine->stack_count - 1] == STACK_MARK)
        return MACHINE_FAIL(machine, ERROR_DATA, "an object is missing on the stack");
    *index = machine->stack[--machine->stack_count];
    return ERROR_NONE;
}

enum error_code machine_find_mark(struct machine *machine, size_t *mark) {
    for (size_t i = machine->stack_count; i-- > 0;) {
        if (machine->stack[i] != STACK_MARK) continue;
        *mark = i;
        return ERROR_NONE;
    }
    return MACHINE_FAIL(machine, ERROR_DATA, "a mark is missing on the stack");
}

const struct value *machine_item(const struct machine *machine, const struct value *tuple,
                                 size_t index) {
    return &machine->values[machine->items[tuple->as.tuple.first + index]];
}

enum error_code machine_make_tuple(struct machine *machine, size_t count) {
    if (machine->stack_count < count)
        return MACHINE_FAIL(machine, ERROR_DATA, "an object is missing on the stack");
    const size_t first = machine->stack_count - count;
    for (size_t i = first; i < machine->stack_count; i++)
        if (machine->stack[i] == STACK_MARK)
            return MACHINE_FAIL(machine, ERROR_DATA, "an object is missing on the stack");
    TRY(memory_grow(&machine->items, &machine->item_capacity, machine->item_count + count,
                    sizeof *machine->items, "the pickle tuples", machine->error));
    if (count > 0)
        memcpy(machine->items + machine->item_count, machine->stack + first,
               count * sizeof *machine->items);
    struct value value = {.type = VALUE_TUPLE};
    value.as.tuple.first = machine->item_count;
    value.as.tuple.count = count;
    machine->item_count += count;
    machine->stack_count = first;
    return machine_push(machine, value);
}
