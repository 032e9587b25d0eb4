#include "host/embedding/stored_report.h"

#include "host/base/numbers.h"
#include "host/base/progress.h"
#include "host/base/text.h"

void stored_report(const struct stored_counts *counts) {
    struct text message = TEXT_INITIAL;
    if (counts->state != NULL)
        text_format(&message, "earmark: %s: ", counts->state);
    else
        text_string(&message, "earmark: an unfinished run goes on: ");
    number_thousands(&message, counts->known);
    text_string(&message, " of ");
    number_thousands(&message, counts->clips);
    text_string(&message, " clips are embedded already");
    if (counts->verify) text_string(&message, " and are decoded again");
    if (counts->judged > 0) {
        text_string(&message, "; ");
        number_thousands(&message, counts->judged);
        text_string(&message, counts->judged == 1 ? " cannot be used and has not changed"
                                                  : " cannot be used and have not changed");
    }
    /* A state has them for some time. */
    if (counts->known < counts->stored && counts->state == NULL) {
        text_string(&message, "; ");
        number_thousands(&message, counts->stored - counts->known);
        text_string(&message, " that were have changed since or are gone");
    }
    if (!message.failed) progress_message("%s", message.data);
    text_free(&message);
}

void stored_report_changed(size_t count) {
    if (count > 0)
        progress_warning("%zu %s other samples than were embedded, though path, size and "
                         "times of the file are the same; embedded again",
                         count, count == 1 ? "clip had" : "clips had");
}
