/* What the parts of the summary share. */
#include "host/base/terminal.h"
#include "host/output/summary_internal.h"

#include <errno.h>
#include <string.h>

uint64_t summary_clips(const struct run_results *results) {
    uint64_t clips = 0;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) clips += results->status_counts[i];
    return clips;
}

void summary_wrapped(struct text *text, struct text *line, int indent, int width) {
    terminal_add_line(text, line, indent, indent, width);
}

enum error_code summary_put(FILE *stream, struct text *text, struct error *error) {
    if (text_check(text, error) == ERROR_NONE) {
        terminal_print(stream, text->data);
        if (fflush(stream) != 0 || ferror(stream))
            FAIL(error, ERROR_FILE, "cannot write the summary: %s", strerror(errno));
    }
    text_free(text);
    return error->code;
}
