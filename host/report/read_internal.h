/* A run that is being read back. Private to host/report/read*.c. */
#ifndef EARMARK_REPORT_READ_INTERNAL_H
#define EARMARK_REPORT_READ_INTERNAL_H

#include "host/output/run.h"
#include "host/report/all_clips.h"
#include "host/report/read_source.h"

struct name_index {
    const char *name;
    int32_t index;
};

struct run_read {
    struct run_results results; /* points into what follows */
    char *input;
    char *root;
    char *score_name;
    char **class_names; /* (results.class_count) */
    struct name_index *classes_by_name;
    char **warnings;
    char **cautions;
    char *detector;
    char *group_name;
    char **view_names;
    int64_t stated_issues;    /* in run.json; -1: it does not say */
    struct run_issue *issues; /* their sets, annotations and evidence are owned */
    size_t issue_capacity;
    struct run_class *classes;
    struct run_pair *pairs;
    size_t pair_capacity;
    int64_t *joint;
    struct run_group_error *group_errors; /* their groups are owned */
    size_t group_error_capacity;

    size_t *needed; /* rows that the page shows, ascending, each once */
    size_t needed_count;
    struct run_clip *kept; /* ascending rows; their texts are owned */
    size_t kept_count;
    size_t kept_capacity;
    struct all_clips *all;  /* NULL until run_read_every_clip */
    struct run_clips every; /* its view */
};

/* The index of the class, or -1. */
int32_t run_read_find_class(const struct run_read *read, const char *name);

/* One file each. */
enum error_code run_read_json(struct run_read *read, const struct run_file *file,
                              struct error *error);
enum error_code run_read_class_names(struct run_read *read, const struct run_file *file,
                                     struct error *error);
enum error_code run_read_issues(struct run_read *read, const struct run_file *file,
                                struct error *error);
enum error_code run_read_clips(struct run_read *read, const struct run_file *file,
                               struct error *error);
enum error_code run_read_classes(struct run_read *read, const struct run_file *file,
                                 struct error *error);
enum error_code run_read_pairs(struct run_read *read, const struct run_file *file,
                               struct error *error);
enum error_code run_read_joint(struct run_read *read, const struct run_file *file,
                               struct error *error);
enum error_code run_read_group_errors(struct run_read *read, const struct run_file *file,
                                      struct error *error);

#endif
