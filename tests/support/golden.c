#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Parses type and shape from the header's text, as numpy writes it. */
static void parse_header(struct golden *golden, const char *header) {
    const char *type = strstr(header, "'descr': '");
    const char *shape = strstr(header, "'shape': (");
    assert_non_null(type);
    assert_non_null(shape);
    assert_non_null(strstr(header, "'fortran_order': False"));
    assert_int_equal(sscanf(type + 10, "%7[^']", golden->type), 1);
    golden->count = 1;
    for (const char *digit = shape + 10; *digit >= '0' && *digit <= '9';) {
        char *end;
        assert_true(golden->dimensions < GOLDEN_DIMENSIONS);
        golden->shape[golden->dimensions] = strtoull(digit, &end, 10);
        golden->count *= golden->shape[golden->dimensions++];
        digit = end + strspn(end, ", ");
    }
}

struct golden golden_read(const char *path) {
    struct golden golden = {.dimensions = 0};
    char name[512];
    snprintf(name, sizeof name, "tests/golden/%s", path);
    FILE *file = fopen(name, "rb");
    if (file == NULL) fail_msg("cannot open %s: run the tests from the repository's root", name);
    unsigned char start[10];
    char header[4096];
    assert_int_equal(fread(start, 1, sizeof start, file), sizeof start);
    assert_memory_equal(start, "\x93NUMPY\x01\x00", 8);
    const size_t length = (size_t)start[8] + 256 * (size_t)start[9];
    assert_true(length < sizeof header);
    assert_int_equal(fread(header, 1, length, file), length);
    header[length] = '\0';
    parse_header(&golden, header);
    const size_t size = (size_t)(golden.type[2] - '0');
    golden.memory = malloc(golden.count * size + 1);
    assert_non_null(golden.memory);
    assert_int_equal(fread(golden.memory, size, golden.count, file), golden.count);
    fclose(file);
    if (strcmp(golden.type, "<f8") == 0) golden.doubles = golden.memory;
    if (strcmp(golden.type, "<f4") == 0) golden.floats = golden.memory;
    if (strcmp(golden.type, "<i4") == 0) golden.integers = golden.memory;
    if (strcmp(golden.type, "<i2") == 0) golden.shorts = golden.memory;
    return golden;
}

void golden_free(struct golden *golden) {
    free(golden->memory);
    *golden = (struct golden){.dimensions = 0};
}
