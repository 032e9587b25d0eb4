/* The tables of a run: CSV for people and pandas, JSON lines for programs. Each
 * file appears under its name only when it is complete, is written as a stream,
 * and contains no time and nothing else that differs between two equal runs. */
#ifndef EARMARK_OUTPUT_FILES_H
#define EARMARK_OUTPUT_FILES_H

#include "host/base/folder.h"
#include "host/output/run.h"

/* clips.csv: every clip, in the run's order, with the columns of clip_columns.h. */
enum error_code run_write_clips(const struct folder *folder, const struct run_clips *clips,
                                struct error *error);

/* classes.json: an array of the names (numbers without class_names). */
enum error_code run_write_class_names(const struct folder *folder,
                                      const struct run_results *results, struct error *error);

/* A column of issues.csv, and a member of issues.jsonl, before the neighbours. */
struct issue_column {
    const char *name;
    const char *documentation;
    bool mark; /* only in runs with marks (findings.h) */
};

/* The table, in the order of the file. */
const struct issue_column *run_issue_columns(size_t *count);

/* issues.csv and issues.jsonl: the columns above and the neighbours. Evidence is a text in the
 * first and an array in the second. In a multilabel run the two labels are joined sets,
 * issues.jsonl has the wrong and missing labels as "annotations", and annotations.csv has a row
 * for each: rank, row, id, path, label, given (1: the clip has it and probably should not; 0: the
 * reverse), probability that the clip should have it. */
enum error_code run_write_issues(const struct folder *folder, const struct run_results *results,
                                 struct error *error);

/* classes.csv (when results->classes; with recall when the belief is computed),
 * overlapping_classes.csv (when pairs), confident_joint.csv (when confident_joint) and
 * group_errors.csv (when group_errors). */
enum error_code run_write_health(const struct folder *folder, const struct run_results *results,
                                 struct error *error);

/* Members of run.json that are not sections of facts: "format", "source" (the input
 * as it was given), "root", "counts", "score", "overall_health", "warnings", "audio_health"; if
 * a detector was run "detector" (its name), "views" (their names), "error_count", "belief" (null
 * where they are not known) and "cautions". */
bool run_json_is_fixed(const char *name);

/* run.json: counts, warnings and the facts, whose sections must have other names than
 * the members above. It marks the run as complete: write it last. */
enum error_code run_write_json(const struct folder *folder, const struct run_results *results,
                               struct error *error);

/* Clips, class names, issues and class health: what a page of the run is made from. */
enum error_code run_write_tables(const struct folder *folder, const struct run_results *results,
                                 struct error *error);

/* All of the above: the tables, and run.json last. */
enum error_code run_write(const struct folder *folder, const struct run_results *results,
                          struct error *error);

#endif
