/* The interface of earmark-ffmpeg.so, which reads sounds through FFmpeg's libraries and is in the
 * program's folder.
 *
 * These libraries and what they need are many and large, so they are loaded only where a sound asks
 * for them, and only by the processes that decode (host/sound/ffmpeg.h). The plug-in makes no
 * system call for input or output: what it reads it gets from ffmpeg_input.read. It exports one
 * symbol, a struct ffmpeg_plugin, whose first member keeps its place in all versions. */
#ifndef EARMARK_SOUND_FFMPEG_PLUGIN_H
#define EARMARK_SOUND_FFMPEG_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FFMPEG_PLUGIN_FILE "earmark-ffmpeg.so"
#define FFMPEG_PLUGIN_SYMBOL "earmark_ffmpeg_plugin"
#define FFMPEG_INTERFACE_VERSION 1

#define FFMPEG_TEXT_SIZE 200

/* Where the bytes of a sound come from. */
struct ffmpeg_input {
    const char *demuxer; /* of libavformat, the only one that is tried */
    uint64_t bytes;      /* the length of the sound's file */
    /* As pread(): at most `count` bytes; 0 at the end, -1 when the system refused. */
    ssize_t (*read)(void *context, uint64_t position, void *bytes, size_t count);
    void *context;
};

/* What the first decoded samples are. Not checked against any bound. */
struct ffmpeg_format {
    int channels;
    int rate;
    bool sixteen_bits; /* every sample is an int16 exactly */
    const char *codec; /* name of FFmpeg's decoder; constant */
};

struct ffmpeg_sound; /* one that is open */

struct ffmpeg_plugin {
    int interface_version; /* FFMPEG_INTERFACE_VERSION of its build */

    /* What the libraries look up once, before the process is shut in. */
    void (*prepare)(void);

    /* Their names and versions, in FFMPEG_TEXT_SIZE bytes. */
    void (*describe)(char *text);

    /* NULL: with the reason in FFMPEG_TEXT_SIZE bytes, and after a semicolon what to do, unless
     * that is to copy or convert the file again. */
    struct ffmpeg_sound *(*open)(const struct ffmpeg_input *input, struct ffmpeg_format *format,
                                 char *reason);

    /* Interleaved samples, int16 where `small`, which only a format of sixteen_bits allows, or
     * float. Fewer frames than asked for: the end, or a failure. */
    size_t (*read)(struct ffmpeg_sound *sound, void *samples, bool small, size_t frames);

    const char *(*failure)(const struct ffmpeg_sound *sound); /* NULL: none */
    void (*close)(struct ffmpeg_sound *sound);
};

#endif
