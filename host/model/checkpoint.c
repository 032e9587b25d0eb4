#include "host/model/checkpoint.h"

#include "host/base/float16.h"
#include "host/base/memory.h"
#include "host/model/quote.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define MAXIMUM_ENTRIES 16384
#define NAME_SIZE 512

/* ---- the container ---- */

/* Refuses what is not a zip file, and says what it probably is. */
static enum error_code refuse_other_formats(const unsigned char *bytes, size_t size,
                                            struct error *error) {
    /* torch.save before 1.6: a pickle of its magic number, 0x1950a86a20f9469cfc6c. */
    static const unsigned char legacy[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c,
                                           0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
    if (size >= 4 && memcmp(bytes, "PK\003\004", 4) == 0) return ERROR_NONE;
    if (size >= sizeof legacy && memcmp(bytes, legacy, sizeof legacy) == 0)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "written in PyTorch's old format, from before 1.6; load it with PyTorch and "
                    "torch.save it again");
    if (size >= 8 && memcmp(bytes, "version ", 8) == 0)
        return FAIL(error, ERROR_DATA,
                    "a git-lfs pointer, not the file itself; fetch it with: git lfs pull");
    return FAIL(error, ERROR_DATA, "not a PyTorch checkpoint (no zip file)");
}

static enum error_code open_archive(const unsigned char *bytes, size_t size, zip_t **archive,
                                    struct error *error) {
    zip_error_t problem;
    zip_error_init(&problem);
    zip_source_t *source = zip_source_buffer_create(bytes, size, 0, &problem);
    *archive = source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY, &problem);
    if (*archive == NULL) {
        FAIL(error, ERROR_DATA, "cannot be read as a zip file, truncated perhaps: %s",
             zip_error_strerror(&problem));
        zip_source_free(source);
    }
    zip_error_fini(&problem);
    return error->code;
}

static enum error_code check_entry(const zip_stat_t *entry, struct error *error) {
    const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((entry->valid & needed) != needed)
        return FAIL(error, ERROR_DATA, "an entry of the zip file lacks its name or sizes");
    if (entry->encryption_method != ZIP_EM_NONE)
        return FAIL(error, ERROR_UNSUPPORTED, "entry '%s' is encrypted",
                    quote_string(entry->name).text);
    if (entry->comp_method != ZIP_CM_STORE)
        return FAIL(error, ERROR_UNSUPPORTED,
                    "entry '%s' is compressed; PyTorch stores its entries plainly",
                    quote_string(entry->name).text);
    if (entry->size != entry->comp_size)
        return FAIL(error, ERROR_DATA, "entry '%s' has two sizes", quote_string(entry->name).text);
    return ERROR_NONE;
}

static int by_string(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Checks that every entry is stored uncompressed, that names are distinct, and that the entries
 * together are no larger than the file. *pickle: the only entry ROOT/data.pkl. */
static enum error_code check_entries(zip_t *archive, size_t file_size, zip_stat_t *pickle,
                                     struct error *error) {
    zip_int64_t count = zip_get_num_entries(archive, 0);
    if (count < 1 || count > MAXIMUM_ENTRIES)
        return FAIL(error, ERROR_UNSUPPORTED, "%lld entries in the zip file; 1 to %d are read",
                    (long long)count, MAXIMUM_ENTRIES);
    const char **names =
        memory_array((size_t)count, sizeof *names, "the names of a zip file", error);
    if (names == NULL) return error->code;
    size_t total = 0;
    bool found = false;
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t entry;
        if (zip_stat_index(archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW, &entry) != 0) {
            FAIL(error, ERROR_DATA, "entry %lld of the zip file: %s", (long long)i,
                 zip_strerror(archive));
            goto done;
        }
        if (check_entry(&entry, error) != ERROR_NONE) goto done;
        names[i] = entry.name;
        if (entry.size > file_size || total + entry.size > file_size) {
            FAIL(error, ERROR_DATA, "entry '%s' reaches beyond the file",
                 quote_string(entry.name).text);
            goto done;
        }
        total += (size_t)entry.size;
        const char *slash = strchr(entry.name, '/');
        if (slash == NULL || slash == entry.name || strcmp(slash, "/data.pkl") != 0) continue;
        if (found) {
            FAIL(error, ERROR_DATA, "two entries are called data.pkl");
            goto done;
        }
        found = true;
        *pickle = entry;
    }
    qsort(names, (size_t)count, sizeof *names, by_string);
    for (zip_int64_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0) {
            FAIL(error, ERROR_DATA, "entry '%s' is in the zip file twice",
                 quote_string(names[i]).text);
            goto done;
        }
    if (!found) FAIL(error, ERROR_DATA, "not a PyTorch checkpoint (a zip file without data.pkl)");
done:
    free(names);
    return error->code;
}

/* PyTorch may write no checksums (set_crc32_options): they are then 0, and libzip's error at the
 * end of the entry is ignored. */
static bool without_checksum(zip_t *archive, zip_uint64_t index, zip_file_t *file) {
    zip_stat_t entry;
    return zip_error_code_zip(zip_file_get_error(file)) == ZIP_ER_CRC &&
           zip_stat_index(archive, index, 0, &entry) == 0 && (entry.valid & ZIP_STAT_CRC) != 0 &&
           entry.crc == 0;
}

/* Reads the `size` bytes of an entry, and adds a NUL; the caller frees *bytes. libzip compares
 * the checksum at the end of the entry. */
static enum error_code read_entry(zip_t *archive, zip_uint64_t index, size_t size,
                                  unsigned char **bytes, struct error *error) {
    unsigned char *buffer = memory_array(size + 1, 1, "an entry of the zip file", error);
    zip_file_t *file = buffer == NULL ? NULL : zip_fopen_index(archive, index, 0);
    if (buffer != NULL && file == NULL)
        FAIL(error, ERROR_DATA, "entry '%s' cannot be read: %s",
             quote_string(zip_get_name(archive, index, ZIP_FL_ENC_RAW)).text,
             zip_strerror(archive));
    if (file == NULL) goto done;
    size_t have = 0;
    zip_int64_t got = 1;
    while (got > 0) {
        unsigned char beyond;
        got =
            have < size ? zip_fread(file, buffer + have, size - have) : zip_fread(file, &beyond, 1);
        if (got > 0) have += (size_t)got;
        if (have > size) break;
    }
    if (got < 0 && have == size && without_checksum(archive, index, file)) got = 0;
    if (got != 0 || have != size)
        FAIL(error, ERROR_DATA, "entry '%s' is damaged: %s",
             quote_string(zip_get_name(archive, index, ZIP_FL_ENC_RAW)).text,
             got < 0 ? zip_file_strerror(file) : "its size is wrong");
    zip_fclose(file);
done:
    if (error->code != ERROR_NONE) {
        free(buffer);
        return error->code;
    }
    *bytes = buffer;
    return ERROR_NONE;
}

/* Index of the entry ROOT + name, and its size; -1 when there is none. */
static zip_int64_t find_entry(const struct checkpoint *checkpoint, const char *name, size_t length,
                              size_t *size) {
    char path[NAME_SIZE];
    size_t root = strlen(checkpoint->root);
    zip_stat_t entry;
    if (length >= sizeof path || root >= sizeof path - length || memchr(name, '\0', length) != NULL)
        return -1;
    memcpy(path, checkpoint->root, root);
    memcpy(path + root, name, length);
    path[root + length] = '\0';
    zip_int64_t index = zip_name_locate(checkpoint->archive, path, ZIP_FL_ENC_RAW);
    if (index < 0 ||
        zip_stat_index(checkpoint->archive, (zip_uint64_t)index, ZIP_FL_ENC_RAW, &entry) != 0)
        return -1;
    *size = (size_t)entry.size;
    return index;
}

/* Recent versions write ROOT/byteorder, "little" or "big". */
static enum error_code check_byte_order(const struct checkpoint *checkpoint, struct error *error) {
    size_t size = 0;
    zip_int64_t index = find_entry(checkpoint, "byteorder", strlen("byteorder"), &size);
    if (index < 0) return ERROR_NONE;
    unsigned char *order = NULL;
    if (size > 16) return FAIL(error, ERROR_DATA, "entry 'byteorder' has %zu bytes", size);
    TRY(read_entry(checkpoint->archive, (zip_uint64_t)index, size, &order, error));
    if (strncmp((const char *)order, "little", 6) != 0)
        FAIL(error, ERROR_UNSUPPORTED,
             "written on a big-endian machine (byteorder '%s'); load and save it again on a "
             "little-endian one",
             quote_bytes((const char *)order, size).text);
    free(order);
    return error->code;
}

/* Finds the entry of a tensor's storage, which must have exactly the storage's size. */
static enum error_code storage_entry(const struct checkpoint *checkpoint,
                                     const struct pickle_tensor *tensor, zip_int64_t *index,
                                     size_t *size, struct error *error) {
    char name[NAME_SIZE] = "data/";
    const struct pickle_storage *storage = &tensor->storage;
    size_t prefix = strlen(name);
    *index = -1;
    if (storage->key_length < sizeof name - prefix) {
        memcpy(name + prefix, storage->key, storage->key_length);
        *index = find_entry(checkpoint, name, prefix + storage->key_length, size);
    }
    if (*index < 0)
        return FAIL(error, ERROR_DATA, "tensor '%s': its data, entry '%sdata/%s', is missing",
                    quote_bytes(tensor->name, tensor->name_length).text,
                    quote_string(checkpoint->root).text,
                    quote_bytes(storage->key, storage->key_length).text);
    size_t expected = storage->elements * storage_element_bytes(storage->dtype);
    if (*size != expected)
        return FAIL(error, ERROR_DATA, "tensor '%s': its data has %zu bytes instead of %zu",
                    quote_bytes(tensor->name, tensor->name_length).text, *size, expected);
    return ERROR_NONE;
}

static enum error_code read_pickle(struct checkpoint *checkpoint, const zip_stat_t *entry,
                                   struct error *error) {
    if (entry->size > PICKLE_MAXIMUM_BYTES)
        return FAIL(error, ERROR_UNSUPPORTED, "data.pkl: %llu bytes; at most %zu are read",
                    (unsigned long long)entry->size, PICKLE_MAXIMUM_BYTES);
    size_t size = (size_t)entry->size;
    TRY(read_entry(checkpoint->archive, entry->index, size, &checkpoint->pickle, error));
    TRY(pickle_read(checkpoint->pickle, size, &checkpoint->state, error));
    for (size_t i = 0; i < checkpoint->state.count; i++) {
        zip_int64_t index = -1;
        size_t bytes = 0;
        TRY(storage_entry(checkpoint, &checkpoint->state.tensors[i], &index, &bytes, error));
    }
    return ERROR_NONE;
}

enum error_code checkpoint_open(const unsigned char *bytes, size_t size,
                                struct checkpoint *checkpoint, struct error *error) {
    *checkpoint = (struct checkpoint){.storage_entry = -1};
    zip_t *archive = NULL;
    zip_stat_t pickle;
    zip_stat_init(&pickle);
    if (refuse_other_formats(bytes, size, error) != ERROR_NONE) goto done;
    if (open_archive(bytes, size, &archive, error) != ERROR_NONE) goto done;
    checkpoint->archive = archive;
    if (check_entries(archive, size, &pickle, error) != ERROR_NONE) goto done;
    checkpoint->root = memory_string(pickle.name, error);
    if (checkpoint->root == NULL) goto done;
    checkpoint->root[strlen(pickle.name) - strlen("data.pkl")] = '\0';
    if (check_byte_order(checkpoint, error) != ERROR_NONE) goto done;
    read_pickle(checkpoint, &pickle, error);
done:
    if (error->code != ERROR_NONE) checkpoint_close(checkpoint);
    return error->code;
}

void checkpoint_close(struct checkpoint *checkpoint) {
    pickle_free(&checkpoint->state);
    free(checkpoint->pickle);
    free(checkpoint->storage);
    free(checkpoint->root);
    if (checkpoint->archive != NULL) zip_discard(checkpoint->archive);
    *checkpoint = (struct checkpoint){.storage_entry = -1};
}

/* ---- tensors ---- */

/* Loads the storage of a tensor unless it is the one that was loaded last. */
static enum error_code load_storage(struct checkpoint *checkpoint,
                                    const struct pickle_tensor *tensor, struct error *error) {
    zip_int64_t index = -1;
    size_t size = 0;
    TRY(storage_entry(checkpoint, tensor, &index, &size, error));
    if (index == checkpoint->storage_entry) return ERROR_NONE;
    free(checkpoint->storage);
    checkpoint->storage = NULL;
    checkpoint->storage_entry = -1;
    TRY(read_entry(checkpoint->archive, (zip_uint64_t)index, size, &checkpoint->storage, error));
    checkpoint->storage_entry = index;
    return ERROR_NONE;
}

/* One little-endian element as float32; infinite when it is out of range. */
static float element(const unsigned char *bytes, enum storage_dtype dtype) {
    uint16_t half;
    float single;
    double number;
    switch (dtype) {
    case STORAGE_FLOAT16: memcpy(&half, bytes, sizeof half); return float16_to_float32(half);
    case STORAGE_BFLOAT16: memcpy(&half, bytes, sizeof half); return bfloat16_to_float32(half);
    case STORAGE_FLOAT64:
        memcpy(&number, bytes, sizeof number);
        if (fabs(number) > (double)FLT_MAX) return copysignf(INFINITY, (float)copysign(1, number));
        return (float)number;
    default: memcpy(&single, bytes, sizeof single); return single;
    }
}

enum error_code checkpoint_tensor(struct checkpoint *checkpoint, size_t index, float *values,
                                  size_t count, struct error *error) {
    const struct pickle_tensor *tensor = &checkpoint->state.tensors[index];
    if (tensor->storage.dtype == STORAGE_INT64)
        return FAIL(error, ERROR_DATA, "tensor '%s': integers where weights are expected",
                    quote_bytes(tensor->name, tensor->name_length).text);
    TRY(load_storage(checkpoint, tensor, error));
    size_t width = storage_element_bytes(tensor->storage.dtype);
    size_t position[PICKLE_MAXIMUM_RANK] = {0};
    size_t at = tensor->offset; /* inside the storage, as pickle_read() has checked */
    for (size_t i = 0; i < count; i++) {
        values[i] = element(checkpoint->storage + at * width, tensor->storage.dtype);
        for (size_t axis = tensor->rank; axis-- > 0;) {
            if (++position[axis] < tensor->sizes[axis]) {
                at += tensor->strides[axis];
                break;
            }
            at -= tensor->strides[axis] * (tensor->sizes[axis] - 1);
            position[axis] = 0;
        }
    }
    return ERROR_NONE;
}

static const char *source_name(void *context, size_t index, size_t *length) {
    const struct pickle_tensor *tensor = &((struct checkpoint *)context)->state.tensors[index];
    *length = tensor->name_length;
    return tensor->name;
}

static void source_shape(void *context, size_t index, struct tensor_shape *shape) {
    const struct pickle_tensor *tensor = &((struct checkpoint *)context)->state.tensors[index];
    shape->rank = tensor->rank;
    memcpy(shape->sizes, tensor->sizes, sizeof shape->sizes);
}

static enum error_code source_read(void *context, size_t index, float *values, size_t count,
                                   struct error *error) {
    return checkpoint_tensor(context, index, values, count, error);
}

struct tensor_source checkpoint_source(struct checkpoint *checkpoint) {
    return (struct tensor_source){checkpoint, checkpoint->state.count, source_name, source_shape,
                                  source_read};
}
