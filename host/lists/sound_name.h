/* What a file in a folder of clips is, by its name and, where that says nothing, its first bytes.
 */
#ifndef EARMARK_LISTS_SOUND_NAME_H
#define EARMARK_LISTS_SOUND_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum sound_name {
    NAME_SOUND,   /* audio_extension(): it is read */
    NAME_UNREAD,  /* its ending is one of sounds, or of films, that are not read */
    NAME_ARCHIVE, /* files packed into one, or a packed sound */
    NAME_UNKNOWN, /* no ending, or one that may be anything: its first bytes decide */
    NAME_OTHER    /* a text, table, picture, array ...: no sound */
};

enum sound_name sound_name_of(const char *name);

/* "WAV", "MP3" ... for the first bytes of a sound; NULL: of anything else. */
#define SOUND_FIRST_BYTES 12
const char *sound_by_first_bytes(const unsigned char *bytes, size_t count);

/* The ending of a name in lower case, ".m4a"; "" where it has none, or one too long or odd to be
 * an ending. */
#define SOUND_ENDING_SIZE 12
void sound_ending(const char *name, char ending[SOUND_ENDING_SIZE]);

#endif
