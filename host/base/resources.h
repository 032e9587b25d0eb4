/* What the process has used so far, its threads together, by what the kernel counts. */
#ifndef EARMARK_BASE_RESOURCES_H
#define EARMARK_BASE_RESOURCES_H

#include <stdbool.h>
#include <stdint.h>

struct resources {
    double processor_seconds;
    double queued_seconds; /* of the threads there are: ready to run, but others had the processors;
                              0 where the kernel does not count it */
    bool has_bytes;        /* /proc/self/io can be read */
    uint64_t bytes_read;   /* that calls have returned, of files in memory too; not of mappings */
    uint64_t bytes_fetched; /* from disks, for calls and for mappings */
};

struct resources resources_now(void);

#endif
