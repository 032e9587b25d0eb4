#include "host/cluster/part.h"

#include "host/base/scratch.h"
#include "host/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define NUMBER_DIGITS 5 /* of PARTS_MAXIMUM */

/* ---- numbers ---- */

/* Decimal digits alone, of a number up to PARTS_MAXIMUM. */
static bool read_number(const char *text, size_t length, size_t *number) {
    *number = 0;
    if (length == 0) return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *number = *number * 10 + (size_t)(text[i] - '0');
        if (*number > PARTS_MAXIMUM) return false;
    }
    return true;
}

/* A variable of the environment. *given: it is set and not empty. */
static enum error_code read_variable(const char *name, size_t *number, bool *given,
                                     struct error *error) {
    const char *text = getenv(name);
    *given = text != NULL && text[0] != '\0';
    if (!*given || read_number(text, strlen(text), number)) return ERROR_NONE;
    return FAIL(error, ERROR_USAGE, "--shard env: %s is '%.*s': a number from 0 to %d is needed",
                name, UTF8_PIECE(text, 100), PARTS_MAXIMUM);
}

/* A task of a Slurm array, whose numbers may begin anywhere but must have no gaps. */
static enum error_code read_array(struct part *part, struct error *error) {
    size_t first = 0, last = 0;
    bool has_count, has_first, has_last;
    TRY(read_variable("SLURM_ARRAY_TASK_COUNT", &part->count, &has_count, error));
    TRY(read_variable("SLURM_ARRAY_TASK_MIN", &first, &has_first, error));
    TRY(read_variable("SLURM_ARRAY_TASK_MAX", &last, &has_last, error));
    if (!has_count)
        return FAIL(error, ERROR_USAGE,
                    "--shard env: SLURM_ARRAY_TASK_COUNT is not set; set EARMARK_SHARDS to the "
                    "number of shards");
    if (part->number < first || (has_last && last - first + 1 != part->count))
        return FAIL(error, ERROR_USAGE,
                    "--shard env: the array's %zu tasks are not consecutive numbers; set "
                    "EARMARK_SHARDS to the number of shards, which the tasks count from 0",
                    part->count);
    part->number -= first;
    return ERROR_NONE;
}

static enum error_code read_environment(struct part *part, struct error *error) {
    bool has_number, has_count;
    const char *name = "SLURM_ARRAY_TASK_ID";
    TRY(read_variable("EARMARK_SHARDS", &part->count, &has_count, error));
    TRY(read_variable(name, &part->number, &has_number, error));
    if (has_number && !has_count) return read_array(part, error);
    if (!has_number)
        TRY(read_variable(name = "JOB_COMPLETION_INDEX", &part->number, &has_number, error));
    if (!has_number)
        return FAIL(error, ERROR_USAGE,
                    "--shard env: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; "
                    "give --shard I/N, as 0/8");
    if (!has_count)
        return FAIL(error, ERROR_USAGE,
                    "--shard env: set EARMARK_SHARDS to the number of shards; %s alone does not "
                    "tell it",
                    name);
    return ERROR_NONE;
}

enum error_code part_read(const char *text, struct part *part, struct error *error) {
    const char *slash = strchr(text, '/');
    *part = (struct part){0, 0};
    if (strcmp(text, "env") == 0) {
        TRY(read_environment(part, error));
    } else if (slash == NULL || !read_number(text, (size_t)(slash - text), &part->number) ||
               !read_number(slash + 1, strlen(slash + 1), &part->count)) {
        return FAIL(error, ERROR_USAGE,
                    "--shard %.*s: give I/N, shard I of N counted from 0, as 0/8 (N up to %d), or "
                    "env",
                    UTF8_PIECE(text, 100), PARTS_MAXIMUM);
    }
    if (part->number < part->count) return ERROR_NONE;
    if (part->count == 0)
        return FAIL(error, ERROR_USAGE, "--shard %.*s: there must be at least 1 shard",
                    UTF8_PIECE(text, 100));
    return FAIL(error, ERROR_USAGE,
                "--shard %.*s: there is no shard %zu of %zu; they are counted from 0 to %zu",
                UTF8_PIECE(text, 100), part->number, part->count, part->count - 1);
}

void part_name(const struct part *part, char name[PART_NAME_SIZE]) {
    snprintf(name, PART_NAME_SIZE, "part-%0*zu-of-%0*zu", NUMBER_DIGITS, part->number,
             NUMBER_DIGITS, part->count);
}

bool part_read_name(const char *name, struct part *part) {
    char again[PART_NAME_SIZE];
    if (sscanf(name, "part-%5zu-of-%5zu", &part->number, &part->count) != 2) return false;
    part_name(part, again);
    return strcmp(name, again) == 0 && part->number < part->count;
}

/* ---- clips ---- */

static bool same(const char *left, const char *right) {
    return left != NULL && right != NULL && strcmp(left, right) == 0;
}

/* Whether two clips are of one container, or segments of one file. */
static bool same_file(const struct clip_list *clips, size_t a, size_t b) {
    const char *container = clip_container(clips, a);
    if (container != NULL) return same(container, clip_container(clips, b));
    return clip_container(clips, b) == NULL && same(clip_path(clips, a), clip_path(clips, b));
}

void part_deal_begin(struct part_deal *deal, const struct clip_list *clips, size_t parts) {
    *deal = (struct part_deal){.clips = clips, .parts = parts};
}

size_t part_deal_next(struct part_deal *deal) {
    const struct clip_list *clips = deal->clips;
    const size_t clip = deal->next++;
    if (clip == deal->run_end) {
        deal->run_begin = clip;
        deal->run_end = clip + 1;
        while (deal->run_end < clips->count && same_file(clips, clip, deal->run_end))
            deal->run_end++;
        if (deal->run_end - clip > 1) deal->runs++;
    }
    if (deal->run_end - deal->run_begin > 1)
        return (deal->runs - 1 + (clip - deal->run_begin) / PART_PIECE) % deal->parts;
    const char *path = clip_path(clips, clip);
    return (size_t)(XXH3_64bits(path, strlen(path)) % deal->parts);
}

size_t *part_clips(const struct clip_list *clips, const struct part *part, size_t *count,
                   struct error *error) {
    struct part_deal deal;
    size_t capacity = 0, *chosen = NULL;
    *count = 0;
    part_deal_begin(&deal, clips, part->count);
    for (size_t i = 0; i < clips->count; i++) {
        if (part_deal_next(&deal) != part->number) continue;
        if (scratch_grow(&chosen, &capacity, *count + 1, sizeof *chosen, "the clips of a shard",
                         error) != ERROR_NONE)
            break;
        chosen[(*count)++] = i;
    }
    if (error->code == ERROR_NONE && chosen == NULL)
        chosen = scratch_array(0, sizeof *chosen, "the clips of a shard", error);
    if (error->code == ERROR_NONE) return chosen;
    scratch_free(chosen);
    return NULL;
}

uint64_t part_hash(const struct clip_list *clips, size_t index, uint64_t hash) {
    const char *texts[2] = {clip_path(clips, index), clip_container(clips, index)};
    const struct clip_place *place = clip_place(clips, index);
    const double segment[2] = {clips->clips[index].start, clips->clips[index].end};
    const uint64_t bytes[2] = {place == NULL ? 0 : place->place, place == NULL ? 0 : place->bytes};
    for (size_t t = 0; t < 2; t++)
        hash = texts[t] == NULL ? XXH3_64bits_withSeed("", 0, hash)
                                : XXH3_64bits_withSeed(texts[t], strlen(texts[t]) + 1, hash);
    hash = XXH3_64bits_withSeed(segment, sizeof segment, hash);
    return XXH3_64bits_withSeed(bytes, sizeof bytes, hash);
}
