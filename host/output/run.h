/* The results of a run as plain data: filled in by the commands (or read back from the
 * files of a run, host/report/read.h) and written by the files of this folder.
 * Nothing here is owned: every pointer must stay valid while the results are used. */
#ifndef EARMARK_OUTPUT_RUN_H
#define EARMARK_OUTPUT_RUN_H

#include "host/base/error.h"
#include "host/clips/clips.h"
#include "host/sound/audio_faults.h"

struct matrix_rows;

/* The status of a clip in words for people: "cannot be read". (The word in the
 * status column of clips.csv is clip_status_name.) */
const char *run_status_words(enum clip_status status);

/* One clip, as one row of clips.csv. Absent texts are NULL, absent numbers
 * negative. */
struct run_clip {
    size_t row;
    const char *path; /* relative to the run's root, or absolute; any bytes but NUL */
    const char *id;   /* the manifest's; otherwise the path, for a segment path#t=start,end */
    const char *label;
    const char *group;
    const char *split;  /* part of the data set */
    const char *reason; /* for people: why it is not audited, or a remark */
    enum clip_status status;
    int32_t class_index; /* into classes.json */
    int32_t fold;
    double start;     /* seconds into the file where the clip begins; 0 for a whole file */
    size_t array_row; /* its row in the run's .npy files, or RUN_NO_ROW */
    struct clip_audio audio;
};

#define RUN_NO_ROW SIZE_MAX

/* A clip of which nothing is known. */
#define RUN_CLIP_INITIAL                                                                           \
    { .class_index = -1, .fold = -1, .array_row = RUN_NO_ROW, .audio = CLIP_AUDIO_INITIAL }

/* Seconds; negative where the file could not be read. */
double run_clip_duration(const struct run_clip *clip);

/* The clip's name in lists for people: its path, followed by the segment ("a.wav#t=1.5,3")
 * where its id has one. NULL when the path is not known. */
const char *run_clip_shown(const struct run_clip *clip);

/* All clips in the run's order, one at a time, so that they need not all be in memory.
 * get fills in *clip, whose texts stay valid until the next call. It is called
 * from one thread. get may be NULL (then the run has no clips, only rows). */
struct run_clips {
    size_t count;
    void (*get)(const void *context, size_t row, struct run_clip *clip);
    const void *context;
};

/* The clip of a row, of which nothing is known where the run has no clips, only rows. */
struct run_clip run_clip_at(const struct run_clips *clips, size_t row);

#define RUN_NEIGHBOURS 5           /* of a clip at most */
#define RUN_NEIGHBOUR_ISSUES 1000u /* of the ranking have neighbours */

/* In a multilabel run, a label that the clip has and probably should not have, or the reverse. */
struct run_annotation {
    int32_t class_index;
    bool given;
    float probability; /* that the clip should have it */
};

#define RUN_ESTIMATORS 3 /* of a view: logistic regression, discriminant, neighbours */

/* What one view says of an issue. Names of the estimators: run_estimator_name. */
struct run_evidence {
    float given[RUN_ESTIMATORS];     /* probability of the given label; NaN: not computed */
    float suggested[RUN_ESTIMATORS]; /* of the suggested label */
    uint32_t neighbours;             /* that were counted; 0: none were */
    uint32_t with_given;             /* of these, how many have the given label */
    uint32_t with_suggested;
};

/* "logistic", "discriminant", "neighbours". */
const char *run_estimator_name(size_t estimator);

/* One flagged clip; an array of these is in rank order, best first. */
struct run_issue {
    size_t row;    /* of clips.csv */
    int32_t given; /* like suggested -1 in a multilabel run, which has sets */
    int32_t suggested;
    const char *given_set; /* labels joined by the separator; NULL: the run is not multilabel */
    const char *suggested_set;
    const struct run_annotation *annotations; /* (annotation_count), by class */
    size_t annotation_count;
    bool certain;         /* a clip with identical sound has another label: one of them is wrong */
    size_t same_sound;    /* the row of that clip */
    bool none_of_classes; /* it probably belongs to no class at all */
    double entropy;       /* of the ensemble's probabilities, 0 to 1 */
    const struct run_evidence *evidence; /* (results' view_count); NULL: none */
    double score;                        /* the score that ranks: low is bad */
    double self_confidence;
    double normalized_margin;
    double confidence_weighted_entropy; /* scores that were not computed are NaN */
    float given_probability;            /* multilabel: of its least probable annotation */
    float suggested_probability;
    size_t neighbour_count;            /* 0 beyond RUN_NEIGHBOUR_ISSUES */
    size_t neighbours[RUN_NEIGHBOURS]; /* rows of clips.csv, most similar first */
    float similarities[RUN_NEIGHBOURS];
};

/* Health of one class, as cleanlab's rank_classes_by_label_quality. */
struct run_class {
    int32_t index;
    uint64_t examples; /* audited clips with this label */
    int64_t label_issues;
    int64_t inverse_label_issues;
    double label_noise;
    double inverse_label_noise;
    double label_quality;
    double recall; /* of the clips with this label, the fraction that the classifier gives it;
                      known when the run's belief is */
};

/* Clips of one group and class of which unusually many look like another class. */
struct run_group_error {
    const char *group; /* NULL: `number` names it */
    int64_t number;
    int32_t given;
    int32_t suggested;
    size_t clips;    /* of the group with the given label */
    size_t matching; /* of these, how many look like the suggested one */
};

/* An estimated number of clips, with its 95% interval. */
struct run_estimate {
    double number, low, high;
};

/* How many labels are wrong, and what was flagged. */
struct run_error_count {
    bool estimated;                      /* the numbers below are known */
    struct run_estimate errors;          /* in all audited clips */
    struct run_estimate flagged_right;   /* flagged, and the label is right */
    struct run_estimate unflagged_wrong; /* not flagged, and the label is wrong */
};

/* How well the classifier knows the classes. */
struct run_belief {
    bool computed;            /* the numbers below are known */
    double balanced_accuracy; /* mean of the classes' recall */
    double chance;            /* 1 / classes */
    double majority;          /* share of the largest class */
};

/* Two classes that the classifier confuses, as cleanlab's find_overlapping_classes without the
 * pairs whose probability is 0. */
struct run_pair {
    int32_t first;
    int32_t second;
    int64_t examples;
    double joint_probability;
};

/* A fact for run.json: a member of one of its objects ("settings", "versions",
 * "model", "crossval"...), its value as JSON text. */
struct run_fact {
    char *section;
    char *name;
    char *json;
};

/* Facts in the order in which they are set; sections in the order of their first fact.
 * A lack of memory is recorded, and reported by run_write_json. */
struct run_facts {
    struct run_fact *list;
    size_t count;
    size_t capacity;
    bool failed;
};

#define RUN_FACTS_INITIAL                                                                          \
    { NULL, 0, 0, false }

/* Setting a fact again replaces its value. A NULL string is JSON's null. */
void run_fact_string(struct run_facts *facts, const char *section, const char *name,
                     const char *value);
void run_fact_integer(struct run_facts *facts, const char *section, const char *name,
                      int64_t value);
void run_fact_double(struct run_facts *facts, const char *section, const char *name, double value);
void run_fact_bool(struct run_facts *facts, const char *section, const char *name, bool value);
/* Any JSON text made by the caller: an array, say. */
void run_fact_json(struct run_facts *facts, const char *section, const char *name,
                   const char *json);
/* The value's JSON text, or NULL. */
const char *run_fact_find(const struct run_facts *facts, const char *section, const char *name);
void run_facts_free(struct run_facts *facts); /* leaves them empty */

struct run_results {
    const char *input;    /* as the user gave it */
    const char *root;     /* folder that relative paths start from; NULL or "": the current one */
    bool allow_outside;   /* sounds and links may lead out of the root */
    const char *not_read; /* files of a folder that are not read, in words, for the summary; NULL or
                             "": none, or not known */
    struct run_clips clips;
    /* (rows of the arrays, embedding_columns) of the network, wherever they lie; NULL: they are in
     * OUT's embeddings.npy, if anywhere. */
    const struct matrix_rows *embeddings;
    size_t embedding_columns;
    uint64_t status_counts[CLIP_STATUS_COUNT]; /* run_count_statuses fills these in */
    uint64_t audio_fault_counts[AUDIO_FAULT_COUNT];
    bool has_audio_faults; /* the sounds were measured: audio faults are reported, also when there
                              are none */

    const char *const *class_names; /* (class_count), sorted; NULL: classes are numbers */
    size_t class_count;

    bool multilabel; /* multilabel: a clip's class is -1, its label a joined set */

    const char *detector;          /* "ensemble" or "logistic"; NULL: no detector was run */
    const char *const *view_names; /* (view_count) "xvector", "statistics" or a file's name */
    size_t view_count;             /* 0: issues have no marks and no evidence */
    struct run_belief belief;
    struct run_error_count error_count;
    const char *group_name;                     /* the field of the groups, "speaker"; or NULL */
    const struct run_group_error *group_errors; /* worst first; NULL: they were not looked for */
    size_t group_error_count;

    const char *const *cautions; /* whole sentences that come before everything else: when the
                                    list is worth little */
    size_t caution_count;

    const char *score_name;         /* "log_margin": what `score` is */
    const struct run_issue *issues; /* ranked */
    size_t issue_count;

    const struct run_class *classes; /* (class_count), worst quality first */
    const struct run_pair *pairs;    /* most confused first */
    size_t pair_count;
    const int64_t
        *confident_joint;  /* (class_count, class_count): row given, column true; or NULL */
    double overall_health; /* 1 - estimated label issues / audited clips; NaN: not known */

    const char *const *warnings; /* whole sentences */
    size_t warning_count;
    struct run_facts facts;
};

/* Counts the clips of each status and of each audio fault into results. */
void run_count_statuses(struct run_results *results);

/* The class's name, or its number written into buffer (16 bytes). */
const char *run_class_name(const struct run_results *results, int32_t index, char *buffer);

/* The label that an issue's clip has, and the one that it should have: a class's name or
 * number as above, or a joined set, which may be empty. */
const char *run_given_label(const struct run_results *results, const struct run_issue *issue,
                            char *buffer);
const char *run_suggested_label(const struct run_results *results, const struct run_issue *issue,
                                char *buffer);

#endif
