/* Jobs for many machines: one task for each part of INPUT (`earmark embed --shard`), then the
 * reducer
 * (`earmark audit --from-shards`). What is made here is text for Slurm, Kubernetes or GNU parallel,
 * to be read, kept and edited; nothing of earmark runs beside it. */
#ifndef EARMARK_CLUSTER_JOBS_H
#define EARMARK_CLUSTER_JOBS_H

#include "host/cluster/part.h"

#define JOB_TASKS_MAXIMUM PARTS_MAXIMUM
#define JOB_REPEATS 32 /* of an option that may be given several times */

/* As the options give it; NULL or 0: not given. */
struct job_settings {
    int tasks;
    int max_running;
    int cpus, gpus; /* of each task */
    const char *memory;
    const char *program; /* words with spaces between them */
    /* Slurm */
    const char *time, *partition, *account;
    const char *sbatch[JOB_REPEATS], *reducer_sbatch[JOB_REPEATS];
    int max_array;
    bool submit;
    /* Kubernetes */
    const char *image, *name, *volumes[JOB_REPEATS];
    /* GNU parallel */
    const char *servers;
    int per_server;
};

#define JOB_DEFAULTS                                                                               \
    { .image = "earmark", .name = "earmark" }

/* Words of a command line, each ended by a NUL. */
struct job_words {
    struct text bytes;
    size_t count;
};

void job_words_add(struct job_words *words, const char *word);
/* Adds the words between the spaces of a string. */
void job_words_split(struct job_words *words, const char *string);
/* The word after this one; the first for NULL; NULL after the last. */
const char *job_words_next(const struct job_words *words, const char *word);
/* Appends " WORD" for each, for bash. */
void job_words_shell(const struct job_words *words, struct text *text);
void job_words_free(struct job_words *words);

struct jobs {
    const struct job_settings *settings;
    const char *input, *out; /* absolute paths */
    struct job_words program;
    struct job_words embed, audit; /* the options of the two stages */
    char *state;   /* the folder of --state, which has the shards, or NULL: OUT has them */
    char *metrics; /* --metrics of the tasks without its ".prom", or NULL: each has its own file */
    bool own_threads; /* --threads is among them; otherwise as many as processors were
                         asked for */
};

void jobs_free(struct jobs *jobs);

/* Append the text. Errors: ERROR_USAGE for what cannot be written in it. */
enum error_code jobs_slurm(const struct jobs *jobs, struct text *text, struct error *error);
enum error_code jobs_kubernetes(const struct jobs *jobs, struct text *text, struct error *error);
enum error_code jobs_parallel(const struct jobs *jobs, struct text *text, struct error *error);

/* A size with its unit: "8G". */
bool job_memory_is_size(const char *value);

#endif
