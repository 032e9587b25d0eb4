/* Parts of a list that processes embed by themselves, and the audit that puts them together: the
 * bytes of one process, whatever was killed, damaged or told wrongly in between. */
#include "host/base/file.h"
#include "host/cluster/part_index.h"
#include "host/cluster/part_lease.h"
#include "host/commands/commands.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"
#include "tests/support/run_child.h"
#include "tests/support/same_run.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* EARMARK_EVERY_STEP (make test-failures) tries every step; otherwise one in STEP_STRIDE. */
#define STEP_STRIDE 19
#define PARTS 3
#define TICK 0.06 /* see test_resume.c */

static struct corpus corpus;
static char expected[512]; /* the folder of one process */
static char out[512], shards[512], aside[512];

static struct child_result audit(const char *folder, const char *option, const char *second) {
    const char *arguments[] = {"audit",      corpus.clips, "-o", folder,    "--model",
                               corpus.model, "--threads",  "2",  "--folds", "4",
                               option,       second,       NULL};
    return child_run(command_audit, arguments, NULL);
}

static struct child_result embed(size_t number, const struct failure_plan *plan) {
    char part[32];
    snprintf(part, sizeof part, "%zu/%d", number, PARTS);
    const char *arguments[] = {"embed",     corpus.clips, "-o",      out,  "--model", corpus.model,
                               "--threads", "2",          "--shard", part, NULL};
    return child_run(command_embed, arguments, plan);
}

static void embed_all(void) {
    for (size_t p = 0; p < PARTS; p++) {
        struct child_result result = embed(p, NULL);
        assert_code(&result, EXIT_DONE);
    }
}

/* Audits the parts; the results are those of one process. They are removed, the parts stay. */
static void assert_parts_are_good(void) {
    struct child_result result = audit(out, "--from-shards", "--export");
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    assert_int_equal(rename(shards, aside), 0);
    assert_same_run(expected, out);
    corpus_remove_folder(out);
    test_text_write(test_path(out, "x"), "");
    assert_int_equal(unlink(test_path(out, "x")), 0);
    assert_int_equal(rename(aside, shards), 0);
}

/* The audit names part 1, and the command that makes it again; nothing is written. */
static void assert_part_is_bad(const char *words) {
    struct child_result result = audit(out, "--from-shards", NULL);
    assert_code(&result, EXIT_FATAL);
    assert_said(&result, "shard 1/3 ");
    assert_said(&result, "--shard 1/3 --model ");
    assert_said(&result, words);
    assert_null(strstr(result.said, "shard 0/3"));
    assert_int_equal(access(test_path(out, "clips.csv"), F_OK), -1);
}

static void make_again(void) {
    struct child_result result = embed(1, NULL);
    assert_code(&result, EXIT_DONE);
    assert_parts_are_good();
}

static int make_corpus(void **state) {
    (void)state;
    corpus_make(&corpus);
    snprintf(expected, sizeof expected, "%s", corpus_path(&corpus, "expected"));
    snprintf(out, sizeof out, "%s", corpus_path(&corpus, "out"));
    snprintf(aside, sizeof aside, "%s", corpus_path(&corpus, "aside"));
    snprintf(shards, sizeof shards, "%s", corpus_path(&corpus, "out/shards"));
    struct child_result result = audit(expected, NULL, NULL);
    return result.code == EXIT_UNREADABLE_CLIPS ? 0 : -1;
}

static int drop_corpus(void **state) {
    (void)state;
    corpus_remove(&corpus);
    return 0;
}

static int clear_out(void **state) {
    (void)state;
    corpus_remove_folder(out);
    return 0;
}

/* ---- what is there is damaged ---- */

/* A file of part 1; a shard by "*.shard". */
static const char *in_part(const char *name) {
    static char path[700];
    char pattern[700];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/part-00001-of-00003/%s", shards, name);
    snprintf(path, sizeof path, "%s", pattern);
    if (glob(pattern, 0, NULL, &found) == 0) {
        snprintf(path, sizeof path, "%s", found.gl_pathv[0]);
        globfree(&found);
    }
    return path;
}

static void change_byte(const char *name, size_t offset) {
    size_t size = 0;
    unsigned char *bytes = test_file_read(in_part(name), &size);
    if (offset >= size) offset = size - 1;
    bytes[offset] ^= 1;
    test_file_patch(in_part(name), offset, &bytes[offset], 1);
    free(bytes);
}

static void damaged_files(void **state) {
    (void)state;
    embed_all();
    assert_parts_are_good();
    static const size_t offsets[] = {0, 9, 30, 100, 400, SIZE_MAX};
    for (size_t i = 0; i < 2 * sizeof offsets / sizeof offsets[0]; i++) {
        const char *name = i % 2 == 0 ? "index" : "*.shard";
        change_byte(name, offsets[i / 2]);
        assert_part_is_bad(i % 2 == 0 ? "index: " : ".shard: ");
        change_byte(name, offsets[i / 2]);
    }
    assert_parts_are_good();
    static const char *const names[] = {"index", "*.shard", "complete.json"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (i < 2) {
            test_file_cut(in_part(names[i]), 50);
            assert_part_is_bad("cut short");
        }
        unlink(in_part(names[i]));
        assert_part_is_bad(i == 2 ? "not complete" : "cannot open");
        make_again();
    }
    change_byte("*.shard", 2000);
    assert_part_is_bad("its checksum is wrong");
    make_again();
}

/* A good shard of another part in the place of this one's. */
static void a_shard_of_another_part(void **state) {
    (void)state;
    char command[2000];
    embed_all();
    /* A slow run may have committed several: the first in place of the first. */
    snprintf(
        command, sizeof command,
        "set -- %s/part-00000-of-00003/*.shard && other=$1 && set -- %s && cp \"$other\" \"$1\"",
        shards, in_part("*.shard"));
    assert_int_equal(system(command), 0);
    assert_part_is_bad("is not the file that was written");
    make_again();
    snprintf(command, sizeof command, "cp %s/part-00000-of-00003/* %s/part-00001-of-00003", shards,
             shards);
    assert_int_equal(system(command), 0);
    assert_part_is_bad("is another shard");
    make_again();
}

/* Copies of the arrays of an index. */
struct lie {
    struct part_index index;
    struct part_entry *entries;
    struct part_note *notes;
    struct part_shard *shards;
};

static void *copy_of(const void *bytes, size_t size) {
    void *copy = malloc(size);
    memcpy(copy, bytes, size);
    return copy;
}

/* Makes one thing wrong; the words that report it, NULL after the last. */
static const char *tell(struct lie *lie, int number) {
    struct part_index_facts *facts = &lie->index.facts;
    size_t embedded = 0;
    while (lie->entries[embedded].shard == PART_NO_SHARD) embedded++;
    switch (number) {
    case 0: lie->entries[embedded].row = 1000000; return "has an index";
    case 1: lie->entries[embedded].shard = 100; return "has an index";
    case 2: lie->entries[embedded].shard = PART_NO_SHARD; return "left out";
    case 3: lie->notes[0].status = 99; return "has an index";
    case 4: lie->notes[0].status = CLIP_OK; return "has an index";
    case 5: lie->notes[0].reason = 1 << 30; return "has an index";
    case 6: lie->notes[0].reason_length = UINT32_MAX; return "has an index";
    case 7: strcpy(lie->shards[0].name, "../../../clips.csv"); return "has an index";
    case 8: memset(lie->shards[0].name, '0', SHARD_NAME_SIZE); return "has an index";
    case 9: lie->shards[0].clips++; return "is not the file";
    case 10: lie->shards[0].checksum[1]++; return "is not the file";
    case 11: facts->list_hash++; return "with other clips";
    case 12: facts->clips--; return "made of another list";
    case 13: facts->key.settings[0]++; return "is not the file";
    case 14: facts->key.columns++; return "another size";
    case 15: facts->record_length = 0; return "another setting";
    default: return NULL;
    }
}

/* An index with a right checksum and wrong content. */
static void an_index_that_lies(void **state) {
    (void)state;
    size_t size = 0;
    char path[700];
    embed_all();
    snprintf(path, sizeof path, "%s/part-00001-of-00003", shards);
    unsigned char *honest = test_file_read(in_part("index"), &size);
    const char *words = "";
    for (int number = 0; words != NULL; number++) {
        struct folder folder;
        struct error error = ERROR_INITIAL;
        struct lie lie;
        folder_open(path, false, &folder, &error);
        part_index_open(&folder, &lie.index, &error);
        assert_no_error(&error);
        assert_true(lie.index.facts.notes > 0 && lie.index.facts.shards > 0);
        lie.entries = copy_of(lie.index.entries, lie.index.facts.clips * sizeof *lie.entries);
        lie.notes = copy_of(lie.index.notes, lie.index.facts.notes * sizeof *lie.notes);
        lie.shards = copy_of(lie.index.shards, lie.index.facts.shards * sizeof *lie.shards);
        lie.index.entries = lie.entries;
        lie.index.notes = lie.notes;
        lie.index.shards = lie.shards;
        words = tell(&lie, number);
        part_index_write(&folder, &lie.index, &error);
        assert_no_error(&error);
        part_index_close(&lie.index);
        folder_close(&folder);
        free(lie.entries);
        free(lie.notes);
        free(lie.shards);
        if (words == NULL) break;
        assert_part_is_bad(words);
        test_file_write(in_part("index"), honest, size);
    }
    free(honest);
    assert_parts_are_good();
}

/* Shards by another device, as if a machine with a GPU had written them: run.json has the mix. */
static void devices_of_several_kinds(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct folder folder;
    struct part_index index;
    struct shard shard;
    bool fits = false;
    char path[700];
    embed_all();
    snprintf(path, sizeof path, "%s/part-00001-of-00003", shards);
    folder_open(path, false, &folder, &error);
    part_index_open(&folder, &index, &error);
    assert_no_error(&error);
    assert_int_equal(index.facts.shards, 1);
    struct part_shard entry = index.shards[0];
    for (int i = 0; i < 2; i++) { /* written for the other device, and read for its checksum */
        shard_open(&folder, entry.name, &index.facts.key, &shard, &fits, &error);
        assert_no_error(&error);
        assert_true(fits);
        if (i == 0)
            shard_write(&folder, entry.name, &index.facts.key, "cuda:0 Test", shard.count,
                        shard.clips, shard.rows, &error);
        memcpy(entry.checksum, shard.checksum, sizeof entry.checksum);
        shard_close(&shard);
    }
    index.shards = &entry;
    part_index_write(&folder, &index, &error);
    assert_no_error(&error);
    part_index_close(&index);
    folder_close(&folder);
    struct child_result result = audit(out, "--from-shards", NULL);
    assert_code(&result, EXIT_UNREADABLE_CLIPS);
    size_t size = 0;
    unsigned char *json = test_file_read(test_path(out, "run.json"), &size);
    assert_non_null(memmem(json, size, "\"embeddings_by\": [\"cpu\", \"cuda:0 Test\"]", 39));
    free(json);
}

/* ---- what other processes leave, or are writing ---- */

/* Temporary files of one that was killed go; those that are newer than the lease are of a
 * successor, which a process may have that was stopped after it took the part. */
static void temporary_files(void **state) {
    static const char *const names[] = {
        "index.0123456789abcdef.part",      "complete.json.0123456789abcdef.part",
        "owner.json.0123456789abcdef.part", "record.txt.0123456789abcdef.part",
        "verdicts.0123456789abcdef.part",   "000007-0123456789abcdef.shard.0123456789abcdef.part"};
    (void)state;
    embed_all();
    for (int later = 0; later < 2; later++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            const time_t time_of_it = time(NULL) + (later ? 1000 : -1000);
            const struct timespec times[2] = {{time_of_it, 0}, {time_of_it, 0}};
            char path[700];
            snprintf(path, sizeof path, "%s/part-00001-of-00003/%s", shards, names[i]);
            test_text_write(path, "x");
            assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        }
        struct child_result result = embed(1, NULL);
        assert_code(&result, EXIT_DONE);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            assert_int_equal(access(in_part(names[i]), F_OK), later ? 0 : -1);
    }
    assert_parts_are_good();
}

/* ---- what is killed or fails on the way ---- */

static void killed_and_failing_at_every_step(void **state) {
    (void)state;
    const unsigned calls = FAIL_ALL & ~(unsigned)(FAIL_READ | FAIL_CLOSE);
    int stride = getenv("EARMARK_EVERY_STEP") != NULL ? 1 : STEP_STRIDE, steps = 0;
    embed_all();
    for (int at = 1; at < 10000; at += stride, steps++) {
        char path[700];
        snprintf(path, sizeof path, "%s/part-00001-of-00003", shards);
        corpus_remove_folder(path);
        struct failure_plan plan = {.under = out,
                                    .calls = calls,
                                    .kind = steps % 2 == 0 ? FAIL_KILL : EIO,
                                    .at = at,
                                    .tick = TICK};
        struct child_result result = embed(1, &plan);
        if (result.signal != SIGKILL && result.calls < at) break; /* it ended before */
        struct child_result early = audit(out, "--from-shards", NULL);
        if (early.code == EXIT_FATAL) assert_said(&early, "--shard 1/3");
        if (early.code != EXIT_FATAL) assert_code(&early, EXIT_UNREADABLE_CLIPS);
        if (early.code != EXIT_FATAL) unlink(test_path(out, "run.json"));
        result = embed(1, NULL);
        assert_code(&result, EXIT_DONE);
        assert_parts_are_good();
    }
    assert_true(steps > 2);
}

/* Killed at many moments, each time started again, as a scheduler does. */
static void killed_again_and_again(void **state) {
    (void)state;
    unsigned kills = 0;
    for (size_t p = 0; p < PARTS; p++)
        for (int at = 3; at < 400; at = at * 3 / 2) {
            struct failure_plan plan = {
                .under = out, .calls = FAIL_ALL, .kind = FAIL_KILL, .at = at, .tick = TICK};
            struct child_result result = embed(p, &plan);
            kills += result.signal == SIGKILL;
            if (result.signal != SIGKILL) assert_code(&result, EXIT_DONE);
        }
    assert_true(kills > 6);
    embed_all();
    assert_parts_are_good();
}

/* Two processes on one part: one has it; the other says so, or comes when it is complete. */
static void two_processes_on_one_part(void **state) {
    (void)state;
    const char *arguments[] = {"embed",     corpus.clips, "-o",      out,   "--model", corpus.model,
                               "--threads", "1",          "--shard", "1/3", NULL};
    struct child_result results[2];
    pid_t processes[2];
    int outputs[2];
    for (int i = 0; i < 2; i++)
        processes[i] = child_start(command_embed, arguments, NULL, &outputs[i]);
    for (int i = 0; i < 2; i++) results[i] = child_wait(processes[i], outputs[i]);
    for (int i = 0; i < 2; i++) {
        if (results[i].code == EXIT_DONE) continue;
        assert_code(&results[i], EXIT_FATAL);
        assert_said(&results[i], "shard 1/3 is being embedded by process");
        assert_code(&results[1 - i], EXIT_DONE);
    }
    embed_all();
    assert_parts_are_good();
}

/* A process whose lease is gone commits nothing more, and says why. */
static void a_process_that_lost_its_part(void **state) {
    (void)state;
    const struct part_owner other = {.process = {.host = "elsewhere", .process = "77"},
                                     .tag = "0000000000000001"};
    struct error error = ERROR_INITIAL;
    struct folder folder;
    char path[700];
    const char *arguments[] = {"embed",     corpus.clips, "-o",      out,   "--model", corpus.model,
                               "--threads", "1",          "--shard", "1/3", NULL};
    snprintf(path, sizeof path, "%s/part-00001-of-00003", shards);
    /* Stopped at its first shard, which it then goes on to write. */
    struct failure_plan plan = {
        .under = out, .calls = FAIL_RENAME, .kind = FAIL_SLOW, .at = 3, .tick = TICK};
    int output = -1;
    pid_t process = child_start(command_embed, arguments, &plan, &output);
    folder_open(path, true, &folder, &error);
    while (!folder_has(&folder, PART_OWNER)) usleep(1000);
    /* While the process opens its store it removes the temporary files of killed ones: not this. */
    part_owner_write(&folder, &other, NULL, &error);
    assert_no_error(&error);
    struct child_result result = child_wait(process, output);
    assert_code(&result, EXIT_STOPPED);
    assert_said(&result, "shard 1/3 was taken over by process 77 on elsewhere");
    assert_false(folder_has(&folder, "complete.json"));
    assert_true(folder_has(&folder, PART_OWNER)); /* the other's */
    unlink(test_path(path, PART_OWNER));
    folder_close(&folder);
    embed_all();
    assert_parts_are_good();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(damaged_files, clear_out),
        cmocka_unit_test_teardown(a_shard_of_another_part, clear_out),
        cmocka_unit_test_teardown(an_index_that_lies, clear_out),
        cmocka_unit_test_teardown(devices_of_several_kinds, clear_out),
        cmocka_unit_test_teardown(temporary_files, clear_out),
        cmocka_unit_test_teardown(killed_and_failing_at_every_step, clear_out),
        cmocka_unit_test_teardown(killed_again_and_again, clear_out),
        cmocka_unit_test_teardown(two_processes_on_one_part, clear_out),
        cmocka_unit_test_teardown(a_process_that_lost_its_part, clear_out),
    };
    return cmocka_run_group_tests_name("parts", tests, make_corpus, drop_corpus);
}
