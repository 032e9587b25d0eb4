/* The globals that a torch state dict uses. Nothing is called: each name stands for one way of
 * describing data. */
#include "host/model/pickle_torch.h"

#include "host/base/memory.h"
#include "host/model/quote.h"

#include <string.h>

/* Pickle separates module and name by a newline. */
static const struct {
    const char *name;
    enum pickle_global kind;
    enum storage_dtype dtype;
} globals[] = {
    {"collections\nOrderedDict", GLOBAL_ORDERED_DICTIONARY, STORAGE_FLOAT32},
    {"torch._utils\n_rebuild_tensor_v2", GLOBAL_REBUILD_TENSOR, STORAGE_FLOAT32},
    {"torch\nFloatStorage", GLOBAL_STORAGE_TYPE, STORAGE_FLOAT32},
    {"torch\nHalfStorage", GLOBAL_STORAGE_TYPE, STORAGE_FLOAT16},
    {"torch\nBFloat16Storage", GLOBAL_STORAGE_TYPE, STORAGE_BFLOAT16},
    {"torch\nDoubleStorage", GLOBAL_STORAGE_TYPE, STORAGE_FLOAT64},
    {"torch\nLongStorage", GLOBAL_STORAGE_TYPE, STORAGE_INT64},
};

enum error_code torch_global(struct machine *machine, const char *name, size_t length) {
    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
        if (length != strlen(globals[i].name) || memcmp(name, globals[i].name, length) != 0)
            continue;
        struct value value = {.type = VALUE_GLOBAL};
        value.as.global.kind = globals[i].kind;
        value.as.global.dtype = globals[i].dtype;
        return machine_push(machine, value);
    }
    const char *newline = memchr(name, '\n', length);
    size_t module = newline == NULL ? length : (size_t)(newline - name);
    return MACHINE_FAIL(machine, ERROR_UNSUPPORTED,
                        "refused: it asks for the Python object '%s.%s', which no plain dictionary "
                        "of tensors needs",
                        quote_bytes(name, module).text,
                        newline == NULL ? "" : quote_bytes(newline + 1, length - module - 1).text);
}

static bool is_string(const struct value *value, const char *text) {
    return value->type == VALUE_STRING && value->as.string.length == strlen(text) &&
           memcmp(value->as.string.bytes, text, value->as.string.length) == 0;
}

/* Reads a size, an integer of at least 0; false for anything else. */
static bool is_size(const struct value *value, size_t *size) {
    if (value->type != VALUE_INTEGER || value->as.integer < 0) return false;
    *size = (size_t)value->as.integer;
    return true;
}

enum error_code torch_persistent(struct machine *machine, const struct value *id) {
    if (id->type != VALUE_TUPLE || id->as.tuple.count != 5 ||
        !is_string(machine_item(machine, id, 0), "storage"))
        return MACHINE_FAIL(machine, ERROR_DATA, "a persistent id that describes no storage");
    const struct value *type = machine_item(machine, id, 1);
    const struct value *key = machine_item(machine, id, 2);
    struct value value = {.type = VALUE_STORAGE};
    struct pickle_storage *storage = &value.as.storage;
    if (type->type != VALUE_GLOBAL || type->as.global.kind != GLOBAL_STORAGE_TYPE ||
        key->type != VALUE_STRING || machine_item(machine, id, 3)->type != VALUE_STRING ||
        !is_size(machine_item(machine, id, 4), &storage->elements))
        return MACHINE_FAIL(machine, ERROR_DATA,
                            "a storage that is not (type, key, location, elements)");
    storage->dtype = type->as.global.dtype;
    storage->key = key->as.string.bytes;
    storage->key_length = key->as.string.length;
    size_t bytes;
    if (__builtin_mul_overflow(storage->elements, storage_element_bytes(storage->dtype), &bytes))
        return MACHINE_FAIL(machine, ERROR_DATA, "a storage of %zu elements", storage->elements);
    return machine_push(machine, value);
}

/* Fills rank, sizes and strides, and checks that every element is inside the storage. */
static enum error_code set_view(struct machine *machine, const struct value *sizes,
                                const struct value *strides, struct pickle_tensor *tensor) {
    if (sizes->type != VALUE_TUPLE || strides->type != VALUE_TUPLE ||
        sizes->as.tuple.count != strides->as.tuple.count ||
        sizes->as.tuple.count > PICKLE_MAXIMUM_RANK)
        return MACHINE_FAIL(machine, ERROR_DATA, "a tensor whose sizes and strides do not fit");
    tensor->rank = sizes->as.tuple.count;
    size_t elements = 1;
    size_t last = tensor->offset;
    bool overflow = false;
    for (size_t i = 0; i < tensor->rank; i++) {
        size_t reach;
        if (!is_size(machine_item(machine, sizes, i), &tensor->sizes[i]) ||
            !is_size(machine_item(machine, strides, i), &tensor->strides[i]))
            return MACHINE_FAIL(machine, ERROR_DATA, "a tensor whose size %zu is no number", i);
        overflow = overflow || __builtin_mul_overflow(elements, tensor->sizes[i], &elements);
        if (tensor->sizes[i] == 0) continue;
        overflow = overflow ||
                   __builtin_mul_overflow(tensor->sizes[i] - 1, tensor->strides[i], &reach) ||
                   __builtin_add_overflow(last, reach, &last);
    }
    if (overflow || elements > tensor->storage.elements ||
        (elements > 0 && last >= tensor->storage.elements))
        return MACHINE_FAIL(machine, ERROR_DATA,
                            "a tensor that reaches outside its storage of %zu elements",
                            tensor->storage.elements);
    return ERROR_NONE;
}

/* _rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks[, metadata]) */
static enum error_code rebuild_tensor(struct machine *machine, const struct value *arguments) {
    size_t count = arguments->as.tuple.count;
    if (count != 6 && count != 7)
        return MACHINE_FAIL(machine, ERROR_DATA, "a tensor of %zu arguments", count);
    const struct value *storage = machine_item(machine, arguments, 0);
    const struct value *hooks = machine_item(machine, arguments, 5);
    struct pickle_tensor tensor = {.name = NULL};
    if (storage->type != VALUE_STORAGE ||
        !is_size(machine_item(machine, arguments, 1), &tensor.offset) ||
        machine_item(machine, arguments, 4)->type != VALUE_BOOL ||
        hooks->type != VALUE_DICTIONARY || hooks->as.dictionary.count != 0)
        return MACHINE_FAIL(machine, ERROR_DATA, "a tensor that is no plain view of a storage");
    /* Metadata may say that the view is negated or conjugated. */
    const struct value *metadata = count == 7 ? machine_item(machine, arguments, 6) : NULL;
    if (metadata != NULL && metadata->type != VALUE_NONE &&
        (metadata->type != VALUE_DICTIONARY || metadata->as.dictionary.count != 0))
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED, "a tensor with metadata");
    tensor.storage = storage->as.storage;
    TRY(set_view(machine, machine_item(machine, arguments, 2), machine_item(machine, arguments, 3),
                 &tensor));
    if (machine->tensor_count >= PICKLE_MAXIMUM_TENSORS)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED, "more than %zu tensors",
                            PICKLE_MAXIMUM_TENSORS);
    TRY(memory_grow(&machine->tensors, &machine->tensor_capacity, machine->tensor_count + 1,
                    sizeof *machine->tensors, "the tensors of a checkpoint", machine->error));
    machine->tensors[machine->tensor_count] = tensor;
    struct value value = {.type = VALUE_TENSOR, .as.tensor = machine->tensor_count++};
    return machine_push(machine, value);
}

enum error_code torch_reduce(struct machine *machine, const struct value *callable,
                             const struct value *arguments) {
    if (callable->type != VALUE_GLOBAL || arguments->type != VALUE_TUPLE)
        return MACHINE_FAIL(machine, ERROR_DATA, "a call of something that is no known object");
    if (callable->as.global.kind == GLOBAL_REBUILD_TENSOR)
        return rebuild_tensor(machine, arguments);
    if (callable->as.global.kind != GLOBAL_ORDERED_DICTIONARY || arguments->as.tuple.count != 0)
        return MACHINE_FAIL(machine, ERROR_UNSUPPORTED,
                            "a call that no plain dictionary of tensors needs");
    struct value value = {.type = VALUE_DICTIONARY};
    value.as.dictionary.first = NO_ENTRY;
    value.as.dictionary.last = NO_ENTRY;
    return machine_push(machine, value);
}
