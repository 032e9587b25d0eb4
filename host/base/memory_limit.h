/* How much memory there is for this process. */
#ifndef EARMARK_BASE_MEMORY_LIMIT_H
#define EARMARK_BASE_MEMORY_LIMIT_H

#include <stdint.h>

/* Bytes: the machine's memory, or less where a control group, as of a container or a job, allows
 * less. UINT64_MAX: not known. */
uint64_t memory_limit(void);

/* What the groups allow that are listed in `groups`, as in /proc/self/cgroup, of the file systems
 * at `mount` (/sys/fs/cgroup); UINT64_MAX: they have no limit. */
uint64_t memory_limit_of_groups(const char *groups, const char *mount);

#endif
