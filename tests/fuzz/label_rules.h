/* What has to hold for the labels of every list of clips. */
#ifndef EARMARK_FUZZ_LABEL_RULES_H
#define EARMARK_FUZZ_LABEL_RULES_H

#include "host/input/input.h"

#include <stdlib.h>
#include <string.h>

/* Every class is its labels joined; labels are sorted, each once, and none is empty in a set. */
static void check_labels(const struct input *input) {
    const struct label_sets *sets = &input->labels;
    const char *separator = input->label_separator == NULL ? "" : input->label_separator;
    struct text joined = TEXT_INITIAL;
    for (size_t k = 1; k < sets->count; k++)
        if (strcmp(sets->names[k - 1], sets->names[k]) >= 0) abort();
    for (size_t c = 0; c < input->clips.class_count; c++) {
        size_t count;
        const int32_t *members = label_sets_of(sets, (int32_t)c, &count);
        text_clear(&joined);
        text_string(&joined, "");
        for (size_t m = 0; m < count; m++) {
            if (m > 0 && members[m - 1] >= members[m]) abort();
            if (sets->names[members[m]][0] == '\0') abort();
            text_format(&joined, "%s%s", m == 0 ? "" : separator, sets->names[members[m]]);
        }
        if (strcmp(joined.data, input->clips.class_names[c]) != 0) abort();
    }
    text_free(&joined);
}

#endif
