#include "host/output/run.h"

#include "host/base/memory.h"
#include "host/base/numbers.h"
#include "host/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *run_status_words(enum clip_status status) {
    switch (status) {
    case CLIP_OK: return "audited";
    case CLIP_SILENT: return "silent";
    case CLIP_UNREADABLE: return "cannot be read";
    case CLIP_TRUNCATED: return "cut off: shorter than the file's header says";
    case CLIP_TOO_SHORT: return "too short";
    case CLIP_BAD_ROW: return "manifest row that cannot be understood";
    case CLIP_OUTSIDE: return "path or link that leads out of INPUT's folder";
    case CLIP_NO_LABEL: return "no label";
    case CLIP_NO_GROUP: return "no group";
    case CLIP_NO_FOLD: return "no fold";
    case CLIP_TOO_FEW_EXAMPLES: return "too few clips of the class";
    case CLIP_LABEL_NOT_IN_TRAINING: return "label absent from the training rows of the fold";
    case CLIP_BAD_SEGMENT: return "start and end outside the file";
    }
    return "unknown";
}

const char *run_clip_shown(const struct run_clip *clip) {
    size_t length = clip->path == NULL ? 0 : strlen(clip->path);
    bool is_segment = length > 0 && clip->id != NULL &&
                      strncmp(clip->id, clip->path, length) == 0 &&
                      strncmp(clip->id + length, "#t=", 3) == 0;
    return is_segment ? clip->id : clip->path;
}

double run_clip_duration(const struct run_clip *clip) {
    const struct clip_facts *facts = &clip->audio.facts;
    return facts->rate > 0 ? facts->seconds : -1.0;
}

struct run_clip run_clip_at(const struct run_clips *clips, size_t row) {
    struct run_clip clip = RUN_CLIP_INITIAL;
    if (clips->get != NULL && row < clips->count) clips->get(clips->context, row, &clip);
    clip.row = row;
    return clip;
}

void run_count_statuses(struct run_results *results) {
    memset(results->status_counts, 0, sizeof results->status_counts);
    memset(results->audio_fault_counts, 0, sizeof results->audio_fault_counts);
    for (size_t row = 0; results->clips.get != NULL && row < results->clips.count; row++) {
        struct run_clip clip;
        results->clips.get(results->clips.context, row, &clip);
        if ((unsigned)clip.status < CLIP_STATUS_COUNT) results->status_counts[clip.status]++;
        for (int i = 0; i < AUDIO_FAULT_COUNT; i++)
            results->audio_fault_counts[i] += clip.audio.faults >> i & 1;
    }
}

const char *run_estimator_name(size_t estimator) {
    static const char *const names[RUN_ESTIMATORS] = {"logistic", "discriminant", "neighbours"};
    return names[estimator];
}

const char *run_class_name(const struct run_results *results, int32_t index, char *buffer) {
    if (results->class_names != NULL && index >= 0 && (size_t)index < results->class_count)
        return results->class_names[index];
    snprintf(buffer, 16, "%d", index);
    return buffer;
}

const char *run_given_label(const struct run_results *results, const struct run_issue *issue,
                            char *buffer) {
    return issue->given_set != NULL ? issue->given_set
                                    : run_class_name(results, issue->given, buffer);
}

const char *run_suggested_label(const struct run_results *results, const struct run_issue *issue,
                                char *buffer) {
    return issue->suggested_set != NULL ? issue->suggested_set
                                        : run_class_name(results, issue->suggested, buffer);
}

/* ---- facts ---- */

static struct run_fact *find_fact(const struct run_facts *facts, const char *section,
                                  const char *name) {
    for (size_t i = 0; i < facts->count; i++)
        if (strcmp(facts->list[i].section, section) == 0 && strcmp(facts->list[i].name, name) == 0)
            return &facts->list[i];
    return NULL;
}

static struct run_fact *add_fact(struct run_facts *facts, const char *section, const char *name) {
    struct error error = ERROR_INITIAL;
    if (memory_grow(&facts->list, &facts->capacity, facts->count + 1, sizeof *facts->list,
                    "the facts of the run", &error) != ERROR_NONE)
        return NULL;
    struct run_fact fact = {strdup(section), strdup(name), NULL};
    if (fact.section == NULL || fact.name == NULL) {
        free(fact.section);
        free(fact.name);
        return NULL;
    }
    facts->list[facts->count] = fact;
    return &facts->list[facts->count++];
}

void run_fact_json(struct run_facts *facts, const char *section, const char *name,
                   const char *json) {
    struct run_fact *fact = find_fact(facts, section, name);
    if (fact == NULL) fact = add_fact(facts, section, name);
    char *copy = strdup(json);
    if (fact == NULL || copy == NULL) {
        free(copy);
        facts->failed = true;
        return;
    }
    free(fact->json);
    fact->json = copy;
}

/* Passes a value to run_fact_json and frees it. */
static void set_text(struct run_facts *facts, const char *section, const char *name,
                     struct text *value) {
    if (value->failed || value->data == NULL)
        facts->failed = true;
    else
        run_fact_json(facts, section, name, value->data);
    text_free(value);
}

void run_fact_string(struct run_facts *facts, const char *section, const char *name,
                     const char *value) {
    struct text text = TEXT_INITIAL;
    if (value == NULL)
        text_string(&text, "null");
    else
        text_json(&text, value);
    set_text(facts, section, name, &text);
}

void run_fact_integer(struct run_facts *facts, const char *section, const char *name,
                      int64_t value) {
    struct text text = TEXT_INITIAL;
    text_format(&text, "%lld", (long long)value);
    set_text(facts, section, name, &text);
}

void run_fact_double(struct run_facts *facts, const char *section, const char *name, double value) {
    struct text text = TEXT_INITIAL;
    number_json(&text, value);
    set_text(facts, section, name, &text);
}

void run_fact_bool(struct run_facts *facts, const char *section, const char *name, bool value) {
    run_fact_json(facts, section, name, value ? "true" : "false");
}

const char *run_fact_find(const struct run_facts *facts, const char *section, const char *name) {
    const struct run_fact *fact = find_fact(facts, section, name);
    return fact == NULL ? NULL : fact->json;
}

void run_facts_free(struct run_facts *facts) {
    for (size_t i = 0; i < facts->count; i++) {
        free(facts->list[i].section);
        free(facts->list[i].name);
        free(facts->list[i].json);
    }
    free(facts->list);
    *facts = (struct run_facts)RUN_FACTS_INITIAL;
}
