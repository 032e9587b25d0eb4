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
#define FAULT_KILL (-1)        /* SIGKILL; a write is done by half before */
#define FAULT_SHORT_WRITE (-2) /* half of it is written, and said so */

struct fault_plan {
    const char *under; /* folder */
    unsigned calls;    /* enum fault_call */
    int kind;
    int at;      /* the call of that number, from 1; 0: none, calls are counted only */
    bool sticky; /* and all calls after it */
    double tick; /* seconds that the monotonic clock gains at every look at it */
};

/* From now on in this process; NULL ends it. The plan is copied, its strings are not. */
void faults_arm(const struct fault_plan *plan);

/* close() of a number that was not open, since the program began, armed or not: with
 * threads it would have been another one's file. */
int faults_closed_twice(void);

/* Calls counted since faults_arm. */
int faults_count(void);

#endif
