/* The features of each clip, one file a clip. */
#ifndef EARMARK_EMBEDDING_FEATURE_FILES_H
#define EARMARK_EMBEDDING_FEATURE_FILES_H

#include "host/base/folder.h"
#include "kernels/device.h"

/* Writes FOLDER/ROW.npy, float32 (frames, mels), for every clip of a finished
 * batch; ROW is the clip's row in clips.csv, with at least eight digits: clips[i], or where only a
 * part of the list is embedded list_rows[clips[i]] (NULL: all is). Errors: ERROR_FILE,
 * ERROR_MEMORY. */
enum error_code feature_files_write(const struct folder *folder, const struct device_batch *batch,
                                    const size_t *clips, const size_t *list_rows, size_t mels,
                                    struct error *error);

#endif
