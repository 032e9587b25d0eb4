/* Shuts a process in that reads bytes from anybody: a codec that such bytes take over can compute
 * and answer, and nothing else. */
#ifndef EARMARK_BASE_SANDBOX_H
#define EARMARK_BASE_SANDBOX_H

#include <stdbool.h>

/* Sanitizers make system calls of their own at any time, so builds with them have no sandbox. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_BUILT 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer) || __has_feature(undefined_behavior_sanitizer)
#define SANDBOX_BUILT 0
#else
#define SANDBOX_BUILT 1
#endif
#else
#define SANDBOX_BUILT 1
#endif

/* What bounds such a process on this machine. */
struct sandbox_layers {
    bool seccomp;      /* system calls: Linux 4.14 or later */
    int landlock;      /* the version of Landlock's interface; 0: none */
    bool memory_limit; /* its use of memory can be read, and so limited */
};

/* Asks the kernel; changes nothing. In a build without the sandbox seccomp and Landlock are none.
 */
struct sandbox_layers sandbox_available(void);

/* Says which of the first two this kernel lacks, if it lacks one; nothing when quiet. For commands
 * that decode, before they do. */
void sandbox_report(bool quiet);

/* Shuts the calling process in, for good; it must have one thread. From then on it can read the
 * descriptors that it has, receive from `socket` and send to it, and manage memory that is not
 * executable. Files, sockets, processes and programs are refused with EACCES where the C library
 * asks for them by itself; any other call ends the process by SIGSYS. Memory limits are the
 * caller's. A layer that this kernel lacks is left out; false with errno when one that it has
 * could not be put in force: the process must then not go on. */
bool sandbox_enter(int socket);

/* Overwrites the environment with zeros and empties it: it may hold passwords, and its memory
 * stays readable to the process. */
void sandbox_scrub_environment(void);

#endif
