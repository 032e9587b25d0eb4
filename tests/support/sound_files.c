#include "tests/support/sound_files.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <sndfile.h>
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

char *test_folder_make(void) {
    char *folder = strdup("/tmp/earmark-test.XXXXXX");
    assert_non_null(folder);
    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int unlock_entry(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status;
    (void)place;
    if (kind == FTW_D || kind == FTW_DNR) chmod(path, 0700);
    return 0;
}

void test_folder_remove(char *folder) {
    if (folder == NULL) return;
    nftw(folder, unlock_entry, 16, FTW_PHYS);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

char *test_folder;

int test_folder_begin(void **state) {
    (void)state;
    test_folder = test_folder_make();
    return 0;
}

int test_folder_end(void **state) {
    (void)state;
    test_folder_remove(test_folder);
    test_folder = NULL;
    return 0;
}

int test_folder_set_up(void **state) {
    *state = test_folder_make();
    return 0;
}

int test_folder_tear_down(void **state) {
    test_folder_remove(*state);
    return 0;
}

const char *test_path(const char *folder, const char *name) {
    static char buffers[8][1024];
    static size_t next;
    char *path = buffers[next++ % 8];
    int length = snprintf(path, sizeof buffers[0], "%s/%s", folder, name);
    assert_in_range(length, 1, (int)sizeof buffers[0] - 1);
    return path;
}

static void make_parents(const char *path) {
    char *copy = strdup(path);
    assert_non_null(copy);
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0777) != 0) assert_int_equal(errno, EEXIST);
        *slash = '/';
    }
    free(copy);
}

static void write_bytes(const char *path, const char *mode, size_t offset, const void *bytes,
                        size_t size) {
    FILE *stream = fopen(path, mode);
    assert_non_null(stream);
    assert_int_equal(fseek(stream, (long)offset, SEEK_SET), 0);
    assert_int_equal(size == 0 ? 0 : fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

void test_file_write(const char *path, const void *bytes, size_t size) {
    make_parents(path);
    write_bytes(path, "wb", 0, bytes, size);
}

void test_text_write(const char *path, const char *text) {
    test_file_write(path, text, strlen(text));
}

void test_touch(const char *folder, const char *name) {
    test_text_write(test_path(folder, name), "x");
}

unsigned char *test_file_read(const char *path, size_t *size) {
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    long end = ftell(stream);
    assert_true(end >= 0);
    rewind(stream);
    unsigned char *bytes = malloc((size_t)end + 1);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (size_t)end, stream);
    assert_int_equal(*size, end);
    assert_int_equal(fclose(stream), 0);
    return bytes;
}

void test_file_patch(const char *path, size_t offset, const void *bytes, size_t size) {
    write_bytes(path, "r+b", offset, bytes, size);
}

void test_file_cut(const char *path, size_t size) {
    assert_int_equal(truncate(path, (off_t)size), 0);
}

static SNDFILE *create(const char *path, int format, int rate, int channels) {
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    make_parents(path);
    SNDFILE *sound = sf_open(path, SFM_WRITE, &info);
    if (sound == NULL) fail_msg("%s: %s", path, sf_strerror(NULL));
    return sound;
}

void test_sound_int16(const char *path, int format, int rate, int channels, const int16_t *samples,
                      size_t frames) {
    SNDFILE *sound = create(path, format, rate, channels);
    assert_int_equal(sf_writef_short(sound, samples, (sf_count_t)frames), frames);
    assert_int_equal(sf_close(sound), 0);
}

void test_sound_float(const char *path, int format, int rate, int channels, const float *samples,
                      size_t frames) {
    SNDFILE *sound = create(path, format, rate, channels);
    sf_command(sound, SFC_SET_CLIPPING, NULL, SF_TRUE);
    assert_int_equal(sf_writef_float(sound, samples, (sf_count_t)frames), frames);
    assert_int_equal(sf_close(sound), 0);
}

void test_sine(float *samples, size_t frames, int channels, double frequency, double rate) {
    for (size_t i = 0; i < frames; i++) {
        double value = 0.5 * sin(2.0 * 3.14159265358979323846 * frequency * (double)i / rate);
        for (int c = 0; c < channels; c++)
            samples[i * (size_t)channels + (size_t)c] = (float)(value / (1 + c));
    }
}
