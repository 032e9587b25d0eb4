/* A model in memory: the arrays of an x-vector network and the facts that came
 * with them. Read from and written to safetensors; imported from a SpeechBrain
 * checkpoint (import.h). */
#ifndef EARMARK_MODEL_MODEL_H
#define EARMARK_MODEL_MODEL_H

#include "host/base/error.h"
#include "kernels/device.h"

/* How the file stores its numbers. Computation is in float32 from the stored,
 * rounded values. */
enum model_dtype { MODEL_FLOAT32 = 0, MODEL_FLOAT16 = 1, MODEL_MIXED = 2 };

struct model {
    struct xvector_model network; /* its pointers lead into `weights` */
    float *weights;               /* all arrays, end to end; owned */
    size_t parameters;            /* trained values: weights and biases, running statistics not */
    enum model_dtype dtype;
    size_t file_bytes;
    char hash[17]; /* XXH3 (64 bits) of the file, hexadecimal; "" when not read from one */
    /* Never NULL; "" where the file does not say. UTF-8. */
    char *name;
    char *licence;
    char *source;
    char *training; /* facts of the training, a JSON text */
};

#define MODEL_INITIAL                                                                              \
    { .weights = NULL }

/* Reads a safetensors file. On success *model owns its memory (model_free); on
 * failure it is empty. The file is treated as hostile: every length, shape and
 * offset is checked before it is used, and values that are not finite, or a
 * negative running variance, are refused with the tensor's name. */
enum error_code model_read(const char *path, struct model *model, struct error *error);

/* The same from bytes in memory. */
enum error_code model_parse(const unsigned char *bytes, size_t size, struct model *model,
                            struct error *error);

/* Writes a safetensors file in one step, float32 or float16 (rounded to nearest
 * even; a value beyond float16's range is refused with its tensor's name). The
 * same model gives the same bytes. */
enum error_code model_write(const struct model *model, enum model_dtype dtype, const char *path,
                            struct error *error);

/* Takes NULL's worth: an empty model may be freed again. */
void model_free(struct model *model);

/* Multiply-adds of one block per frame: in_channels * kernel * out_channels. */
double model_block_operations(const struct xvector_block *block);

/* Path of the default model, models/default.safetensors, looked for relative to
 * the program's own file; *path is released with free(). ERROR_FILE, saying
 * where it was looked for, when there is none. */
enum error_code model_default_path(char **path, struct error *error);

/* "float32", "float16", "mixed". */
const char *model_dtype_name(enum model_dtype dtype);

#endif
