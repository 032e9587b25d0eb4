/* Audio health: what can be wrong with the sound of a clip, whatever its label says.
 * Every fault with its name, its measure and its threshold stands in the one table
 * of faults.c. A fault changes nothing in the label audit: what is left out of that
 * is left out by its status (host/clips/clips.h) alone. */
#ifndef EARMARK_SOUND_AUDIO_FAULTS_H
#define EARMARK_SOUND_AUDIO_FAULTS_H

#include "host/base/text.h"
#include "host/clips/clips.h"
#include "host/sound/sound_measures.h"

enum fault {
    FAULT_SILENT,
    FAULT_NEARLY_SILENT,
    FAULT_DIGITAL_SILENCE,
    FAULT_CLIPPED,
    FAULT_DC_OFFSET,
    FAULT_NARROW_BAND,
    FAULT_TRUNCATED,
    FAULT_TOO_SHORT,
    FAULT_IDENTICAL_OTHER_LABEL,
    FAULT_IDENTICAL_SAME_LABEL,
    FAULT_NEAR_DUPLICATE,
    FAULT_COUNT
};

/* What is known about the sound of a clip. Rows are of clips.csv and valid only
 * where the fault's bit is set. All zero: nothing was measured. */
struct clip_health {
    bool measured; /* the clip was decoded whole and is long enough: the numbers hold */
    struct sound_measures measures;
    bool has_identical_other_label, has_identical_same_label;
    size_t identical_other_label; /* the first clip with the very same samples */
    size_t identical_same_label;
    float similarity;      /* cosine of its embedding and that of near_duplicate; 0: not searched */
    size_t near_duplicate; /* the most similar clip whose samples are others */
    uint32_t faults;       /* bits 1 << enum fault, by faults_judge */
};

struct fault_rule {
    const char *name;    /* in clips.csv, run.json and --json: "clipped" */
    const char *words;   /* for people */
    const char *measure; /* what is measured, for people */
    double threshold;    /* in the measure's unit, and a column of clips.csv has the measure */
    const char *unit;    /* behind the threshold: " dB" */
    bool below;          /* a fault below the threshold; otherwise from it on */
    int status;          /* the status that tells (the decoder measured), or -1 */
};

const struct fault_rule *fault_rule(enum fault fault);

/* The clip's measure that the fault is about, in the unit of the threshold; NaN
 * where it was not measured or the status tells. */
double fault_measure(const struct clip_health *health, enum fault fault);

/* The bits of a clip's faults. Of a clip that is silent, cut or too short the other
 * measures mean nothing: it has that one fault. */
uint32_t faults_judge(enum clip_status status, const struct clip_health *health);

/* The names of the faults, separated by semicolons; and back (unknown ones are left out). */
void faults_names(struct text *text, uint32_t faults);
uint32_t faults_parse(const char *names);

#endif
