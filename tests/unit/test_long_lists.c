/* Lists that are longer than memory should be: their arrays are in files beyond a bound. */
#include "host/base/long_text.h"
#include "host/base/scratch.h"
#include "host/base/sort.h"
#include "host/clips/fingerprint.h"
#include "host/embedding/embedding_store.h"
#include "tests/support/sound_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define FEW 60000u
#define MANY 260000u
#define BYTES_A_CLIP 64u

static struct folder folder = FOLDER_INITIAL;

static int open_folder(void **state) {
    struct error error = ERROR_INITIAL;
    if (test_folder_begin(state) != 0) return -1;
    return folder_open(test_folder, false, &folder, &error) == ERROR_NONE ? 0 : -1;
}

static int close_folder(void **state) {
    folder_close(&folder);
    return test_folder_end(state);
}

static void bound(size_t bytes, bool is_default) {
    scratch_set(&(struct scratch_bound){
        .bytes = bytes, .least = SCRATCH_LEAST, .folder = &folder, .is_default = is_default});
}

/* Of the process's own memory, in bytes. */
static size_t anonymous(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    size_t kibibytes = 0;
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0) kibibytes = strtoull(line + 8, NULL, 10);
    fclose(status);
    assert_true(kibibytes > 0);
    return kibibytes << 10;
}

static void path_of(unsigned i, char path[64]) {
    snprintf(path, 64, "folder %u/with a name that is not short/%u.wav", i % 1000, i);
}

/* Clips from `first` on; all with their places. */
static void add_clips(struct clip_list *list, unsigned first, unsigned end) {
    char path[64];
    struct error error = ERROR_INITIAL;
    for (unsigned i = first; i < end; i++) {
        struct clip_entry entry = {.path = path,
                                   .label = i % 2 == 0 ? "even" : "odd",
                                   .container = i % 100 == 0 ? "some.tar" : NULL,
                                   .place = i};
        path_of(i, path);
        assert_int_equal(clip_list_add(list, &entry, &error), ERROR_NONE);
    }
}

static void check_clips(const struct clip_list *list) {
    char path[64];
    for (unsigned i = 0; i < list->count; i++) {
        path_of(i, path);
        assert_string_equal(clip_path(list, i), path);
        assert_string_equal(clip_label(list, i), i % 2 == 0 ? "even" : "odd");
        assert_int_equal(clip_place(list, i) != NULL, i % 100 == 0);
        if (i % 100 == 0) assert_int_equal(clip_place(list, i)->place, i);
    }
}

static void clips_take_little_memory_each(void **state) {
    (void)state;
    struct clip_list list;
    struct error error = ERROR_INITIAL;
    bound((size_t)1 << 20, true);
    assert_int_equal(clip_list_init(&list, ".", false, &error), ERROR_NONE);
    add_clips(&list, 0, FEW);
    const size_t before = anonymous();
    add_clips(&list, FEW, MANY);
    assert_int_equal(clip_list_finish(&list, &error), ERROR_NONE);
    const size_t after = anonymous();
#ifndef __SANITIZE_ADDRESS__ /* its own memory grows */
    if (after > before + (size_t)(MANY - FEW) * BYTES_A_CLIP)
        fail_msg("%zu bytes for each clip", (after - before) / (MANY - FEW));
#else
    (void)before;
    (void)after;
#endif
    assert_true(scratch_in_files() > (size_t)MANY * sizeof(struct clip));
    check_clips(&list);
    clip_list_free(&list);
    scratch_set(NULL);
}

/* Paths of more blocks than are allocated one by one. */
static void many_long_paths(void **state) {
    (void)state;
    struct clip_list list;
    struct error error = ERROR_INITIAL;
    char path[2048];
    memset(path, 'p', sizeof path);
    bound((size_t)4 << 20, true);
    assert_int_equal(clip_list_init(&list, ".", false, &error), ERROR_NONE);
    for (unsigned i = 0; i < 50000; i++) {
        struct clip_entry entry = {.path = path, .label = "a"};
        snprintf(path + 2000, 40, "%u", i);
        assert_int_equal(clip_list_add(&list, &entry, &error), ERROR_NONE);
    }
    assert_int_equal(clip_list_finish(&list, &error), ERROR_NONE);
    for (unsigned i = 0; i < 50000; i++)
        assert_int_equal(strtoul(clip_path(&list, i) + 2000, NULL, 10), i);
    assert_true(list.strings.block_count > 90);
    clip_list_free(&list);
    scratch_set(NULL);
}

/* A folder that takes no files: what nobody asked for is done without. */
static void without_room_for_files(void **state) {
    (void)state;
    struct folder none = {.path = folder.path, .descriptor = open("/proc", O_RDONLY | O_DIRECTORY)};
    struct error error = ERROR_INITIAL;
    assert_true(none.descriptor >= 0);
    scratch_set(&(struct scratch_bound){.folder = &none, .is_default = true});
    char *array = scratch_array((size_t)1 << 20, 1, "bytes", &error);
    assert_non_null(array);
    array[1 << 19] = 1;
    assert_int_equal(scratch_in_files(), 0);
    scratch_free(array);
    scratch_set(&(struct scratch_bound){.folder = &none}); /* asked for: an error */
    assert_null(scratch_array((size_t)1 << 20, 1, "bytes", &error));
    assert_int_equal(error.code, ERROR_FILE);
    scratch_set(NULL);
    close(none.descriptor);
}

/* ---- embeddings of an earlier run ---- */

#define STORED 40000u

/* Puts the rows into a store that is new, or finds them in it. */
static void open_store(bool is_new, struct embedding_store *store) {
    const struct embedding_store_settings settings = {
        .key = {.settings = {1, 2}, .columns = 2}, .device = "none", .keep = true};
    struct error error = ERROR_INITIAL;
    assert_int_equal(embedding_store_open(&folder, "stored", &settings, store, &error), ERROR_NONE);
    for (unsigned i = 0; i < STORED; i++) {
        struct clip_facts facts = {.fingerprint = {i + 1, 7}, .rate = 16000};
        const float values[2] = {(float)i, 0.5F};
        const struct stored_clip *found = embedding_store_find(store, facts.fingerprint);
        assert_int_equal(found == NULL, is_new);
        if (is_new) {
            embedding_store_add(store, i, &facts, values, NULL, &error);
        } else {
            const float *taken = embedding_store_take(store, found, &facts);
            assert_memory_equal(taken, values, sizeof values);
            embedding_store_place(store, i, taken, &error);
        }
        assert_int_equal(error.code, ERROR_NONE);
    }
    assert_int_equal(embedding_store_commit(store, &error), ERROR_NONE);
}

static void many_stored_embeddings(void **state) {
    (void)state;
    struct embedding_store store;
    size_t shard, place;
    bound(0, true);
    open_store(true, &store);
    embedding_store_close(&store);
    open_store(false, &store);
    embedding_store_sort(&store); /* the index of them is not needed any more */
    embedding_store_locate(&store, STORED - 1, &shard, &place);
    assert_true(store.shards[shard].rows[place * 2] == (float)(STORED - 1));
    embedding_store_close(&store);
    scratch_set(NULL);
}

/* ---- looking at many files ---- */

static void touch(const char *path) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s", path);
    assert_int_equal(fclose(file), 0);
}

/* As if there were no other clip. */
static void look_alone(const struct clip_list *list, size_t clip, uint64_t fingerprint[2]) {
    struct stat status;
    const int file = clip_open(list, clip, O_PATH);
    fingerprint[0] = fingerprint[1] = 0;
    if (file < 0) return;
    assert_int_equal(fstat(file, &status), 0);
    clip_fingerprint(list, clip, &status, fingerprint);
    close(file);
}

static void looks_at(bool allow_outside) {
    static const char *const paths[] = {"a/1.wav",
                                        "a/2.wav",
                                        "b/1.wav",
                                        "a/link.wav",
                                        "a/out.wav",
                                        "a/none.wav",
                                        "a/../b/1.wav",
                                        "none/1.wav",
                                        "root.wav",
                                        "./root.wav",
                                        "linked/2.wav",
                                        "elsewhere/x.wav",
                                        "a/1.wav",
                                        "a//2.wav",
                                        "a/.",
                                        "a/..",
                                        "a/",
                                        "",
                                        "../above.wav",
                                        "a/loop.wav",
                                        "root.wav/x",
                                        "/etc/passwd",
                                        "/",
                                        "b/1.wav"};
    const size_t count = sizeof paths / sizeof paths[0];
    struct clip_list list;
    struct clip_looks looks;
    struct error error = ERROR_INITIAL;
    size_t known = 0;
    assert_int_equal(clip_list_init(&list, test_path(test_folder, "in"), allow_outside, &error),
                     ERROR_NONE);
    for (size_t i = 0; i < 3 * count;
         i++) { /* files, segments of them, and a container's members */
        struct clip_entry entry = {.path = paths[i % count], .start = i < count ? 0 : 1.5};
        if (i >= 2 * count) entry.container = paths[i % count];
        assert_int_equal(clip_list_add(&list, &entry, &error), ERROR_NONE);
    }
    clip_looks_begin(&list, &looks);
    for (size_t step = 1; step <= 5; step += 2)
        for (size_t i = 0; i < list.count; i++) {
            uint64_t found[2], wanted[2];
            const size_t clip = i * step % list.count;
            clip_fingerprint_now(&looks, clip, found);
            look_alone(&list, clip, wanted);
            if (memcmp(found, wanted, sizeof found) != 0)
                fail_msg("clip %zu, '%s', is another one", clip, clip_path(&list, clip));
            known += clip_fingerprint_is_known(found);
        }
    assert_true(known > 0 && known < 9 * count);
    clip_looks_end(&looks);
    clip_list_free(&list);
}

static void looks_find_what_opening_finds(void **state) {
    (void)state;
    static const char *const folders[] = {"in", "in/a", "in/b", "other"};
    static const char *const files[] = {"in/a/1.wav",  "in/a/2.wav",  "in/b/1.wav",
                                        "in/root.wav", "other/x.wav", "above.wav"};
    static const char *const links[][2] = {{"../b/1.wav", "in/a/link.wav"},
                                           {"../../other/x.wav", "in/a/out.wav"},
                                           {"loop.wav", "in/a/loop.wav"},
                                           {"a", "in/linked"},
                                           {"../other", "in/elsewhere"}};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(mkdir(test_path(test_folder, folders[i]), 0700), 0);
    for (size_t i = 0; i < 6; i++) touch(test_path(test_folder, files[i]));
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(symlink(links[i][0], test_path(test_folder, links[i][1])), 0);
    looks_at(false);
    looks_at(true);
}

static void long_texts(void **state) {
    (void)state;
    struct long_text text = {0};
    struct error error = ERROR_INITIAL;
    bound(0, false);
    for (unsigned i = 0; i < 300000; i++) {
        char piece[16];
        snprintf(piece, sizeof piece, "%08u", i);
        assert_int_equal(text.length, (size_t)i * 8);
        assert_int_equal(long_text_append(&text, piece, 8, &error), ERROR_NONE);
    }
    for (unsigned i = 0; i < 300000; i++) {
        char piece[16];
        snprintf(piece, sizeof piece, "%08u", i);
        assert_memory_equal(text.data + (size_t)i * 8, piece, 8);
    }
    long_text_free(&text);
    assert_null(text.data);
    scratch_set(NULL);
}

static int by_name(const void *left, const void *right, void *names) {
    const char *base = names;
    return strcmp(base + *(const unsigned *)left, base + *(const unsigned *)right);
}

static void sorting_with_a_context(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    char *names = malloc((size_t)COUNT * 8);
    unsigned *own = malloc(COUNT * sizeof *own), *wanted = malloc(COUNT * sizeof *wanted);
    assert_true(names != NULL && own != NULL && wanted != NULL);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(names + (size_t)i * 8, 8, "%u", i * 7919u % 100003u);
        own[i] = wanted[i] = i * 8;
    }
    sort_in_place_with(own, COUNT, sizeof *own, by_name, names);
    qsort_r(wanted, COUNT, sizeof *wanted, by_name, names);
    assert_memory_equal(own, wanted, COUNT * sizeof *own);
    free(names);
    free(own);
    free(wanted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clips_take_little_memory_each),
        cmocka_unit_test(many_long_paths),
        cmocka_unit_test(many_stored_embeddings),
        cmocka_unit_test(looks_find_what_opening_finds),
        cmocka_unit_test(without_room_for_files),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(sorting_with_a_context),
    };
    return cmocka_run_group_tests_name("long lists", tests, open_folder, close_folder);
}
