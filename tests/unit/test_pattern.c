/* --label-pattern: parsing, matching, and how ambiguity is resolved. */
#include "host/lists/pattern.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* "field=value field=value" for a match, "-" for none, with "?" in front when ambiguous. */
static void expect_match(const char *pattern_text, const char *path, const char *expected) {
    struct pattern pattern = {0};
    struct pattern_match match = {0};
    struct error error = ERROR_INITIAL;
    char found[4096] = "-";
    bool matched = false;
    assert_int_equal(pattern_parse(pattern_text, &pattern, &error), ERROR_NONE);
    assert_int_equal(pattern_apply(&pattern, path, &match, &matched, &error), ERROR_NONE);
    if (matched) {
        size_t used = 0;
        if (match.ambiguous) found[used++] = '?';
        found[used] = '\0';
        for (size_t i = 0; i < pattern.field_count; i++) {
            const char *space = i == 0 ? "" : " ";
            int length = snprintf(found + used, sizeof found - used, "%s%s=%s", space,
                                  pattern.fields[i], match.values[i]);
            used += (size_t)length;
            assert_true(used < sizeof found);
        }
    }
    assert_string_equal(found, expected);
    pattern_match_free(&match);
    pattern_free(&pattern);
}

static void expect_refusal(const char *pattern_text, const char *word) {
    struct pattern pattern = {0};
    struct error error = ERROR_INITIAL;
    assert_int_equal(pattern_parse(pattern_text, &pattern, &error), ERROR_USAGE);
    if (strstr(error.message, word) == NULL) fail_msg("'%s' lacks '%s'", error.message, word);
    pattern_free(&pattern);
}

static void plain_names(void **state) {
    (void)state;
    const char *digits = "{label}_{speaker}_{take}.wav";
    expect_match(digits, "0_jackson_12.wav", "label=0 speaker=jackson take=12");
    expect_match(digits, "a/b/0_jackson_12.wav", "label=0 speaker=jackson take=12");
    expect_match(digits, "0_jackson.wav", "-");
    expect_match(digits, "0_jackson_12.WAV", "-");
    expect_match(digits, "0_jackson_12.wav.wav", "label=0 speaker=jackson take=12.wav");
    expect_match(digits, "0_jackson_12.flac", "-");
    expect_match(digits, "_jackson_12.wav", "-");
    expect_match(digits, "0__12.wav", "-");
    expect_match(digits, "", "-");
    expect_match("x{label}y.wav", "xxyy.wav", "label=xy");
    expect_match("{label}.wav", "a b,\n\xff\xfe'.wav", "label=a b,\n\xff\xfe'");
    expect_match("{label}.wav", ".wav", "-");
}

static void shortest_from_the_left(void **state) {
    (void)state;
    expect_match("{label}_{rest}.wav", "a_b_c.wav", "?label=a rest=b_c");
    expect_match("{label}_{speaker}_{take}.wav", "l_r_bob_3.wav", "?label=l speaker=r take=bob_3");
    expect_match("{label}_x{rest}.wav", "a_b_xc.wav", "label=a_b rest=c");
    expect_match("{label}_x{rest}.wav", "a_xb_xc.wav", "?label=a rest=b_xc");
    expect_match("{a}aa{label}.wav", "aaaaaa.wav", "?a=a label=aaa");
    expect_match("{label}__{n}.wav", "a___b.wav", "?label=a n=_b");
}

static void paths(void **state) {
    (void)state;
    expect_match("{label}/{take}.wav", "x/dog/1.wav", "label=dog take=1");
    expect_match("{label}/{take}.wav", "dog/1.wav", "label=dog take=1");
    expect_match("{label}/{take}.wav", "1.wav", "-");
    expect_match("{speaker}/{label}/{_}.wav", "s/l/t.wav", "speaker=s label=l _=t");
    expect_match("{speaker}/{label}/{_}.wav", "q/s/l/t.wav", "speaker=s label=l _=t");
    expect_match("train/{label}/{_}_{_}.wav", "test/dog/1_2.wav", "-");
    expect_match("train/{label}/{_}_{_}.wav", "train/dog/1_2.wav", "label=dog _=1 _=2");
    expect_match("{label}", "a/b.wav", "label=b");
}

static void extensions(void **state) {
    (void)state;
    expect_match("{label}_{take}", "dog_1.wav", "label=dog take=1");
    expect_match("{label}_{take}", "dog_1.Flac", "label=dog take=1");
    expect_match("{label}_{take}", "dog_1.txt", "label=dog take=1.txt");
    expect_match("{label}_{take}.{kind}", "dog_1.wav", "label=dog take=1 kind=wav");
    expect_match("{label}.{take}.ogg", "dog.1.ogg", "label=dog take=1");
    expect_match("{label}", ".wav", "-");
    size_t dot = 0;
    assert_true(audio_extension("a.b.OPUS", &dot));
    assert_int_equal(dot, 3);
    assert_false(audio_extension("a.wav/b", NULL));
    assert_false(audio_extension("wav", NULL));
    assert_false(audio_extension("a.waves", NULL));
    assert_false(audio_extension("", NULL));
}

static void widths(void **state) {
    (void)state;
    const char *emodb = "{speaker:2}{text:3}{label:1}{take}.wav";
    expect_match(emodb, "03a01Fa.wav", "speaker=03 text=a01 label=F take=a");
    expect_match(emodb, "wav/16b10Wb2.wav", "speaker=16 text=b10 label=W take=b2");
    expect_match(emodb, "03a01F.wav", "-");
    expect_match("{speaker}_{label}{take:2}.wav", "DC_sa01.wav", "speaker=DC label=sa take=01");
    expect_match("{label:1}{n:1}", "\xc3\xa4\xe2\x82\xac.wav", "label=\xc3\xa4 n=\xe2\x82\xac");
    expect_match("{label:2}", "\xff\xfe.wav", "label=\xff\xfe");
    expect_match("{label:2}.wav", "a.wav", "-");
    expect_match("{label:3}.wav", "a/bc.wav", "-");
    expect_match("{label:1}{_}{_:1}x.wav", "abcdx.wav", "label=a _=bc _=d");
    expect_match("{a:1}{label}{b:1}_{c}", "xyz_1_2.wav", "?a=x label=y b=z c=1_2");
    expect_refusal("{label}{take}.wav", "{label:2}");
    expect_refusal("{label}{take:2}{n}.wav", "nothing separates {label} and {n}");
    expect_refusal("{label:0}{take}.wav", "from 1 to 999");
    expect_refusal("{label:x}.wav", "{label:x}");
    expect_refusal("{label:1000}.wav", "from 1 to 999");
    expect_refusal("{label:}.wav", "from 1 to 999");
}

static void refusals(void **state) {
    (void)state;
    expect_refusal("", "{label}");
    expect_refusal("{speaker}.wav", "{label}");
    expect_refusal("{label}_{label}.wav", "twice");
    expect_refusal("{label}{take}.wav", "nothing separates {label} and {take}");
    expect_refusal("{label.wav", "'{' at position 1");
    expect_refusal("label}.wav", "'}' at position 6");
    expect_refusal("{la{bel}}.wav", "'{' at position 1");
    expect_refusal("{}_{label}.wav", "{}");
    expect_refusal("{la bel}.wav", "{la bel}");
    char many[40 * 8] = "{label}";
    for (int i = 0; i < 32; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "-{f%d}", i);
    expect_refusal(many, "more than 32");
    char *endless = calloc(5001, 1);
    assert_non_null(endless);
    memset(endless, 'x', 5000);
    expect_refusal(endless, "longer");
    free(endless);
}

/* Names on which backtracking without memoisation would take forever. */
static void adversarial_names(void **state) {
    (void)state;
    char pattern_text[512] = "{label}";
    char name[NAME_MAX + 1];
    for (int i = 0; i < 31; i++)
        snprintf(pattern_text + strlen(pattern_text), sizeof pattern_text - strlen(pattern_text),
                 "a{f%d}", i);
    snprintf(pattern_text + strlen(pattern_text), sizeof pattern_text - strlen(pattern_text),
             "b.wav");
    memset(name, 'a', sizeof name);
    memcpy(name + NAME_MAX - 4, ".wav", 5);
    expect_match(pattern_text, name, "-");
    struct pattern pattern = {0};
    struct pattern_match match = {0};
    struct error error = ERROR_INITIAL;
    bool matched = false;
    name[NAME_MAX - 5] = 'b';
    assert_int_equal(pattern_parse(pattern_text, &pattern, &error), ERROR_NONE);
    assert_int_equal(pattern_apply(&pattern, name, &match, &matched, &error), ERROR_NONE);
    assert_true(matched);
    assert_true(match.ambiguous);
    for (size_t i = 0; i + 1 < pattern.field_count; i++) assert_string_equal(match.values[i], "a");
    pattern_match_free(&match);
    pattern_free(&pattern);
}

/* Longer than the name of any file, or than as many of them as the pattern has. */
static void endless_names(void **state) {
    (void)state;
    static const char field[] = "label=";
    char expected[sizeof field + NAME_MAX + 1];
    memset(expected, 'a', sizeof expected);
    memcpy(expected, field, sizeof field - 1);
    expected[sizeof field - 1 + NAME_MAX + 1] = '\0';
    const char *name = expected + sizeof field - 1;
    expect_match("{label}", name, "-");
    expected[sizeof field - 1 + NAME_MAX] = '\0';
    expect_match("{label}", name, expected);
}

/* The reference: tries all splits one by one. */
static size_t count_ways(const struct pattern *pattern, size_t field, const char *rest,
                         char values[4][16], char best[4][16], size_t *ways) {
    size_t literal = strlen(pattern->literals[field]);
    if (strncmp(rest, pattern->literals[field], literal) != 0) return *ways;
    rest += literal;
    if (field == pattern->field_count) {
        if (*rest == '\0' && (*ways)++ == 0) memcpy(best, values, 4 * sizeof values[0]);
        return *ways;
    }
    if (field >= 4) return *ways; /* no pattern has more */
    for (size_t length = 1; rest[length - 1] != '\0' && rest[length - 1] != '/'; length++) {
        if (pattern->widths[field] > 0 && length != pattern->widths[field]) continue;
        memcpy(values[field], rest, length);
        values[field][length] = '\0';
        count_ways(pattern, field + 1, rest + length, values, best, ways);
    }
    return *ways;
}

static void same_as_all_splits(void **state) {
    (void)state;
    static const char *const patterns[] = {"{label}a{x}.wav", "{label}ab{x}a{y}.wav",
                                           "b{label}a{x}b{y}a{z}.wav", "{label}/a{x}.wav",
                                           "{label:2}{x}a{y:1}.wav"};
    unsigned seed = 1;
    size_t matches = 0;
    for (size_t p = 0; p < 5; p++) {
        struct pattern pattern = {0};
        struct pattern_match match = {0};
        struct error error = ERROR_INITIAL;
        assert_int_equal(pattern_parse(patterns[p], &pattern, &error), ERROR_NONE);
        for (int round = 0; round < 3000; round++) {
            char name[16] = "";
            char values[4][16] = {{0}};
            char best[4][16] = {{0}};
            size_t ways = 0;
            size_t length = 2 + (size_t)round % 9;
            for (size_t i = 0; i < length; i++) {
                seed = seed * 1664525U + 1013904223U;
                name[i] = "aabb/"[(seed >> 16) % (p == 3 ? 5 : 4)];
            }
            snprintf(name + length, sizeof name - length, ".wav");
            /* The reference gets the part of the path to which the pattern applies. */
            const char *seen = name;
            for (size_t slashes = 0, i = strlen(name); i > 0; i--)
                if (name[i - 1] == '/' && slashes++ == pattern.slashes) {
                    seen = name + i;
                    break;
                }
            count_ways(&pattern, 0, seen, values, best, &ways);
            bool matched = false;
            assert_int_equal(pattern_apply(&pattern, name, &match, &matched, &error), ERROR_NONE);
            assert_int_equal(matched, ways > 0);
            if (!matched) continue;
            matches++;
            assert_int_equal(match.ambiguous, ways > 1);
            for (size_t i = 0; i < pattern.field_count; i++)
                assert_string_equal(match.values[i], best[i]);
        }
        pattern_match_free(&match);
        pattern_free(&pattern);
    }
    assert_true(matches > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_names),
        cmocka_unit_test(shortest_from_the_left),
        cmocka_unit_test(paths),
        cmocka_unit_test(extensions),
        cmocka_unit_test(refusals),
        cmocka_unit_test(adversarial_names),
        cmocka_unit_test(widths),
        cmocka_unit_test(endless_names),
        cmocka_unit_test(same_as_all_splits),
    };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
