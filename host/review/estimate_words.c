/* Errors left in words. host/report/web/estimate.js says the same. */
#include "host/base/numbers.h"
#include "host/review/estimate.h"

#include <math.h>

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

static void flagged_words(struct text *text, const struct estimate_left *left) {
    if (left->decided == 0) {
        text_string(text, "Nothing is decided yet.");
        return;
    }
    if (left->undecided == 0) {
        text_string(text, "All flagged clips are decided.");
        return;
    }
    text_format(text, "Of %zu flagged clip%s not decided yet, ", left->undecided,
                plural(left->undecided));
    if (left->flagged_high == 0)
        text_string(text, "probably none is wrong.");
    else if (left->flagged_low == 0)
        text_format(text, "at most %zu %s probably wrong.", left->flagged_high,
                    left->flagged_high == 1 ? "is" : "are");
    else if (left->flagged_low == left->flagged_high)
        text_format(text, "%zu %s probably wrong.", left->flagged_low,
                    left->flagged_low == 1 ? "is" : "are");
    else
        text_format(text, "%zu to %zu are probably wrong.", left->flagged_low, left->flagged_high);
    if (left->stop) text_string(text, " You can stop here: going on would find few.");
}

static void sample_words(struct text *text, const struct estimate_left *left,
                         const struct estimate_sample *sample) {
    if (sample->checked == 0) {
        text_string(text,
                    " How many of the clips that are not flagged are wrong, only a spot check "
                    "can say.");
        return;
    }
    const double percent = ceil(left->unflagged_high * 100.0 - 0.5);
    const double clips = ceil(left->unflagged_high * (double)sample->clips - 1e-6);
    text_format(text,
                " Not flagged: %zu of %zu drawn at random are wrong, so at most %.0f%% of all "
                "(%.0f).",
                sample->wrong, sample->checked, percent, clips);
}

void estimate_words(struct text *text, const struct estimate_left *left,
                    const struct estimate_sample *sample) {
    flagged_words(text, left);
    sample_words(text, left, sample);
}

void estimate_json(struct text *text, const struct estimate_left *left,
                   const struct estimate_sample *sample) {
    struct text words = TEXT_INITIAL;
    estimate_words(&words, left, sample);
    text_format(text,
                "{\"decided\":%zu,\"wrong\":%zu,\"kept\":%zu,\"excluded\":%zu,\"unsure\":%zu,"
                "\"flagged_low\":%zu,\"flagged_high\":%zu,\"unflagged_high\":",
                left->decided, left->wrong, left->kept, left->excluded, left->unsure,
                left->flagged_low, left->flagged_high);
    number_json(text, left->unflagged_high);
    text_string(text, ",\"words\":");
    if (words.failed)
        text->failed = true;
    else
        text_json(text, words.data);
    text_string(text, "}");
    text_free(&words);
}
