/* A part of a list of clips: what one of several machines embeds, without talking to the others.
 * Which part a clip is in follows from the list alone. */
#ifndef EARMARK_CLUSTER_PART_H
#define EARMARK_CLUSTER_PART_H

#include "host/clips/clips.h"

#define PARTS_MAXIMUM 99999
#define PART_NAME_SIZE 32

/* Part `number` of `count`: 0 .. count - 1. */
struct part {
    size_t number, count;
};

/* Reads "3/32", or with "env" what a scheduler says of this task: SLURM_ARRAY_TASK_ID with
 * SLURM_ARRAY_TASK_COUNT and SLURM_ARRAY_TASK_MIN, or JOB_COMPLETION_INDEX; EARMARK_SHARDS is then
 * the number of parts, and tasks are numbered from 0. ERROR_USAGE. */
enum error_code part_read(const char *text, struct part *part, struct error *error);

/* Its folder's name, "part-00003-of-00032", and back; false for any other name. */
void part_name(const struct part *part, char name[PART_NAME_SIZE]);
bool part_read_name(const char *name, struct part *part);

/* Deals the clips of a list to parts, in the list's order. Consecutive clips of one file or
 * container go in pieces of PART_PIECE to one part after another, those of the next file beginning
 * one part later; a clip by itself goes by its path, so that few clips change their part when the
 * list grows. */
#define PART_PIECE 1024

struct part_deal {
    const struct clip_list *clips;
    size_t parts;
    size_t next;               /* clip */
    size_t run_begin, run_end; /* of clips of one file */
    size_t runs;               /* of several clips, so far */
};

void part_deal_begin(struct part_deal *deal, const struct clip_list *clips, size_t parts);
/* The part of the next clip, of which there must be one. */
size_t part_deal_next(struct part_deal *deal);

/* The clips of a part, ascending; scratch_free() releases them. NULL on ERROR_MEMORY. */
size_t *part_clips(const struct clip_list *clips, const struct part *part, size_t *count,
                   struct error *error);

/* Adds a clip to a hash over the clips of a part: path, segment and place, but no label. */
uint64_t part_hash(const struct clip_list *clips, size_t index, uint64_t hash);

#endif
