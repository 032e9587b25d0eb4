#include "host/report/export_parts.h"

#include "host/base/names.h"

void export_given(const struct export *export, const struct run_issue *issue, struct text *text) {
    char number[16];
    name_visible(text, run_given_label(export->results, issue, number));
}

void export_suggested(const struct export *export, const struct run_issue *issue,
                      struct text *text) {
    char number[16];
    if (issue->none_of_classes)
        text_string(text, EXPORT_NONE_OF_CLASSES);
    else
        name_visible(text, run_suggested_label(export->results, issue, number));
}

void export_times(const struct run_clip *clip, double *start, double *end) {
    double duration = run_clip_duration(clip);
    *start = clip->start;
    *end = clip->start + (duration > 0 ? duration : 0);
}
