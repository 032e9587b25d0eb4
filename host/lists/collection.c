#include "host/lists/collection.h"

#include <stdio.h>

void collection_close(struct collection *collection) {
    clip_list_free(&collection->clips);
    label_sets_close(&collection->labels);
    text_free(&collection->reading);
    warnings_free(&collection->warnings);
    *collection = (struct collection){0};
}

void collection_report(const struct collection *collection, bool quiet) {
    if (!quiet && collection->reading.length > 0)
        fprintf(stderr, "earmark: %s\n", collection->reading.data);
}
