#include "host/output/clip_columns.h"

#include "host/base/numbers.h"
#include "host/base/utf8.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const void *member_of(const struct run_clip *clip, size_t member) {
    return (const char *)clip + member;
}

static void *own_member(struct run_clip *clip, size_t member) {
    return (char *)clip + member;
}

/* ---- texts; NULL: an empty cell ---- */

static void write_text(struct text *cell, const struct run_clip *clip, size_t member) {
    const char *const *text = member_of(clip, member);
    if (*text != NULL) text_csv(cell, *text);
}

static enum error_code read_text(const char *cell, struct run_clip *clip, size_t member,
                                 struct error *error) {
    const char **text = own_member(clip, member);
    struct text undone = TEXT_INITIAL;
    if (*cell == '\0') return ERROR_NONE;
    text_csv_undo(&undone, cell);
    *text = undone.data; /* owned by the clip: clip_columns_free */
    return text_check(&undone, error);
}

static void write_id(struct text *cell, const struct run_clip *clip, size_t member) {
    (void)member;
    const char *id = clip->id == NULL ? clip->path : clip->id;
    if (id != NULL) text_csv(cell, id);
}

static void write_status(struct text *cell, const struct run_clip *clip, size_t member) {
    (void)member;
    text_csv(cell, clip_status_name(clip->status));
}

static enum error_code read_status(const char *cell, struct run_clip *clip, size_t member,
                                   struct error *error) {
    (void)member;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
        if (strcmp(cell, clip_status_name((enum clip_status)i)) != 0) continue;
        clip->status = (enum clip_status)i;
        return ERROR_NONE;
    }
    return FAIL(error, ERROR_DATA, "'%.*s' is not a status of a clip", UTF8_PIECE(cell, 40));
}

/* "silent" repeats the status for scripts. */
static void write_silent(struct text *cell, const struct run_clip *clip, size_t member) {
    (void)member;
    text_string(cell, clip->status == CLIP_SILENT ? "true" : "false");
}

static enum error_code read_silent(const char *cell, struct run_clip *clip, size_t member,
                                   struct error *error) {
    (void)error;
    *(uint32_t *)own_member(clip, member) = strcmp(cell, "true") == 0;
    return ERROR_NONE;
}

static void write_faults(struct text *cell, const struct run_clip *clip, size_t member) {
    audio_faults_names(cell, *(const uint32_t *)member_of(clip, member));
}

static enum error_code read_faults(const char *cell, struct run_clip *clip, size_t member,
                                   struct error *error) {
    (void)error;
    const uint32_t faults = audio_faults_parse(cell);
    *(uint32_t *)own_member(clip, member) = faults;
    clip->audio.facts.unfinished = faults >> AUDIO_FAULT_UNFINISHED_HEADER & 1; /* has no column */
    return ERROR_NONE;
}

/* ---- whole numbers ---- */

/* -1 for an empty cell. */
static enum error_code read_integer(const char *cell, int64_t *value, struct error *error) {
    char *end = NULL;
    *value = -1;
    if (*cell == '\0') return ERROR_NONE;
    errno = 0;
    *value = strtoll(cell, &end, 10);
    if (*end != '\0' || errno != 0)
        return FAIL(error, ERROR_DATA, "'%.*s' is not a whole number", UTF8_PIECE(cell, 40));
    return ERROR_NONE;
}

/* Negative: an empty cell. */
static void write_index(struct text *cell, const struct run_clip *clip, size_t member) {
    const int32_t *value = member_of(clip, member);
    if (*value >= 0) text_format(cell, "%d", *value);
}

static enum error_code read_index(const char *cell, struct run_clip *clip, size_t member,
                                  struct error *error) {
    int64_t value;
    TRY(read_integer(cell, &value, error));
    *(int32_t *)own_member(clip, member) = value < 0 || value > INT32_MAX ? -1 : (int32_t)value;
    return ERROR_NONE;
}

/* Of the file; 0: an empty cell. */
static void write_count(struct text *cell, const struct run_clip *clip, size_t member) {
    const int32_t *value = member_of(clip, member);
    if (*value > 0) text_format(cell, "%d", *value);
}

static enum error_code read_count(const char *cell, struct run_clip *clip, size_t member,
                                  struct error *error) {
    int64_t value;
    TRY(read_integer(cell, &value, error));
    *(int32_t *)own_member(clip, member) = value < 0 || value > INT32_MAX ? 0 : (int32_t)value;
    return ERROR_NONE;
}

/* RUN_NO_ROW: an empty cell. */
static void write_row(struct text *cell, const struct run_clip *clip, size_t member) {
    const size_t *row = member_of(clip, member);
    if (*row != RUN_NO_ROW) text_format(cell, "%zu", *row);
}

static enum error_code read_row(const char *cell, struct run_clip *clip, size_t member,
                                struct error *error) {
    int64_t value;
    TRY(read_integer(cell, &value, error));
    *(size_t *)own_member(clip, member) = value < 0 ? RUN_NO_ROW : (size_t)value;
    return ERROR_NONE;
}

static void write_most_similar(struct text *cell, const struct run_clip *clip, size_t member) {
    if (clip->audio.relations.similarity > 0) write_row(cell, clip, member);
}

/* ---- seconds ---- */

static void write_start(struct text *cell, const struct run_clip *clip, size_t member) {
    number_shortest(cell, *(const double *)member_of(clip, member));
}

static void write_duration(struct text *cell, const struct run_clip *clip, size_t member) {
    (void)member;
    double duration = run_clip_duration(clip);
    if (duration >= 0.0) number_shortest(cell, duration);
}

/* Anything but a place in the file is read as 0. */
static enum error_code read_start(const char *cell, struct run_clip *clip, size_t member,
                                  struct error *error) {
    (void)error;
    double value = strtod(cell, NULL);
    *(double *)own_member(clip, member) = value >= 0.0 ? value : 0.0;
    return ERROR_NONE;
}

/* Anything but a length is read as unknown. */
static enum error_code read_duration(const char *cell, struct run_clip *clip, size_t member,
                                     struct error *error) {
    (void)error;
    double value = strtod(cell, NULL);
    *(double *)own_member(clip, member) = *cell != '\0' && value >= 0.0 ? value : -1.0;
    return ERROR_NONE;
}

/* ---- measures of the sound ---- */

static void write_measure(struct text *cell, const struct run_clip *clip, size_t member) {
    if (clip->audio.measured) number_shortest_float(cell, *(const float *)member_of(clip, member));
}

/* One channel has nothing to cancel. */
static void write_channels_cancel(struct text *cell, const struct run_clip *clip, size_t member) {
    if (clip->audio.facts.channels > 1) write_measure(cell, clip, member);
}

static float finite_float(const char *cell) {
    double value = strtod(cell, NULL);
    return isfinite(value) ? (float)value : 0.0F;
}

static enum error_code read_measure(const char *cell, struct run_clip *clip, size_t member,
                                    struct error *error) {
    (void)error;
    if (*cell != '\0') clip->audio.measured = true;
    *(float *)own_member(clip, member) = finite_float(cell);
    return ERROR_NONE;
}

static void write_similarity(struct text *cell, const struct run_clip *clip, size_t member) {
    const float *similarity = member_of(clip, member);
    if (*similarity > 0) number_shortest_float(cell, *similarity);
}

static enum error_code read_similarity(const char *cell, struct run_clip *clip, size_t member,
                                       struct error *error) {
    (void)error;
    *(float *)own_member(clip, member) = finite_float(cell);
    return ERROR_NONE;
}

/* ---- the table ---- */

#define TEXT(name) write_text, read_text, offsetof(struct run_clip, name)
#define INDEX(name) write_index, read_index, offsetof(struct run_clip, name)
#define COUNT(name) write_count, read_count, offsetof(struct run_clip, audio.facts.name)
#define ROW(name) write_row, read_row, offsetof(struct run_clip, name)
#define MEASURE(name) write_measure, read_measure, offsetof(struct run_clip, audio.facts.sound.name)
#define AUDIO(name) offsetof(struct run_clip, audio.name)

static const struct clip_column columns[] = {
    {"row", ROW(row), false, "number of the clip from 0, in the order of the input"},
    {"id", write_id, read_text, offsetof(struct run_clip, id), false,
     "the manifest's id, or the path; a segment's is path#t=start,end"},
    {"path", TEXT(path), false, "relative to the input's folder, or absolute"},
    {"label", TEXT(label), false, "the given label, or several joined in sorted order"},
    {"class", INDEX(class_index), true, "index of the label in classes.json"},
    {"group", TEXT(group), true, "value of the --group field"},
    {"fold", INDEX(fold), true, "the fold that holds the clip out"},
    {"status", write_status, read_status, 0, false,
     "the word ok for an audited clip, otherwise the reason in one word"},
    {"reason", TEXT(reason), false, "the reason in a sentence, with what to do"},
    {"start", write_start, read_start, offsetof(struct run_clip, start), false,
     "seconds into the file"},
    {"duration", write_duration, read_duration, AUDIO(facts.seconds), false, "seconds, as decoded"},
    {"sample_rate", COUNT(rate), true, "sampling rate of the file, Hz"},
    {"channels", COUNT(channels), true, "channels of the file"},
    {"silent", write_silent, read_silent, AUDIO(facts.silent), true,
     "true where the status is silent"},
    {"array_row", ROW(array_row), true, "row of the clip in the .npy files"},
    {"peak", MEASURE(peak), true, "largest sample of any channel; 1 is full scale"},
    {"level", MEASURE(level), true, "root mean square without the offset, dB re full scale"},
    {"clipped_share", MEASURE(clipped_share), true,
     "share of samples on a flat top or bottom, 0 to 1"},
    {"dc_offset", MEASURE(offset), true, "mean of the samples; 1 is full scale"},
    {"digital_silence", MEASURE(silence_share), true,
     "share of 256-sample frames of one constant value, 0 to 1"},
    {"bandwidth", MEASURE(bandwidth), true,
     "Hz above which the spectrum holds little; 0: no such edge"},
    {"band_drop", MEASURE(band_drop), true, "depth of that edge of the spectrum, dB"},
    {"channels_cancel", write_channels_cancel, read_measure, AUDIO(facts.sound.channels_cancel),
     true, "mean of the channels against that of unrelated ones, dB; empty for one channel"},
    {"identical_other_label", ROW(audio.relations.identical_other_label), true,
     "row of the first clip with the same samples and another label"},
    {"identical_same_label", ROW(audio.relations.identical_same_label), true,
     "row of the first clip with the same samples and the same label"},
    {"most_similar", write_most_similar, read_row, AUDIO(relations.near_duplicate), true,
     "row of the most similar clip with other samples"},
    {"similarity", write_similarity, read_similarity, AUDIO(relations.similarity), true,
     "cosine of the embeddings of the two"},
    {"audio_faults", write_faults, read_faults, AUDIO(faults), true,
     "names of the audio faults, separated by semicolons"},
    {"split", TEXT(split), true, "part of the data set, as train or test, if the input names it"},
};

static const size_t column_count = sizeof columns / sizeof columns[0];

const struct clip_column *clip_columns(size_t *count) {
    *count = column_count;
    return columns;
}

size_t clip_column_find(const char *name) {
    size_t column = 0;
    while (strcmp(columns[column].name, name) != 0) column++;
    return column;
}

void clip_columns_free(struct run_clip *clip) {
    for (size_t i = 0; i < column_count; i++) {
        if (columns[i].read != read_text) continue;
        const char **text = own_member(clip, columns[i].member);
        free((char *)(uintptr_t)*text);
        *text = NULL;
    }
}
