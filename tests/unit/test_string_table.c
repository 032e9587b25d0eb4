/* Strings that are stored once, and a table of them that nobody can choose bad strings for. */
#include "host/clips/string_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static uint32_t add(struct string_table *table, const char *string) {
    struct error error = ERROR_INITIAL;
    uint32_t number = UINT32_MAX;
    assert_int_equal(string_table_add(table, string, &number, &error), ERROR_NONE);
    return number;
}

static void numbers_follow_first_appearance(void **state) {
    (void)state;
    struct string_table table = {0};
    assert_int_equal(add(&table, ""), 0);
    assert_int_equal(add(&table, "b"), 1);
    assert_int_equal(add(&table, "a"), 2);
    assert_int_equal(add(&table, "b"), 1);
    assert_int_equal(add(&table, ""), 0);
    const char *first = string_table_at(&table, 1);
    char string[16];
    for (unsigned i = 0; i < 300000; i++) {
        snprintf(string, sizeof string, "%u", i);
        assert_int_equal(add(&table, string), 3 + i);
    }
    for (unsigned i = 0; i < 300000; i++) {
        snprintf(string, sizeof string, "%u", i);
        assert_string_equal(string_table_at(&table, 3 + i), string);
    }
    assert_ptr_equal(string_table_at(&table, 1), first);
    assert_string_equal(first, "b");
    assert_true(table.block_count > 2);
    string_table_free(&table);
    string_table_free(&table);
}

static void one_path_costs_one_path(void **state) {
    (void)state;
    struct string_table table = {0};
    char *path = malloc(4096);
    assert_non_null(path);
    memset(path, 'p', 4095);
    path[4095] = '\0';
    for (unsigned i = 0; i < 100000; i++) assert_int_equal(add(&table, path), 0);
    assert_int_equal(table.block_count, 1);
    free(path);
    string_table_free(&table);
}

static void blocks_are_filled_to_the_last_byte(void **state) {
    (void)state;
    struct string_table table = {0};
    struct error error = ERROR_INITIAL;
    uint32_t number;
    char *string = malloc(STRING_TABLE_BLOCK + 1);
    assert_non_null(string);
    memset(string, 's', STRING_TABLE_BLOCK);
    string[STRING_TABLE_BLOCK] = '\0';
    assert_int_equal(string_table_add(&table, string, &number, &error), ERROR_DATA);
    assert_non_null(strstr(error.message, "too long"));
    for (size_t length = STRING_TABLE_BLOCK - 1; length > STRING_TABLE_BLOCK - 10; length--) {
        string[length] = '\0';
        number = add(&table, string);
        assert_int_equal(strlen(string_table_at(&table, number)), length);
    }
    assert_int_equal(add(&table, "small"), 9);
    free(string);
    string_table_free(&table);
}

/* Strings that a table without a seed of its own would put into one place: the longest run of
 * taken slots is then as long as there are strings. */
static void chosen_strings_do_not_meet(void **state) {
    (void)state;
    enum { STRINGS = 3000, SLOTS = 8192 };
    struct string_table table = {0};
    char string[16];
    for (unsigned i = 0; table.count < STRINGS; i++) {
        snprintf(string, sizeof string, "%x", i);
        if (XXH3_64bits(string, strlen(string)) % SLOTS < 4) add(&table, string);
    }
    size_t run = 0, longest = 0;
    for (size_t slot = 0; slot < 2 * table.slot_count && run < table.slot_count; slot++) {
        run = table.slots[slot % table.slot_count] != 0 ? run + 1 : 0;
        if (run > longest) longest = run;
    }
    assert_true(table.slot_count >= SLOTS);
    assert_in_range(longest, 1, STRINGS / 6);
    string_table_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_follow_first_appearance),
        cmocka_unit_test(one_path_costs_one_path),
        cmocka_unit_test(blocks_are_filled_to_the_last_byte),
        cmocka_unit_test(chosen_strings_do_not_meet),
    };
    return cmocka_run_group_tests_name("string table", tests, NULL, NULL);
}
