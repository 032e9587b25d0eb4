#include "host/embedding/clip_view.h"

static struct clip_audio clip_audio(const struct clip_view *view, size_t row) {
    struct clip_audio audio = {.measured = view->measures[row].row != EMBEDDING_NO_ROW,
                               .facts = view->measures[row].facts,
                               .relations = CLIP_RELATIONS_INITIAL};
    if (view->relations != NULL) audio.relations = view->relations[row];
    audio.faults = audio_faults_judge((enum clip_status)view->clips->clips[row].status, &audio);
    return audio;
}

static void get_clip(const void *context, size_t row, struct run_clip *clip) {
    const struct clip_view *view = context;
    const struct clip *entry = &view->clips->clips[row];
    const char *reason = clip_reason(view->clips, row);
    int32_t class_index = entry->class_index;
    if (view->multilabel) class_index = -1;
    if (class_index >= 0 && view->class_of != NULL) class_index = view->class_of[class_index];
    *clip = (struct run_clip){
        .row = row,
        .path = clip_path(view->clips, row),
        .id = clip_id(view->clips, row, view->id),
        .label = clip_label(view->clips, row),
        .group = clip_group(view->clips, row),
        .split = clip_split(view->clips, row),
        .reason = reason[0] == '\0' ? NULL : reason,
        .status = (enum clip_status)entry->status,
        .class_index = class_index,
        .fold = view->folds == NULL ? -1 : view->folds[row],
        .start = entry->start,
        .array_row = view->array_rows == NULL ? view->measures[row].row : view->array_rows[row],
        .audio = clip_audio(view, row),
    };
}

struct run_clips clip_view_clips(const struct clip_view *view) {
    return (struct run_clips){.count = view->clips->count, .get = get_clip, .context = view};
}
