/* System calls that fail on purpose. The test program defines open, write, fsync, rename and
 * so on itself, so that calls by earmark and by its libraries come here first. Until a plan is
 * armed they only call the C library's functions. A call counts when its file is in the plan's
 * folder. */
#ifndef EARMARK_TEST_INJECTED_FAILURES_H
#define EARMARK_TEST_INJECTED_FAILURES_H

#include <stdbool.h>

enum failing_call { /* bits */
                    FAIL_OPEN = 1,
                    FAIL_READ = 2, /* read and pread */
                    FAIL_WRITE = 4,
                    FAIL_FSYNC = 8, /* and fdatasync */
                    FAIL_CLOSE = 16,
                    FAIL_RENAME = 32,
                    FAIL_UNLINK = 64, /* unlinkat */
                    FAIL_MKDIR = 128,
                    FAIL_LIST = 256, /* opendir, fdopendir */
                    FAIL_ALL = 511
};

/* What happens instead of the call. Positive numbers are errnos. */
#define FAIL_KILL (-1)        /* SIGKILL to the process that armed it; a write does half first */
#define FAIL_SHORT_WRITE (-2) /* writes half and returns that count */
/* What a codec may do to its process; for reads. */
#define FAIL_CRASH (-3)  /* SIGSEGV */
#define FAIL_LOOP (-4)   /* never returns */
#define FAIL_MEMORY (-5) /* allocates up to 64 GiB; ENOMEM when less is available */
#define FAIL_SLOW (-6)   /* sleeps half a second */
#define FAIL_WAIT (-7)   /* waits for a signal, a minute at most */

struct failure_plan {
    const char *under; /* a folder or a file */
    unsigned calls;    /* enum failing_call */
    int kind;
    int at;      /* number of the call that fails, from 1; 0: calls are only counted */
    bool sticky; /* all later calls fail too */
    double tick; /* seconds added to the monotonic clock each time it is read */
};

/* Arms the plan in this process and in those that it forks; their calls share one count. NULL
 * disarms this process. The plan is copied, its strings are not. */
void failures_arm(const struct failure_plan *plan);

/* How often close() got a descriptor that was not open, since the program began, armed or not.
 * With threads such a close can hit another thread's file. */
int failures_closed_twice(void);

/* Number of calls since failures_arm; 0 after failures_arm(NULL). */
int failures_count(void);

#endif
