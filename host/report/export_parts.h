/* What the exports share. Private to host/report/export*.c. */
#ifndef EARMARK_REPORT_EXPORT_PARTS_H
#define EARMARK_REPORT_EXPORT_PARTS_H

#include "host/base/table_file.h"
#include "host/output/run.h"

struct export_counts {
    size_t issues;
    size_t files;   /* of sounds that have some */
    size_t members; /* issues whose sound is in a tar or parquet file */
};

/* Issues in the order of their files, and of their places in them. */
struct export_issue {
    const char *path; /* of the sound */
    double start;
    size_t issue; /* index: rank - 1 */
};

struct export {
    const struct folder *folder;
    const struct run_results *results;
    const char *root;                  /* absolute, if it can be resolved */
    const struct export_issue *sorted; /* (results->issue_count) */
};

/* Labels as they are shown: of one line, without what would command a program. */
void export_given(const struct export *export, const struct run_issue *issue, struct text *text);
void export_suggested(const struct export *export, const struct run_issue *issue,
                      struct text *text);

/* What is suggested for a clip that fits no class. */
#define EXPORT_NONE_OF_CLASSES "none of the classes"

/* Seconds into the file where the clip begins and ends; equal if its length is not known. */
void export_times(const struct run_clip *clip, double *start, double *end);

/* A label track or selection table for each sound file. */
enum error_code export_tracks(const struct export *export, bool raven, struct export_counts *counts,
                              struct error *error);
enum error_code export_tasks(const struct export *export, struct export_counts *counts,
                             struct error *error);

#endif
