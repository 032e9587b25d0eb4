/* The pickle reader: state dicts as torch writes them, and malicious pickles. */
#include "host/model/pickle.h"
#include "tests/support/crafted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Reads from a copy of exactly the right size, so that AddressSanitizer sees a
 * read beyond it. */
static enum error_code read_text(const struct text *pickle, struct pickle_state *state,
                                 struct error *error) {
    unsigned char *bytes = malloc(pickle->length + 1);
    assert_non_null(bytes);
    unsigned char *exact = realloc(bytes, pickle->length == 0 ? 1 : pickle->length);
    assert_non_null(exact);
    if (pickle->length > 0) memcpy(exact, pickle->data, pickle->length);
    enum error_code code = pickle_read(exact, pickle->length, state, error);
    if (code != ERROR_NONE) assert_null(state->tensors);
    pickle_free(state);
    free(exact);
    return code;
}

static void expect_refused(struct text *pickle, enum error_code code, const char *reason) {
    struct error error = ERROR_INITIAL;
    struct pickle_state state;
    assert_int_equal(read_text(pickle, &state, &error), code);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' does not say '%s'", error.message, reason);
    text_free(pickle);
}

static void expect_raw_refused(const char *bytes, size_t size, enum error_code code,
                               const char *reason) {
    struct text pickle = TEXT_INITIAL;
    text_append(&pickle, bytes, size);
    expect_refused(&pickle, code, reason);
}

#define RAW_REFUSED(literal, code, reason)                                                         \
    expect_raw_refused("\x80\x02" literal, sizeof(literal) + 1, code, reason)

static const struct crafted_tensor good = {"weight", "FloatStorage", "0", 24, 0, 2, {4, 6}, {6, 1}};

/* One tensor, refused for this reason. */
static void expect_tensor_refused(const struct crafted_tensor *tensor, enum error_code code,
                                  const char *reason) {
    struct text pickle = TEXT_INITIAL;
    pickle_begin(&pickle);
    pickle_dictionary(&pickle);
    pickle_tensor(&pickle, tensor);
    pickle_end(&pickle);
    expect_refused(&pickle, code, reason);
}

static void test_state_dict(void **unused) {
    (void)unused;
    struct text pickle = TEXT_INITIAL;
    struct crafted_tensor second = {"bias", "HalfStorage", "key", 100, 7, 1, {31}, {3}};
    pickle_begin(&pickle);
    pickle_dictionary(&pickle);
    pickle_tensor(&pickle, &good);
    pickle_tensor(&pickle, &second);
    pickle_end(&pickle);
    struct error error = ERROR_INITIAL;
    struct pickle_state state;
    assert_int_equal(pickle_read((const unsigned char *)pickle.data, pickle.length, &state, &error),
                     ERROR_NONE);
    assert_int_equal(state.count, 2);
    assert_memory_equal(state.tensors[0].name, "weight", state.tensors[0].name_length);
    assert_int_equal(state.tensors[0].storage.dtype, STORAGE_FLOAT32);
    assert_int_equal(state.tensors[0].sizes[1], 6);
    assert_int_equal(state.tensors[1].name_length, 4);
    assert_int_equal(state.tensors[1].storage.dtype, STORAGE_FLOAT16);
    assert_int_equal(state.tensors[1].storage.elements, 100);
    assert_memory_equal(state.tensors[1].storage.key, "key", state.tensors[1].storage.key_length);
    assert_int_equal(state.tensors[1].offset, 7);
    assert_int_equal(state.tensors[1].strides[0], 3);
    pickle_free(&state);
    text_free(&pickle);
}

static void test_empty_dictionary(void **unused) {
    (void)unused;
    struct error error = ERROR_INITIAL;
    struct pickle_state state;
    static const unsigned char bytes[] = {0x80, 2, '}', '.'};
    assert_int_equal(pickle_read(bytes, sizeof bytes, &state, &error), ERROR_NONE);
    assert_int_equal(state.count, 0);
    pickle_free(&state);
}

/* Every prefix of a good pickle ends in the middle. */
static void test_truncated(void **unused) {
    (void)unused;
    struct text pickle = TEXT_INITIAL;
    pickle_begin(&pickle);
    pickle_dictionary(&pickle);
    pickle_tensor(&pickle, &good);
    pickle_end(&pickle);
    size_t whole = pickle.length;
    for (pickle.length = 0; pickle.length < whole; pickle.length++) {
        struct error error = ERROR_INITIAL;
        struct pickle_state state;
        assert_int_equal(read_text(&pickle, &state, &error), ERROR_DATA);
    }
    struct error error = ERROR_INITIAL;
    struct pickle_state state;
    assert_int_equal(read_text(&pickle, &state, &error), ERROR_NONE);
    text_free(&pickle);
}

static void test_code_is_refused(void **unused) {
    (void)unused;
    RAW_REFUSED("cos\nsystem\nX\x04\0\0\0true\x85R.", ERROR_UNSUPPORTED, "'os.system'");
    RAW_REFUSED("cposix\nsystem\n.", ERROR_UNSUPPORTED, "'posix.system'");
    RAW_REFUSED("c__builtin__\neval\n(t.", ERROR_UNSUPPORTED, "'__builtin__.eval'");
    RAW_REFUSED("ctorch._utils\n_rebuild_parameter\n.", ERROR_UNSUPPORTED, "_rebuild_parameter");
    RAW_REFUSED("ctorch\nFloatStorage \n.", ERROR_UNSUPPORTED, "FloatStorage ");
    RAW_REFUSED("c\n\n.", ERROR_UNSUPPORTED, "'.'");
    /* The name must not be printed unescaped. */
    RAW_REFUSED("ca\x1b[2J\nb\n.", ERROR_UNSUPPORTED, "a\\x1b[2J.b");
    RAW_REFUSED("cos", ERROR_DATA, "without an end");
    RAW_REFUSED("cos\nsystem", ERROR_DATA, "without an end");
    /* INST, OBJ, NEWOBJ, EXT1, STACK_GLOBAL, PERSID: other ways to call or import. */
    RAW_REFUSED("(ios\nsystem\n.", ERROR_UNSUPPORTED, "opcode 0x69");
    RAW_REFUSED("(o.", ERROR_UNSUPPORTED, "opcode 0x6f");
    RAW_REFUSED(")\x81.", ERROR_UNSUPPORTED, "opcode 0x81");
    RAW_REFUSED("\x82\x01.", ERROR_UNSUPPORTED, "opcode 0x82");
    RAW_REFUSED("\x93.", ERROR_UNSUPPORTED, "opcode 0x93");
    RAW_REFUSED("Pstorage\n.", ERROR_UNSUPPORTED, "opcode 0x50");
}

static void test_calls_with_wrong_arguments(void **unused) {
    (void)unused;
    RAW_REFUSED("ccollections\nOrderedDict\nK\x01\x85R.", ERROR_UNSUPPORTED, "a call");
    RAW_REFUSED("ctorch\nFloatStorage\n)R.", ERROR_UNSUPPORTED, "a call");
    RAW_REFUSED("K\x01)R.", ERROR_DATA, "a call");
    RAW_REFUSED("ccollections\nOrderedDict\nNR.", ERROR_DATA, "a call");
    RAW_REFUSED("ctorch._utils\n_rebuild_tensor_v2\n)R.", ERROR_DATA, "0 arguments");
    RAW_REFUSED("ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNtR.", ERROR_DATA, "no plain view");
    RAW_REFUSED("NQ.", ERROR_DATA, "no storage");
    RAW_REFUSED(")Q.", ERROR_DATA, "no storage");
    RAW_REFUSED("(X\x07\0\0\0storageNNNNtQ.", ERROR_DATA, "(type, key, location, elements)");
    RAW_REFUSED("(X\x07\0\0\0storagectorch\nFloatStorage\nX\0\0\0\0X\0\0\0\0J\xff\xff\xff\xfftQ.",
                ERROR_DATA, "(type, key, location, elements)");
    RAW_REFUSED("N}b.", ERROR_UNSUPPORTED, "attributes");
    RAW_REFUSED("}Nb.", ERROR_UNSUPPORTED, "attributes");
}

static void test_stack_and_memo(void **unused) {
    (void)unused;
    RAW_REFUSED(".", ERROR_DATA, "missing on the stack");
    RAW_REFUSED("(.", ERROR_DATA, "missing on the stack");
    RAW_REFUSED("R.", ERROR_DATA, "missing on the stack");
    RAW_REFUSED("t.", ERROR_DATA, "a mark is missing");
    RAW_REFUSED("}u.", ERROR_DATA, "a mark is missing");
    RAW_REFUSED("(u.", ERROR_DATA, "without a dictionary");
    RAW_REFUSED("((NNu.", ERROR_DATA, "without a dictionary");
    RAW_REFUSED("N(NNu.", ERROR_DATA, "no dictionary");
    RAW_REFUSED("}(Nu.", ERROR_DATA, "a value");
    RAW_REFUSED("NNs.", ERROR_DATA, "without a dictionary");
    RAW_REFUSED("N\x86.", ERROR_DATA, "missing on the stack");
    RAW_REFUSED("(N\x86.", ERROR_DATA, "missing on the stack");
    RAW_REFUSED("h\x05.", ERROR_DATA, "memo number 5 was never set");
    RAW_REFUSED("Nq\x01h\x02.", ERROR_DATA, "memo number 2 was never set");
    RAW_REFUSED("j\xff\xff\xff\xff.", ERROR_DATA, "memo number 4294967295");
    RAW_REFUSED("Nr\xff\xff\xff\xff.", ERROR_UNSUPPORTED, "memo number 4294967295");
    RAW_REFUSED("q\x01.", ERROR_DATA, "missing on the stack");
    RAW_REFUSED("(q\x01.", ERROR_DATA, "missing on the stack");
    RAW_REFUSED("X\xff\xff\xff\xff.", ERROR_DATA, "ends in the middle");
    RAW_REFUSED("\x8a\xff", ERROR_UNSUPPORTED, "255 bytes");
}

static void test_not_a_state_dict(void **unused) {
    (void)unused;
    expect_raw_refused("", 0, ERROR_DATA, "not a pickle");
    expect_raw_refused("abc", 3, ERROR_DATA, "not a pickle");
    expect_raw_refused("\x80\x04.", 3, ERROR_UNSUPPORTED, "protocol 4");
    RAW_REFUSED("N.", ERROR_UNSUPPORTED, "not a dictionary of tensors");
    RAW_REFUSED("}(K\x01Nu.", ERROR_UNSUPPORTED, "is not a text");
    RAW_REFUSED("}(X\x01\0\0\0aNu.", ERROR_UNSUPPORTED, "'a' is no tensor");
}

/* A dictionary that contains itself, and one that is its own key: no endless loop. */
static void test_cycles(void **unused) {
    (void)unused;
    RAW_REFUSED("}q\0(X\x01\0\0\0ah\0u.", ERROR_UNSUPPORTED, "'a' is no tensor");
    RAW_REFUSED("}q\0(h\0h\0u.", ERROR_UNSUPPORTED, "is not a text");
}

static void test_duplicate_names(void **unused) {
    (void)unused;
    struct text pickle = TEXT_INITIAL;
    pickle_begin(&pickle);
    pickle_dictionary(&pickle);
    pickle_tensor(&pickle, &good);
    pickle_tensor(&pickle, &good);
    pickle_end(&pickle);
    expect_refused(&pickle, ERROR_DATA, "'weight' is there twice");
}

static void test_views_stay_inside(void **unused) {
    (void)unused;
    static const char outside[] = "reaches outside its storage";
    struct crafted_tensor tensor = good;
    tensor.elements = 23;
    expect_tensor_refused(&tensor, ERROR_DATA, outside);
    tensor = good;
    tensor.offset = 1;
    expect_tensor_refused(&tensor, ERROR_DATA, outside);
    tensor.offset = INT64_MAX;
    expect_tensor_refused(&tensor, ERROR_DATA, outside);
    tensor.offset = -1;
    expect_tensor_refused(&tensor, ERROR_DATA, "no plain view");
    tensor = good;
    tensor.strides[1] = 2;
    expect_tensor_refused(&tensor, ERROR_DATA, outside);
    tensor.strides[1] = INT64_MAX / 2;
    expect_tensor_refused(&tensor, ERROR_DATA, outside);
    tensor.strides[1] = -1;
    expect_tensor_refused(&tensor, ERROR_DATA, "size 1 is no number");
    tensor = good;
    tensor.sizes[0] = -4;
    expect_tensor_refused(&tensor, ERROR_DATA, "size 0 is no number");
    /* Products that overflow to something small. */
    tensor = good;
    tensor.sizes[0] = (int64_t)1 << 32;
    tensor.sizes[1] = (int64_t)1 << 32;
    tensor.strides[0] = tensor.strides[1] = 0;
    expect_tensor_refused(&tensor, ERROR_DATA, outside);
    /* More elements than the storage has, all of them the same one. */
    tensor = good;
    tensor.sizes[0] = 5;
    tensor.strides[0] = tensor.strides[1] = 0;
    expect_tensor_refused(&tensor, ERROR_DATA, outside);
    tensor = good;
    tensor.rank = 9;
    expect_tensor_refused(&tensor, ERROR_DATA, "do not fit");
    tensor = good;
    tensor.elements = INT64_MAX;
    expect_tensor_refused(&tensor, ERROR_DATA, "a storage of");
    tensor = good;
    tensor.storage_type = "IntStorage";
    expect_tensor_refused(&tensor, ERROR_UNSUPPORTED, "'torch.IntStorage'");
}

/* A valid beginning, then `count` copies of a byte. */
static void expect_bomb_refused(const char *before, char byte, size_t count, const char *reason) {
    struct text pickle = TEXT_INITIAL;
    pickle_begin(&pickle);
    text_string(&pickle, before);
    for (size_t i = 0; i < count; i++) text_append(&pickle, &byte, 1);
    text_string(&pickle, ".");
    expect_refused(&pickle, ERROR_UNSUPPORTED, reason);
}

static void test_bombs(void **unused) {
    (void)unused;
    expect_bomb_refused("", '(', 100000, "on the stack");
    expect_bomb_refused("", 'N', 100000, "on the stack");
    expect_bomb_refused("", ')', 100000, "on the stack");
    /* Nested tuples: deep, but with one object on the stack at a time. */
    expect_bomb_refused("N", '\x85', 500000, "objects");
    expect_bomb_refused("N", 'N', PICKLE_MAXIMUM_BYTES, "bytes; at most");
    /* Doubling by the memo, ten to the power of ten items: t(q0 h0 h0 ...) */
    struct text pickle = TEXT_INITIAL;
    pickle_begin(&pickle);
    text_string(&pickle, "Nq\1");
    for (int i = 0; i < 10; i++) text_string(&pickle, "(h\1h\1h\1h\1h\1h\1h\1h\1h\1h\1tq\1");
    text_string(&pickle, ".");
    expect_refused(&pickle, ERROR_UNSUPPORTED, "not a dictionary of tensors");
}

static void test_too_many_tensors(void **unused) {
    (void)unused;
    struct text pickle = TEXT_INITIAL;
    struct crafted_tensor tensor = {"a", "FloatStorage", "", 1, 0, 0, {0}, {0}};
    pickle_begin(&pickle);
    pickle_dictionary(&pickle);
    pickle_tensor(&pickle, &tensor);
    text_string(&pickle, "q\1"); /* the tensor, under many names */
    for (size_t i = 0; i < PICKLE_MAXIMUM_TENSORS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%zu", i);
        pickle_string(&pickle, name);
        text_string(&pickle, "h\1");
    }
    pickle_end(&pickle);
    expect_refused(&pickle, ERROR_UNSUPPORTED, "tensors; at most");
}

/* A good pickle with any byte replaced by any other is read or refused, without a crash. */
static void test_every_byte_changed(void **unused) {
    (void)unused;
    struct text pickle = TEXT_INITIAL;
    pickle_begin(&pickle);
    pickle_dictionary(&pickle);
    pickle_tensor(&pickle, &good);
    pickle_end(&pickle);
    size_t refused = 0;
    for (size_t i = 0; i < pickle.length; i++) {
        char saved = pickle.data[i];
        for (int value = 0; value < 256; value++) {
            struct error error = ERROR_INITIAL;
            struct pickle_state state;
            pickle.data[i] = (char)value;
            refused += read_text(&pickle, &state, &error) != ERROR_NONE;
        }
        pickle.data[i] = saved;
    }
    assert_true(refused > pickle.length * 128);
    text_free(&pickle);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_dict),
        cmocka_unit_test(test_empty_dictionary),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_code_is_refused),
        cmocka_unit_test(test_calls_with_wrong_arguments),
        cmocka_unit_test(test_stack_and_memo),
        cmocka_unit_test(test_not_a_state_dict),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_duplicate_names),
        cmocka_unit_test(test_views_stay_inside),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_too_many_tensors),
        cmocka_unit_test(test_every_byte_changed),
    };
    return cmocka_run_group_tests_name("pickle", tests, NULL, NULL);
}
