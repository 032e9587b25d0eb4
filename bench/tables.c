#include "bench/tables.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Prints one of the words of a message or a figure's name. */
static void print_shown(FILE *stream, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~') {
            fputc(*text, stream);
        } else {
            fprintf(stream, "\\x%02x", (unsigned char)*text);
        }
    }
}

void bench_fail(const char *file, const char *format, ...) {
    static char whole[1 << 15];
    char message[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    setvbuf(stderr, whole, _IOFBF, sizeof whole); /* other programs print at the same time */
    print_shown(stderr, file);
    fputs(": ", stderr);
    print_shown(stderr, message);
    fputc('\n', stderr);
    exit(1);
}

void bench_print_figure(const char *before, const char *name, const char *after, double value) {
    fputs(before, stdout);
    print_shown(stdout, name);
    printf("%s\t%.6f\n", after, value);
}

/* Whether a spreadsheet may take the cell as a formula, or for two cells of which one is. */
static bool is_formula(const char *cell) {
    cell += strspn(cell, " '\"");
    return *cell != '\0' && strchr("=+-@", *cell) != NULL;
}

void bench_cell(FILE *stream, const char *cell) {
    bool quoted = strpbrk(cell, ",;\"") != NULL || *cell == ' ' || *cell == '\'';
    if (quoted) fputc('"', stream);
    if (is_formula(cell)) fputc('\'', stream);
    for (; *cell != '\0'; cell++) {
        if (*cell == '%' || (*cell >= 0 && *cell < ' ') || *cell == 0x7f ||
            (*cell == ';' && is_formula(cell + 1))) {
            fprintf(stream, "%%%02X", (unsigned char)*cell);
        } else {
            if (*cell == '"') fputc('"', stream);
            fputc(*cell, stream);
        }
    }
    if (quoted) fputc('"', stream);
}

void *bench_allocate(size_t count, size_t size) {
    void *memory = calloc(count == 0 ? 1 : count, size);
    if (memory == NULL) bench_fail("memory", "out of memory");
    return memory;
}

void *bench_grow(void *memory, size_t count, size_t size) {
    void *grown = reallocarray(memory, count, size);
    if (grown == NULL) bench_fail("memory", "out of memory");
    return grown;
}

char *bench_string(const char *text) {
    char *copy = strdup(text);
    if (copy == NULL) bench_fail("memory", "out of memory");
    return copy;
}

FILE *bench_create(const char *path) {
    FILE *stream = fopen(path, "wb");
    if (stream == NULL) bench_fail(path, "%s", strerror(errno));
    return stream;
}

void bench_close(const char *path, FILE *stream) {
    bool failed = ferror(stream) != 0;
    if (fclose(stream) != 0 || failed) bench_fail(path, "could not be written");
}

void bench_join(char *path, size_t size, const char *folder, const char *name) {
    int length = snprintf(path, size, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= size) bench_fail(folder, "the name is too long");
}

/* Reads one row, including quoted line ends, into csv->text; false at the end. */
static bool read_row(struct csv *csv) {
    size_t length = 0;
    bool quoted = false;
    int c = 0;
    while ((c = getc(csv->stream)) != EOF) {
        if (length + 2 > csv->text_capacity) {
            csv->text_capacity = 2 * csv->text_capacity + 256;
            csv->text = bench_grow(csv->text, csv->text_capacity, 1);
        }
        if (c == '"') quoted = !quoted;
        if (c == '\n' && !quoted) break;
        csv->text[length++] = (char)c;
    }
    if (quoted) bench_fail(csv->path, "a quote is not closed");
    if (c == EOF && length == 0) return false;
    if (length > 0 && csv->text[length - 1] == '\r') length--;
    csv->text[length] = '\0';
    return true;
}

/* Splits the row in place into at most `limit` cells; returns their number. */
static size_t split_row(struct csv *csv, char **cells, size_t limit) {
    size_t count = 0;
    char *at = csv->text;
    for (bool more = true; more; count++) {
        char *out = at;
        if (count < limit) cells[count] = out;
        bool quoted = false;
        for (; *at != '\0' && (quoted || *at != ','); at++) {
            if (*at != '"') {
                *out++ = *at;
            } else if (quoted && at[1] == '"') {
                *out++ = *at++;
            } else {
                quoted = !quoted;
            }
        }
        more = *at == ',';
        at++;
        *out = '\0';
    }
    return count;
}

void csv_open(const char *path, struct csv *csv) {
    *csv = (struct csv){.path = path, .stream = fopen(path, "r")};
    if (csv->stream == NULL) bench_fail(path, "%s", strerror(errno));
    if (!read_row(csv)) bench_fail(path, "empty");
    size_t limit = 1;
    for (const char *at = csv->text; *at != '\0'; at++) limit += *at == ',';
    csv->headings = bench_allocate(limit, sizeof *csv->headings);
    csv->cells = bench_allocate(limit, sizeof *csv->cells);
    csv->heading_count = split_row(csv, csv->headings, limit);
    for (size_t i = 0; i < csv->heading_count; i++) {
        csv->headings[i] = bench_string(csv->headings[i]);
    }
}

bool csv_next(struct csv *csv) {
    if (!read_row(csv)) return false;
    size_t count = split_row(csv, csv->cells, csv->heading_count);
    if (count != csv->heading_count) {
        bench_fail(csv->path, "a row of %zu cells under %zu headings", count, csv->heading_count);
    }
    return true;
}

size_t csv_needed_column(const struct csv *csv, const char *name) {
    for (size_t i = 0; i < csv->heading_count; i++) {
        if (strcmp(csv->headings[i], name) == 0) return i;
    }
    bench_fail(csv->path, "no column %s", name);
}

size_t csv_row_number(const struct csv *csv, size_t column) {
    const char *cell = csv->cells[column];
    char *end = NULL;
    errno = 0;
    unsigned long long row = strtoull(cell, &end, 10);
    if (end == cell || *end != '\0' || errno != 0 || row >= 1u << 30) {
        bench_fail(csv->path, "'%s' is not a row of the run", cell);
    }
    return (size_t)row;
}

void csv_close(struct csv *csv) {
    fclose(csv->stream);
    for (size_t i = 0; i < csv->heading_count; i++) free(csv->headings[i]);
    free(csv->headings);
    free(csv->cells);
    free(csv->text);
}

/* The value of 'key' in the header's Python dictionary. */
static const char *header_value(const char *path, const char *header, const char *key) {
    const char *found = strstr(header, key);
    if (found == NULL) bench_fail(path, "no %s in the header", key);
    found += strlen(key);
    while (*found == ':' || *found == ' ') found++;
    return found;
}

static void parse_header(const char *path, const char *header, struct npy *npy) {
    const char *type = header_value(path, header, "'descr'");
    if (strncmp(type, "'<f4'", 5) != 0 && strncmp(type, "'<f8'", 5) != 0 &&
        strncmp(type, "'<i4'", 5) != 0 && strncmp(type, "'<i8'", 5) != 0) {
        bench_fail(path, "elements of another type than float32, float64, int32, int64");
    }
    npy->kind = type[2];
    npy->size = (size_t)(type[3] - '0');
    if (strncmp(header_value(path, header, "'fortran_order'"), "False", 5) != 0) {
        bench_fail(path, "not in C order");
    }
    unsigned long long rows = 0;
    unsigned long long columns = 1;
    int read = sscanf(header_value(path, header, "'shape'"), "(%llu, %llu)", &rows, &columns);
    if (read < 1 || rows > 1u << 30 || columns > 1u << 20) {
        bench_fail(path, "not an array of one or two dimensions");
    }
    npy->rows = (size_t)rows;
    npy->columns = (size_t)columns;
}

void npy_load(const char *path, struct npy *npy) {
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) bench_fail(path, "%s", strerror(errno));
    unsigned char start[10];
    char header[65536];
    if (fread(start, 1, sizeof start, stream) != sizeof start ||
        memcmp(start, "\x93NUMPY\x01", 7) != 0) {
        bench_fail(path, "not a .npy file of version 1");
    }
    size_t length = start[8] + 256u * start[9];
    if (length >= sizeof header || fread(header, 1, length, stream) != length) {
        bench_fail(path, "the header is cut short");
    }
    header[length] = '\0';
    parse_header(path, header, npy);
    size_t count = npy->rows * npy->columns;
    npy->data = bench_allocate(count, npy->size);
    if (fread(npy->data, npy->size, count, stream) != count || getc(stream) != EOF) {
        bench_fail(path, "not as long as its header says");
    }
    fclose(stream);
}

double npy_value(const struct npy *npy, size_t row, size_t column) {
    const unsigned char *at = npy->data + (row * npy->columns + column) * npy->size;
    float f4 = 0;
    double f8 = 0;
    int32_t i4 = 0;
    int64_t i8 = 0;
    if (npy->kind == 'f' && npy->size == 4) return memcpy(&f4, at, 4), (double)f4;
    if (npy->kind == 'f') return memcpy(&f8, at, 8), f8;
    if (npy->size == 4) return memcpy(&i4, at, 4), (double)i4;
    return memcpy(&i8, at, 8), (double)i8;
}

void npy_save(const char *path, const size_t *values, size_t count) {
    FILE *stream = bench_create(path);
    char header[128];
    /* The whole header is 128 bytes, of which the last is a line end. */
    snprintf(header, sizeof header, "{'descr': '<i8', 'fortran_order': False, 'shape': (%zu,), }",
             count);
    fprintf(stream, "\x93NUMPY\x01%c\x76%c%-117s\n", 0, 0, header);
    for (size_t i = 0; i < count; i++) {
        int64_t value = (int64_t)values[i];
        fwrite(&value, sizeof value, 1, stream);
    }
    bench_close(path, stream);
}

void npy_free(struct npy *npy) {
    free(npy->data);
    npy->data = NULL;
}

size_t csv_count(const char *folder, const char *name) {
    char path[4096];
    struct csv csv;
    size_t count = 0;
    bench_join(path, sizeof path, folder, name);
    csv_open(path, &csv);
    while (csv_next(&csv)) count++;
    csv_close(&csv);
    return count;
}
