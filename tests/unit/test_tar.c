/* Tar files of other programs, as their own library reads them (tests/golden/tar/make_tar.py);
 * headers that no program writes any more; damaged and truncated files. */
#include "host/base/text.h"
#include "host/containers/container.h"
#include "host/containers/tar_header.h"
#include "host/containers/tar_index.h"
#include "tests/support/sound_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define GOLDEN "tests/golden/tar"

static const char *kind_name(uint8_t kind) {
    switch ((enum tar_kind)kind) {
    case TAR_FILE: return "file";
    case TAR_SPARSE: return "sparse";
    case TAR_SYMBOLIC_LINK: return "symlink";
    default: return "other";
    }
}

static unsigned long crc_of(const struct container_bytes *bytes) {
    unsigned char *data = malloc(bytes->count + 1);
    assert_non_null(data);
    assert_int_equal(pread(bytes->descriptor, data, bytes->count, (off_t)bytes->offset),
                     bytes->count);
    unsigned long crc = crc32(0, data, (unsigned)bytes->count);
    free(data);
    return crc;
}

static struct container *open_container(const char *path) {
    struct error error = ERROR_INITIAL;
    struct container *container = NULL;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    if (container_open(descriptor, path, &container, &error) != ERROR_NONE)
        fail_msg("%s", error.message);
    return container;
}

static void index_of(const char *path, struct tar_index *index, struct error *error) {
    struct stat status;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(descriptor >= 0);
    assert_int_equal(fstat(descriptor, &status), 0);
    tar_index_read(index, descriptor, path, (uint64_t)status.st_size, NULL, NULL, error);
    close(descriptor);
}

/* The line of expected.tsv for a member, with its bytes read through the container. */
static void add_line(struct text *text, const char *file, struct container *container,
                     const struct tar_index *index, const struct tar_entry *entry) {
    struct error error = ERROR_INITIAL;
    struct container_bytes bytes = {.descriptor = -1};
    bool is_file = entry->kind == TAR_FILE;
    unsigned long crc = 0;
    text_format(text, "%s\t", file);
    for (const char *at = tar_index_name(index, entry); *at != '\0'; at++)
        text_format(text, "%02x", (unsigned char)*at);
    if (is_file) {
        if (container_bytes(container, &entry->member, &bytes, &error) != ERROR_NONE)
            fail_msg("%s: %s", file, error.message);
        crc = crc_of(&bytes);
        close(bytes.descriptor);
    }
    text_format(text, "\t%s\t%zu\t%08lx\n", kind_name(entry->kind), bytes.count, crc);
}

static void read_golden(const char *name, struct text *text) {
    struct error error = ERROR_INITIAL;
    struct tar_index index;
    char path[256];
    snprintf(path, sizeof path, GOLDEN "/%s", name);
    index_of(path, &index, &error);
    if (error.code != ERROR_NONE) fail_msg("%s", error.message);
    assert_string_equal(index.problem, "");
    assert_true(index.has_end);
    assert_int_equal(index.joined, strcmp(name, "tar-joined.tar") == 0 ? 1 : 0);
    struct container *container = open_container(path);
    for (size_t i = 0; i < index.count; i++)
        add_line(text, name, container, &index, &index.entries[i]);
    container_close(container);
    tar_index_free(&index);
}

static int compare_strings(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static bool is_read(const char *name) {
    return strcmp(name, "tar-compressed.tar.gz") == 0 || container_library() != NULL ||
           strstr(name, "compressed") == NULL;
}

static void goldens(void **state) {
    (void)state;
    char *names[64];
    size_t count = 0, size;
    struct text seen = TEXT_INITIAL;
    DIR *folder = opendir(GOLDEN);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL && count < 64;)
        if (strstr(entry->d_name, ".tar") != NULL) names[count++] = strdup(entry->d_name);
    closedir(folder);
    qsort(names, count, sizeof names[0], compare_strings);
    char *expected = (char *)test_file_read(GOLDEN "/expected.tsv", &size);
    struct text wanted = TEXT_INITIAL;
    for (char *line = strtok(expected, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char name[128] = "";
        snprintf(name, sizeof name, "%.*s", (int)strcspn(line, "\t"), line);
        if (is_read(name)) text_format(&wanted, "%s\n", line);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_read(names[i])) read_golden(names[i], &seen);
        free(names[i]);
    }
    assert_true(count > 20);
    assert_string_equal(seen.data, wanted.data);
    text_free(&seen);
    text_free(&wanted);
    free(expected);
}

/* Members of compressed files in any order, which begins again where it must. */
static void any_order(void **state) {
    (void)state;
    struct error error = ERROR_INITIAL;
    struct tar_index index;
    struct container_bytes bytes;
    const char *path = GOLDEN "/tar-compressed.tar.gz";
    index_of(path, &index, &error);
    assert_true(index.count >= 3);
    struct container *container = open_container(path);
    unsigned long first = 0;
    for (size_t i = 0; i < 3 * index.count; i++) {
        const struct tar_entry *entry = &index.entries[i * 7 % index.count];
        if (entry->kind != TAR_FILE) continue;
        assert_int_equal(container_bytes(container, &entry->member, &bytes, &error), ERROR_NONE);
        if (entry == &index.entries[0] && first == 0) first = crc_of(&bytes);
        if (entry == &index.entries[0]) assert_int_equal(crc_of(&bytes), first);
        close(bytes.descriptor);
    }
    struct container_member member;
    bool found = false;
    assert_int_equal(container_find(container, "c/README", &member, &found, &error), ERROR_NONE);
    assert_true(found);
    assert_int_equal(member.bytes, 6);
    assert_int_equal(container_find(container, "c", &member, &found, &error), ERROR_NONE);
    assert_false(found);
    container_close(container);
    tar_index_free(&index);
}

/* ---- headers by hand ---- */

static void put_header(struct text *tar, const char *name, char type, const char *size,
                       size_t size_bytes) {
    unsigned char block[TAR_BLOCK] = {0};
    char sum[9];
    unsigned total = 0;
    memcpy(block, name, strnlen(name, 100));
    memcpy(block + 124, size, size_bytes);
    memset(block + 148, ' ', 8);
    block[156] = (unsigned char)type;
    memcpy(block + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof block; i++) total += block[i];
    snprintf(sum, sizeof sum, "%06o", total);
    memcpy(block + 148, sum, 7);
    text_append(tar, (const char *)block, sizeof block);
}

static void put_bytes(struct text *tar, const char *bytes) {
    static const char zeros[TAR_BLOCK];
    size_t length = strlen(bytes), rest = length % TAR_BLOCK;
    text_append(tar, bytes, length);
    if (rest > 0) text_append(tar, zeros, TAR_BLOCK - rest);
}

static void put_end(struct text *tar) {
    static const char zeros[2 * TAR_BLOCK];
    text_append(tar, zeros, sizeof zeros);
}

/* The members as "name:kind:bytes", then the problem; "!" and the message of an error. */
static void expect_members(const struct text *tar, const char *expected) {
    struct error error = ERROR_INITIAL;
    struct tar_index index;
    struct text seen = TEXT_INITIAL;
    const char *path = test_path(test_folder, "made.tar");
    test_file_write(path, tar->data, tar->length);
    index_of(path, &index, &error);
    text_string(&seen, "");
    if (error.code != ERROR_NONE) text_format(&seen, "!%s", error.message + strlen(path));
    for (size_t i = 0; error.code == ERROR_NONE && i < index.count; i++)
        text_format(&seen, "%s:%s:%llu%s ", tar_index_name(&index, &index.entries[i]),
                    kind_name(index.entries[i].kind),
                    (unsigned long long)index.entries[i].member.bytes,
                    index.entries[i].is_cut ? ":cut" : "");
    text_string(&seen, index.problem);
    assert_string_equal(seen.data, expected);
    text_free(&seen);
    tar_index_free(&index);
}

static void headers(void **state) {
    (void)state;
    static const char base_256[12] = {(char)0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5};
    static const char negative[12] = {(char)0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5};
    struct text tar = TEXT_INITIAL;
    put_header(&tar, "a.wav", '0', base_256, sizeof base_256);
    put_bytes(&tar, "12345");
    put_header(&tar, "././b.wav", '\0', "     5 ", 8);
    put_bytes(&tar, "12345");
    put_header(&tar, "d.wav/", '0', "0", 2);
    put_header(&tar, "x", 'x', "35", 3);
    put_bytes(&tar, "12 path=abc\n17 GNU.sparse.x=\n");
    put_header(&tar, "c.wav", '0', "5", 2);
    put_bytes(&tar, "12345");
    put_header(&tar, "e.wav", 'M', "5", 2);
    put_bytes(&tar, "12345");
    size_t end = tar.length;
    put_end(&tar);
    expect_members(&tar, "a.wav:file:5 b.wav:file:5 abc:sparse:5 e.wav:other:5 ");
    tar.length = end; /* no mark of the end */
    expect_members(&tar, "a.wav:file:5 b.wav:file:5 abc:sparse:5 e.wav:other:5 ");
    put_header(&tar, "f.wav", '0', negative, sizeof negative);
    expect_members(&tar, "a.wav:file:5 b.wav:file:5 abc:sparse:5 e.wav:other:5 not a header of "
                         "tar, or damaged, at byte 5632; what follows is not in this run; make the "
                         "tar file again");
    text_free(&tar);
}

static void truncated(void **state) {
    (void)state;
    struct text tar = TEXT_INITIAL;
    put_header(&tar, "a.wav", '0', "5", 2);
    put_bytes(&tar, "12345");
    put_header(&tar, "b.wav", '0', "1000", 5);
    put_bytes(&tar, "12345");
    expect_members(&tar, "a.wav:file:5 b.wav:file:512 ");
    tar.length = 2047;
    expect_members(&tar, "a.wav:file:5 b.wav:file:512:cut cut off at byte 2047; what follows is "
                         "not in this run; make the tar file again");
    tar.length = 1200;
    expect_members(&tar, "a.wav:file:5 cut off at byte 1200; what follows is not in this run; make "
                         "the tar file again");
    tar.length = 1024;
    text_append(&tar, "no tar", 6);
    expect_members(&tar, "a.wav:file:5 cut off at byte 1030; what follows is not in this run; make "
                         "the tar file again");
    tar.length = 0;
    text_string(&tar, "RIFF, and certainly no tar file");
    expect_members(&tar, "!: not a tar file, or damaged at its beginning: cut off at byte 31");
    text_free(&tar);
}

/* Flips and cuts: whatever is read is in the file, and nothing else happens. */
static void damaged(void **state) {
    (void)state;
    static const char *const names[] = {"python-pax.tar", "tar-sparse-0.1.tar", "tar-joined.tar",
                                        "tar-compressed.tar.gz", "tar-compressed.tar.zst"};
    unsigned seed = 1;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        size_t size;
        char path[256];
        snprintf(path, sizeof path, GOLDEN "/%s", names[n]);
        unsigned char *bytes = test_file_read(path, &size);
        for (size_t round = 0; round < 300; round++) {
            struct error error = ERROR_INITIAL;
            struct tar_index index;
            seed = seed * 1664525 + 1013904223;
            size_t at = seed % (size < 4096 ? size : 4096);
            unsigned char kept = bytes[at];
            bytes[at] ^= (unsigned char)(1 << (seed >> 28 & 7));
            const char *damaged_path = test_path(test_folder, "damaged.tar");
            test_file_write(damaged_path, bytes, round % 3 == 0 ? seed % size : size);
            index_of(damaged_path, &index, &error);
            bytes[at] = kept;
            assert_true(error.code == ERROR_NONE || error.code == ERROR_DATA);
            tar_index_free(&index);
        }
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goldens),   cmocka_unit_test(any_order), cmocka_unit_test(headers),
        cmocka_unit_test(truncated), cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests_name("tar files", tests, test_folder_begin, test_folder_end);
}
