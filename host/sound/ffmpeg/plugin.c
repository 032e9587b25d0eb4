/* earmark-ffmpeg.so: sounds through libavformat and libavcodec. */
#include "host/sound/ffmpeg/sound.h"

#include <libavutil/cpu.h>
#include <libavutil/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static void say_nothing(void *context, int level, const char *format, va_list arguments) {
    (void)context;
    (void)level;
    (void)format;
    (void)arguments;
}

static void prepare(void) {
    av_log_set_callback(say_nothing);
    av_log_set_level(AV_LOG_QUIET);
    av_get_cpu_flags();
    av_cpu_count();
    tzset(); /* dates in headers are converted */
}

static void describe(char *text) {
    const unsigned format = avformat_version(), codec = avcodec_version();
    snprintf(text, FFMPEG_TEXT_SIZE, "libavformat %u.%u.%u, libavcodec %u.%u.%u",
             AV_VERSION_MAJOR(format), AV_VERSION_MINOR(format), AV_VERSION_MICRO(format),
             AV_VERSION_MAJOR(codec), AV_VERSION_MINOR(codec), AV_VERSION_MICRO(codec));
}

/* Built with all symbols hidden but this one. */
extern const struct ffmpeg_plugin earmark_ffmpeg_plugin;
__attribute__((visibility("default"))) const struct ffmpeg_plugin earmark_ffmpeg_plugin = {
    .interface_version = FFMPEG_INTERFACE_VERSION,
    .prepare = prepare,
    .describe = describe,
    .open = ffmpeg_sound_open,
    .read = ffmpeg_sound_read,
    .failure = ffmpeg_sound_failure,
    .close = ffmpeg_sound_close,
};
