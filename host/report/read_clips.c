/* clips.csv of a run, read back: the rows that a page shows. */
#include "host/base/memory.h"
#include "host/output/clip_columns.h"
#include "host/report/limits.h"
#include "host/report/read_internal.h"
#include "host/report/read_source.h"

#include <stdlib.h>

static enum error_code open_clips(struct source *source, const struct run_file *file,
                                  struct error *error) {
    struct source_column wanted[SOURCE_MAXIMUM_COLUMNS];
    size_t count;
    const struct clip_column *columns = clip_columns(&count);
    for (size_t i = 0; i < count && i < SOURCE_MAXIMUM_COLUMNS; i++)
        wanted[i] = (struct source_column){columns[i].name, columns[i].optional};
    return source_open(source, file, wanted, count, error);
}

/* Fills in what one column has about the clip; a column that is missing leaves it as it is. */
static enum error_code read_cell(const struct source *source, size_t index, struct run_clip *clip,
                                 struct error *error) {
    size_t count;
    const struct clip_column *column = &clip_columns(&count)[index];
    struct error own = ERROR_INITIAL;
    if (source->columns[index] == SIZE_MAX) return ERROR_NONE;
    if (column->read(source_cell(source, index), clip, column->member, &own) == ERROR_NONE)
        return ERROR_NONE;
    return FAIL(error, own.code, "%s, line %zu: %s", source->path, source->reader.line,
                own.message);
}

static enum error_code keep_clip(struct run_read *read, const struct source *source, size_t row,
                                 struct error *error) {
    size_t count;
    clip_columns(&count);
    TRY(memory_grow(&read->kept, &read->kept_capacity, read->kept_count + 1, sizeof *read->kept,
                    "the clips of a run", error));
    struct run_clip *kept = &read->kept[read->kept_count++];
    *kept = (struct run_clip)RUN_CLIP_INITIAL;
    for (size_t i = 0; i < count; i++) TRY(read_cell(source, i, kept, error));
    kept->row = row;
    return ERROR_NONE;
}

/* The row's number, which is checked, its status and its faults: they decide whether the clip
 * is kept. */
static enum error_code read_key(const struct source *source, size_t row, struct run_clip *key,
                                struct error *error) {
    *key = (struct run_clip)RUN_CLIP_INITIAL;
    TRY(read_cell(source, clip_column_find("row"), key, error));
    if (key->row != row)
        return FAIL(error, ERROR_DATA, "%s, line %zu: row %lld where row %zu should be",
                    source->path, source->reader.line, (long long)key->row, row);
    TRY(read_cell(source, clip_column_find("status"), key, error));
    return read_cell(source, clip_column_find("audio_faults"), key, error);
}

/* Keeps the rows that issues are about, the first that were not audited and the
 * first of every fault. */
static enum error_code read_clip_rows(struct run_read *read, struct source *source,
                                      struct error *error) {
    size_t row = 0;
    size_t needed = 0;
    size_t unaudited = 0;
    size_t faulty[AUDIO_FAULT_COUNT] = {0};
    for (;; row++) {
        struct run_clip key;
        TRY(source_next(source, error));
        if (source->end) break;
        TRY(read_key(source, row, &key, error));
        bool wanted = needed < read->needed_count && read->needed[needed] == row;
        if (wanted) needed++;
        if (key.status != CLIP_OK && unaudited < REPORT_LISTED_CLIPS) {
            wanted = true;
            unaudited++;
        }
        for (int i = 0; i < AUDIO_FAULT_COUNT; i++)
            if ((key.audio.faults >> i & 1) != 0 && faulty[i]++ < REPORT_FAULT_CLIPS) wanted = true;
        if (wanted) TRY(keep_clip(read, source, row, error));
    }
    read->results.clips.count = row;
    if (needed < read->needed_count)
        return FAIL(error, ERROR_DATA, "%s: has %zu rows, but issues.jsonl is about row %zu",
                    source->path, row, read->needed[needed]);
    return ERROR_NONE;
}

/* ---- the twins of faulty clips ----
 * The page names the other clip of a pair, whose row may precede the kept one's: twins are
 * known only after all rows were read, and are read in a second pass. */

struct twins {
    size_t *rows;
    size_t count, capacity;
};

static int compare_rows(const void *a, const void *b) {
    size_t first = *(const size_t *)a;
    size_t second = *(const size_t *)b;
    return (first > second) - (first < second);
}

static int compare_kept(const void *a, const void *b) {
    return compare_rows(&((const struct run_clip *)a)->row, &((const struct run_clip *)b)->row);
}

static bool is_kept(const struct run_read *read, size_t row) {
    const struct run_clip wanted = {.row = row};
    return bsearch(&wanted, read->kept, read->kept_count, sizeof wanted, compare_kept) != NULL;
}

static enum error_code find_twins(const struct run_read *read, struct twins *twins,
                                  struct error *error) {
    for (size_t i = 0; i < read->kept_count; i++) {
        const struct clip_audio *audio = &read->kept[i].audio;
        for (int fault = 0; fault < AUDIO_FAULT_COUNT; fault++) {
            size_t other = audio_fault_other(audio, (enum audio_fault)fault);
            if ((audio->faults >> fault & 1) == 0 || other == CLIP_NO_RELATION ||
                is_kept(read, other))
                continue;
            TRY(memory_grow(&twins->rows, &twins->capacity, twins->count + 1, sizeof *twins->rows,
                            "the clips of a run", error));
            twins->rows[twins->count++] = other;
        }
    }
    if (twins->count > 0) qsort(twins->rows, twins->count, sizeof *twins->rows, compare_rows);
    return ERROR_NONE;
}

static enum error_code keep_twins(struct run_read *read, struct source *source,
                                  const struct twins *twins, struct error *error) {
    size_t next = 0;
    for (size_t row = 0; next < twins->count; row++) {
        TRY(source_next(source, error));
        if (source->end) break; /* the page names a missing row by its number */
        if (twins->rows[next] != row) continue;
        while (next < twins->count && twins->rows[next] == row) next++;
        TRY(keep_clip(read, source, row, error));
    }
    qsort(read->kept, read->kept_count, sizeof *read->kept, compare_kept);
    return error->code;
}

static enum error_code read_clips(struct run_read *read, const struct run_file *file,
                                  const struct twins *twins, struct error *error) {
    struct source source;
    if (open_clips(&source, file, error) == ERROR_NONE) {
        if (twins == NULL)
            read_clip_rows(read, &source, error);
        else
            keep_twins(read, &source, twins, error);
    }
    source_close(&source);
    return error->code;
}

enum error_code run_read_clips(struct run_read *read, const struct run_file *file,
                               struct error *error) {
    struct twins twins = {0};
    if (read_clips(read, file, NULL, error) == ERROR_NONE &&
        find_twins(read, &twins, error) == ERROR_NONE && twins.count > 0)
        read_clips(read, file, &twins, error);
    free(twins.rows);
    return error->code;
}
