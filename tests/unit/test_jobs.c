/* The manifests for Kubernetes, read back by libyaml: words, names and volumes are what was given.
 */
#include "host/cluster/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define WORDS 64

/* The command of each document: the scalars after "command:", with $$ as Kubernetes reads it. */
struct command {
    char *words[WORDS];
    size_t count;
};

static char *unescaped(const char *scalar) {
    char *word = calloc(strlen(scalar) + 1, 1), *end = word;
    assert_non_null(word);
    for (const char *at = scalar; *at != '\0'; at++) {
        *end++ = *at;
        assert_false(at[0] == '$' && at[1] == '('); /* a variable */
        if (at[0] == '$' && at[1] == '$') at++;
    }
    return word;
}

static size_t read_commands(const struct text *text, struct command commands[2]) {
    yaml_parser_t parser;
    yaml_event_t event;
    size_t documents = 0;
    bool named = false, inside = false, more = true;
    assert_true(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text->data, text->length);
    while (more) {
        if (!yaml_parser_parse(&parser, &event)) fail_msg("%s", parser.problem);
        const char *value =
            event.type == YAML_SCALAR_EVENT ? (const char *)event.data.scalar.value : "";
        if (event.type == YAML_DOCUMENT_START_EVENT) documents++;
        if (event.type == YAML_SEQUENCE_START_EVENT && named) inside = true;
        if (event.type == YAML_SEQUENCE_END_EVENT) inside = false;
        if (event.type == YAML_SCALAR_EVENT && inside) {
            struct command *command = &commands[documents - 1];
            assert_true(command->count < WORDS);
            command->words[command->count++] = unescaped(value);
        }
        named = event.type == YAML_SCALAR_EVENT && strcmp(value, "command") == 0;
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return documents;
}

static void assert_command(struct command *command, const char *const *expected) {
    for (size_t i = 0; i < command->count; i++) {
        assert_non_null(expected[i]);
        assert_string_equal(command->words[i], expected[i]);
        free(command->words[i]);
    }
    assert_null(expected[command->count]);
}

static void test_kubernetes_any_text(void **state) {
    static const char *const nasty[] = {"plain",
                                        "two  words ",
                                        "it's \"quoted\"",
                                        "$(HOME) $HOME $$ $",
                                        "line\n---\nother",
                                        "tab\t, \\ and \\n",
                                        "# : - {a: b} [c] & * ! | > % @ `",
                                        "\xe6\x97\xa5 \xf0\x9f\x8e\xb5",
                                        "\xe2\x80\xae \xf3\xa0\x80\x81 \xef\xbb\xbf \xc2\x85",
                                        "yes",
                                        ""};
    (void)state;
    for (size_t i = 0; i < sizeof nasty / sizeof nasty[0]; i++) {
        struct job_settings settings = {.tasks = 5,
                                        .max_running = 2,
                                        .cpus = 3,
                                        .memory = "4G",
                                        .gpus = 1,
                                        .image = nasty[i],
                                        .name = "name",
                                        .volumes = {"claim:/a", "/b:/c \"d\""}};
        struct jobs jobs = {.settings = &settings, .input = nasty[i], .out = nasty[i]};
        struct command commands[2] = {{.count = 0}, {.count = 0}};
        struct text text = TEXT_INITIAL;
        struct error error = ERROR_INITIAL;
        job_words_split(&jobs.program, "  run earmark ");
        job_words_add(&jobs.embed, "--model");
        job_words_add(&jobs.embed, nasty[i]);
        job_words_add(&jobs.audit, nasty[i]);
        if (jobs_kubernetes(&jobs, &text, &error) != ERROR_NONE) fail_msg("%s", error.message);
        assert_int_equal(read_commands(&text, commands), 2);
        assert_command(&commands[0],
                       (const char *const[]){"run", "earmark", "embed", nasty[i], "-o", nasty[i],
                                             "--shard", "env", "--model", nasty[i], "--threads",
                                             "3", NULL});
        assert_command(&commands[1],
                       (const char *const[]){"run", "earmark", "audit", nasty[i], "-o", nasty[i],
                                             "--from-shards", nasty[i], "--threads", "3", NULL});
        text_free(&text);
        jobs_free(&jobs);
    }
}

static void test_words(void **state) {
    struct job_words words = {.bytes = TEXT_INITIAL};
    (void)state;
    assert_null(job_words_next(&words, NULL));
    job_words_split(&words, "  ");
    assert_null(job_words_next(&words, NULL));
    job_words_add(&words, "");
    job_words_split(&words, "a  bc ");
    const char *word = job_words_next(&words, NULL);
    assert_string_equal(word, "");
    word = job_words_next(&words, word);
    assert_string_equal(word, "a");
    word = job_words_next(&words, word);
    assert_string_equal(word, "bc");
    assert_null(job_words_next(&words, word));
    job_words_free(&words);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kubernetes_any_text),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
