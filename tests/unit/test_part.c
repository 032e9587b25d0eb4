/* Parts of a list: which clips are in which, their names, leases and indexes. */
#include "host/base/clock.h"
#include "host/base/stop.h"
#include "host/cluster/part_index.h"
#include "host/cluster/part_lease.h"
#include "tests/support/compare.h"
#include "tests/support/sound_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define NEVER 1e9 /* seconds */

/* ---- numbers and names ---- */

static void read_part(const char *text, size_t number, size_t count) {
    struct error error = ERROR_INITIAL;
    struct part part, again;
    char name[PART_NAME_SIZE];
    part_read(text, &part, &error);
    assert_no_error(&error);
    assert_int_equal(part.number, number);
    assert_int_equal(part.count, count);
    part_name(&part, name);
    assert_true(part_read_name(name, &again));
    assert_int_equal(again.number, number);
    assert_int_equal(again.count, count);
}

static void refuse_part(const char *text, const char *words) {
    struct error error = ERROR_INITIAL;
    struct part part;
    assert_int_equal(part_read(text, &part, &error), ERROR_USAGE);
    if (strstr(error.message, words) == NULL) fail_msg("%s: %s", text, error.message);
}

static void clear_environment(void) {
    static const char *const names[] = {"SLURM_ARRAY_TASK_ID",  "SLURM_ARRAY_TASK_COUNT",
                                        "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
                                        "JOB_COMPLETION_INDEX", "EARMARK_SHARDS"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unsetenv(names[i]);
}

static void numbers(void **state) {
    (void)state;
    read_part("0/1", 0, 1);
    read_part("3/32", 3, 32);
    read_part("99998/99999", 99998, 99999);
    static const char *const wrong[] = {"3",  "-1/4", "a/b",  "1/2/3", "",      "/",  "1/",
                                        "/3", " 1/3", "1/3 ", "1/+3",  "0x1/3", "ENV"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) refuse_part(wrong[i], "give I/N");
    refuse_part("8/8", "from 0 to 7");
    refuse_part("1/0", "at least 1");
    refuse_part("0/100000", "up to 99999");
    refuse_part("18446744073709551616/18446744073709551617", "give I/N");
    struct part part;
    assert_false(part_read_name("part-00003-of-00003", &part));
    assert_false(part_read_name("part-3-of-8", &part));
    assert_false(part_read_name("part-00003-of-00008x", &part));
    assert_false(part_read_name("000001.shard", &part));
}

static void environment(void **state) {
    (void)state;
    clear_environment();
    refuse_part("env", "neither SLURM_ARRAY_TASK_ID nor");
    setenv("JOB_COMPLETION_INDEX", "2", 1);
    refuse_part("env", "set EARMARK_SHARDS");
    setenv("EARMARK_SHARDS", "4", 1);
    read_part("env", 2, 4);
    setenv("JOB_COMPLETION_INDEX", "4", 1);
    refuse_part("env", "no shard 4 of 4");
    setenv("JOB_COMPLETION_INDEX", "x", 1);
    refuse_part("env", "JOB_COMPLETION_INDEX is 'x'");
    setenv("SLURM_ARRAY_TASK_ID", "3", 1);
    read_part("env", 3, 4); /* Slurm's own number, whatever the first is */
    setenv("EARMARK_SHARDS", "many", 1);
    refuse_part("env", "EARMARK_SHARDS is 'many'");
    clear_environment();
    setenv("SLURM_ARRAY_TASK_ID", "3", 1);
    refuse_part("env", "SLURM_ARRAY_TASK_COUNT");
    setenv("SLURM_ARRAY_TASK_COUNT", "8", 1);
    setenv("SLURM_ARRAY_TASK_MIN", "1", 1);
    setenv("SLURM_ARRAY_TASK_MAX", "8", 1);
    read_part("env", 2, 8);
    setenv("SLURM_ARRAY_TASK_MAX", "15", 1); /* 1-15:2 */
    refuse_part("env", "not consecutive");
    clear_environment();
}

/* ---- clips ---- */

static void add_clip(struct clip_list *list, const char *path, const char *container,
                     double start) {
    struct error error = ERROR_INITIAL;
    struct clip_entry entry = {
        .path = path, .container = container, .start = start, .end = start + 1};
    clip_list_add(list, &entry, &error);
    assert_no_error(&error);
}

/* Files of their own, segments of one file, members of three containers of different lengths. */
static void make_list(struct clip_list *list, size_t files) {
    struct error error = ERROR_INITIAL;
    char name[64], container[64];
    clip_list_init(list, ".", false, &error);
    for (size_t i = 0; i < files; i++) {
        snprintf(name, sizeof name, "file-%zu.wav", i);
        add_clip(list, name, NULL, 0);
    }
    for (size_t i = 0; i < 3000; i++) add_clip(list, "long.wav", NULL, (double)i);
    for (size_t c = 0; c < 9; c++)
        for (size_t i = 0; i < 10 + 150 * c; i++) {
            snprintf(container, sizeof container, "shard-%zu.tar", c);
            snprintf(name, sizeof name, "shard-%zu.tar/%zu.wav", c, i);
            add_clip(list, name, container, 0);
        }
    clip_list_finish(list, &error);
    assert_no_error(&error);
}

static void every_clip_is_in_one_part(void **state) {
    (void)state;
    struct clip_list list;
    struct error error = ERROR_INITIAL;
    make_list(&list, 2000);
    for (size_t parts = 1; parts < 40; parts += 6) {
        unsigned char *seen = calloc(list.count, 1);
        size_t total = 0, most = 0;
        for (size_t p = 0; p < parts; p++) {
            size_t count = 0;
            const struct part part = {p, parts};
            size_t *clips = part_clips(&list, &part, &count, &error);
            assert_no_error(&error);
            for (size_t i = 0; i < count; i++) {
                assert_true(i == 0 || clips[i] > clips[i - 1]);
                assert_int_equal(seen[clips[i]]++, 0);
            }
            total += count;
            if (count > most) most = count;
            free(clips);
        }
        assert_int_equal(total, list.count);
        assert_true(most < 3 * PART_PIECE + list.count / parts);
        free(seen);
    }
    clip_list_free(&list);
}

/* A list that grows: clips stay in their parts, so that little is embedded again. */
static void parts_stay_when_a_list_grows(void **state) {
    (void)state;
    struct clip_list small, large;
    struct part_deal left, right;
    make_list(&small, 500);
    make_list(&large, 700);
    part_deal_begin(&left, &small, 7);
    part_deal_begin(&right, &large, 7);
    for (size_t i = 0; i < large.count; i++) {
        size_t part = part_deal_next(&right);
        if (i < 500 || i >= 700) assert_int_equal(part, part_deal_next(&left));
    }
    clip_list_free(&small);
    clip_list_free(&large);
}

static void a_list_is_reduced_to_a_part(void **state) {
    (void)state;
    struct clip_list list, whole;
    struct error error = ERROR_INITIAL;
    const struct part part = {2, 5};
    size_t count = 0;
    make_list(&list, 100);
    make_list(&whole, 100);
    size_t *clips = part_clips(&list, &part, &count, &error);
    clip_list_keep(&list, clips, count);
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(clip_path(&list, i), clip_path(&whole, clips[i]));
        assert_int_equal(part_hash(&list, i, 1), part_hash(&whole, clips[i], 1));
    }
    free(clips);
    clip_list_free(&list);
    clip_list_free(&whole);
}

/* ---- leases ---- */

static struct folder folder;

static int open_folder(void **state) {
    struct error error = ERROR_INITIAL;
    if (test_folder_set_up(state) != 0) return -1;
    return folder_open(*state, true, &folder, &error) == ERROR_NONE ? 0 : -1;
}

static int close_folder(void **state) {
    folder_close(&folder);
    return test_folder_tear_down(state);
}

static enum error_code take(struct part_lease *lease, double beat, double stale,
                            struct error *error) {
    const struct part_lease_settings settings = {
        .what = "shard 1/2", .beat_seconds = beat, .stale_seconds = stale, .quiet = true};
    return part_lease_open(&folder, &settings, 10, lease, error);
}

static void assert_owner(const struct part_lease *lease) {
    struct error error = ERROR_INITIAL;
    struct part_owner owner;
    bool there;
    part_owner_read(&folder, &owner, &there, &error);
    assert_no_error(&error);
    assert_true(there);
    assert_string_equal(owner.tag, lease->self.tag);
}

static void a_running_owner_keeps_its_part(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct part_lease first, second;
    take(&first, 0.05, NEVER, &error);
    assert_no_error(&error);
    assert_int_equal(take(&second, 0.05, NEVER, &error), ERROR_FILE);
    assert_non_null(strstr(error.message, "shard 1/2 is being embedded by process"));
    part_lease_close(&second);
    error = (struct error)ERROR_INITIAL;
    part_lease_check(&first, &error);
    assert_no_error(&error);
    part_lease_close(&first);
    assert_false(folder_has(&folder, PART_OWNER));
    take(&second, NEVER, NEVER, &error);
    assert_no_error(&error);
    part_lease_close(&second);
}

static void what_a_beat_says(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct part_lease lease;
    struct part_owner owner = {.beat = 0};
    bool there;
    take(&lease, 0.01, NEVER, &error);
    part_lease_progress(&lease, 7, 2.5);
    while (owner.clips_done != 7 && error.code == ERROR_NONE)
        part_owner_read(&folder, &owner, &there, &error);
    assert_no_error(&error);
    assert_int_equal(owner.clips, 10);
    assert_true(owner.audio_seconds == 2.5 && owner.beat > 0 && owner.clips_a_second > 0);
    part_lease_close(&lease);
}

/* A process that is stopped, as SIGSTOP would: no beat. */
static void a_silent_owner_is_taken_over(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct part_lease stopped, next;
    take(&stopped, NEVER, NEVER, &error);
    take(&next, 0.01, 0.1, &error);
    assert_no_error(&error);
    assert_owner(&next);
    assert_true(part_lease_writer(&stopped) != part_lease_writer(&next));
    assert_int_equal(part_lease_check(&stopped, &error), ERROR_STOPPED);
    assert_non_null(strstr(error.message, "shard 1/2 was taken over by process"));
    error = (struct error)ERROR_INITIAL;
    /* It was stopped in the middle of a beat: the next one takes no notice, and beats again. */
    part_owner_write(&folder, &stopped.self, NULL, &error);
    part_lease_check(&next, &error);
    assert_no_error(&error);
    struct part_owner owner = {.beat = 0};
    bool there = true;
    while (there && error.code == ERROR_NONE && strcmp(owner.tag, next.self.tag) != 0)
        part_owner_read(&folder, &owner, &there, &error);
    assert_true(there);
    part_lease_close(&stopped);
    assert_owner(&next); /* not the stopped one's to remove */
    part_lease_close(&next);
    assert_false(folder_has(&folder, PART_OWNER));
}

static void an_owner_that_was_killed_is_taken_over_at_once(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct part_lease lease;
    pid_t child = fork();
    if (child == 0) _exit(take(&lease, NEVER, NEVER, &error) == ERROR_NONE ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(folder_has(&folder, PART_OWNER));
    take(&lease, NEVER, NEVER, &error);
    assert_no_error(&error);
    assert_owner(&lease);
    part_lease_close(&lease);
}

/* Any number of newcomers: one has the part in the end, and every other says so. */
static void of_several_newcomers_one_wins(void **state) {
    (void)state;
    enum { NEWCOMERS = 8 };
    for (int round = 0; round < 4; round++) {
        pid_t children[NEWCOMERS];
        int results[2], go[2], won = 0;
        struct error error = ERROR_INITIAL;
        struct part_owner dead = {.tag = "00ff"};
        pid_t ended = fork();
        if (ended == 0) _exit(0);
        waitpid(ended, NULL, 0);
        lock_owner_self(&dead.process);
        snprintf(dead.process.process, sizeof dead.process.process, "%ld", (long)ended);
        if (round % 2 == 1) part_owner_write(&folder, &dead, NULL, &error);
        assert_int_equal(pipe(results), 0);
        assert_int_equal(pipe(go), 0);
        for (size_t i = 0; i < NEWCOMERS; i++) {
            children[i] = fork();
            if (children[i] != 0) continue;
            struct part_lease lease;
            char byte = 0;
            close(go[1]);
            bool has = take(&lease, 0.05, NEVER, &error) == ERROR_NONE;
            byte = has ? 'w' : error.code == ERROR_FILE ? 'l' : '?';
            if (write(results[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 0) _exit(1);
            if (has) part_lease_close(&lease);
            _exit(0);
        }
        close(go[0]);
        for (size_t i = 0; i < NEWCOMERS; i++) {
            char byte = 0;
            assert_int_equal(read(results[0], &byte, 1), 1);
            assert_true(byte == 'w' || byte == 'l');
            won += byte == 'w';
        }
        close(go[1]);
        for (size_t i = 0; i < NEWCOMERS; i++) waitpid(children[i], NULL, 0);
        close(results[0]);
        close(results[1]);
        assert_int_equal(won, 1);
        assert_false(folder_has(&folder, PART_OWNER));
    }
}

/* Files that no process of earmark wrote. */
static void owners_of_any_bytes(void **state) {
    static const char *const texts[] = {"",         "{}",           "[1]", "{\"host\": 1}",
                                        "\xff\xfe", "{\"tag\": \"x"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct error error = ERROR_INITIAL;
        struct part_lease lease;
        test_text_write(test_path(*state, PART_OWNER), texts[i]);
        take(&lease, NEVER, 0.05, &error);
        assert_no_error(&error);
        part_lease_close(&lease);
    }
    char *large = calloc(1, 100000);
    memset(large, ' ', 99999);
    test_text_write(test_path(*state, PART_OWNER), large);
    free(large);
    struct error error = ERROR_INITIAL;
    struct part_lease lease;
    take(&lease, NEVER, 0.05, &error);
    assert_no_error(&error);
    part_lease_close(&lease);
}

/* ---- the index ---- */

#define CLIPS 5

static const struct part_entry entries[CLIPS] = {
    {0, 0}, {PART_NO_SHARD, 0}, {1, 3}, {0, 1}, {PART_NO_SHARD, 0}};

static struct part_index write_index(void) {
    static const struct part_shard shards[2] = {
        {.name = "000000-0123456789abcdef.shard", .checksum = {1, 2}, .clips = 2},
        {.name = "000001-0123456789abcdef.shard", .checksum = {3, 4}, .clips = 9}};
    static const struct part_note notes[2] = {
        {.facts = {.rate = 8000}, .clip = 1, .reason = 0, .reason_length = 5, .status = 2},
        {.clip = 4, .reason = 5, .reason_length = 3, .status = 4}};
    struct error error = ERROR_INITIAL;
    const struct part_index index = {
        .facts = {.part = {3, 32},
                  .list_hash = 77,
                  .key = {.settings = {5, 6}, .columns = 10, .statistics = 4},
                  .clips = CLIPS,
                  .shards = 2,
                  .notes = 2,
                  .reasons_length = 8,
                  .record_length = 8},
        .shards = shards,
        .notes = notes,
        .entries = entries,
        .reasons = "brokenow",
        .record = "model x\n"};
    part_index_write(&folder, &index, &error);
    assert_no_error(&error);
    return index;
}

static void an_index_is_read_back(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    const struct part_index written = write_index();
    struct part_index index;
    struct text reason = TEXT_INITIAL;
    part_index_open(&folder, &index, &error);
    assert_no_error(&error);
    assert_memory_equal(&index.facts, &written.facts, sizeof index.facts);
    assert_memory_equal(index.shards, written.shards, 2 * sizeof *index.shards);
    assert_memory_equal(index.notes, written.notes, 2 * sizeof *index.notes);
    assert_memory_equal(index.entries, entries, sizeof entries);
    assert_memory_equal(index.record, "model x\n", 8);
    assert_true(part_index_reason(&index, &index.notes[1], &reason));
    assert_string_equal(reason.data, "now");
    struct part_note note = index.notes[1];
    note.reason = 6;
    assert_false(part_index_reason(&index, &note, &reason));
    note.reason = UINT64_MAX;
    assert_false(part_index_reason(&index, &note, &reason));
    text_free(&reason);
    part_index_close(&index);
}

/* Every byte changed, and every length: noticed. */
static void an_index_that_is_damaged(void **state) {
    size_t size = 0;
    write_index();
    unsigned char *bytes = test_file_read(test_path(*state, PART_INDEX), &size);
    for (size_t i = 0; i < 2 * size; i++) {
        struct error error = ERROR_INITIAL;
        struct part_index index;
        /* 8-aligned, as a mapping is, and not a byte longer */
        unsigned char *copy = malloc(i < size ? size : i - size + 1);
        memcpy(copy, bytes, i < size ? size : i - size);
        if (i < size) copy[i] ^= 0x10;
        assert_int_equal(
            part_index_parse(copy, i < size ? size : i - size, "index", &index, &error),
            ERROR_DATA);
        free(copy);
    }
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(environment),
        cmocka_unit_test(every_clip_is_in_one_part),
        cmocka_unit_test(parts_stay_when_a_list_grows),
        cmocka_unit_test(a_list_is_reduced_to_a_part),
        cmocka_unit_test_setup_teardown(a_running_owner_keeps_its_part, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(what_a_beat_says, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_silent_owner_is_taken_over, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(an_owner_that_was_killed_is_taken_over_at_once, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(of_several_newcomers_one_wins, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(owners_of_any_bytes, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(an_index_is_read_back, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(an_index_that_is_damaged, open_folder, close_folder),
    };
    return cmocka_run_group_tests_name("part", tests, NULL, NULL);
}
