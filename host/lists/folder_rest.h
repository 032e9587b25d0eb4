/* Files of a folder that are not read, counted by their endings. */
#ifndef EARMARK_LISTS_FOLDER_REST_H
#define EARMARK_LISTS_FOLDER_REST_H

#include "host/base/text.h"
#include "host/lists/sound_name.h"

struct rest_ending {
    char ending[SOUND_ENDING_SIZE]; /* "": none, or too odd to be one */
    bool is_sound;                  /* sounds or archives, which are rows with their reason */
    size_t files;
    size_t folders; /* that hold them */
    size_t last;    /* the last of these folders */
    char *folder;   /* the first of them by name; "" for the root */
};

/* More endings are counted as none: a folder of odd names has as many as files. */
#define FOLDER_REST_ENDINGS 256

struct folder_rest {
    struct rest_ending *endings; /* (count) */
    size_t count;
    size_t capacity;
};

/* Counts a file. directory: a number for its folder, ascending from one call to the next. */
enum error_code folder_rest_add(struct folder_rest *rest, const char *name, size_t directory,
                                const char *folder, bool is_sound, struct error *error);

/* After the last: sounds first, then the largest numbers. */
void folder_rest_sort(struct folder_rest *rest);

/* "17 files: 14 .ra in two/, 3 .txt in a/ and 4 other folders": all of them or, with only_sounds,
 * those that are rows; "" for none. Names are as they are: the caller shows them. */
void folder_rest_words(const struct folder_rest *rest, bool only_sounds, struct text *words);

/* The same of all as a JSON array of objects: ending, files, folders, folder, sound. */
void folder_rest_json(const struct folder_rest *rest, struct text *json);

void folder_rest_free(struct folder_rest *rest); /* takes a zeroed one */

#endif
