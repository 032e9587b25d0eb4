/* A model in memory: the arrays of an x-vector network and its metadata. Models are read from
 * and written to safetensors files, or imported from a SpeechBrain checkpoint (import.h). */
#ifndef EARMARK_MODEL_MODEL_H
#define EARMARK_MODEL_MODEL_H

#include "host/base/error.h"
#include "kernels/device.h"

/* How the file stores its numbers. Computation starts from the stored, rounded values, as
 * float32. */
enum model_dtype { MODEL_FLOAT32 = 0, MODEL_FLOAT16 = 1, MODEL_MIXED = 2 };

struct model {
    struct xvector_model network; /* its pointers point into `weights` */
    float *weights;               /* all arrays, end to end; owned */
    size_t parameters;            /* trained values: weights and biases, no running statistics */
    enum model_dtype dtype;
    size_t file_bytes;
    char hash[17]; /* XXH3 (64 bits) of the file, hexadecimal; "" when not read from one */
    /* Never NULL in a model that was read; "" where the file does not say. UTF-8. */
    char *name;
    char *licence;
    char *source;
    char *training; /* facts of the training, a JSON text */
};

#define MODEL_INITIAL                                                                              \
    { .weights = NULL }

/* Reads a safetensors file. On success *model owns its memory (model_free()); after an error
 * it is empty. The file is not trusted: every length, shape and offset is checked before it
 * is used. ERROR_FILE; ERROR_DATA or ERROR_UNSUPPORTED with the tensor's name, also for values
 * that are not finite and negative running variances. */
enum error_code model_read(const char *path, struct model *model, struct error *error);

/* The same from bytes (size) in memory. */
enum error_code model_parse(const unsigned char *bytes, size_t size, struct model *model,
                            struct error *error);

/* Writes a safetensors file, replacing path in one step, in float32 or float16 (rounded to
 * nearest even). The same model gives the same bytes. ERROR_DATA, naming the tensor, for a
 * value beyond float16's range, and for texts that are not UTF-8; ERROR_FILE. */
enum error_code model_write(const struct model *model, enum model_dtype dtype, const char *path,
                            struct error *error);

/* Frees what *model owns and leaves it empty; takes an empty one. */
void model_free(struct model *model);

/* Multiply-adds of one block for a frame: in_channels * kernel * out_channels. */
double model_block_operations(const struct xvector_block *block);

/* Path of the default model, default.safetensors, searched for relative to the program's own
 * file; the caller frees *path. ERROR_FILE, naming the places, when there is none. */
enum error_code model_default_path(char **path, struct error *error);

/* "float32", "float16", "mixed". */
const char *model_dtype_name(enum model_dtype dtype);

#endif
