/* Processes in the sandbox, and what they have around them. */
#ifndef EARMARK_TEST_SANDBOXED_H
#define EARMARK_TEST_SANDBOXED_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

/* Descriptors that every process inherits. The sandbox is given SOCKET; a file named "file", with
 * the bytes of sandboxed_bytes, is open for reading and writing. */
enum { SOCKET = 60, PEER, OTHER_SOCKET, OTHER_PEER, FILE_RDWR, TCP, UNIX_SOCKET };

extern char sandboxed_bytes[4096];
extern void *sandboxed_page;                  /* of this process */
extern struct sockaddr_in sandboxed_internet; /* a port of this machine where somebody listens */
extern struct sockaddr_un sandboxed_abstract; /* a name without a file that can be reached */

/* Set-up and tear-down of a group: a folder, where the program then is, and the descriptors. */
int sandboxed_make(void **state);
int sandboxed_remove(void **state);

/* Makes again what an earlier process took away, and throws away what it made or sent. */
void sandboxed_renew(void);

/* Skips the test, and says why, where there is no sandbox. */
void sandboxed_or_skip(void);

enum surroundings { OPEN, LANDLOCK_ALONE, CLOSED };

/* Shuts this process in; false as sandbox_enter(). It ends after 20 seconds, whatever it does. */
bool sandboxed_enter(enum surroundings surroundings);

/* From now on the call fails with this errno in this process, as on another kernel: always, or
 * where its first argument is `first`. */
#define ANY_ARGUMENT UINT64_MAX
void sandboxed_take_away(int call, uint64_t first, int number);

/* How a child ended: 0, the number with which it exited (here an errno), or minus a signal. */
int sandboxed_end(pid_t child);

/* "works", "refused, EACCES" or "killed, SIGSYS". */
const char *sandboxed_words(int end, char *buffer, size_t size);

#endif
