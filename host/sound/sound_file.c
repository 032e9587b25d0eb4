#include "host/sound/sound_file.h"

#include "host/sound/decode_settings.h"
#include "host/sound/media_header.h"

#include <errno.h>
#include <string.h>

/* ---- the first bytes ---- */

/* Reads them at once. Where that fails, whoever reads them later finds out why. */
static void read_head(struct sound_file *file) {
    file->source.head_count = 0;
    const ssize_t got = sound_source_read(&file->source, 0, file->head, sizeof file->head);
    file->source.head = file->head;
    file->source.head_count = got > 0 ? (size_t)got : 0;
}

static enum clip_status refuse_unread(const struct sound_file *file, struct verdict *verdict) {
    return verdict_set(verdict, CLIP_UNREADABLE, "cannot read: %s; check its disk or mount",
                       strerror(file->failure));
}

static enum clip_status refuse_cut(uint64_t promised, uint64_t present, struct verdict *verdict) {
    return verdict_set_lasting(
        verdict, CLIP_TRUNCATED,
        "truncated: the header promises %llu bytes of samples, %llu are there; "
        "copy the file again",
        (unsigned long long)promised, (unsigned long long)present);
}

static enum clip_status check_container(struct sound_file *file, struct verdict *verdict) {
    errno = 0;
    file->container = sound_header_container(&file->source);
    const char *refusal = NULL;
    if (errno == 0) refusal = sound_layout_find(&file->source, &file->container, &file->layout);
    if (errno != 0) { /* the bytes that could not be read may be those that show a truncated file */
        file->failure = errno;
        return refuse_unread(file, verdict);
    }
    if (file->container == CONTAINER_NONE) {
        const char *other = media_header_other(&file->source);
        if (other != NULL) return verdict_set_lasting(verdict, CLIP_UNREADABLE, "%s", other);
        return verdict_set_lasting(verdict, CLIP_UNREADABLE, "not a known sound file; %s",
                                   SOUNDS_READ);
    }
    if (refusal != NULL) return verdict_set_lasting(verdict, CLIP_UNREADABLE, "%s", refusal);
    if (file->layout.promised > file->layout.present)
        return refuse_cut(file->layout.promised, file->layout.present, verdict);
    return CLIP_OK;
}

/* ---- bounds ---- */

static enum clip_status check_bounds(const struct sound_file *file, struct verdict *verdict) {
    if (file->channels < 1 || file->channels > DECODE_MAXIMUM_CHANNELS)
        return verdict_set_lasting(verdict, CLIP_UNREADABLE, "%d channels; 1 to %d are read",
                                   file->channels, DECODE_MAXIMUM_CHANNELS);
    if (file->rate < DECODE_MINIMUM_RATE || file->rate > DECODE_MAXIMUM_RATE)
        return verdict_set_lasting(verdict, CLIP_UNREADABLE, "a rate of %d Hz; %d to %d are read",
                                   file->rate, DECODE_MINIMUM_RATE, DECODE_MAXIMUM_RATE);
    const size_t seconds = file->promised_frames / (size_t)file->rate;
    if (file->promised_frames != SIZE_MAX && seconds >= DECODE_MAXIMUM_SECONDS)
        return verdict_set_lasting(
            verdict, CLIP_UNREADABLE,
            "the header promises %zu s; at most %d s are read; cut it into clips", seconds,
            DECODE_MAXIMUM_SECONDS);
    return CLIP_OK;
}

/* ---- opening ---- */

static enum clip_status open_media(struct sound_file *file, const struct media_kind *kind,
                                   struct verdict *verdict) {
    uint64_t promised = 0;
    uint64_t present = 0;
    const bool is_cut = media_header_is_cut(&file->source, kind, &promised, &present);
    file->failure = errno;
    if (is_cut) return refuse_cut(promised, present, verdict);
    return file->failure == 0 ? ffmpeg_open(file, kind, verdict) : CLIP_UNREADABLE;
}

/* By libsndfile where it can. */
static enum clip_status open_sound(struct sound_file *file, struct verdict *verdict) {
    if (file->container == CONTAINER_MEDIA) {
        const struct media_kind *kind = media_header_kind(&file->source);
        if (kind != NULL) return open_media(file, kind, verdict);
        file->failure = errno;
        return verdict_set(verdict, CLIP_UNREADABLE, "the file changed while it was read");
    }
    if (file->container == CONTAINER_OGG) {
        static const struct media_kind chained = {"chained Ogg", "ogg"};
        const bool is_chained = media_header_is_chained(&file->source);
        file->failure = errno;
        if (file->failure != 0) return CLIP_UNREADABLE;
        if (is_chained) return open_media(file, &chained, verdict);
    }
    const enum clip_status status = sndfile_open(file, verdict);
    if (status == CLIP_OK || file->failure != 0) return status;
    const struct media_kind *inside = sound_header_inside(&file->source, file->container);
    if (inside == NULL) return status;
    if (file->handle != NULL) file->reader->close(file);
    *file = (struct sound_file){
        .source = file->source, .container = file->container, .layout = file->layout};
    read_head(file);
    *verdict = (struct verdict){.status = CLIP_OK};
    return open_media(file, inside, verdict);
}

enum clip_status sound_file_open(const struct sound_source *source, struct sound_file *file,
                                 struct verdict *verdict) {
    *file = (struct sound_file){.source = *source};
    *verdict = (struct verdict){.status = CLIP_OK};
    read_head(file);
    enum clip_status status = check_container(file, verdict);
    if (status == CLIP_OK) status = open_sound(file, verdict);
    /* libsndfile opens some files although a read failed, and then their length is arbitrary. */
    if (file->failure != 0) status = refuse_unread(file, verdict);
    if (status == CLIP_OK) status = check_bounds(file, verdict);
    if (!sound_file_is_certain(file)) verdict->lasts = 0;
    if (status != CLIP_OK) sound_file_close(file);
    return status;
}

bool sound_file_is_certain(const struct sound_file *file) {
    return file->failure == 0 && (file->reader == NULL || file->reader->has_basis);
}

void sound_file_close(struct sound_file *file) {
    if (file->handle != NULL) file->reader->close(file);
    sound_source_close(&file->source);
    *file = (struct sound_file){.source = {.descriptor = -1}};
}

size_t sound_failure_length(const char *failure) {
    const char *stop = failure;
    while (*stop != '\0' && !(stop[0] == '.' && (stop[1] == ' ' || stop[1] == '\0'))) stop++;
    return (size_t)(stop - failure);
}

enum clip_status sound_file_reopen(struct sound_file *file, struct verdict *verdict) {
    const struct sound_source source = file->source;
    const int channels = file->channels, rate = file->rate;
    file->source.descriptor = -1; /* goes on */
    sound_file_close(file);
    if (sound_file_open(&source, file, verdict) == CLIP_OK &&
        (file->channels != channels || file->rate != rate)) {
        verdict_set(verdict, CLIP_UNREADABLE, "the file changed while it was read; start again");
        sound_file_close(file);
    }
    return verdict->status;
}
