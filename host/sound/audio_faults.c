#include "host/sound/audio_faults.h"

#include <math.h>
#include <string.h>

/* Where the thresholds come from: 2,500 spoken digits and 1,725 telephone prompts
 * (8 kHz, 16 bits) as they are, and digits with faults planted.
 *   silent           half a step of 16 bits: nothing but rounding (host/sound/decode.h)
 *   nearly silent    digits lie between -53 and -15 dB, prompts above -29
 *   digital silence  half of the clip; none of these recordings has more than 2%
 *   clipped          6 dB too loud: more than 0.4% in 19 of 20; as they are, one of 4,225
 *   DC offset        1% of full scale, -40 dB; one speaker of the digits has 0.8%
 *   narrow band      as they are at most 15.4 dB; brought to half the rate and back 99 of
 *                    100 above 20
 *   near duplicate   different recordings at most 0.924 (digits, default model); copies at
 *                    half the loudness at least 0.99, as mu-law nine in ten above, cut ones
 *                    below */
static const struct fault_rule rules[FAULT_COUNT] = {
    [FAULT_SILENT] = {"silent", "silent", "largest sample", 1.0 / 65536.0, " of full scale", true,
                      CLIP_SILENT},
    [FAULT_NEARLY_SILENT] = {"nearly_silent", "nearly silent",
                             "level (root mean square without the offset)", -60.0,
                             " dB re full scale", true, -1},
    [FAULT_DIGITAL_SILENCE] = {"digital_silence", "digital silence for a good part",
                               "share of 256-sample frames of one constant value", 0.5, "", false,
                               -1},
    [FAULT_CLIPPED] = {"clipped", "clipped", "share of samples on a flat top or bottom", 0.004, "",
                       false, -1},
    [FAULT_DC_OFFSET] = {"dc_offset", "off centre (DC offset)", "mean of the samples", 0.01,
                         " of full scale", false, -1},
    [FAULT_NARROW_BAND] = {"narrow_band",
                           "suspicious band: nothing above half of what the sampling rate allows",
                           "depth of the cliff in the spectrum", 18.0, " dB", false, -1},
    [FAULT_TRUNCATED] = {"truncated", "truncated", "samples missing of those the header promises",
                         1.0, "", false, CLIP_TRUNCATED},
    [FAULT_TOO_SHORT] = {"too_short", "too short", "samples at 16 kHz", 480.0, "", true,
                         CLIP_TOO_SHORT},
    [FAULT_IDENTICAL_OTHER_LABEL] = {"identical_other_label",
                                     "identical to a clip with another label",
                                     "clips with the same hash of the samples", 1.0, "", false, -1},
    [FAULT_IDENTICAL_SAME_LABEL] = {"identical_same_label",
                                    "identical to a clip with the same label",
                                    "clips with the same hash of the samples", 1.0, "", false, -1},
    [FAULT_NEAR_DUPLICATE] = {"near_duplicate", "nearly the same as another clip",
                              "cosine of the embeddings", 0.99, "", false, -1},
};

const struct fault_rule *fault_rule(enum fault fault) {
    return &rules[fault];
}

double fault_measure(const struct clip_health *health, enum fault fault) {
    const struct sound_measures *measures = &health->measures;
    if (!health->measured) return (double)NAN;
    switch (fault) {
    case FAULT_NEARLY_SILENT: return (double)measures->level;
    case FAULT_DIGITAL_SILENCE: return (double)measures->silence_share;
    case FAULT_CLIPPED: return (double)measures->clipped_share;
    case FAULT_DC_OFFSET: return fabs((double)measures->offset);
    case FAULT_NARROW_BAND: return (double)measures->band_drop;
    case FAULT_IDENTICAL_OTHER_LABEL: return health->has_identical_other_label ? 1.0 : 0.0;
    case FAULT_IDENTICAL_SAME_LABEL: return health->has_identical_same_label ? 1.0 : 0.0;
    case FAULT_NEAR_DUPLICATE: return (double)health->similarity;
    case FAULT_SILENT:
    case FAULT_TRUNCATED:
    case FAULT_TOO_SHORT:
    case FAULT_COUNT: break;
    }
    return (double)NAN;
}

uint32_t faults_judge(enum clip_status status, const struct clip_health *health) {
    uint32_t faults = 0;
    for (int i = 0; i < FAULT_COUNT; i++)
        if (rules[i].status == (int)status) return 1U << i;
    for (int i = 0; i < FAULT_COUNT; i++) {
        double measure = fault_measure(health, (enum fault)i);
        /* Thresholds are met as they are written: 0.004 in float32 is 0.004. */
        double threshold = (double)(float)rules[i].threshold;
        if (rules[i].below ? measure < threshold : measure >= threshold) faults |= 1U << i;
    }
    /* Clipping moves the mean of a lopsided sound; that is no fault of its own. */
    if ((faults >> FAULT_CLIPPED & 1) != 0) faults &= ~(1U << FAULT_DC_OFFSET);
    return faults;
}

void faults_names(struct text *text, uint32_t faults) {
    const char *separator = "";
    for (int i = 0; i < FAULT_COUNT; i++) {
        if ((faults >> i & 1) == 0) continue;
        text_string(text, separator);
        text_string(text, rules[i].name);
        separator = ";";
    }
}

uint32_t faults_parse(const char *names) {
    uint32_t faults = 0;
    while (*names != '\0') {
        size_t length = strcspn(names, ";");
        for (int i = 0; i < FAULT_COUNT; i++)
            if (strlen(rules[i].name) == length && memcmp(rules[i].name, names, length) == 0)
                faults |= 1U << i;
        names += length + (names[length] == ';');
    }
    return faults;
}
