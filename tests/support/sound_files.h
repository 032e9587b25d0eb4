/* Files for the tests of the input: a temporary folder, sound files of every format
 * written with libsndfile, and files of given bytes. Any error fails the test. */
#ifndef EARMARK_TEST_SOUND_FILES_H
#define EARMARK_TEST_SOUND_FILES_H

#include <stddef.h>
#include <stdint.h>

/* A new folder, to be freed; test_folder_remove deletes it with its contents. */
char *test_folder_make(void);
void test_folder_remove(char *folder);

/* One such folder for all tests of a program: cmocka's set-up and tear-down of the group. */
extern char *test_folder;
int test_folder_begin(void **state);
int test_folder_end(void **state);

/* A folder of its own for each test, in *state: cmocka's set-up and tear-down of a test. */
int test_folder_set_up(void **state);
int test_folder_tear_down(void **state);

/* folder/name in one of eight buffers that later calls overwrite. */
const char *test_path(const char *folder, const char *name);

/* Writes `size` bytes (text: up to its NUL) and creates missing folders. */
void test_file_write(const char *path, const void *bytes, size_t size);
void test_text_write(const char *path, const char *text);
void test_touch(const char *folder, const char *name); /* "x", where only the name counts */

/* The contents of the file, to be freed. */
unsigned char *test_file_read(const char *path, size_t *size);

/* Overwrite bytes in the middle of a file, or truncate it. */
void test_file_patch(const char *path, size_t offset, const void *bytes, size_t size);
void test_file_cut(const char *path, size_t size);

/* A sound file; `format` is libsndfile's, samples (frames, channels). */
void test_sound_int16(const char *path, int format, int rate, int channels, const int16_t *samples,
                      size_t frames);
void test_sound_float(const char *path, int format, int rate, int channels, const float *samples,
                      size_t frames);

/* 0.5 sin(2 pi frequency i / rate) for channel 0, softer for the others; (frames, channels). */
void test_sine(float *samples, size_t frames, int channels, double frequency, double rate);

#endif
