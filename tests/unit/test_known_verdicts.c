/* Verdicts that stay from run to run: what is found again, what is dropped, and files of any bytes.
 */
#include "host/base/file.h"
#include "host/clips/clips.h"
#include "host/embedding/known_verdicts.h"
#include "tests/support/compare.h"
#include "tests/support/sound_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const uint64_t settings[2] = {1, 2};
static struct folder folder;
static struct known_verdicts known;

static int open_folder(void **state) {
    struct error error = ERROR_INITIAL;
    if (test_folder_set_up(state) != 0) return -1;
    return folder_open(*state, false, &folder, &error) == ERROR_NONE ? 0 : -1;
}

static int close_folder(void **state) {
    known_verdicts_close(&known);
    folder_close(&folder);
    return test_folder_tear_down(state);
}

static void open_known(uint64_t with) {
    const uint64_t own[2] = {with, settings[1]};
    struct error error = ERROR_INITIAL;
    known_verdicts_close(&known);
    known_verdicts_open(&folder, own, &known, &error);
    assert_no_error(&error);
}

static struct clip_facts facts_of(uint64_t clip) {
    return (struct clip_facts){.fingerprint = {clip, 7}, .rate = 8000, .channels = 1, .seconds = 2};
}

static void add(uint64_t clip, enum clip_status status, const char *reason) {
    const struct clip_facts facts = facts_of(clip);
    struct verdict verdict;
    struct error error = ERROR_INITIAL;
    verdict_set_lasting(&verdict, status, "%s", reason);
    known_verdicts_add(&known, &folder, &facts, &verdict, &error);
    assert_no_error(&error);
}

static void commit(void) {
    struct error error = ERROR_INITIAL;
    known_verdicts_commit(&known, &folder, &error);
    assert_no_error(&error);
}

/* Looks for a clip as a run does; whether it is known, and with this reason. */
static bool find(uint64_t clip, const char *reason) {
    const struct clip_facts facts = facts_of(clip);
    const struct verdict_entry *entry = known_verdicts_find(&known, facts.fingerprint);
    struct verdict verdict;
    struct error error = ERROR_INITIAL;
    if (entry == NULL) return false;
    assert_memory_equal(&entry->facts, &facts, sizeof facts);
    known_verdicts_take(&known, entry, &verdict, &error);
    assert_no_error(&error);
    assert_string_equal(verdict.reason, reason);
    return true;
}

static void trim(bool of_other_input, size_t unreadable) {
    struct error error = ERROR_INITIAL;
    known_verdicts_trim(&known, &folder, of_other_input, unreadable, &error);
    assert_no_error(&error);
}

static void verdicts_are_found_again(void **state) {
    (void)state;
    open_known(1);
    add(1, CLIP_UNREADABLE, "broken");
    add(2, CLIP_TOO_SHORT, "too short");
    commit();
    open_known(1);
    assert_int_equal(known.earlier.count, 2);
    assert_true(find(2, "too short"));
    assert_true(find(1, "broken"));
    assert_false(find(3, ""));
    assert_int_equal(known.unreadable, 1);
    open_known(2);
    assert_false(find(1, "")); /* of another model */
    open_known(1);
    assert_false(find(1, "")); /* and their file is gone */
}

static void what_does_not_last(void **state) {
    (void)state;
    const struct clip_facts unknown = {.rate = 8000}, facts = facts_of(1);
    struct verdict verdict;
    struct error error = ERROR_INITIAL;
    open_known(1);
    verdict_set(&verdict, CLIP_UNREADABLE, "the disk failed");
    known_verdicts_add(&known, &folder, &facts, &verdict, &error);
    verdict_set_lasting(&verdict, CLIP_UNREADABLE, "changed a moment ago");
    known_verdicts_add(&known, &folder, &unknown, &verdict, &error);
    commit();
    assert_no_error(&error);
    assert_int_equal(known.now.count, 0);
    assert_false(folder_has(&folder, VERDICT_FILE));
    known_verdicts_close(&known); /* not kept: nothing happens */
    verdict_set_lasting(&verdict, CLIP_UNREADABLE, "broken");
    known_verdicts_add(&known, &folder, &facts, &verdict, &error);
    assert_null(known_verdicts_find(&known, facts.fingerprint));
    trim(false, 0);
    assert_false(folder_has(&folder, VERDICT_FILE));
}

static void write_three(void) {
    open_known(1);
    add(1, CLIP_UNREADABLE, "one");
    add(2, CLIP_UNREADABLE, "two");
    add(3, CLIP_TRUNCATED, "three");
    commit();
    open_known(1);
}

static void verdicts_of_other_clips(void **state) {
    (void)state;
    write_three();
    assert_true(find(2, "two"));
    add(4, CLIP_UNREADABLE, "four");
    commit(); /* of a run that was stopped */
    open_known(1);
    assert_int_equal(known.earlier.count, 4);
    assert_true(find(4, "four"));
    trim(true, 1); /* another input may have the rest */
    open_known(1);
    assert_int_equal(known.earlier.count, 4);
    assert_true(find(4, "four"));
    trim(false, 3); /* or a disk that is away */
    open_known(1);
    assert_int_equal(known.earlier.count, 4);
    assert_true(find(3, "three"));
    assert_true(find(4, "four"));
    trim(false, 2);
    open_known(1);
    assert_int_equal(known.earlier.count, 2);
    assert_true(find(3, "three"));
    assert_false(find(1, ""));
    trim(false, 1);
    open_known(1);
    trim(false, 0);
    assert_false(folder_has(&folder, VERDICT_FILE));
}

/* Two rows of a list may be one clip. */
static void a_clip_twice(void **state) {
    (void)state;
    open_known(1);
    add(1, CLIP_UNREADABLE, "one");
    add(1, CLIP_UNREADABLE, "one");
    commit();
    for (int run = 0; run < 3; run++) {
        open_known(1);
        assert_int_equal(known.earlier.count, 2);
        assert_true(find(1, "one"));
        assert_true(find(1, "one"));
        trim(false, 2);
    }
}

/* Verdicts are looked at again (--verify): what is not found once more is dropped. */
static void what_is_judged_again(void **state) {
    (void)state;
    write_three();
    for (uint64_t clip = 1; clip <= 3; clip++) {
        const struct clip_facts facts = facts_of(clip);
        assert_non_null(known_verdicts_find(&known, facts.fingerprint));
    }
    add(2, CLIP_UNREADABLE, "still");
    trim(false, 1);
    open_known(1);
    assert_int_equal(known.earlier.count, 1);
    assert_true(find(2, "still"));
}

/* ---- any bytes ---- */

static enum error_code parse(const void *bytes, size_t size, bool *fits) {
    struct error error = ERROR_INITIAL;
    struct verdict_list list;
    verdict_file_parse(bytes, size, "verdicts", known.basis, &list, fits, &error);
    verdict_list_free(&list);
    return error.code;
}

/* Every byte changed, and every length. */
static void a_file_that_is_damaged(void **state) {
    size_t size = 0;
    bool fits = false;
    write_three();
    unsigned char *bytes = test_file_read(test_path(*state, VERDICT_FILE), &size);
    assert_int_equal(parse(bytes, size, &fits), ERROR_NONE);
    assert_true(fits);
    for (size_t i = 0; i < 2 * size; i++) {
        const size_t length = i < size ? size : i - size;
        unsigned char *copy = malloc(length + 1);
        memcpy(copy, bytes, length);
        if (i < size) copy[i] ^= 0x10;
        const enum error_code code = parse(copy, length, &fits);
        assert_true(code == ERROR_DATA || (code == ERROR_NONE && !fits)); /* another basis */
        free(copy);
    }
    free(bytes);
    struct error error = ERROR_INITIAL;
    assert_int_equal(truncate(test_path(*state, VERDICT_FILE), (off_t)size - 1), 0);
    known_verdicts_close(&known);
    known_verdicts_open(&folder, settings, &known, &error);
    assert_no_error(&error);
    assert_true(known.damaged);
    assert_false(folder_has(&folder, VERDICT_FILE));
}

/* Entries that are whole, but that no run writes; a file of them is as a damaged one. */
static void entries_that_no_run_writes(void **state) {
    (void)state;
    const struct verdict_entry good = {
        .facts = facts_of(1), .reason_length = 3, .status = CLIP_UNREADABLE};
    struct verdict_entry entries[9];
    for (size_t i = 0; i < 9; i++) entries[i] = good;
    entries[0].status = CLIP_OK;
    entries[1].status = UINT32_MAX;
    entries[2].reason = UINT64_MAX;
    entries[3].reason_length = 4;
    entries[4].reason_length = 0;
    entries[5].facts.rate = -1;
    entries[6].facts.seconds = -1;
    entries[7].facts.sound.peak = 1.0F / 0.0F;
    entries[8].facts.fingerprint[0] = entries[8].facts.fingerprint[1] = 0;
    open_known(1);
    for (size_t i = 0; i < 11; i++) {
        struct verdict_entry entry = i < 9 ? entries[i] : good;
        char reason[] = "bad";
        if (i == 9) reason[1] = '\n';
        const struct verdict_list list = {
            .entries = &entry, .reasons = reason, .count = 1, .length = 3};
        struct verdict_list read;
        struct error error = ERROR_INITIAL, own = ERROR_INITIAL;
        bool fits = false;
        verdict_file_write(&folder, known.basis, &list, &error);
        assert_no_error(&error);
        verdict_file_read(&folder, known.basis, &read, &fits, &own);
        assert_int_equal(own.code, i < 10 ? ERROR_DATA : ERROR_NONE);
        assert_int_equal(fits, i == 10);
        verdict_list_free(&read);
    }
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(verdicts_are_found_again),   WITH_FOLDER(what_does_not_last),
        WITH_FOLDER(verdicts_of_other_clips),    WITH_FOLDER(a_clip_twice),
        WITH_FOLDER(what_is_judged_again),       WITH_FOLDER(a_file_that_is_damaged),
        WITH_FOLDER(entries_that_no_run_writes),
    };
    return cmocka_run_group_tests_name("known verdicts", tests, NULL, NULL);
}
