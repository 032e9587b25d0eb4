/* Writing arrays as a stream, committed in one step. */
#include "host/base/npy.h"
#include "host/base/npy_header.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "elements are written as they are");

enum error_code npy_writer_open(const struct folder *folder, const char *name, enum npy_type type,
                                size_t dimensions, const size_t *shape, struct npy_writer *writer,
                                struct error *error) {
    *writer = (struct npy_writer){.type = type, .dimensions = dimensions, .row_elements = 1};
    if (dimensions < 1 || dimensions > NPY_MAXIMUM_DIMENSIONS)
        return FAIL(error, ERROR_INTERNAL, "%s: an array of %zu dimensions", name, dimensions);
    memcpy(writer->shape, shape, dimensions * sizeof *shape);
    for (size_t d = 1; d < dimensions; d++) writer->row_elements *= shape[d];
    char header[NPY_HEADER_SIZE];
    size_t size = npy_header_format(type, dimensions, shape, header);
    TRY(file_replace_open(folder, name, &writer->file, error));
    if (fwrite(header, 1, size, writer->file.stream) != size)
        file_fail(error, writer->file.path, "write", errno);
    if (error->code != ERROR_NONE) npy_writer_close(writer);
    return error->code;
}

enum error_code npy_writer_write(struct npy_writer *writer, const void *elements, size_t count,
                                 struct error *error) {
    size_t size = npy_type_size(writer->type);
    if (count > 0 && fwrite(elements, size, count, writer->file.stream) != count)
        return file_fail(error, writer->file.path, "write", errno);
    writer->written += count;
    return ERROR_NONE;
}

enum error_code npy_writer_commit(struct npy_writer *writer, struct error *error) {
    bool unknown = writer->shape[0] == NPY_UNKNOWN_ROWS;
    size_t row = writer->row_elements;
    if (unknown) writer->shape[0] = row == 0 ? 0 : (size_t)(writer->written / row);
    if (writer->written != (uint64_t)writer->shape[0] * row)
        return FAIL(error, ERROR_INTERNAL, "%s: %" PRIu64 " elements written into %zu rows x %zu",
                    writer->file.path, writer->written, writer->shape[0], row);
    if (unknown) {
        char header[NPY_HEADER_SIZE];
        size_t size = npy_header_format(writer->type, writer->dimensions, writer->shape, header);
        if (fseek(writer->file.stream, 0, SEEK_SET) != 0 ||
            fwrite(header, 1, size, writer->file.stream) != size)
            return file_fail(error, writer->file.path, "write", errno);
    }
    return file_replace_commit(&writer->file, error);
}

void npy_writer_close(struct npy_writer *writer) {
    file_replace_close(&writer->file);
}

enum error_code npy_write_in(const struct folder *folder, const char *name, enum npy_type type,
                             size_t dimensions, const size_t *shape, const void *elements,
                             struct error *error) {
    struct npy_writer writer;
    size_t count = 1;
    for (size_t d = 0; d < dimensions; d++) count *= shape[d];
    if (npy_writer_open(folder, name, type, dimensions, shape, &writer, error) == ERROR_NONE &&
        npy_writer_write(&writer, elements, count, error) == ERROR_NONE)
        npy_writer_commit(&writer, error);
    npy_writer_close(&writer);
    return error->code;
}
