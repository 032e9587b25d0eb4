#include "host/sound/audio_faults.h"

#include "host/base/numbers.h"

#include <math.h>
#include <string.h>

/* ---- measures ---- */

static double measure_level(const struct clip_audio *audio) {
    return (double)audio->facts.sound.level;
}

static double measure_silence_share(const struct clip_audio *audio) {
    return (double)audio->facts.sound.silence_share;
}

static double measure_clipped_share(const struct clip_audio *audio) {
    return (double)audio->facts.sound.clipped_share;
}

static double measure_offset(const struct clip_audio *audio) {
    return fabs((double)audio->facts.sound.offset);
}

static double measure_band_drop(const struct clip_audio *audio) {
    return (double)audio->facts.sound.band_drop;
}

static double measure_channels_cancel(const struct clip_audio *audio) {
    return (double)audio->facts.sound.channels_cancel;
}

static double measure_unfinished(const struct clip_audio *audio) {
    return (double)audio->facts.unfinished;
}

static double measure_identical_other_label(const struct clip_audio *audio) {
    return audio->relations.identical_other_label != CLIP_NO_RELATION ? 1.0 : 0.0;
}

static double measure_identical_same_label(const struct clip_audio *audio) {
    return audio->relations.identical_same_label != CLIP_NO_RELATION ? 1.0 : 0.0;
}

static double measure_near_duplicate(const struct clip_audio *audio) {
    bool known = audio->relations.near_duplicate != CLIP_NO_RELATION;
    return known ? (double)audio->relations.similarity : 0.0;
}

static size_t other_identical_other_label(const struct clip_relations *relations) {
    return relations->identical_other_label;
}

static size_t other_identical_same_label(const struct clip_relations *relations) {
    return relations->identical_same_label;
}

static size_t other_near_duplicate(const struct clip_relations *relations) {
    return relations->near_duplicate;
}

/* ---- the table ---- */

#define BY_STATUS(status) (status), NULL, NULL
#define BY_MEASURE(name) -1, measure_##name, NULL
#define BY_RELATION(name) -1, measure_##name, other_##name
#define RULE(identifier, ...) [AUDIO_FAULT_##identifier] = {__VA_ARGS__},

static const struct audio_fault_rule rules[AUDIO_FAULT_COUNT] = {AUDIO_FAULTS(RULE)};

_Static_assert(AUDIO_FAULT_COUNT <= 32, "a fault is a bit of a uint32_t");

const struct audio_fault_rule *audio_fault_rule(enum audio_fault fault) {
    return &rules[fault];
}

void audio_fault_describe(struct text *text, enum audio_fault fault) {
    const struct audio_fault_rule *rule = &rules[fault];
    text_string(text, rule->measure);
    text_string(text, rule->below ? " below " : " at least ");
    number_short(text, rule->threshold);
    text_string(text, rule->unit);
}

double audio_fault_measure(const struct clip_audio *audio, enum audio_fault fault) {
    bool known = audio->measured && rules[fault].find_measure != NULL;
    return known ? rules[fault].find_measure(audio) : (double)NAN;
}

size_t audio_fault_other(const struct clip_audio *audio, enum audio_fault fault) {
    if (rules[fault].find_other == NULL) return CLIP_NO_RELATION;
    return rules[fault].find_other(&audio->relations);
}

uint32_t audio_faults_judge(enum clip_status status, const struct clip_audio *audio) {
    uint32_t faults = 0;
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++)
        if (rules[i].status == (int)status) return 1U << i;
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        double measure = audio_fault_measure(audio, (enum audio_fault)i);
        /* Thresholds are met as they are written: 0.004 in float32 is 0.004. */
        double threshold = (double)(float)rules[i].threshold;
        if (rules[i].below ? measure < threshold : measure >= threshold) faults |= 1U << i;
    }
    /* Clipping also moves the mean of an asymmetric sound; that is not reported a second time. */
    if ((faults >> AUDIO_FAULT_CLIPPED & 1) != 0) faults &= ~(1U << AUDIO_FAULT_DC_OFFSET);
    return faults;
}

void audio_faults_names(struct text *text, uint32_t faults) {
    const char *separator = "";
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        if ((faults >> i & 1) == 0) continue;
        text_string(text, separator);
        text_string(text, rules[i].name);
        separator = ";";
    }
}

uint32_t audio_faults_parse(const char *names) {
    uint32_t faults = 0;
    while (*names != '\0') {
        size_t length = strcspn(names, ";");
        for (int i = 0; i < AUDIO_FAULT_COUNT; i++)
            if (strlen(rules[i].name) == length && memcmp(rules[i].name, names, length) == 0)
                faults |= 1U << i;
        names += length + (names[length] == ';');
    }
    return faults;
}
