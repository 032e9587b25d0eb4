/* The files of INPUT that the user did not name: links that lead out of their folder, and files
 * that are not regular. */
#include "host/base/text.h"
#include "host/lists/input.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static char *root; /* of INPUT */

static int make_folders(void **state) {
    char *folder = test_folder_make();
    *state = folder;
    root = strdup(test_path(folder, "in"));
    assert_int_equal(mkdir(root, 0700), 0);
    return 0;
}

static int remove_folders(void **state) {
    test_folder_remove(*state);
    free(root);
    return 0;
}

static void write_list(const char *folder, const char *name, const char *text) {
    test_text_write(test_path(folder, name), text);
}

static void link_to(const char *target, const char *name) {
    unlink(test_path(root, name));
    assert_int_equal(symlink(target, test_path(root, name)), 0);
}

static const struct input_options plain = {0};
static const struct input_options allowed = {.allow_outside = true};

/* The format that reads INPUT, or the message. */
static void expect(const char *path, const struct input_options *options, const char *words) {
    struct collection input;
    struct error error = ERROR_INITIAL;
    input_open(path, options, &input, &error);
    const char *found = error.code == ERROR_NONE ? input.format : error.message;
    if (strstr(found, words) == NULL) fail_msg("'%s' lacks '%s'", found, words);
    collection_close(&input);
}

#define LEADS_OUT "a link that leads out of the folder"

static void metadata(void **state) {
    const char *list = "file_name,label\na.wav,x\n";
    write_list(*state, "out.csv", list);
    write_list(root, "x/a.wav", "");
    link_to("../out.csv", "metadata.csv");
    expect(root, &plain, "in/metadata.csv: " LEADS_OUT);
    expect(root, &allowed, "csv");
    link_to(test_path(*state, "out.csv"), "metadata.csv");
    expect(root, &plain, LEADS_OUT);
    write_list(root, "list", list);
    link_to("list", "metadata.csv");
    expect(root, &plain, "csv");
    link_to(test_path(root, "list"), "metadata.csv");
    expect(root, &plain, "csv");
    link_to("/proc/self/environ", "metadata.csv");
    expect(root, &plain, LEADS_OUT);
    link_to("/dev/stdin", "metadata.csv");
    expect(root, &plain, LEADS_OUT);
}

/* Nobody writes to the FIFO: opening it must not wait, for looking into it, too. */
static void fifos(void **state) {
    (void)state;
    static const char *const names[] = {"metadata.csv", "metadata.jsonl", "wav.scp",
                                        "supervisions.jsonl", "cuts.jsonl.gz"};
    write_list(root, "x/a.wav", "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(mkfifo(test_path(root, names[i]), 0600), 0);
        expect(root, &plain, "folder");
        unlink(test_path(root, names[i]));
    }
    assert_int_equal(mkfifo(test_path(root, "named.csv"), 0600), 0);
    expect(test_path(root, "named.csv"), &plain, "not a regular file");
}

static void kaldi(void **state) {
    write_list(root, "wav.scp", "a a.wav\n");
    write_list(root, "utt2label", "a x\n");
    expect(root, &plain, "kaldi");
    write_list(*state, "out", "a x\n");
    link_to("../out", "utt2label");
    expect(root, &plain, "in/utt2label: " LEADS_OUT);
    expect(root, &allowed, "kaldi");
    write_list(root, "real", "a x\n");
    link_to("real", "utt2label");
    expect(root, &plain, "kaldi");
    write_list(*state, "cut", "a rec 0 1\n");
    link_to("../cut", "segments");
    expect(root, &plain, "in/segments: " LEADS_OUT);
    unlink(test_path(root, "segments"));
    assert_int_equal(mkfifo(test_path(root, "segments"), 0600), 0);
    expect(root, &plain, "in/segments: not a regular file");
    unlink(test_path(root, "segments"));
    write_list(*state, "scp", "a a.wav\n");
    link_to("../scp", "wav.scp");
    expect(root, &plain, "in/wav.scp: " LEADS_OUT);
}

/* The set that the user named may be a link; the one beside it is looked for in its folder. */
static void lhotse(void **state) {
    static const char supervisions[] = "{\"id\":\"s\",\"recording_id\":\"r\",\"start\":0,"
                                       "\"duration\":1,\"custom\":{\"label\":\"x\"}}\n";
    static const char recordings[] =
        "{\"id\":\"r\",\"sources\":[{\"type\":\"file\",\"channels\":[0],\"source\":\"a.wav\"}]}\n";
    write_list(root, "supervisions.jsonl", supervisions);
    write_list(*state, "recordings.jsonl", recordings);
    link_to("../recordings.jsonl", "recordings.jsonl");
    expect(root, &plain, "in/recordings.jsonl: " LEADS_OUT);
    expect(test_path(root, "supervisions.jsonl"), &plain, "in/recordings.jsonl: " LEADS_OUT);
    expect(root, &allowed, "lhotse");
    unlink(test_path(root, "recordings.jsonl"));
    write_list(root, "recordings.jsonl", recordings);
    expect(root, &plain, "lhotse");
    write_list(*state, "elsewhere.jsonl", supervisions);
    link_to("../elsewhere.jsonl", "my-supervisions.jsonl");
    write_list(root, "my-recordings.jsonl", recordings);
    expect(test_path(root, "my-supervisions.jsonl"), &plain, "lhotse");
}

/* The folder beside the list's that a layout knows is no way to others beside it. */
static void layout(void **state) {
    char list[1024];
    struct collection input;
    struct error error = ERROR_INITIAL;
    write_list(*state, "audio/a.wav", "");
    write_list(*state, "private.wav", "");
    snprintf(list, sizeof list,
             "filename,fold,target,category\na.wav,1,0,x\n../private.wav,1,0,x\n"
             "%s/audio/a.wav,1,0,x\n%s/private.wav,1,0,x\n%s/audio/../private.wav,1,0,x\n",
             (const char *)*state, (const char *)*state, (const char *)*state);
    write_list(root, "esc50.csv", list);
    const char *path = test_path(root, "esc50.csv");
    assert_int_equal(input_open(path, &plain, &input, &error), ERROR_NONE);
    static const enum clip_status expected[] = {CLIP_OK, CLIP_OUTSIDE, CLIP_OK, CLIP_OUTSIDE,
                                                CLIP_OUTSIDE};
    assert_int_equal(input.clips.count, 5);
    for (size_t i = 0; i < 5; i++) assert_int_equal(input.clips.clips[i].status, expected[i]);
    collection_close(&input);
}

#define WITH_FOLDERS(test) cmocka_unit_test_setup_teardown(test, make_folders, remove_folders)

int main(void) {
    const struct CMUnitTest tests[] = {WITH_FOLDERS(metadata), WITH_FOLDERS(fifos),
                                       WITH_FOLDERS(kaldi), WITH_FOLDERS(lhotse),
                                       WITH_FOLDERS(layout)};
    return cmocka_run_group_tests_name("list files", tests, NULL, NULL);
}
