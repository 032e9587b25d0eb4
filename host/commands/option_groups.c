/* The titles of the groups of options in --help, and the sentences under them. */
#include "host/commands/option_table.h"

static const struct {
    const char *title, *note;
} groups[GROUP_COUNT] = {
    [GROUP_ARRAYS] = {"Arrays", NULL},
    [GROUP_INPUT] =
        {"Input",
         "Audio files are WAV, FLAC, Ogg, MP3, AIFF, AU, SPHERE, CAF, W64 and others, and with "
         "FFmpeg's libraries AAC, ALAC, WMA, AMR, WebM, MP4 and others, at any sample rate; they "
         "are resampled to the rate of the model. Lists may be compressed with gzip (.gz); their "
         "columns may be "
         "separated by commas, tabs, ; or |, and without a header line have numbers. Data sets "
         "that are known by the columns of their list or the names of their files (ESC-50, "
         "UrbanSound8K, Common Voice, FSD50K, AudioSet, BirdCLEF, GTZAN, CREMA-D, MTG-Jamendo, "
         "RAVDESS, EmoDB, TIMIT and others) are read as such, which is said; their folds and "
         "groups are used unless --fold-column or --group is given. Sound files that are not where "
         "a list says are sought beside it. INPUT is one of these:"},
    [GROUP_ENGINE] = {"Computation", NULL},
    [GROUP_CLASSIFIER] = {"Cross-validation",
                          "Logistic regression is scikit-learn's, multinomial."},
    [GROUP_CONFIDENT] = {"Confident learning", "Names and meanings are cleanlab's."},
    [GROUP_JOBS] = {"Jobs", "All options of earmark audit and earmark embed can be given, too."},
    [GROUP_MODEL] = {"Model file", NULL},
    [GROUP_BENCH] = {"Measurement", NULL},
    [GROUP_RUN] = {"Running", NULL},
};

const char *option_group_title(enum option_group group) {
    return groups[group].title;
}

const char *option_group_note(enum option_group group) {
    return groups[group].note;
}
