/* Audio faults: what can be wrong with the sound of a clip, whatever its label says. Every
 * fault is one row of AUDIO_FAULTS. A fault changes nothing in the audit of the labels: only
 * its status (host/clips/clips.h) can exclude a clip from that. */
#ifndef EARMARK_SOUND_AUDIO_FAULTS_H
#define EARMARK_SOUND_AUDIO_FAULTS_H

#include "host/base/text.h"
#include "host/clips/clip_facts.h"
#include "host/clips/clips.h"
#include "host/sound/decode_settings.h"

/* The faults in the order of their names in clips.csv. A row has an identifier, the members of
 * struct audio_fault_rule, and how the fault is detected: BY_STATUS by a status that the
 * decoder gives, BY_MEASURE by a function of audio_faults.c, BY_RELATION by another clip.
 *
 * Where the thresholds come from: 2,500 spoken digits and 1,725 telephone prompts
 * (8 kHz, 16 bits) as they are, and digits with planted faults.
 *   silent           half a step of 16 bits: nothing but rounding (host/sound/decode_settings.h)
 *   nearly silent    digits are between -53 and -15 dB, prompts above -29
 *   digital silence  half of the clip; none of these recordings has more than 2%
 *   clipped          6 dB too loud: more than 0.4% in 19 of 20; as they are, one of 4,225
 *   DC offset        1% of full scale, -40 dB; one speaker of the digits has 0.8%
 *   narrow band      as they are at most 15.4 dB; resampled to half the rate and back, 99 of
 *                    100 are above 20
 *   channels cancel  digits as channels: 2 to 8 unrelated ones are above -2.1 dB, one delayed by
 *                    up to 10 ms above -10.2 (99 of 100 above -8.8 at their worst delay); inverted
 *                    ones are below -12.1 up to 3 dB of difference or noise 12 dB below them
 *   near duplicate   different recordings reach at most 0.924 (digits, default model); copies at
 *                    half the loudness at least 0.99; of copies as mu-law nine in ten are above;
 *                    shortened copies are below */
/* clang-format off */
#define AUDIO_FAULTS(FAULT)                                                                        \
    FAULT(SILENT, "silent", "silent",                                                              \
          "largest sample", (double)DECODE_SILENT_PEAK, " of full scale", true,                    \
          BY_STATUS(CLIP_SILENT))                                                                  \
    FAULT(NEARLY_SILENT, "nearly_silent", "nearly silent",                                         \
          "level (root mean square without the offset)", -60.0, " dB re full scale", true,         \
          BY_MEASURE(level))                                                                       \
    FAULT(DIGITAL_SILENCE, "digital_silence", "mostly digital silence",                            \
          "share of 256-sample frames of one constant value", 0.5, "", false,                      \
          BY_MEASURE(silence_share))                                                               \
    FAULT(CLIPPED, "clipped", "clipped",                                                           \
          "share of samples on a flat top or bottom", 0.004, "", false, BY_MEASURE(clipped_share)) \
    FAULT(DC_OFFSET, "dc_offset", "off centre (DC offset)",                                        \
          "mean of the samples", 0.01, " of full scale", false, BY_MEASURE(offset))                \
    FAULT(NARROW_BAND, "narrow_band",                                                              \
          "narrow band: nothing above half of what the sampling rate allows",                  \
          "depth of the cliff in the spectrum", 18.0, " dB", false, BY_MEASURE(band_drop))         \
    FAULT(CHANNELS_CANCEL, "channels_cancel",                                                      \
          "channels cancel in their mean; the loudest one was used",                            \
          "level of the mean against that of unrelated channels", (double)DECODE_CANCEL_LEVEL,     \
          " dB", true, BY_MEASURE(channels_cancel))                                                \
    FAULT(UNFINISHED_HEADER, "unfinished_header",                                                  \
          "header without a length; read to the end of the file",                                  \
          "lengths missing in the header", 1.0, "", false, BY_MEASURE(unfinished))                 \
    FAULT(TRUNCATED, "truncated", "truncated",                                                     \
          "samples missing of those the header promises", 1.0, "", false,                          \
          BY_STATUS(CLIP_TRUNCATED))                                                               \
    FAULT(TOO_SHORT, "too_short", "too short",                                                     \
          "samples at 16 kHz", 480.0, "", true, BY_STATUS(CLIP_TOO_SHORT))                         \
    FAULT(IDENTICAL_OTHER_LABEL, "identical_other_label",                                          \
          "identical to a clip with another label", "clips with the same hash of the samples",     \
          1.0, "", false, BY_RELATION(identical_other_label))                                      \
    FAULT(IDENTICAL_SAME_LABEL, "identical_same_label",                                            \
          "identical to a clip with the same label", "clips with the same hash of the samples",    \
          1.0, "", false, BY_RELATION(identical_same_label))                                       \
    FAULT(NEAR_DUPLICATE, "near_duplicate", "nearly the same as another clip",                     \
          "cosine of the embeddings", 0.99, "", false, BY_RELATION(near_duplicate))
/* clang-format on */

#define AUDIO_FAULT_IDENTIFIER(identifier, ...) AUDIO_FAULT_##identifier,
enum audio_fault { AUDIO_FAULTS(AUDIO_FAULT_IDENTIFIER) AUDIO_FAULT_COUNT };
#undef AUDIO_FAULT_IDENTIFIER

/* What is known about the sound of a clip. */
struct clip_audio {
    bool measured; /* the clip was decoded whole and is long enough: facts.sound is valid */
    struct clip_facts facts;
    struct clip_relations relations; /* to rows of clips.csv */
    uint32_t faults;                 /* bits 1 << enum audio_fault, by audio_faults_judge */
};

#define CLIP_AUDIO_INITIAL                                                                         \
    { .relations = CLIP_RELATIONS_INITIAL }

struct audio_fault_rule {
    const char *name;    /* in clips.csv, run.json and --json: "clipped" */
    const char *words;   /* for people */
    const char *measure; /* what is measured, for people */
    double threshold;    /* in the measure's unit; a column of clips.csv has the measure */
    const char *unit;    /* after the threshold: " dB" */
    bool below;          /* a fault below the threshold; otherwise from it on */

    int status; /* the status that means this fault, or -1 */
    /* In the unit of the threshold; NULL for a fault that is a status. Called only for a clip
     * that was measured. */
    double (*find_measure)(const struct clip_audio *audio);
    /* For a fault that is a relation: the row of the other clip, or CLIP_NO_RELATION. */
    size_t (*find_other)(const struct clip_relations *relations);
};

const struct audio_fault_rule *audio_fault_rule(enum audio_fault fault);

/* Appends when a clip has the fault: "depth of the cliff in the spectrum at least 18 dB". */
void audio_fault_describe(struct text *text, enum audio_fault fault);

/* The clip's measure that the fault is about, in the unit of the threshold; NaN where it was
 * not measured or a status means the fault. */
double audio_fault_measure(const struct clip_audio *audio, enum audio_fault fault);

/* The row of the other clip of a fault that is a relation; CLIP_NO_RELATION for other faults
 * and where there is none. */
size_t audio_fault_other(const struct clip_audio *audio, enum audio_fault fault);

/* The bits of a clip's faults. The other measures of a clip that is silent, truncated or too
 * short mean nothing: it has that one fault. */
uint32_t audio_faults_judge(enum clip_status status, const struct clip_audio *audio);

/* The names of the faults, separated by semicolons; and back (unknown names are ignored). */
void audio_faults_names(struct text *text, uint32_t faults);
uint32_t audio_faults_parse(const char *names);

#endif
