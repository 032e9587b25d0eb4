/* Faults of the operating system at chosen calls: the test program's own open, write,
 * fsync, rename and so on stand in front of the C library's, for earmark and for the
 * libraries it uses. They only pass on until a plan is armed. Calls count when their
 * file lies under the plan's folder. */
#ifndef EARMARK_TEST_FAULTS_H
#define EARMARK_TEST_FAULTS_H

#include <stdbool.h>

enum fault_call { /* bits */
                  FAULT_OPEN = 1,
                  FAULT_READ = 2, /* read and pread */
                  FAULT_WRITE = 4,
                  FAULT_FSYNC = 8,
                  FAULT_CLOSE = 16,
                  FAULT_RENAME = 32,
                  FAULT_UNLINK = 64, /* unlink, unlinkat, rmdir */
                  FAULT_MKDIR = 128,
                  FAULT_LIST = 256, /* opendir */
                  FAULT_ALL = 511
};

/* What happens instead of the call. Positive numbers are errnos. */
#define FAULT_KILL (-1)        /* SIGKILL to who armed it; a write is done by half before */
#define FAULT_SHORT_WRITE (-2) /* half of it is written, and said so */
/* What a codec may do to its process; in reads. */
#define FAULT_CRASH (-3)  /* SIGSEGV */
#define FAULT_LOOP (-4)   /* never comes back */
#define FAULT_MEMORY (-5) /* takes what there is, up to 64 GiB; fails with ENOMEM below that */
#define FAULT_SLOW (-6)   /* half a second */

struct fault_plan {
    const char *under; /* folder, or file */
    unsigned calls;    /* enum fault_call */
    int kind;
    int at;      /* the call of that number, from 1; 0: none, calls are counted only */
    bool sticky; /* and all calls after it */
    double tick; /* seconds that the monotonic clock gains at every look at it */
};

/* From now on in this process and in those it forks, whose calls are counted together; NULL
 * ends it in this one. The plan is copied, its strings are not. */
void faults_arm(const struct fault_plan *plan);

/* close() of a number that was not open, since the program began, armed or not: with
 * threads it would have been another one's file. */
int faults_closed_twice(void);

/* Calls counted since faults_arm; 0 after faults_arm(NULL). */
int faults_count(void);

#endif
