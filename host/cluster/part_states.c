#include "host/cluster/part_states.h"

#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/embedding/run_record.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define COMPLETE_LIMIT ((size_t)64 << 10)
#define MOST_COUNTS 16 /* numbers of parts that are told apart */

const char *part_state_name(enum part_state state) {
    static const char *const names[PART_STATES] = {"not_begun", "complete", "running", "dead",
                                                   "stopped"};
    return names[state];
}

/* ---- which parts there are ---- */

struct counts {
    size_t parts[MOST_COUNTS], folders[MOST_COUNTS];
    size_t count;
};

static enum error_code count_part(void *context, const char *name, struct error *error) {
    struct counts *counts = context;
    struct part part;
    size_t at = 0;
    (void)error;
    if (!part_read_name(name, &part)) return ERROR_NONE;
    while (at < counts->count && counts->parts[at] != part.count) at++;
    if (at == MOST_COUNTS) return ERROR_NONE;
    if (at == counts->count) {
        counts->parts[at] = part.count;
        counts->folders[at] = 0;
        counts->count++;
    }
    counts->folders[at]++;
    return ERROR_NONE;
}

/* The number of parts of which most have a folder. */
static size_t choose_count(const struct counts *counts) {
    size_t best = 0;
    for (size_t i = 1; i < counts->count; i++)
        if (counts->folders[i] > counts->folders[best]) best = i;
    return counts->count == 0 ? 0 : counts->parts[best];
}

/* ---- one part ---- */

static double file_age(const struct folder *folder, const char *name) {
    struct stat status;
    struct timespec now;
    if (fstatat(folder->descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return NAN;
    clock_gettime(CLOCK_REALTIME, &now);
    const double age = (double)(now.tv_sec - status.st_mtim.tv_sec) +
                       1e-9 * (double)(now.tv_nsec - status.st_mtim.tv_nsec);
    return age > 0.0 ? age : 0.0;
}

static uint64_t count_of(const json_t *object, const char *name) {
    const json_int_t value = json_integer_value(json_object_get(object, name));
    return value > 0 && value < (json_int_t)1 << 48 ? (uint64_t)value : 0;
}

/* Whoever uses the part checks it; here only its numbers are shown. */
static void take_complete(const struct folder *folder, struct part_states *states) {
    struct error ignored = ERROR_INITIAL;
    char *text = NULL;
    size_t size = 0;
    if (folder_read(folder, PART_COMPLETE, COMPLETE_LIMIT, &text, &size, &ignored) == ERROR_NONE) {
        json_t *json = json_parse(text, size, PART_COMPLETE, &ignored);
        if (json_is_object(json)) {
            const uint64_t clips = count_of(json, "clips");
            states->clips += clips;
            states->clips_done += clips;
            states->unreadable += count_of(json, "unreadable");
            states->sized++;
        }
        json_decref(json);
    }
    free(text);
}

static enum error_code take_owner(const struct folder *folder, const struct part_owner *owner,
                                  size_t number, struct part_states *states, struct error *error) {
    TRY(memory_grow(&states->seen, &states->seen_capacity, states->seen_count + 1,
                    sizeof *states->seen, "shards", error));
    struct part_seen *seen = &states->seen[states->seen_count++];
    const bool known = owner->tag[0] != '\0';
    *seen = (struct part_seen){.number = number,
                               .beat_age = file_age(folder, PART_OWNER),
                               .clips = owner->clips,
                               .clips_done = owner->clips_done,
                               .clips_a_second = owner->clips_a_second};
    memcpy(seen->host, owner->process.host, sizeof seen->host);
    memcpy(seen->process, owner->process.process, sizeof seen->process);
    if (seen->clips_done > seen->clips) seen->clips_done = seen->clips;
    const bool dead =
        !known || !(seen->beat_age <= STATES_STALE) || lock_owner_is_gone(&owner->process);
    seen->state = dead ? PART_IS_DEAD : PART_RUNS;
    if (known && seen->clips < (uint64_t)1 << 48) {
        states->clips += seen->clips;
        states->clips_done += seen->clips_done;
        states->sized++;
    }
    if (!dead && seen->clips_a_second < 1e12) states->clips_a_second += seen->clips_a_second;
    states->states[number] = (unsigned char)seen->state;
    return ERROR_NONE;
}

static enum error_code look_at(const struct folder *parts, size_t number,
                               struct part_states *states, struct error *error) {
    const struct part part = {number, states->count};
    char name[PART_NAME_SIZE];
    struct folder folder = FOLDER_INITIAL;
    struct part_owner owner;
    bool there = false;
    part_name(&part, name);
    folder_open_in(parts, name, false, &folder, error);
    if (error->code == ERROR_NONE && folder.descriptor >= 0) {
        states->states[number] = PART_STOPPED;
        if (states->input == NULL) states->input = run_record_value(&folder, RUN_RECORD_INPUT);
        if (folder_has(&folder, PART_COMPLETE)) {
            states->states[number] = PART_IS_COMPLETE;
            take_complete(&folder, states);
        } else if (part_owner_read(&folder, &owner, &there, error) == ERROR_NONE && there) {
            take_owner(&folder, &owner, number, states, error);
        }
    }
    folder_close(&folder);
    return error->code;
}

enum error_code part_states_read(const struct folder *out, struct part_states *states,
                                 struct error *error) {
    struct counts counts = {.count = 0};
    struct folder parts = FOLDER_INITIAL;
    *states = (struct part_states){.count = 0};
    folder_open_in(out, PARTS_FOLDER, false, &parts, error);
    if (error->code == ERROR_NONE && parts.descriptor >= 0) {
        folder_each(&parts, count_part, &counts, error);
        states->count = choose_count(&counts);
        states->several = counts.count > 1;
    }
    if (error->code == ERROR_NONE && states->count > 0)
        states->states = memory_array(states->count, 1, "shards", error);
    for (size_t i = 0; error->code == ERROR_NONE && i < states->count; i++)
        look_at(&parts, i, states, error);
    for (size_t i = 0; error->code == ERROR_NONE && i < states->count; i++)
        states->totals[states->states[i]]++;
    folder_close(&parts);
    return error->code;
}

void part_states_free(struct part_states *states) {
    free(states->states);
    free(states->seen);
    free(states->input);
    *states = (struct part_states){.count = 0};
}
