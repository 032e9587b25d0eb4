#include "host/lists/collection.h"

#include "host/base/progress.h"

void collection_close(struct collection *collection) {
    clip_list_free(&collection->clips);
    label_sets_close(&collection->labels);
    text_free(&collection->reading);
    text_free(&collection->not_read);
    text_free(&collection->not_read_json);
    list_trace_free(&collection->trace);
    warnings_free(&collection->warnings);
    *collection = (struct collection){0};
}

void collection_report(const struct collection *collection, bool quiet) {
    if (!quiet && collection->reading.length > 0)
        progress_message("earmark: %s", collection->reading.data);
}
