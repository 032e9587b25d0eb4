/* Sounds that FFmpeg's libraries read. */
#include "host/sound/ffmpeg.h"
#include "host/base/error.h"
#include "host/sound/ffmpeg_plugin.h"
#include "host/sound/media_header.h"
#include "host/sound/sound_file.h"
#include "kernels/plugin_load.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What must be there to build the plug-in. */
#define PACKAGES "libavformat-dev, libavcodec-dev and libavutil-dev"

static const struct ffmpeg_plugin *plugin;
static struct error missing = ERROR_INITIAL; /* after a load that failed */
static atomic_bool needed;

/* ---- the plug-in ---- */

void ffmpeg_load(void) {
    static const struct plugin ffmpeg = {.file = FFMPEG_PLUGIN_FILE,
                                         .symbol = FFMPEG_PLUGIN_SYMBOL,
                                         .name = "interface of FFmpeg",
                                         .version = FFMPEG_INTERFACE_VERSION};
    const void *exported = NULL;
    if (plugin != NULL || missing.code != ERROR_NONE) return;
    if (plugin_load(&ffmpeg, &exported, &missing) != ERROR_NONE) return;
    plugin = exported;
    plugin->prepare();
}

bool ffmpeg_is_needed(void) {
    return needed;
}

void ffmpeg_describe(char *line) {
    char versions[FFMPEG_TEXT_SIZE];
    ffmpeg_load();
    if (plugin == NULL) {
        snprintf(line, FFMPEG_LINE_SIZE, "none, %.900s; install %s and build again",
                 missing.message, PACKAGES);
        return;
    }
    plugin->describe(versions);
    snprintf(line, FFMPEG_LINE_SIZE, "%s", versions);
}

/* ---- reading ---- */

static ssize_t read_bytes(void *context, uint64_t position, void *bytes, size_t count) {
    struct sound_file *file = context;
    const ssize_t got = sound_source_read(&file->source, position, bytes, count);
    if (got < 0) file->failure = errno;
    return got;
}

static size_t read_short(struct sound_file *file, int16_t *samples, size_t frames) {
    return plugin->read(file->handle, samples, true, frames);
}

static size_t read_float(struct sound_file *file, float *samples, size_t frames) {
    return plugin->read(file->handle, samples, false, frames);
}

static const char *failure(struct sound_file *file) {
    return plugin->failure(file->handle);
}

static void close_sound(struct sound_file *file) {
    plugin->close(file->handle);
}

/* Compressed frames depend on those before them. */
static const struct sound_reader reader = {"FFmpeg", read_short,  read_float, NULL,
                                           failure,  close_sound, false};

/* ---- opening ---- */

static enum clip_status refuse_without(const struct media_kind *kind, struct verdict *verdict) {
    needed = missing.code == ERROR_NONE; /* it was not tried yet */
    return verdict_set(verdict, CLIP_UNREADABLE,
                       "%s needs FFmpeg's libraries: %.200s; install %s and build earmark again, "
                       "or convert the file to WAV or FLAC",
                       kind->name, needed ? "they are not loaded" : missing.message, PACKAGES);
}

enum clip_status ffmpeg_open(struct sound_file *file, const struct media_kind *kind,
                             struct verdict *verdict) {
    const struct ffmpeg_input input = {kind->demuxer, file->source.bytes, read_bytes, file};
    struct ffmpeg_format format = {0};
    char reason[FFMPEG_TEXT_SIZE] = "";
    if (plugin == NULL) return refuse_without(kind, verdict);
    file->reader = &reader;
    file->handle = plugin->open(&input, &format, reason);
    if (file->handle == NULL)
        return verdict_set(verdict, CLIP_UNREADABLE, "cannot decode with FFmpeg: %s%s", reason,
                           strchr(reason, ';') != NULL ? "" : "; copy or convert the file again");
    file->channels = format.channels;
    file->rate = format.rate;
    file->sixteen_bits = format.sixteen_bits;
    file->promised_frames = SIZE_MAX; /* what a decoder adds or leaves out is known at the end */
    snprintf(file->kind, sizeof file->kind, "%s %s", kind->name, format.codec);
    return CLIP_OK;
}
