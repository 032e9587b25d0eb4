/* The features of each clip, one file a clip. */
#ifndef EARMARK_EMBEDDING_FEATURE_FILES_H
#define EARMARK_EMBEDDING_FEATURE_FILES_H

#include "host/base/folder.h"
#include "kernels/device.h"

/* Writes FOLDER/ROW.npy, float32 (frames, mels), for every clip of a finished
 * batch; ROW is clips[i], the clip's row in clips.csv, with at least eight digits. Errors:
 * ERROR_FILE, ERROR_MEMORY. */
enum error_code feature_files_write(const struct folder *folder, const struct device_batch *batch,
                                    const size_t *clips, size_t mels, struct error *error);

#endif
