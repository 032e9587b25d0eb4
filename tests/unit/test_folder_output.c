/* A folder that others can write in: what is written, read and removed there follows no link; the
 * shards and lock files that somebody else put there are refused for what they are. */
#include "host/base/file_replace.h"
#include "host/base/folder_lock.h"
#include "host/base/lock_owner.h"
#include "host/embedding/embedding_store.h"
#include "tests/support/compare.h"
#include "tests/support/out_folder.h"
#include "tests/support/sound_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

static const char *in_out(const char *name) {
    return test_path(out_folder.path, name);
}

/* A file outside OUT, and that it is as it was. */
static const char *victim(void) {
    const char *path = test_path(test_folder, "victim");
    test_text_write(path, "words");
    return path;
}

static void assert_unhurt(void) {
    size_t size = 0;
    unsigned char *bytes = test_file_read(test_path(test_folder, "victim"), &size);
    assert_int_equal(size, 5);
    assert_memory_equal(bytes, "words", 5);
    free(bytes);
}

static void test_folders(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL, linked = ERROR_INITIAL, file = ERROR_INITIAL;
    struct folder folder;
    char *empty = malloc(1); /* of one byte: reading beyond it is seen */
    assert_non_null(empty);
    empty[0] = '\0';
    assert_int_equal(folder_open(empty, true, &folder, &error), ERROR_FILE);
    folder_close(&folder);
    free(empty);
    error = (struct error)ERROR_INITIAL;
    folder_open(test_path(test_folder, "a/b//c/"), true, &folder, &error);
    assert_no_error(&error);
    folder_close(&folder);
    folder_open_in(&out_folder, "missing", false, &folder, &error);
    assert_no_error(&error);
    assert_int_equal(folder.descriptor, -1);
    folder_close(&folder);
    assert_int_equal(symlink("../a", in_out("link")), 0);
    folder_open_in(&out_folder, "link", true, &folder, &linked);
    assert_error(&linked, ERROR_FILE, "out/link: is a symbolic link");
    folder_close(&folder);
    test_text_write(in_out("file"), "words");
    folder_open_in(&out_folder, "file", true, &folder, &file);
    assert_error(&file, ERROR_FILE, strerror(ENOTDIR));
    folder_close(&folder);
    assert_true(folder_has(&out_folder, "link"));
    assert_int_equal(folder_remove(&out_folder, "link", &error), ERROR_NONE);
    assert_false(folder_has(&out_folder, "link"));
    assert_int_equal(access(test_path(test_folder, "a"), F_OK), 0);
    assert_int_equal(folder_remove(&out_folder, "link", &error), ERROR_NONE);
}

static void test_files_that_are_read(void **state) {
    (void)state;
    struct error linked = ERROR_INITIAL, fifo = ERROR_INITIAL, folder = ERROR_INITIAL;
    char *data = NULL;
    size_t size = 0;
    struct file_mapping mapping;
    assert_int_equal(symlink(victim(), in_out("read")), 0);
    folder_read(&out_folder, "read", 100, &data, &size, &linked);
    assert_error(&linked, ERROR_FILE, "out/read: is a symbolic link");
    linked = (struct error)ERROR_INITIAL;
    folder_map(&out_folder, "read", &mapping, &linked);
    assert_error(&linked, ERROR_FILE, "out/read: is a symbolic link");
    unlink(in_out("read"));
    assert_int_equal(mkfifo(in_out("read"), 0600), 0);
    folder_read(&out_folder, "read", 100, &data, &size, &fifo);
    assert_error(&fifo, ERROR_FILE, "out/read: not a regular file; remove it");
    unlink(in_out("read"));
    assert_int_equal(mkdir(in_out("read"), 0700), 0);
    folder_read(&out_folder, "read", 100, &data, &size, &folder);
    assert_error(&folder, ERROR_FILE, "out/read: not a regular file; remove it");
    rmdir(in_out("read"));
}

static void test_files_that_are_replaced(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL, refused = ERROR_INITIAL;
    struct file_replacement first, second;
    struct stat status;
    bool made = true;
    assert_int_equal(symlink(victim(), in_out("result")), 0);
    file_replace_open(&out_folder, "result", &first, &error);
    file_replace_open(&out_folder, "result", &second, &error);
    assert_no_error(&error);
    assert_string_not_equal(first.temporary, second.temporary);
    assert_true(file_is_temporary(first.temporary, "result"));
    fputs("first", first.stream);
    file_replace_commit(&first, &error);
    file_replace_close(&first);
    file_replace_commit_new(&second, &made, &error); /* the name is taken */
    assert_no_error(&error);
    assert_false(made);
    file_replace_close(&second);
    assert_int_equal(lstat(in_out("result"), &status), 0);
    assert_true(S_ISREG(status.st_mode));
    assert_int_equal(status.st_size, 5);
    assert_unhurt();
    assert_int_equal(file_write(&out_folder, "new", "x", 1, &error), ERROR_NONE);
    unlink(in_out("new"));
    file_replace_open(&out_folder, "new", &first, &error);
    file_replace_commit_new(&first, &made, &error);
    assert_no_error(&error);
    assert_true(made);
    file_replace_close(&first);
    assert_int_equal(mkdir(in_out("folder"), 0700), 0);
    file_write(&out_folder, "folder", "x", 1, &refused);
    assert_error(&refused, ERROR_FILE, "out/folder: cannot rename a file to this");
    rmdir(in_out("folder"));
}

static void test_names_of_temporary_files(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool temporary;
    } names[] = {
        {"run.json.1.part", true},
        {"run.json.4194304.part", true},
        {"run.json.0123456789abcdef.part", true},
        {"run.json.0123456789abcde.part", false},
        {"run.json.0123456789abcdef0.part", false},
        {"run.json.0123456789ABCDEF.part", false},
        {"run.json..part", false},
        {"run.json.part", false},
        {"run.json.1.part.part", false},
        {"run.json.mine.part", false},
        {"run.json", false},
        {"run.jsonx.1.part", false},
        {"classes.run.json.1.part", false},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (file_is_temporary(names[i].name, "run.json") != names[i].temporary)
            fail_msg("%s", names[i].name);
}

/* ---- shards ---- */

#define CLIPS 40
#define COLUMNS 64

static const struct shard_key key = {.settings = {3, 4}, .columns = COLUMNS};

/* OUT/shards with one shard of CLIPS clips, whose fingerprints are 1, 1 and so on. */
static void write_shard(struct folder *shards) {
    struct error error = ERROR_INITIAL;
    static struct clip_facts clips[CLIPS];
    static float rows[CLIPS * COLUMNS];
    for (size_t i = 0; i < CLIPS; i++)
        clips[i] = (struct clip_facts){.fingerprint = {i + 1, i + 1}, .rate = 8000, .channels = 1};
    for (size_t i = 0; i < (size_t)CLIPS * COLUMNS; i++) rows[i] = (float)i;
    folder_close(shards);
    folder_open_in(&out_folder, "shards", true, shards, &error);
    shard_write(shards, "000000.shard", &key, "cpu", CLIPS, clips, rows, &error);
    assert_no_error(&error);
}

static void overwrite(const char *path, off_t place, uint64_t value) {
    int descriptor = open(path, O_WRONLY);
    assert_int_equal(pwrite(descriptor, &value, sizeof value, place), (ssize_t)sizeof value);
    close(descriptor);
}

static void refuse_shard(const struct folder *shards, enum error_code code, const char *part) {
    struct error error = ERROR_INITIAL;
    struct shard shard;
    bool fits = true;
    assert_int_equal(shard_open(shards, "000000.shard", &key, &shard, &fits, &error), code);
    if (code != ERROR_NONE) assert_error(&error, code, part);
    assert_false(fits && code == ERROR_NONE);
    shard_close(&shard);
}

static void test_planted_shards(void **state) {
    (void)state;
    const size_t row = sizeof(struct clip_facts) + COLUMNS * sizeof(float);
    const char *path = in_out("shards/000000.shard");
    struct folder shards = FOLDER_INITIAL;
    write_shard(&shards);
    overwrite(path, 24, 5); /* other settings: nothing after the header is read */
    overwrite(path, 200, 77);
    refuse_shard(&shards, ERROR_NONE, "");
    write_shard(&shards);
    overwrite(path, 200, 77);
    refuse_shard(&shards, ERROR_DATA, "its checksum is wrong");
    write_shard(&shards);
    const uint64_t huge = (uint64_t)1 << 29, large = 100000;
    overwrite(path, 48, huge);
    assert_int_equal(truncate(path, (off_t)(88 + huge * row)), 0);
    refuse_shard(&shards, ERROR_DATA, "more than earmark writes into a shard");
    overwrite(path, 48, large);
    assert_int_equal(truncate(path, (off_t)(88 + large * row)), 0);
    refuse_shard(&shards, ERROR_DATA, "mostly holes");
    overwrite(path, 48, large + 1);
    refuse_shard(&shards, ERROR_DATA, "not the number in its header");
    folder_close(&shards);
}

static void open_store(struct embedding_store *store, struct error *error) {
    const struct embedding_store_settings settings = {.key = key, .device = "cpu", .keep = true};
    embedding_store_open(&out_folder, "shards", &settings, store, error);
}

/* What a store found stays where it is, whatever is written into the mapped file. */
static void test_shards_that_change(void **state) {
    (void)state;
    struct folder shards = FOLDER_INITIAL;
    struct embedding_store store;
    struct clip_facts facts;
    struct error error = ERROR_INITIAL;
    write_shard(&shards);
    folder_close(&shards);
    open_store(&store, &error);
    assert_no_error(&error);
    assert_int_equal(store.stored_count, CLIPS);
    const struct stored_clip *stored = embedding_store_find(&store, (const uint64_t[]){7, 7});
    assert_non_null(stored);
    overwrite(in_out("shards/000000.shard"), 48, UINT64_MAX / 2);
    overwrite(in_out("shards/000000.shard"), 88 + 6 * (off_t)sizeof facts, 1000);
    const float *values = embedding_store_take(&store, stored, &facts);
    assert_true(values[0] == 6 * COLUMNS);
    assert_null(embedding_store_find(&store, (const uint64_t[]){CLIPS + 1, 7}));
    embedding_store_close(&store);
    assert_int_equal(shards_remove(&out_folder, &error), ERROR_NONE);
    assert_false(folder_has(&out_folder, "shards"));
}

static void test_shards_of_numbers_that_no_run_writes(void **state) {
    (void)state;
    static struct clip_facts clip = {.fingerprint = {1, 1}, .rate = 8000};
    static float rows[COLUMNS];
    struct error error = ERROR_INITIAL;
    struct folder shards;
    struct embedding_store store;
    rows[3] = strtof("inf", NULL);
    folder_open_in(&out_folder, "shards", true, &shards, &error);
    shard_write(&shards, "000000.shard", &key, "cpu", 1, &clip, rows, &error);
    folder_close(&shards);
    open_store(&store, &error);
    assert_no_error(&error);
    assert_int_equal(store.damaged, 1);
    assert_int_equal(store.shard_count, 0);
    embedding_store_close(&store);
    shards_remove(&out_folder, &error);
    assert_no_error(&error);
}

/* ---- locks ---- */

static void test_owners(void **state) {
    (void)state;
    struct lock_owner self, other;
    char text[LOCK_OWNER_TEXT + 1], changed[LOCK_OWNER_TEXT + 1];
    lock_owner_self(&self);
    size_t size = lock_owner_write(&self, text);
    assert_true(lock_owner_read(text, size, &other));
    assert_memory_equal(&self, &other, sizeof self);
    assert_false(lock_owner_is_gone(&self));
    for (size_t cut = 0; cut < size; cut++) assert_false(lock_owner_read(text, cut, &other));
    for (size_t at = 0; at < size; at++) {
        memcpy(changed, text, size);
        changed[at] = '\0';
        assert_false(lock_owner_read(changed, size, &other));
        changed[at] = '\n';
        assert_true(changed[at] == text[at] || !lock_owner_read(changed, size, &other));
    }
    memcpy(changed, text, size);
    changed[size] = '\n';
    assert_false(lock_owner_read(changed, size + 1, &other));
}

/* A process that has ended, before and after its parent has asked how. */
static void test_owners_that_have_ended(void **state) {
    (void)state;
    struct lock_owner owner;
    int ends[2], begins[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(begins), 0);
    pid_t process = fork();
    if (process == 0) {
        lock_owner_self(&owner);
        if (write(begins[1], &owner, sizeof owner) != (ssize_t)sizeof owner) _exit(1);
        _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
    }
    assert_int_equal(read(begins[0], &owner, sizeof owner), sizeof owner);
    assert_false(lock_owner_is_gone(&owner));
    assert_int_equal(write(ends[1], "x", 1), 1);
    siginfo_t information;
    assert_int_equal(waitid(P_PID, (id_t)process, &information, WEXITED | WNOWAIT), 0);
    assert_true(lock_owner_is_gone(&owner));
    assert_int_equal(waitpid(process, NULL, 0), process);
    assert_true(lock_owner_is_gone(&owner));
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(begins[i]);
    }
}

static void test_one_lock(void **state) {
    (void)state;
    struct folder_lock first, second;
    struct error error = ERROR_INITIAL, refused = ERROR_INITIAL;
    folder_lock_open(out_folder.path, true, &first, &error);
    assert_no_error(&error);
    folder_lock_open(out_folder.path, true, &second, &refused);
    assert_error(&refused, ERROR_FILE, "another earmark is writing there");
    folder_lock_close(&second);
    folder_lock_close(&first);
    folder_lock_open(out_folder.path, true, &second, &error);
    assert_no_error(&error);
    folder_lock_close(&second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_files_that_are_read),
        cmocka_unit_test(test_files_that_are_replaced),
        cmocka_unit_test(test_names_of_temporary_files),
        cmocka_unit_test(test_planted_shards),
        cmocka_unit_test(test_shards_that_change),
        cmocka_unit_test(test_shards_of_numbers_that_no_run_writes),
        cmocka_unit_test(test_owners),
        cmocka_unit_test(test_owners_that_have_ended),
        cmocka_unit_test(test_one_lock),
    };
    return cmocka_run_group_tests_name("folder for output", tests, out_folder_begin,
                                       out_folder_end);
}
