/* Whole files: read within a bound, or mapped. */
#ifndef EARMARK_BASE_FILE_H
#define EARMARK_BASE_FILE_H

#include "host/base/error.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* Fails with "path: cannot WHAT: REASON; what to do about it" for an errno. Every message about a
 * file of the operating system comes from here. */
enum error_code file_fail(struct error *error, const char *path, const char *what, int number);

/* Whether an errno is of this process or machine, not of the file: it lacks descriptors or memory,
 * and would with the next file, too. */
bool file_is_shortage(int number);

/* Bytes of a regular file that its file system keeps: fewer than its length where there are holes.
 * The length where blocks are not counted, as on some file systems of networks. */
size_t file_stored_bytes(const struct stat *status);

/* Whether an open file of some length has much less on its disk: one that was written whole has its
 * blocks, or fewer where the file system compresses; some file systems count none. */
bool file_is_mostly_holes(int descriptor);

/* Opens a regular file for reading; the caller closes *descriptor. *size: its bytes. Refuses any
 * other kind of file, without waiting on a FIFO. Errors: ERROR_FILE. */
enum error_code file_open_regular(const char *path, int *descriptor, size_t *size,
                                  struct error *error);

/* The flags for open() that it uses: a FIFO would wait for a writer. */
#define FILE_READING (O_RDONLY | O_NONBLOCK | O_NOCTTY)

/* The same for a file that is open already, whose descriptor is closed if it is refused. */
enum error_code file_take_regular(int opened, const char *path, int *descriptor, size_t *size,
                                  struct error *error);

/* Reads a regular file of at most `limit` bytes. *data ends in a NUL that *size does not count;
 * free() releases it. Errors: ERROR_FILE, ERROR_DATA (longer than the limit), ERROR_MEMORY. */
enum error_code file_read(const char *path, size_t limit, char **data, size_t *size,
                          struct error *error);

/* The same for a regular file of `expected` bytes that is open, and is closed by this; `path` is
 * for messages. */
enum error_code file_read_opened(int descriptor, size_t expected, const char *path, size_t limit,
                                 char **data, size_t *size, struct error *error);

/* The same of text: ERROR_DATA for a NUL byte, before all of a file with holes is read. */
enum error_code file_read_text(int descriptor, size_t expected, const char *path, size_t limit,
                               char **data, size_t *size, struct error *error);

/* Reads bytes at an offset of an open file, all of them unless the file ends before; the position
 * of the descriptor stays. The number of bytes, or -1 with errno. */
ssize_t file_read_at(int descriptor, uint64_t offset, void *bytes, size_t count);

/* The beginning of an open file, which is closed, as a text; false where there is none. For files
 * of the kernel, whose size is 0: `opened` may be -1. */
bool file_take_text(int opened, char *text, size_t size);

/* Reads an open file to its end and discards the bytes, so that an error of the disk or mount
 * is reported here; later, in a mapping, it would end the process. */
enum error_code file_check_readable(int descriptor, const char *path, struct error *error);

/* A regular file mapped read-only. If it becomes unreadable (its disk or mount fails, or it is
 * truncated), the process ends with exit code 1 and a message that names it. Its bytes may change
 * at any time: nothing that is checked in it may be read again and relied on. */
struct file_mapping {
    const unsigned char *data; /* NULL when the file is empty */
    size_t size;
};

enum error_code file_map(const char *path, struct file_mapping *mapping, struct error *error);
/* Of an open file, which is closed. */
enum error_code file_map_opened(int descriptor, size_t size, const char *path,
                                struct file_mapping *mapping, struct error *error);
/* The same to be written, of a file of this process's own. */
enum error_code file_map_written(int descriptor, size_t size, const char *path,
                                 struct file_mapping *mapping, struct error *error);
void file_unmap(struct file_mapping *mapping);

/* After the last use of a mapping: ERROR_FILE unless its bytes are the same, as the caller found,
 * its size and times are what they were when it was mapped, and no other file has its name. Takes
 * one that is not of a file. */
enum error_code file_map_unchanged(const struct file_mapping *mapping, bool same_bytes,
                                   struct error *error);

/* folder + "/" + name, to be freed; NULL on ERROR_MEMORY. */
char *file_join(const char *folder, const char *name, struct error *error);

#endif
