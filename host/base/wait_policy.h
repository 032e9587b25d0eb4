/* How OpenMP's threads wait for each other. */
#ifndef EARMARK_BASE_WAIT_POLICY_H
#define EARMARK_BASE_WAIT_POLICY_H

/* Makes threads sleep after a few microseconds of waiting. By default they spin for some
 * milliseconds at the end of every parallel region: on a busy machine each of them thereby takes
 * the processor from the very thread it waits for, and a cross-validation of small regions takes
 * five times as long. OpenMP reads its settings before main() and has no call for this one, so the
 * program starts itself again with OMP_WAIT_POLICY and GOMP_SPINCOUNT, once.
 *
 * Call it first in main(), before files are opened or threads started. It returns when
 * the policy is set, by an earlier call or by the user (OMP_WAIT_POLICY, GOMP_SPINCOUNT or
 * KMP_BLOCKTIME), or when the program cannot be started again; then threads may spin.
 * Results do not depend on it. */
void wait_policy_set(char **argv);

#endif
