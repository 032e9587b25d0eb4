#include "host/lists/list_trace.h"

#include "host/base/scratch.h"

#include <stdlib.h>

enum error_code list_trace_add(struct list_trace *trace, const struct list_span *span,
                               struct error *error) {
    if (!trace->wants_spans) return ERROR_NONE;
    TRY(scratch_grow(&trace->spans, &trace->span_capacity, trace->span_count + 1,
                     sizeof *trace->spans, "the places of the clips in their list", error));
    trace->spans[trace->span_count++] = *span;
    return ERROR_NONE;
}

void list_trace_free(struct list_trace *trace) {
    for (size_t i = 0; i < trace->file_count; i++) {
        free(trace->files[i].name);
        free(trace->files[i].path);
        free(trace->files[i].column);
    }
    free(trace->files);
    scratch_free(trace->spans);
    *trace = (struct list_trace){0};
}
