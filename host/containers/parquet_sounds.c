#include "host/containers/parquet_sounds.h"

#include "host/base/memory.h"
#include "host/containers/parquet_windows.h"

#include <stdlib.h>
#include <string.h>

/* Threads ask for rows nearly in order, so that few pages are in use at a time. */
#define CHUNKS 2
#define PAGES 8
#define PAGES_MEMORY ((size_t)32 << 20) /* of all but the last */

struct place { /* of a page of a chunk */
    struct parquet_page page;
    uint64_t first_row;
};

struct chunk { /* pages of a column in a row group */
    bool is_open;
    size_t column, group;
    uint64_t used; /* larger is later */
    struct place *places;
    size_t count;
    size_t capacity;
    bool has_dictionary;
    struct parquet_page dictionary_page;
    struct parquet_windows dictionary; /* read when it is needed */
};

struct open_page {
    size_t column;
    uint64_t first_row;
    uint64_t used;
    size_t asked; /* how often a row of it was */
    struct parquet_windows windows;
};

struct parquet_sounds {
    const struct parquet_file *file;
    uint64_t clock;
    bool is_at_end; /* the last row was asked for */
    struct chunk chunks[CHUNKS];
    struct open_page pages[PAGES]; /* those with a descriptor are open */
};

enum error_code parquet_sounds_new(const struct parquet_file *file, struct parquet_sounds **sounds,
                                   struct error *error) {
    *sounds = memory_array(1, sizeof **sounds, "sounds", error);
    if (*sounds == NULL) return error->code;
    (*sounds)->file = file;
    for (size_t i = 0; i < CHUNKS; i++) (*sounds)->chunks[i].dictionary = PARQUET_WINDOWS_NONE;
    for (size_t i = 0; i < PAGES; i++) (*sounds)->pages[i].windows = PARQUET_WINDOWS_NONE;
    return ERROR_NONE;
}

static void close_chunk(struct chunk *chunk) {
    free(chunk->places);
    parquet_windows_close(&chunk->dictionary);
    *chunk = (struct chunk){.dictionary = PARQUET_WINDOWS_NONE};
}

void parquet_sounds_free(struct parquet_sounds *sounds) {
    if (sounds == NULL) return;
    for (size_t i = 0; i < CHUNKS; i++) close_chunk(&sounds->chunks[i]);
    for (size_t i = 0; i < PAGES; i++) parquet_windows_close(&sounds->pages[i].windows);
    free(sounds);
}

/* ---- chunks ---- */

static enum error_code add_place(struct chunk *chunk, const struct parquet_page *page, uint64_t row,
                                 struct error *error) {
    TRY(memory_grow(&chunk->places, &chunk->capacity, chunk->count + 1, sizeof *chunk->places,
                    "pages", error));
    chunk->places[chunk->count++] = (struct place){*page, row};
    return ERROR_NONE;
}

/* Finds the pages, whose headers stand between them. */
static enum error_code open_chunk(const struct parquet_file *file, struct chunk *chunk,
                                  struct error *error) {
    struct parquet_walk walk;
    struct parquet_page page;
    uint64_t row = file->groups[chunk->group].first_row;
    bool end = false;
    TRY(parquet_walk_begin(&walk, file, parquet_chunk(file, chunk->group, chunk->column), error));
    for (;;) {
        TRY(parquet_walk_next(&walk, &page, &end, error));
        if (end) return ERROR_NONE;
        if (page.type == PARQUET_DICTIONARY) {
            chunk->has_dictionary = true;
            chunk->dictionary_page = page;
            continue;
        }
        TRY(add_place(chunk, &page, row, error));
        row += page.values;
    }
}

static struct chunk *find_chunk(struct parquet_sounds *sounds, size_t column, size_t group,
                                struct error *error) {
    struct chunk *oldest = &sounds->chunks[0];
    for (size_t i = 0; i < CHUNKS; i++) {
        struct chunk *chunk = &sounds->chunks[i];
        if (chunk->is_open && chunk->column == column && chunk->group == group) return chunk;
        if (chunk->used < oldest->used) oldest = chunk;
    }
    close_chunk(oldest);
    oldest->column = column;
    oldest->group = group;
    if (open_chunk(sounds->file, oldest, error) != ERROR_NONE) {
        close_chunk(oldest);
        return NULL;
    }
    oldest->is_open = true;
    return oldest;
}

/* ---- pages ---- */

/* The number of the last row group, or page, that begins at the row or before it. */
static size_t find_group(const struct parquet_file *file, uint64_t row) {
    size_t low = 0, high = file->group_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (file->groups[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static const struct place *find_place(const struct chunk *chunk, uint64_t row) {
    size_t low = 0, high = chunk->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (chunk->places[middle].first_row <= row)
            low = middle;
        else
            high = middle;
    }
    return &chunk->places[low];
}

static struct open_page *find_page(struct parquet_sounds *sounds, size_t column, uint64_t row) {
    for (size_t i = 0; i < PAGES; i++) {
        struct open_page *page = &sounds->pages[i];
        if (page->windows.descriptor >= 0 && page->column == column && row >= page->first_row &&
            row - page->first_row < page->windows.count)
            return page;
    }
    return NULL;
}

static struct open_page *oldest_page(struct parquet_sounds *sounds, size_t *memory) {
    struct open_page *oldest = NULL;
    *memory = 0;
    for (size_t i = 0; i < PAGES; i++) {
        struct open_page *page = &sounds->pages[i];
        if (page->windows.descriptor < 0) continue;
        *memory += page->windows.memory + page->windows.count * sizeof *page->windows.windows;
        if (oldest == NULL || page->used < oldest->used) oldest = page;
    }
    return oldest;
}

/* A place for one more page. */
static struct open_page *free_page(struct parquet_sounds *sounds) {
    for (;;) {
        size_t memory;
        struct open_page *oldest = oldest_page(sounds, &memory);
        for (size_t i = 0; i < PAGES && memory <= PAGES_MEMORY; i++)
            if (sounds->pages[i].windows.descriptor < 0) return &sounds->pages[i];
        parquet_windows_close(&oldest->windows);
    }
}

static struct open_page *open_page(struct parquet_sounds *sounds, size_t column, uint64_t row,
                                   struct error *error) {
    const struct parquet_file *file = sounds->file;
    const struct parquet_windows none = PARQUET_WINDOWS_NONE;
    const size_t group = find_group(file, row);
    const int codec = parquet_chunk(file, group, column)->codec;
    struct chunk *chunk = find_chunk(sounds, column, group, error);
    if (chunk == NULL) return NULL;
    chunk->used = ++sounds->clock;
    if (chunk->has_dictionary && chunk->dictionary.descriptor < 0 &&
        parquet_windows_open(file, column, codec, &chunk->dictionary_page, &none,
                             &chunk->dictionary, error) != ERROR_NONE)
        return NULL;
    const struct place *place = find_place(chunk, row);
    struct open_page *page = free_page(sounds);
    if (parquet_windows_open(file, column, codec, &place->page, &chunk->dictionary, &page->windows,
                             error) != ERROR_NONE)
        return NULL;
    page->column = column;
    page->first_row = place->first_row;
    page->asked = 0;
    return page;
}

/* Null, or a window that is given out. */
static enum error_code take_window(const struct open_page *page, uint64_t row,
                                   struct container_bytes *bytes, struct error *error) {
    const struct parquet_window window = page->windows.windows[row - page->first_row];
    if (window.size == PARQUET_WINDOW_NULL)
        return FAIL(error, ERROR_DATA,
                    "its bytes are null in the parquet file; write it again with the sounds in it");
    bytes->offset = window.offset;
    bytes->count = window.size;
    return parquet_windows_descriptor(page->windows.descriptor, &bytes->descriptor, error);
}

/* The page, and at the end of the file all of them. */
static void close_pages(struct parquet_sounds *sounds, struct open_page *page) {
    parquet_windows_close(&page->windows);
    for (size_t i = 0; i < PAGES && sounds->is_at_end; i++)
        parquet_windows_close(&sounds->pages[i].windows);
}

enum error_code parquet_sounds_bytes(struct parquet_sounds *sounds, size_t column, uint64_t row,
                                     struct container_bytes *bytes, struct error *error) {
    const struct parquet_file *file = sounds->file;
    bytes->descriptor = -1;
    if (row >= file->rows || column >= file->column_count ||
        file->columns[column].type != PARQUET_BYTES || file->columns[column].repetition > 0)
        return FAIL(error, ERROR_DATA, "its row is no longer in the parquet file");
    struct open_page *page = find_page(sounds, column, row);
    if (page == NULL) page = open_page(sounds, column, row, error);
    if (page == NULL) return error->code;
    page->used = ++sounds->clock;
    take_window(page, row, bytes, error);
    /* What will not be asked for again need not stay: rows before those of this page, some of which
     * nobody asks for, once the file is at its end. */
    if (row == file->rows - 1) sounds->is_at_end = true;
    if (++page->asked == page->windows.count || sounds->is_at_end) close_pages(sounds, page);
    return error->code;
}
