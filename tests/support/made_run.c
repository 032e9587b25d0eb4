#include "tests/support/made_run.h"

#include "host/base/file.h"
#include "tests/support/compare.h"
#include "tests/support/corpus.h"

#include <math.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* clang-format off */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

struct made_clip {
    char path[128];
    char reason[64];
    struct run_clip clip;
};

static const char *const bad_names[] = {
    "=cmd|' /C calc'!A0",
    "+1,2",
    "-\"quoted\"",
    "@at\r\nline",
    "'=already quoted",
    "''",
    "%41 per%cent%",
    "comma, semicolon;=1 tab\there",
    "line\nbreak",
    "\"",
    "</script><script>alert('x')</script>",
    "<img src=x onerror=alert(1)>&amp;&#39;",
    "not\xff\xfeutf8",
    "cut\xc3",
    "esc\x1b[31m\xc2\x9bred\x07",
    "turn\xe2\x80\xaeright\xe2\x80\xac",
    "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac\xf0\x9f\x8e\xb5",
    " =leading and trailing ",
    "back\\slash",
    "\x01\x01 mark \x01\xc2\x80",
    "javascript:alert(1)",
    "-->]]>{{7*7}}",
    "#fragment?query=1",
};

#define BAD_COUNT (sizeof bad_names / sizeof bad_names[0])

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char **make_class_names(size_t count, bool hostile) {
    static const char *const words[] = {"zero", "one", "two",   "three", "four",
                                        "five", "six", "seven", "eight", "nine"};
    const char **names = calloc(count, sizeof *names);
    assert_non_null(names);
    for (size_t k = 0; k < count; k++) {
        char name[64];
        if (hostile && k < BAD_COUNT)
            snprintf(name, sizeof name, "%s", bad_names[k]);
        else if (k < 10)
            snprintf(name, sizeof name, "%s", words[k]);
        else
            snprintf(name, sizeof name, "class %03zu", k);
        names[k] = strdup(name);
        assert_non_null(names[k]);
    }
    qsort(names, count, sizeof *names, compare_names);
    return names;
}

static void get_clip(const void *context, size_t row, struct run_clip *clip) {
    const struct made_run *made = context;
    *clip = made->clips[row].clip;
}

/* A short sound whose pitch depends on the row. */
static void write_sound(const struct made_run *made, size_t row) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", made->root, made->clips[row].path);
    for (char *at = path + strlen(made->root) + 1; *at != '\0'; at++) {
        if (*at != '/') continue;
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    int rate = row % 3 == 0 ? 8000 : row % 3 == 1 ? 16000 : 44100;
    sf_count_t frames = rate / 2 + (sf_count_t)row % 50;
    SF_INFO info = {.samplerate = rate, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    short *samples = calloc((size_t)frames, sizeof *samples);
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(samples);
    assert_non_null(file);
    for (sf_count_t n = 0; n < frames; n++) {
        double time = (double)n / rate;
        double envelope = exp(-5.0 * time) * (1.0 + sin(40.0 * time));
        samples[n] = (short)(9000.0 * envelope * sin(6.2831853 * (200.0 + (double)row) * time));
    }
    assert_int_equal(sf_write_short(file, samples, frames), frames);
    sf_close(file);
    free(samples);
}

/* Every seventh audited clip is clipped, every eleventh a copy of the one 30 rows on. */
static struct clip_audio make_audio(size_t row, enum clip_status status, size_t clips) {
    struct clip_audio audio = CLIP_AUDIO_INITIAL;
    audio.measured = status == CLIP_OK;
    audio.facts = (struct clip_facts){.seconds = 0.5 + (double)row / 1000.0,
                                      .rate = 16000,
                                      .channels = 1,
                                      .silent = status == CLIP_SILENT,
                                      .sound = {.peak = 1,
                                                .level = -20.5F - (float)(row % 10),
                                                .clipped_share = row % 7 == 0 ? 0.0417F : 0,
                                                .offset = -0.001F}};
    if (status == CLIP_OK && row % 11 == 0 && row + 30 < clips)
        audio.relations.identical_other_label = row + 30;
    audio.faults = audio_faults_judge(status, &audio);
    return audio;
}

static void make_clip(struct made_run *made, size_t row, const struct made_settings *settings) {
    struct made_clip *made_clip = &made->clips[row];
    const struct run_results *results = &made->results;
    int32_t class_index = (int32_t)(row % settings->classes);
    /* The last of every 40 clips was not audited; the reasons take turns. */
    bool audited = row % 40 != 39;
    enum clip_status status =
        audited ? CLIP_OK : (enum clip_status)(1 + row / 40 % (CLIP_STATUS_COUNT - 1));
    if (settings->hostile && row < BAD_COUNT)
        snprintf(made_clip->path, sizeof made_clip->path, "%s.wav", bad_names[row]);
    else
        snprintf(made_clip->path, sizeof made_clip->path, "folder %zu/clip_%05zu.wav", row % 7,
                 row);
    if (!audited) snprintf(made_clip->reason, sizeof made_clip->reason, "reason, \"%zu\"", row);
    made_clip->clip = (struct run_clip){
        .row = row,
        .path = made_clip->path,
        .id = made_clip->path,
        .label = results->class_names[class_index],
        .group = row % 2 == 0 ? NULL : bad_names[row % BAD_COUNT],
        .split = row % 3 == 0 ? NULL : bad_names[(row + 7) % BAD_COUNT],
        .reason = audited ? NULL : made_clip->reason,
        .status = status,
        .class_index = class_index,
        .fold = audited ? (int32_t)(row % 5) : -1,
        .array_row = audited ? row - row / 40 : RUN_NO_ROW,
        .audio = make_audio(row, status, settings->clips),
    };
    if (settings->sounds) write_sound(made, row);
}

static void make_issues(struct made_run *made, const struct made_settings *settings) {
    struct run_issue *issues = calloc(settings->issues + 1, sizeof *issues);
    assert_non_null(issues);
    size_t row = 0;
    made->results.issues = issues;
    if (settings->clips == 0 || settings->classes == 0) return;
    for (size_t i = 0; i < settings->issues; i++, row++) {
        while (made->clips[row].clip.status != CLIP_OK) row++;
        assert_true(row < settings->clips);
        int32_t given = made->clips[row].clip.class_index;
        double score = 1e-4 + (double)i / (double)(settings->issues + 1) / 2.1;
        issues[i] = (struct run_issue){
            .row = row,
            .given = given,
            .suggested = (int32_t)(((size_t)given + 1 + i % 3) % settings->classes),
            .score = score,
            .self_confidence = score,
            .normalized_margin = i % 5 == 0 ? (double)NAN : score / 3.0,
            .confidence_weighted_entropy = exp(-score),
            .given_probability = (float)score,
            .suggested_probability = 1.0F - (float)score / 0.7F,
            .neighbour_count = i < RUN_NEIGHBOUR_ISSUES ? (i == 1 ? 3 : 5) : 0,
        };
        for (size_t j = 0; j < issues[i].neighbour_count; j++) {
            issues[i].neighbours[j] = (row + 7 * j + 1) % settings->clips;
            issues[i].similarities[j] = 0.97F - 0.013F * (float)j;
        }
    }
    made->results.issue_count = settings->issues;
}

static void make_health(struct made_run *made, const struct made_settings *settings) {
    size_t count = settings->classes;
    struct run_class *classes = calloc(count, sizeof *classes);
    struct run_pair *pairs = calloc(count, sizeof *pairs);
    int64_t *joint = calloc(count * count, sizeof *joint);
    assert_non_null(classes);
    assert_non_null(pairs);
    assert_non_null(joint);
    for (size_t k = 0; k < count; k++) {
        double noise = 0.21 / (double)(k + 1);
        classes[k] = (struct run_class){.index = (int32_t)(count - 1 - k),
                                        .examples = settings->clips / count,
                                        .label_issues = (int64_t)(60 / (k + 1)),
                                        .inverse_label_issues = (int64_t)(k % 9),
                                        .label_noise = noise,
                                        .inverse_label_noise = noise / 7.0,
                                        .label_quality = 1.0 - noise};
        pairs[k] = (struct run_pair){.first = (int32_t)k,
                                     .second = (int32_t)((k + 3) % count),
                                     .examples = (int64_t)(count - k) * 3,
                                     .joint_probability = (double)(count - k) / 1e3 / 3.0};
        for (size_t j = 0; j < count; j++)
            joint[k * count + j] = j == k                      ? 300 + (int64_t)k
                                   : (k * 7 + j * 13) % 5 == 0 ? (int64_t)(k + j)
                                                               : 0;
    }
    made->results.classes = classes;
    made->results.pairs = pairs;
    made->results.pair_count = count;
    made->results.confident_joint = joint;
}

static void make_facts(struct run_facts *facts, bool hostile) {
    run_fact_string(facts, "settings", "device", "cpu");
    run_fact_integer(facts, "settings", "folds", 5);
    run_fact_double(facts, "settings", "tolerance", 1e-4);
    run_fact_bool(facts, "settings", "shuffle", false);
    run_fact_string(facts, "settings", "nothing", NULL);
    if (hostile)
        for (size_t i = 0; i < BAD_COUNT; i++)
            run_fact_string(facts, "odd", bad_names[i], bad_names[BAD_COUNT - 1 - i]);
    run_fact_string(facts, "versions", "earmark", "0.1.0");
    run_fact_json(facts, "crossval", "folds",
                  "[{\"fold\": 0, \"iterations\": 31, \"converged\": true},"
                  " {\"fold\": 1, \"iterations\": 29, \"converged\": true}]");
    run_fact_json(facts, "crossval", "C",
                  "[{\"C\": 0.01, \"log_loss\": 0.25}, {\"C\": 0.1, \"log_loss\": 0.125}]");
}

/* ---- a detector ---- */

#define VIEWS 2u

/* The third of every four issues belongs to no class; the first of every five is certain; the
 * last has no evidence. */
static void make_marks(struct made_run *made, const struct made_settings *settings) {
    struct run_issue *issues = (struct run_issue *)(uintptr_t)made->results.issues;
    made->evidence = calloc(VIEWS * settings->issues + 1, sizeof *made->evidence);
    assert_non_null(made->evidence);
    for (size_t i = 0; i < settings->issues && settings->clips > 0; i++) {
        struct run_evidence *evidence = made->evidence + VIEWS * i;
        issues[i].none_of_classes = i % 4 == 2;
        issues[i].entropy = (double)(i % 7) / 7.0;
        issues[i].certain = i % 5 == 0;
        issues[i].same_sound = issues[i].certain ? (issues[i].row + 11) % settings->clips : 0;
        issues[i].evidence = i + 1 == settings->issues ? NULL : evidence;
        for (size_t v = 0; v < VIEWS; v++) {
            const float given = 0.02F + 0.01F * (float)v;
            evidence[v] = (struct run_evidence){.given = {given, given / 3.0F, 0.1F},
                                                .suggested = {0.91F, 0.95F, 0.85F},
                                                .neighbours = v == 0 ? 20 : 0,
                                                .with_given = v == 0 ? 2 : 0,
                                                .with_suggested = v == 0 ? 17 : 0};
            if (i % 6 == 5) evidence[v].given[1] = evidence[v].suggested[1] = NAN;
        }
    }
}

static void make_groups(struct made_run *made, const struct made_settings *settings) {
    struct run_group_error *groups = calloc(4, sizeof *groups);
    assert_non_null(groups);
    for (size_t i = 0; i < 3; i++)
        groups[i] = (struct run_group_error){.group = settings->hostile ? bad_names[i * 5] : "anna",
                                             .given = (int32_t)(i % settings->classes),
                                             .suggested = (int32_t)((i + 1) % settings->classes),
                                             .clips = 15,
                                             .matching = 14 - i};
    if (!settings->hostile) groups[2].group = NULL;
    groups[2].number = settings->hostile ? 0 : -17;
    made->results.group_name = "speaker";
    made->results.group_errors = groups;
    made->results.group_error_count = 3;
    run_fact_string(&made->results.facts, "settings", "group", "speaker");
}

static void make_detector(struct made_run *made, const struct made_settings *settings) {
    static const char *const ordinary[VIEWS] = {"xvector", "statistics"};
    static const char *const hostile[VIEWS] = {"xvector", "<b>=my, \"view\".npy\xff"};
    static const char *const cautions[] = {
        "Balanced accuracy 0.20 of 5 classes: this list is worth little; try other embeddings.",
        "More than a third <i>is</i> flagged\x1b[31m."};
    struct run_results *results = &made->results;
    double issues = (double)settings->issues;
    results->detector = "ensemble";
    results->score_name = "log_margin";
    results->view_names = settings->hostile ? hostile : ordinary;
    results->view_count = VIEWS;
    results->belief = (struct run_belief){true, 0.9725, 1.0 / (double)settings->classes, 0.125};
    results->error_count =
        (struct run_error_count){.estimated = true,
                                 .errors = {issues + 1.25, issues - 6.5, issues + 39.5},
                                 .flagged_right = {2.875, 0.0, 9.5},
                                 .unflagged_wrong = {4.125, 1.0, 11.0}};
    results->cautions = cautions;
    results->caution_count = settings->hostile ? 2 : 1;
    struct run_class *classes = (struct run_class *)(uintptr_t)results->classes;
    for (size_t k = 0; k < settings->classes; k++)
        classes[k].recall = k == 1 ? (double)NAN : 1.0 - 0.4 / (double)(k + 1);
    make_marks(made, settings);
    make_groups(made, settings);
}

void made_run_make(struct made_run *made, const struct made_settings *settings) {
    static const char *const warnings[] = {
        "C = 0.0001 is the smallest of those tried; give smaller ones with --C.",
        "<b>3 files</b> of the folder are no audio\x1b[0m and were left out."};
    const char *base = getenv("TMPDIR");
    *made = (struct made_run){.clips = NULL};
    snprintf(made->folder, sizeof made->folder, "%s/earmark-run.XXXXXX",
             base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(made->folder));
    snprintf(made->out, sizeof made->out, "%s/out", made->folder);
    snprintf(made->root, sizeof made->root, "%s/clips", made->folder);
    struct error error = ERROR_INITIAL;
    folder_open(made->out, true, &made->out_folder, &error);
    assert_no_error(&error);
    assert_int_equal(mkdir(made->root, 0700), 0);
    made->clips = calloc(settings->clips + 1, sizeof *made->clips);
    assert_non_null(made->clips);
    struct run_results *results = &made->results;
    results->class_names = make_class_names(settings->classes, settings->hostile);
    results->class_count = settings->classes;
    for (size_t row = 0; row < settings->clips; row++) make_clip(made, row, settings);
    make_issues(made, settings);
    make_health(made, settings);
    make_facts(&results->facts, settings->hostile);
    results->input = settings->hostile ? "in<put>\xff" : "digits";
    results->root = made->root;
    results->clips = (struct run_clips){settings->clips, get_clip, made};
    results->score_name = "self_confidence";
    results->overall_health = 1.0 - (double)settings->issues / (double)(settings->clips + 1);
    results->warnings = warnings;
    results->warning_count = 2;
    results->has_audio_faults = true;
    if (settings->detector) make_detector(made, settings);
    run_count_statuses(results);
}

void made_run_take_sets(struct made_run *made) {
    struct run_results *results = &made->results;
    struct run_issue *issues = (struct run_issue *)(uintptr_t)results->issues;
    made->annotations = calloc(2 * results->issue_count + 1, sizeof *made->annotations);
    assert_non_null(made->annotations);
    for (size_t i = 0; i < results->issue_count; i++) {
        struct run_annotation *own = made->annotations + 2 * i;
        int32_t given = issues[i].given, suggested = issues[i].suggested;
        own[0] = (struct run_annotation){given, true, 0.25F / (float)(i + 1)};
        own[1] = (struct run_annotation){suggested, false, 1.0F - 0.125F / (float)(i + 1)};
        issues[i].annotations = own;
        issues[i].annotation_count = 2;
        issues[i].given_set = results->class_names[given];
        issues[i].suggested_set = i == 0 ? "" : results->class_names[suggested];
        issues[i].given = issues[i].suggested = -1;
    }
    free((void *)(uintptr_t)results->pairs);
    free((void *)(uintptr_t)results->confident_joint);
    results->pairs = NULL;
    results->pair_count = 0;
    results->confident_joint = NULL;
    results->multilabel = true;
    run_fact_string(&results->facts, "settings", "label_separator", ";");
}

void made_run_free(struct made_run *made) {
    struct run_results *results = &made->results;
    free(made->annotations);
    free(made->evidence);
    free((void *)(uintptr_t)results->group_errors);
    for (size_t k = 0; k < results->class_count; k++)
        free((char *)(uintptr_t)results->class_names[k]);
    free((void *)(uintptr_t)results->class_names);
    free((void *)(uintptr_t)results->issues);
    free((void *)(uintptr_t)results->classes);
    free((void *)(uintptr_t)results->pairs);
    free((void *)(uintptr_t)results->confident_joint);
    run_facts_free(&results->facts);
    free(made->clips);
    folder_close(&made->out_folder);
    corpus_remove_folder(made->folder);
}

const char *made_run_path(const struct made_run *made, const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", made->out, name);
    return path;
}

char *made_run_file(const struct made_run *made, const char *name, size_t *size) {
    struct error error = ERROR_INITIAL;
    char *data = NULL;
    file_read(made_run_path(made, name), (size_t)1 << 30, &data, size, &error);
    assert_no_error(&error);
    return data;
}
