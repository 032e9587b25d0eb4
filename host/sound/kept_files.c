#include "host/sound/kept_files.h"

static void close_file(struct kept_file *file) {
    /* One that was never opened has descriptor 0, which must not be closed. */
    if (file->file.handle != NULL) sound_file_close(&file->file);
    *file = (struct kept_file){0};
}

/* Whether the file's decoder is before the segment or at its start. */
static bool is_before(const struct kept_file *file, const struct decode_settings *settings) {
    struct verdict ignored;
    struct segment segment;
    return segment_choose(&file->file, settings, &segment, &ignored) == CLIP_OK &&
           file->position <= segment.first;
}

static bool is_same(const struct sound_source *source, const struct sound_source *other) {
    return source->status.st_dev == other->status.st_dev &&
           source->status.st_ino == other->status.st_ino && source->member == other->member &&
           source->bytes == other->bytes;
}

enum clip_status kept_files_take(struct kept_files *kept, struct sound_source *source,
                                 const struct decode_settings *settings, struct kept_file **file,
                                 struct verdict *verdict) {
    struct kept_file *nearest = NULL;
    struct kept_file *oldest = &kept->files[0];
    bool is_segment = settings->start_seconds > 0;
    for (size_t i = 0; i < KEPT_FILES; i++) {
        struct kept_file *other = &kept->files[i];
        if (other->used < oldest->used) oldest = other;
        if (!is_segment || !other->kept || !is_same(&other->file.source, source)) continue;
        if (!is_before(other, settings)) continue;
        if (nearest == NULL || other->position > nearest->position) nearest = other;
    }
    *file = nearest;
    *verdict = (struct verdict){.status = CLIP_OK};
    if (nearest != NULL) {
        sound_source_close(source);
        return CLIP_OK;
    }
    close_file(oldest);
    *file = oldest;
    sound_file_open(source, &oldest->file, verdict);
    source->descriptor = -1;
    return verdict->status;
}

void kept_files_give_back(struct kept_files *kept, struct kept_file *file,
                          const struct decode_settings *settings, size_t position, bool healthy) {
    bool is_segment = settings->start_seconds > 0 || settings->end_seconds > 0;
    if (!healthy || !is_segment || segment_seeks(&file->file)) {
        close_file(file);
        return;
    }
    file->kept = true;
    file->position = position;
    file->used = ++kept->clock;
}

void kept_files_close(struct kept_files *kept) {
    for (size_t i = 0; i < KEPT_FILES; i++) close_file(&kept->files[i]);
}
