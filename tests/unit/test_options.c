/* The table of options: consistent rows, defaults that are the program's, values within bounds,
 * and the record of a run's settings. */
#include "host/commands/option_parse.h"
#include "host/commands/option_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define MAXIMUM_ARGUMENTS 16

/* Static, so that padding is 0 and bytes can be compared. */
static const struct options initial = OPTIONS_INITIAL;

/* Parses a command line, words separated by spaces. */
static enum error_code parse(const char *command, const char *line, struct options *options,
                             struct error *error) {
    static char copy[512];
    char *arguments[MAXIMUM_ARGUMENTS + 1] = {"earmark"}, *rest = NULL;
    int count = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < MAXIMUM_ARGUMENTS);
        arguments[count++] = word;
    }
    memcpy(options, &initial, sizeof initial);
    *error = (struct error)ERROR_INITIAL;
    return options_parse(command_find(command), count, arguments, options, error);
}

static void test_rows(void **state) {
    (void)state;
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *row = option_row(i);
        assert_int_not_equal(row->commands, 0);
        assert_int_equal(row->required & ~row->commands, 0);
        assert_int_equal(row->kind == OPTION_FLAG, row->value == NULL);
        assert_int_equal(row->kind == OPTION_CHOICE, row->choice != NULL);
        assert_int_equal(row->kind == OPTION_OTHER, row->take != NULL);
        assert_int_not_equal(row->help[strlen(row->help) - 1], '.');
        for (size_t j = 0; j < i; j++)
            if ((option_row(j)->commands & row->commands) != 0) {
                assert_string_not_equal(option_row(j)->name, row->name);
                assert_true(row->letter == 0 || option_row(j)->letter != row->letter);
            }
    }
    for (size_t c = 0; command_row(c) != NULL; c++) {
        const struct command_row *command = command_row(c);
        assert_ptr_equal(command_find(command->name), command);
        assert_true(strlen(command->summary) < 64);
        for (size_t i = 0; i < COMMAND_USED && command->used[i] != NULL; i++)
            assert_non_null(option_find(command->used[i], command->bit));
        for (size_t i = 0; i < 2; i++)
            assert_ptr_equal(strstr(command->examples[i], command->name),
                             command->examples[i] + strlen("earmark "));
    }
}

/* To give an option its default changes nothing. */
static void test_defaults(void **state) {
    (void)state;
    size_t count = 0;
    for (size_t i = 0; option_row(i) != NULL; i++) {
        const struct option_row *row = option_row(i);
        if (row->usual == NULL) continue;
        for (size_t c = 0; command_row(c) != NULL; c++) {
            const struct command_row *command = command_row(c);
            static struct options without, with; /* static: padding is 0 */
            struct error error;
            char line[256];
            if ((row->commands & command->bit) == 0) continue;
            /* Required options are missing: the error comes after all were read. */
            parse(command->name, "", &without, &error);
            snprintf(line, sizeof line, "--%s %s", row->name, row->usual);
            parse(command->name, line, &with, &error);
            assert_true(error.code == ERROR_NONE || strstr(error.message, "is missing") != NULL);
            assert_null(without.given[i]);
            assert_string_equal(with.given[i], row->usual);
            with.given[i] = NULL;
            assert_string_equal(with.engine.device, without.engine.device);
            with.engine.device = without.engine.device; /* the same text elsewhere */
            assert_memory_equal(&with, &without, sizeof with);
            count++;
        }
    }
    assert_true(count > 20);
}

/* The defaults of the table are those of the stages. */
static void test_defaults_of_stages(void **state) {
    (void)state;
    static struct options options;
    struct error error;
    assert_int_equal(parse("audit", "in -o out", &options, &error), ERROR_NONE);
    assert_memory_equal(&options.crossval, &initial.crossval, sizeof initial.crossval);
    assert_memory_equal(&options.confident, &initial.confident, sizeof initial.confident);
    assert_string_equal(options.engine.device, "auto");
    assert_int_equal(parse("bench", "", &options, &error), ERROR_NONE);
    assert_int_equal(options.benchmark.clips, 2000);
    assert_true(options.benchmark.seconds == 0.41);
}

static void test_values(void **state) {
    (void)state;
    struct options options;
    struct error error;
    assert_int_equal(parse("audit",
                           "in -o out --folds 7 --seed 4294967295 --tol 0.5 --scale none "
                           "--filter both --no-resample -q",
                           &options, &error),
                     ERROR_NONE);
    assert_string_equal(options.argument, "in");
    assert_string_equal(options.out, "out");
    assert_int_equal(options.crossval.folds, 7);
    assert_int_equal(options.crossval.seed, UINT32_MAX);
    assert_true(options.crossval.tolerance == 0.5);
    assert_int_equal(options.crossval.scale, SCALE_NONE);
    assert_int_equal(options.confident.filter, FILTER_BOTH);
    assert_true(options.no_resample && options.quiet && options.engine.quiet);
    static const char *const wrong[] = {
        "--folds 1", "--folds 5x", "--folds ''",  "--seed -1",  "--seed 4294967296",
        "--tol 0",   "--tol nan",  "--scale max", "--filter x", "--frac-noise 1.5",
        "--C 1,,2",  "--C -1",     "--threads 0", "--fold 5",   "--quiet=1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[128];
        snprintf(line, sizeof line, "in -o out %s", wrong[i]);
        assert_int_equal(parse("audit", line, &options, &error), ERROR_USAGE);
        assert_null(strstr(error.message, "missing"));
    }
    assert_int_equal(parse("audit", "--help --folds 1", &options, &error), ERROR_NONE);
    assert_true(options.help);
}

static void test_record(void **state) {
    (void)state;
    struct options options;
    struct error error;
    struct text text = TEXT_INITIAL;
    parse("audit", "in -o out --threads 3 --model m", &options, &error);
    option_record(&options, COMMAND_AUDIT, KEY_EMBEDDINGS, &text);
    assert_string_equal(text.data, "precision float32\nno-resample \nviews xvector,statistics\n");
    text_clear(&text);
    parse("audit", "in -o out --no-resample --precision bf16 --views xvector --C 1,2", &options,
          &error);
    option_record(&options, COMMAND_AUDIT, KEY_EMBEDDINGS, &text);
    assert_string_equal(text.data, "precision bf16\nno-resample yes\nviews xvector\n");
    text_clear(&text);
    option_record(&options, COMMAND_AUDIT, KEY_RESULTS, &text);
    assert_non_null(strstr(text.data, "\nC 1,2\n"));
    assert_non_null(strstr(text.data, "\nfolds 5\n"));
    assert_null(strstr(text.data, "threads"));
    assert_null(strstr(text.data, "precision"));
    assert_null(strstr(text.data, "unlabelled")); /* of another command */
    text_free(&text);
}

static void test_similar(void **state) {
    (void)state;
    static const char *const names[] = {"audit", "embed", "issues", "label-column", "C"};
    static const char *const pairs[][2] = {
        {"adit", "audit"},
        {"auidt", "audit"},
        {"audits", "audit"},
        {"embde", "embed"},
        {"isue", NULL},
        {"lable-colum", "label-column"},
        {"labelcolumn", "label-column"},
        {"x", NULL},
        {"", NULL},
        {"something-else", NULL},
        {"a-name-that-is-longer-than-any-option-has-ever-been-or-will-be", NULL},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const char *similar = options_similar(pairs[i][0], names, sizeof names / sizeof names[0]);
        if (pairs[i][1] == NULL)
            assert_null(similar);
        else
            assert_string_equal(similar, pairs[i][1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_of_stages),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_similar),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
