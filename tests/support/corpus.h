/* A small synthetic collection on disk: classes that differ in pitch and timbre, a
 * few wrong labels, clips of many lengths, rates and formats, and files that cannot
 * be used. */
#ifndef EARMARK_TEST_CORPUS_H
#define EARMARK_TEST_CORPUS_H

#include <stddef.h>

#define CORPUS_CLASSES 3
#define CORPUS_CLIPS_PER_CLASS 14
#define CORPUS_UNREADABLE 2 /* a text file named .wav, and a truncated WAV */
#define CORPUS_TOO_SHORT 1
#define CORPUS_SILENT 1

struct corpus {
    char folder[256]; /* removed by corpus_remove, with its contents */
    char clips[288];  /* folder/clips: one folder per class */
    char model[288];  /* folder/model.safetensors: 32 channels, made by random_model */
};

/* Any error fails the cmocka test. */
void corpus_make(struct corpus *corpus);
void corpus_remove(const struct corpus *corpus);

/* Writes folder/model.safetensors again, for this many mels; corpus_make has made it for 24. */
void corpus_write_model(const struct corpus *corpus, size_t mels);

/* folder/name, in a buffer that the next call overwrites. */
const char *corpus_path(const struct corpus *corpus, const char *name);

/* Removes a folder with its contents. */
void corpus_remove_folder(const char *folder);

#endif
