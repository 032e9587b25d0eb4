/* timing.json: what each stage of a run took, and what it waited for. The one file of a run that
 * has times: two equal runs differ in it. */
#ifndef EARMARK_OUTPUT_TIMING_H
#define EARMARK_OUTPUT_TIMING_H

#include "host/base/folder.h"

/* NAN: not known. */
struct run_timing {
    const char *stage;
    double seconds;
    double amount; /* of `unit` in that time; 0: nothing was counted */
    const char *unit;
    double audio_seconds;     /* that the stage went through; 0: those of the whole run */
    double bytes_read;        /* of files, whether from a disk or from memory */
    double bytes_fetched;     /* from disks by the program itself, for mapped files too */
    double processor_seconds; /* of the program itself, without its decoders */
    double disk_wait;         /* seconds a decoder spent opening and reading files, their mean */
    double device_wait;       /* seconds in which clips for the device were waited for */
    const char *limit;        /* what the stage waited for most; NULL: that cannot be said */
};

struct run_times {
    const struct run_timing *stages; /* (count) */
    size_t count;
    double seconds;       /* of the whole run */
    double audio_seconds; /* of all its clips */
};

/* {"stages": [{"stage", "seconds", "amount", "unit", "per_second", "times_real_time",
 * "bytes_read", "bytes_fetched", "processor_seconds", "disk_wait_seconds", "device_wait_seconds",
 * "limit"}], "seconds", "audio_seconds", "meaning": {...}}; null: not known. */
enum error_code run_write_timing(const struct folder *folder, const struct run_times *times,
                                 struct error *error);

#endif
