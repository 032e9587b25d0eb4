/* Sounds that libsndfile does not read: AAC, ALAC, WMA, AMR, Matroska and others, through the
 * plug-in earmark-ffmpeg.so (ffmpeg_plugin.h).
 *
 * The plug-in is loaded by the keeper of a decoder (decoder_process.h), before it starts the
 * process that decodes, and only after a process has ended itself because a file needs it: loading
 * takes 30 ms and more, and most collections have no such file. */
#ifndef EARMARK_SOUND_FFMPEG_H
#define EARMARK_SOUND_FFMPEG_H

#include <stdbool.h>

/* Loads the plug-in, at most once; what fails is said by the verdict of each file that needs it. */
void ffmpeg_load(void);

/* Whether a file was not opened because ffmpeg_load() was not called before. */
bool ffmpeg_is_needed(void);

/* A line (FFMPEG_LINE_SIZE): the libraries and their versions, or what is missing. Loads it. */
#define FFMPEG_LINE_SIZE 1200
void ffmpeg_describe(char *line);

#endif
