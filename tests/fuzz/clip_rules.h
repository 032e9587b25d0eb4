/* What has to hold for every list of clips, whatever the files say that it was read from. */
#ifndef EARMARK_FUZZ_CLIP_RULES_H
#define EARMARK_FUZZ_CLIP_RULES_H

#include "host/input/input.h"

#include <stdlib.h>
#include <string.h>

/* A clip that goes on has a path, a label and a part that can be. */
static void check_clips(const struct input *input, const struct input_options *options) {
    const struct clip_list *clips = &input->clips;
    for (size_t i = 0; i < clips->count; i++) {
        const struct clip *clip = &clips->clips[i];
        const char *path = clip_path(clips, i);
        size_t length = strlen(path);
        if ((clip->status == CLIP_OK) != (clip_reason(clips, i)[0] == '\0')) abort();
        if (clip_id(clips, i)[0] == '\0') abort();
        if (!(clip->start >= 0 && (clip->end == 0 || clip->end > clip->start))) abort();
        if (clip->status != CLIP_OK) continue;
        if (length == 0 || clip_label(clips, i) == NULL) abort();
        if (options->group_field != NULL && clip_group(clips, i) == NULL) abort();
        if (!options->allow_outside && (path[0] == '/' || strncmp(path, "../", 3) == 0)) abort();
    }
}

#endif
