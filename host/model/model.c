#include "host/model/model.h"

#include "host/base/file_replace.h"
#include "host/base/float16.h"
#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/base/utf8.h"
#include "host/model/architecture.h"
#include "host/model/quote.h"
#include "host/model/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define MAXIMUM_FILE ((size_t)ARCHITECTURE_MAXIMUM_VALUES * 4 + SAFETENSORS_MAXIMUM_HEADER + 8)
#define FORMAT_NAME "earmark-xvector"
#define FORMAT_VERSION "1"

double model_block_operations(const struct xvector_block *block) {
    return (double)block->in_channels * (double)block->kernel * (double)block->out_channels;
}

const char *model_dtype_name(enum model_dtype dtype) {
    return dtype == MODEL_FLOAT32 ? "float32" : dtype == MODEL_FLOAT16 ? "float16" : "mixed";
}

void model_free(struct model *model) {
    free(model->weights);
    free(model->name);
    free(model->licence);
    free(model->source);
    free(model->training);
    *model = (struct model)MODEL_INITIAL;
}

/* ---- tensors of a safetensors file, as architecture.h takes them ---- */

static const char *source_name(void *context, size_t index, size_t *length) {
    const struct safetensors *file = context;
    *length = strlen(file->tensors[index].name);
    return file->tensors[index].name;
}

static void source_shape(void *context, size_t index, struct tensor_shape *shape) {
    const struct safetensor *tensor = &((const struct safetensors *)context)->tensors[index];
    shape->rank = tensor->rank;
    memcpy(shape->sizes, tensor->shape, sizeof shape->sizes);
}

static enum error_code source_read(void *context, size_t index, float *values, size_t count,
                                   struct error *error) {
    const struct safetensor *tensor = &((const struct safetensors *)context)->tensors[index];
    bool half = strcmp(tensor->dtype, "F16") == 0;
    if (!half && strcmp(tensor->dtype, "F32") != 0)
        return FAIL(error, ERROR_UNSUPPORTED, "tensor '%s' is %s; models are F16 or F32",
                    tensor->name, tensor->dtype);
    if (!half) {
        memcpy(values, tensor->data, count * sizeof *values);
        return ERROR_NONE;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, tensor->data + i * sizeof bits, sizeof bits);
        values[i] = float16_to_float32(bits);
    }
    return ERROR_NONE;
}

/* ---- metadata ---- */

static enum error_code metadata_string(const struct safetensors *file, const char *key, char **copy,
                                       struct error *error) {
    const char *value = safetensors_metadata(file, key);
    *copy = memory_string(value == NULL ? "" : value, error);
    return error->code;
}

/* Reads a whole number in 1 .. 1,000,000 and advances *text; 0 for anything else. */
static size_t take_number(const char **text) {
    size_t value = 0;
    const char *at = *text;
    while (*at >= '0' && *at <= '9' && value <= 1000000) value = value * 10 + (size_t)(*at++ - '0');
    *text = at;
    return value <= 1000000 ? value : 0;
}

static enum error_code required_number(const struct safetensors *file, const char *key,
                                       size_t *value, struct error *error) {
    const char *text = safetensors_metadata(file, key);
    if (text == NULL) return FAIL(error, ERROR_DATA, "its metadata has no '%s'", key);
    const char *end = text;
    *value = take_number(&end);
    if (*value == 0 || *end != '\0')
        return FAIL(error, ERROR_DATA, "its metadata says %s '%s'; a whole number was expected",
                    key, quote_string(text).text);
    return ERROR_NONE;
}

static enum error_code read_dilations(const struct safetensors *file, struct xvector_model *network,
                                      struct error *error) {
    const char *text = safetensors_metadata(file, "dilations");
    if (text == NULL) return FAIL(error, ERROR_DATA, "its metadata has no 'dilations'");
    size_t dilations[XVECTOR_MAXIMUM_BLOCKS];
    size_t count = 0;
    const char *at = text;
    while (count < XVECTOR_MAXIMUM_BLOCKS) {
        dilations[count] = take_number(&at);
        if (dilations[count++] == 0 || *at != ',') break;
        at++;
    }
    if (*at != '\0' || dilations[count - 1] == 0)
        return FAIL(error, ERROR_DATA,
                    "its metadata says dilations '%s'; numbers like 1,2,3 were expected",
                    quote_string(text).text);
    return architecture_set_dilations(network, dilations, count, error);
}

static enum error_code read_format(const struct safetensors *file, struct error *error) {
    const char *format = safetensors_metadata(file, "format");
    const char *version = safetensors_metadata(file, "format_version");
    if (format == NULL || strcmp(format, FORMAT_NAME) != 0)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "a safetensors file, but its metadata does not say format \"" FORMAT_NAME
                    "\"; make a model with: earmark model import");
    if (version == NULL || strcmp(version, FORMAT_VERSION) != 0)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "format_version '%s'; this earmark reads " FORMAT_VERSION,
                    version == NULL ? "" : quote_string(version).text);
    return ERROR_NONE;
}

static enum error_code read_facts(const struct safetensors *file, struct model *model,
                                  struct error *error) {
    size_t rate = 0;
    size_t mels = 0;
    TRY(required_number(file, "sample_rate", &rate, error));
    TRY(required_number(file, "mels", &mels, error));
    if (rate != 16000)
        return FAIL(error, ERROR_UNSUPPORTED, "sample rate %zu Hz; only 16000 is supported", rate);
    if (mels != model->network.mels)
        return FAIL(error, ERROR_DATA,
                    "its metadata says %zu mels, but tensor 'blocks.0.conv.weight' takes %zu", mels,
                    model->network.mels);
    model->network.sample_rate = (int)rate;
    TRY(read_dilations(file, &model->network, error));
    TRY(metadata_string(file, "name", &model->name, error));
    TRY(metadata_string(file, "licence", &model->licence, error));
    TRY(metadata_string(file, "source", &model->source, error));
    return metadata_string(file, "training", &model->training, error);
}

static enum model_dtype file_dtype(const struct safetensors *file) {
    bool half = false;
    bool single = false;
    for (size_t i = 0; i < file->count; i++) {
        half = half || strcmp(file->tensors[i].dtype, "F16") == 0;
        single = single || strcmp(file->tensors[i].dtype, "F32") == 0;
    }
    return half && single ? MODEL_MIXED : half ? MODEL_FLOAT16 : MODEL_FLOAT32;
}

/* Refuses files that are often given in place of a model. */
static enum error_code refuse_other_formats(const unsigned char *bytes, size_t size,
                                            struct error *error) {
    if (size >= 4 && memcmp(bytes, "PK\003\004", 4) == 0)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "a zip file (a PyTorch checkpoint?), not a model; make a model from the folder "
                    "of a SpeechBrain checkpoint with: earmark model import FOLDER -o FILE");
    if (size >= 8 && memcmp(bytes, "version ", 8) == 0)
        return FAIL(error, ERROR_DATA,
                    "a git-lfs pointer, not the file itself; fetch it with: git lfs pull");
    return ERROR_NONE;
}

enum error_code model_parse(const unsigned char *bytes, size_t size, struct model *model,
                            struct error *error) {
    *model = (struct model)MODEL_INITIAL;
    struct safetensors file = {NULL, NULL, 0};
    struct tensor_source source = {&file, 0, source_name, source_shape, source_read};
    if (refuse_other_formats(bytes, size, error) != ERROR_NONE) goto done;
    if (safetensors_parse(bytes, size, &file, error) != ERROR_NONE) goto done;
    source.count = file.count;
    if (read_format(&file, error) != ERROR_NONE) goto done;
    if (architecture_from_shapes(&source, &model->network, error) != ERROR_NONE) goto done;
    if (read_facts(&file, model, error) != ERROR_NONE) goto done;
    if (architecture_load(&source, &model->network, &model->weights, &model->parameters, error) !=
        ERROR_NONE)
        goto done;
    model->dtype = file_dtype(&file);
    model->file_bytes = size;
    snprintf(model->hash, sizeof model->hash, "%016llx",
             (unsigned long long)XXH3_64bits(bytes, size));
done:
    safetensors_free(&file);
    if (error->code != ERROR_NONE) model_free(model);
    return error->code;
}

enum error_code model_read(const char *path, struct model *model, struct error *error) {
    *model = (struct model)MODEL_INITIAL;
    char *bytes = NULL;
    size_t size = 0;
    TRY(file_read(path, MAXIMUM_FILE, &bytes, &size, error));
    if (model_parse((const unsigned char *)bytes, size, model, error) != ERROR_NONE)
        error_prefix(error, "%s", path);
    free(bytes);
    return error->code;
}

/* ---- writing ---- */

/* Converts the array's values to float16; bits: as many. */
static enum error_code to_float16(const struct network_array *array, uint16_t *bits,
                                  struct error *error) {
    size_t count = tensor_values(&array->shape);
    for (size_t i = 0; i < count; i++) {
        bits[i] = float16_from_float32((*array->place)[i]);
        if ((bits[i] & 0x7c00u) == 0x7c00u)
            return FAIL(error, ERROR_DATA,
                        "tensor '%s': value %zu, %.6g, is beyond the range of float16; write "
                        "float32",
                        array->name, i, (double)(*array->place)[i]);
    }
    return ERROR_NONE;
}

static void format_dilations(const struct xvector_model *network, char *text, size_t size) {
    size_t at = 0;
    for (size_t i = 0; i < network->block_count && at < size; i++)
        at += (size_t)snprintf(text + at, size - at, i > 0 ? ",%zu" : "%zu",
                               network->blocks[i].dilation);
}

static enum error_code check_utf8(const char *key, const char *value, struct error *error) {
    for (const char *at = value; *at != '\0';) {
        size_t length = utf8_length(at);
        if (length == 0)
            return FAIL(error, ERROR_DATA, "the model's %s is not UTF-8: %s", key,
                        quote_string(value).text);
        at += length;
    }
    return ERROR_NONE;
}

static enum error_code write_file(const struct model *model, const struct safetensor *tensors,
                                  size_t count, const char *path, struct error *error) {
    char rate[16];
    char mels[24];
    char dilations[XVECTOR_MAXIMUM_BLOCKS * 8] = "";
    snprintf(rate, sizeof rate, "%d", model->network.sample_rate);
    snprintf(mels, sizeof mels, "%zu", model->network.mels);
    format_dilations(&model->network, dilations, sizeof dilations);
    const struct safetensors_entry metadata[] = {
        {"format", FORMAT_NAME},      {"format_version", FORMAT_VERSION},
        {"sample_rate", rate},        {"mels", mels},
        {"dilations", dilations},     {"name", model->name},
        {"licence", model->licence},  {"source", model->source},
        {"training", model->training}};
    size_t metadata_count = sizeof metadata / sizeof metadata[0];
    for (size_t i = 0; i < metadata_count; i++)
        TRY(check_utf8(metadata[i].key, metadata[i].value, error));
    struct file_replacement file;
    TRY(file_replace_open_path(path, &file, error));
    if (safetensors_write(file.stream, metadata, metadata_count, tensors, count, error) ==
        ERROR_NONE)
        file_replace_commit(&file, error);
    else
        error_prefix(error, "%s", path);
    file_replace_close(&file);
    return error->code;
}

enum error_code model_write(const struct model *model, enum model_dtype dtype, const char *path,
                            struct error *error) {
    struct xvector_model network = model->network;
    struct network_array arrays[NETWORK_MAXIMUM_ARRAYS];
    struct safetensor tensors[NETWORK_MAXIMUM_ARRAYS];
    size_t count = architecture_arrays(&network, arrays);
    size_t total = 0;
    size_t width = dtype == MODEL_FLOAT16 ? sizeof(uint16_t) : sizeof(float);
    for (size_t i = 0; i < count; i++) total += tensor_values(&arrays[i].shape);
    uint16_t *halves = NULL;
    if (dtype == MODEL_FLOAT16) {
        halves = memory_array(total, sizeof *halves, "float16 weights", error);
        if (halves == NULL) return error->code;
    }
    uint16_t *half = halves;
    for (size_t i = 0; i < count; i++) {
        size_t values = tensor_values(&arrays[i].shape);
        tensors[i] = (struct safetensor){.name = arrays[i].name,
                                         .dtype = dtype == MODEL_FLOAT16 ? "F16" : "F32",
                                         .rank = arrays[i].shape.rank,
                                         .data = (const unsigned char *)*arrays[i].place,
                                         .bytes = values * width};
        memcpy(tensors[i].shape, arrays[i].shape.sizes, sizeof tensors[i].shape);
        if (half == NULL) continue;
        if (to_float16(&arrays[i], half, error) != ERROR_NONE) goto done;
        tensors[i].data = (const unsigned char *)half;
        half += values;
    }
    write_file(model, tensors, count, path, error);
done:
    free(halves);
    return error->code;
}
