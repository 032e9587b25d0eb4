/* Decompression of parquet's pages. */
#include "host/containers/parquet_page.h"

#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static const char *const names[] = {"UNCOMPRESSED", "SNAPPY", "GZIP", "LZO",
                                    "BROTLI",       "LZ4",    "ZSTD", "LZ4_RAW"};

enum error_code parquet_codec_check(int codec, struct error *error) {
    if (codec == PARQUET_UNCOMPRESSED || codec == PARQUET_SNAPPY || codec == PARQUET_GZIP ||
        codec == PARQUET_ZSTD)
        return ERROR_NONE;
    if (codec >= 0 && (size_t)codec < sizeof names / sizeof *names)
        return FAIL(error, ERROR_DATA,
                    "compressed with %s, which is not read; write it again with "
                    "compression='zstd'",
                    names[codec]);
    return PARQUET_DAMAGED(error, "a compression of no known kind");
}

static bool inflate_gzip(const uint8_t *stored, size_t stored_size, uint8_t *bytes, size_t size) {
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 32) != Z_OK) return false; /* with the header of gzip or zlib */
    stream.next_in = (Bytef *)(uintptr_t)stored;
    stream.avail_in = (uInt)stored_size;
    stream.next_out = bytes;
    stream.avail_out = (uInt)size;
    int status = inflate(&stream, Z_FINISH);
    /* Several members follow each other where a writer has flushed. */
    while (status == Z_STREAM_END && stream.avail_in > 0 && stream.avail_out > 0 &&
           inflateReset(&stream) == Z_OK)
        status = inflate(&stream, Z_FINISH);
    bool complete = status == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    return complete;
}

enum error_code parquet_decompress(int codec, const uint8_t *stored, size_t stored_size,
                                   uint8_t *bytes, size_t size, struct error *error) {
    bool good = false;
    size_t found = 0;
    switch (codec) {
    case PARQUET_UNCOMPRESSED:
        good = stored_size == size;
        if (good && size > 0) memcpy(bytes, stored, size);
        break;
    case PARQUET_SNAPPY:
        good = snappy_uncompressed_length((const char *)stored, stored_size, &found) == SNAPPY_OK &&
               found == size &&
               snappy_uncompress((const char *)stored, stored_size, (char *)bytes, &found) ==
                   SNAPPY_OK &&
               found == size;
        break;
    case PARQUET_ZSTD: good = ZSTD_decompress(bytes, size, stored, stored_size) == size; break;
    case PARQUET_GZIP: good = inflate_gzip(stored, stored_size, bytes, size); break;
    default: return parquet_codec_check(codec, error);
    }
    return good ? ERROR_NONE : PARQUET_DAMAGED(error, "a page cannot be decompressed");
}
