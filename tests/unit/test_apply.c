/* earmark apply: labels as lists write them, bytes that stay, and a new list that is whole or not
 * there, whatever fails. */
#include "host/base/file.h"
#include "host/clips/label_sets.h"
#include "host/commands/commands.h"
#include "host/review/apply/label_text.h"
#include "host/review/apply/stored_text.h"
#include "tests/support/run_child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#ifdef __SANITIZE_ADDRESS__ /* slow; the release build tries more */
#define STRIDE 5
#else
#define STRIDE 1
#endif

/* ---- labels ---- */

static const struct label_case {
    enum list_form form;
    const char *separator, *old, *label, *written; /* written NULL: it cannot be */
} cases[] = {
    {FORM_ROW, NULL, "dog", "cat", "cat"},
    {FORM_ROW, NULL, "\"dog\"", "cat", "\"cat\""},
    {FORM_ROW, NULL, "  \"dog\" ", "cat", "  \"cat\" "},
    {FORM_ROW, NULL, "dog", "a,b", "\"a,b\""},
    {FORM_ROW, NULL, "dog", "say \"no\"", "\"say \"\"no\"\"\""},
    {FORM_ROW, NULL, "dog", "#7", "\"#7\""},
    {FORM_ROW, NULL, "dog", " x", "\" x\""},
    {FORM_ROW, NULL, "dog", "two\nlines", "\"two\nlines\""},
    {FORM_PLAIN_ROW, NULL, "\"dog", "cat", "cat"},
    {FORM_PLAIN_ROW, NULL, "\"dog", "a,b", NULL},
    {FORM_ROW, ";", "dog;cat",
     "bird\x1f"
     "cat",
     "cat;bird"},
    {FORM_ROW, ";", "dog; cat",
     "ape\x1f"
     "cat\x1f"
     "dog",
     "dog; cat; ape"},
    {FORM_ROW, ";", "dog;cat", "", ""},
    {FORM_ROW, ";", "dog", "a;b", NULL},
    {FORM_ROW, ";", "\"['dog', 'cat']\"",
     "a;b\x1f"
     "cat",
     "\"['cat', 'a;b']\""},
    {FORM_ROW, ";", "\"['dog']\"", "it's", "\"['it\\'s']\""},
    {FORM_ROW, ";", "\"('dog',)\"", "cat", "\"('cat',)\""},
    {FORM_ROW, ";", "['dog']", "", "[]"},
    {FORM_KEY_LINE, NULL, "dog", "a b", "a b"},
    {FORM_KEY_LINE, NULL, "dog", "two\nlines", NULL},
    {FORM_KEY_LINE, NULL, "dog", " x", NULL},
    {FORM_JSON_LINE, NULL, "\"dog\"", "cat", "\"cat\""},
    {FORM_JSON_LINE, NULL, "\"dog\"", "say \"no\"", "\"say \\\"no\\\"\""},
    {FORM_JSON_LINE, NULL, "\"dog\"", "caf\xc3\xa9", "\"caf\\u00e9\""},
    {FORM_JSON_LINE, NULL, "\"dog\"", "\xf0\x9f\x90\xb6", "\"\\ud83d\\udc36\""},
    {FORM_JSON_LINE, NULL, "7", "8", "8"},
    {FORM_JSON_LINE, NULL, "7", "08", "\"08\""},
    {FORM_JSON_LINE, NULL, "7", "dog", "\"dog\""},
    {FORM_JSON_LINE, NULL, "\"7\"", "8", "\"8\""},
    {FORM_JSON_LINE, NULL, "true", "false", "false"},
    {FORM_JSON_VALUE, ";", "[\"dog\",\"cat\"]",
     "bird\x1f"
     "cat",
     "[\"cat\",\"bird\"]"},
    {FORM_JSON_VALUE, ";", "[\"dog\", \"cat\"]", "", "[]"},
    {FORM_JSON_VALUE, ";", "\"dog;cat\"",
     "bird\x1f"
     "cat",
     "\"cat;bird\""},
    {FORM_JSON_VALUE, NULL, "{\"a\": 1}", "cat", NULL},
};

static void test_labels(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct label_case *wanted = &cases[i];
        struct error error = ERROR_INITIAL;
        struct text text = TEXT_INITIAL;
        const char *problem = NULL;
        const struct label_place place = {.old = wanted->old,
                                          .old_size = strlen(wanted->old),
                                          .form = wanted->form,
                                          .delimiter = ',',
                                          .separator = wanted->separator,
                                          .is_ascii = true};
        label_text_write(&place, wanted->label, &text, &problem, &error);
        assert_int_equal(error.code, ERROR_NONE);
        if ((problem == NULL) != (wanted->written != NULL))
            fail_msg("%s to %s: %s", wanted->old, wanted->label, problem);
        if (wanted->written != NULL)
            assert_string_equal(text.data == NULL ? "" : text.data, wanted->written);
        text_free(&text);
    }
}

/* ---- bytes ---- */

/* Replaces the first `old` in the text of these bytes. */
static void replace(const char *bytes, size_t size, const char *old, const char *new,
                    const char *wanted, size_t wanted_size) {
    struct error error = ERROR_INITIAL;
    struct stored_text stored = {0};
    char *made = NULL, copy[64];
    size_t made_size = 0;
    assert_int_equal(stored_text_take(bytes, size, "list", &stored, &error), ERROR_NONE);
    const char *found = strstr(stored.text, old);
    assert_non_null(found);
    snprintf(copy, sizeof copy, "%s", new);
    const struct text_edit edit = {(uint64_t)(found - stored.text),
                                   (uint64_t)(found - stored.text) + strlen(old), copy};
    assert_int_equal(stored_text_edit(&stored, "list", &edit, 1, &made, &made_size, &error),
                     ERROR_NONE);
    assert_int_equal(made_size, wanted_size);
    assert_memory_equal(made, wanted, wanted_size);
    free(made);
    assert_int_equal(stored_text_edit(&stored, "list", NULL, 0, &made, &made_size, &error),
                     ERROR_NONE);
    assert_int_equal(made_size, size);
    assert_memory_equal(made, bytes, size);
    free(made);
    stored_text_free(&stored);
}

static void test_bytes(void **state) {
    (void)state;
    static const char little[] = "\xff\xfe"
                                 "a\0\xe9\0,\0x\0\x3d\xd8\x36\xdc\0\xd8\n\0z";
    static const char little_new[] = "\xff\xfe"
                                     "a\0\xe9\0,\0\xac\x20\x3d\xd8\x36\xdc"
                                     "b\0\x3d\xd8\x36\xdc\0\xd8\n\0z";
    static const char big[] = "\0a\0,\0x\0\n";
    static const char big_new[] = "\0a\0,\0y\0y\0\n";
    replace("a,x\n", 4, "x", "yy", "a,yy\n", 5);
    replace("\xef\xbb\xbf"
            "a,x",
            6, "x", "",
            "\xef\xbb\xbf"
            "a,",
            5);
    replace("\xff"
            "a,x\xc3",
            5, "x", "y",
            "\xff"
            "a,y\xc3",
            5);
    replace(little, sizeof little - 1, "x",
            "\xe2\x82\xac\xf0\x9f\x90\xb6"
            "b",
            little_new, sizeof little_new - 1);
    replace(big, sizeof big - 1, "x", "yy", big_new, sizeof big_new - 1);
}

/* ---- a run ---- */

static char folder[64];

static void path_of(const char *name, char path[128]) {
    snprintf(path, 128, "%s/%s", folder, name);
}

static void write_text(const char *name, const char *text) {
    char path[128];
    path_of(name, path);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(text, stream);
    assert_int_equal(fclose(stream), 0);
}

static const char run_start[] = "{\"format\": 1, \"input\": {\"kind\": \"%s\"}, \"settings\": {}, "
                                "\"list\": {\"path\": \"%s/%s\", \"allow_outside\": false, "
                                "\"files\": [{\"name\": \"%s\", \"hash\": \"%016llx\"}]}}\n";

/* Makes the folder of a run of four clips, and the decisions on it. */
static void write_run(const char *out, const char *kind, const char *input, const char *list,
                      const char *list_text) {
    static const char header[] =
        "row,id,path,label,class,group,fold,status,reason,start,duration,sample_rate,channels,"
        "silent,array_row,peak,level,clipped_share,dc_offset,digital_silence,bandwidth,band_drop,"
        "channels_cancel,identical_other_label,identical_same_label,most_similar,similarity,"
        "audio_faults,split\n";
    char name[64], text[4096];
    size_t used = 0;
    path_of(out, text);
    assert_int_equal(mkdir(text, 0700), 0);
    snprintf(text, sizeof text, run_start, kind, folder, input, list,
             (unsigned long long)XXH3_64bits(list_text, strlen(list_text)));
    snprintf(name, sizeof name, "%s/run.json", out);
    write_text(name, text);
    used = (size_t)snprintf(text, sizeof text, "%s", header);
    for (int i = 0; i < 4; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%d,u%d,c%d.wav,%s,,,,ok,,0,1,,,false,%d,,,,,,,,,,,,,,\n", i, i, i,
                                 i < 2 ? "dog" : "cat", i);
    snprintf(name, sizeof name, "%s/clips.csv", out);
    write_text(name, text);
    snprintf(name, sizeof name, "%s/decisions-anna.jsonl", out);
    write_text(name,
               "{\"v\":1,\"row\":0,\"path\":\"c0.wav\",\"start\":0,\"end\":1,\"given\":\"dog\","
               "\"decision\":\"relabel\",\"label\":\"cat\",\"by\":\"anna\"}\n"
               "{\"v\":1,\"row\":3,\"path\":\"c3.wav\",\"start\":0,\"end\":1,\"given\":\"cat\","
               "\"decision\":\"exclude\",\"by\":\"anna\"}\n");
}

static const char list_csv[] = "path,label\nc0.wav,dog\nc1.wav,dog\nc2.wav,cat\nc3.wav,cat\n";
static const char list_new[] = "path,label\nc0.wav,cat\nc1.wav,dog\nc2.wav,cat\n";
static const char utt2label[] = "u0 dog\nu1 dog\nu2 cat\nu3 cat\n";
static const char utt2label_new[] = "u0 cat\nu1 dog\nu2 cat\n";

static int make_runs(void **state) {
    (void)state;
    char path[128];
    snprintf(folder, sizeof folder, "%s/earmark-apply.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(folder) == NULL) return -1;
    write_text("list.csv", list_csv);
    write_run("out", "csv", "list.csv", "list.csv", list_csv);
    path_of("kaldi", path);
    if (mkdir(path, 0700) != 0) return -1;
    write_text("kaldi/wav.scp", "u0 c0.wav\nu1 c1.wav\nu2 c2.wav\nu3 c3.wav\n");
    write_text("kaldi/utt2label", utt2label);
    write_run("kaldi-out", "kaldi", "kaldi", "utt2label", utt2label);
    return 0;
}

static int drop_runs(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command); /* NOLINT(cert-env33-c): the name is the test's own */
}

static struct child_result apply(const char *out, const char *new_name,
                                 const struct failure_plan *plan) {
    char out_path[128], new_path[128];
    path_of(out, out_path);
    path_of(new_name, new_path);
    const char *arguments[] = {"apply", out_path, "-o", new_path, "--quiet", NULL};
    return child_run(command_apply, arguments, plan);
}

/* Whether there is such a file; its bytes must be these. */
static bool is_whole(const char *name, const char *text) {
    struct error error = ERROR_INITIAL;
    char path[128], *data = NULL;
    size_t size = 0;
    path_of(name, path);
    if (access(path, F_OK) != 0) return false;
    assert_int_equal(file_read(path, 1 << 20, &data, &size, &error), ERROR_NONE);
    assert_string_equal(data, text);
    free(data);
    return true;
}

static void remove_new(void) {
    char command[256];
    snprintf(command, sizeof command, "cd '%s' && rm -rf new new.*", folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

/* Every call fails in turn, or kills the program: NEW is whole, or not there. */
static void try_all(const char *out, const char *file, const char *text) {
    static const int kinds[] = {EIO, ENOSPC, FAIL_SHORT_WRITE, FAIL_KILL};
    struct failure_plan plan = {.under = folder, .calls = FAIL_ALL};
    struct child_result result = apply(out, "new", &plan);
    assert_int_equal(result.code, EXIT_DONE);
    assert_true(is_whole(file, text));
    const int calls = result.calls;
    assert_true(calls > 5);
    remove_new();
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        plan.kind = kinds[kind];
        for (plan.at = 1; plan.at <= calls; plan.at += STRIDE) {
            result = apply(out, "new", &plan);
            const bool whole = is_whole(file, text);
            if (result.code == EXIT_DONE) assert_true(whole);
            if (!whole) { /* nor a folder without it */
                char path[128];
                path_of("new", path);
                assert_int_not_equal(access(path, F_OK), 0);
            }
            remove_new();
        }
    }
}

static void test_failures_of_a_list(void **state) {
    (void)state;
    try_all("out", "new", list_new);
}

static void test_failures_of_a_folder(void **state) {
    (void)state;
    try_all("kaldi-out", "new/utt2label", utt2label_new);
}

/* More than there is memory for, stored or unpacked: 4 KiB of NULs, packed to 38 bytes. */
static void test_too_much(void **state) {
    static const char packed[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xed\xc1\x01\x0d\x00\x00\x00\xc2"
        "\xa0\xf7\x4f\x6d\x0f\x07\x14\x00\x00\x00\xf0\x6e\x11\x00\x1c\xc7\x00\x10"
        "\x00\x00";
    struct error error = ERROR_INITIAL, same = ERROR_INITIAL;
    struct stored_text stored = {.most = 100};
    (void)state;
    stored_text_take(packed, sizeof packed - 1, "list.gz", &stored, &error);
    assert_int_equal(error.code, ERROR_DATA);
    assert_non_null(strstr(error.message, "list.gz: more than 0 MiB of text, of which"));
    assert_non_null(strstr(error.message, "cut the list into parts"));
    stored_text_free(&stored);
    stored.most = 4096;
    assert_int_equal(stored_text_take(packed, sizeof packed - 1, "list.gz", &stored, &same),
                     ERROR_NONE);
    assert_int_equal(stored.size, 4096);
    stored_text_free(&stored);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_failures_of_a_list),
        cmocka_unit_test(test_failures_of_a_folder),
    };
    return cmocka_run_group_tests_name("apply", tests, make_runs, drop_runs);
}
