/* Opens the sounds of clips: files of their own, and members of containers (host/containers/),
 * which stay open while neighbouring clips are read from them. Any thread may call. */
#ifndef EARMARK_SOUND_CLIP_SOURCES_H
#define EARMARK_SOUND_CLIP_SOURCES_H

#include "host/clips/clips.h"
#include "host/sound/sound_source.h"

struct clip_sources;

/* For sounds in this folder, which must outlive it. Errors: ERROR_MEMORY. */
enum error_code clip_sources_new(const struct root_folder *root, struct clip_sources **sources,
                                 struct error *error);
void clip_sources_free(struct clip_sources *sources); /* takes NULL */

/* Opens the sound of a clip as sound_source_take() does, with the same verdicts. A container that
 * cannot be read is a verdict of each of its clips. */
enum clip_status clip_sources_open(struct clip_sources *sources, const struct clip_list *clips,
                                   size_t index, struct sound_source *source,
                                   struct verdict *verdict, struct error *error);

/* The same by the path of a finished run: a file in the folder, or a container's path, '/', and
 * the name of its member. */
enum clip_status clip_sources_find(struct clip_sources *sources, const char *path,
                                   struct sound_source *source, struct verdict *verdict,
                                   struct error *error);

#endif
