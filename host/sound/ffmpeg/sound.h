/* One sound inside the plug-in: from the bytes to frames (sound.c), and from frames to interleaved
 * samples (samples.c). */
#ifndef EARMARK_SOUND_FFMPEG_SOUND_H
#define EARMARK_SOUND_FFMPEG_SOUND_H

#include "host/sound/ffmpeg_plugin.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

struct ffmpeg_sound {
    struct ffmpeg_input input;
    uint64_t position; /* in the input */
    AVIOContext *io;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVStream *stream;
    AVPacket *packet;
    AVFrame *frame; /* the last one decoded */
    int used;       /* samples of each channel of it that were taken */
    int channels, rate;
    enum AVSampleFormat sample_format;
    uint64_t decoded; /* samples of each channel, with all of `frame` */
    bool ended;
    char failure[FFMPEG_TEXT_SIZE];
};

/* See struct ffmpeg_plugin. */
struct ffmpeg_sound *ffmpeg_sound_open(const struct ffmpeg_input *input,
                                       struct ffmpeg_format *format, char *reason);
size_t ffmpeg_sound_read(struct ffmpeg_sound *sound, void *samples, bool small, size_t frames);
const char *ffmpeg_sound_failure(const struct ffmpeg_sound *sound);
void ffmpeg_sound_close(struct ffmpeg_sound *sound);

/* Decodes the next frame, with at least one sample, into sound->frame; false at the end and at a
 * failure. */
bool ffmpeg_next_frame(struct ffmpeg_sound *sound);

#endif
