/* clips.csv, classes.csv, overlapping_classes.csv and confident_joint.csv of a
 * run, read back. */
#include "host/base/csv.h"
#include "host/base/file.h"
#include "host/base/memory.h"
#include "host/base/text.h"
#include "host/report/read_internal.h"
#include "host/report/report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 24 /* of the tables with a fixed head */

/* A table under way: the reader and where the wanted columns are. */
struct source {
    struct csv_reader reader;
    struct file_mapping file; /* a regular file: nothing that could block */
    FILE *stream;
    const char *path;
    size_t columns[COLUMNS]; /* of the wanted names, in their order */
    bool end;
};

static enum error_code next_row(struct source *source, struct error *error) {
    return csv_next(&source->reader, &source->end, error);
}

/* Opens the file and finds the columns by the names in its first row; the first
 * `required` of them must be there. */
static enum error_code open_source(struct source *source, const char *path,
                                   const char *const *names, size_t count, size_t required,
                                   struct error *error) {
    *source = (struct source){.path = path};
    TRY(file_map(path, &source->file, error));
    if (source->file.size == 0) return FAIL(error, ERROR_DATA, "%s: is empty", path);
    source->stream = fmemopen((void *)(uintptr_t)source->file.data, source->file.size, "rb");
    csv_open(&source->reader, source->stream, path, ',');
    if (source->stream == NULL)
        return FAIL(error, ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
    TRY(next_row(source, error));
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (!source->end && at < source->reader.count &&
               strcmp(csv_cell(&source->reader, at), names[i]) != 0)
            at++;
        bool found = !source->end && at < source->reader.count;
        if (!found && i < required)
            return FAIL(error, ERROR_DATA, "%s: no column '%s'", path, names[i]);
        source->columns[i] = found ? at : SIZE_MAX;
    }
    return ERROR_NONE;
}

static void close_source(struct source *source) {
    csv_close(&source->reader);
    if (source->stream != NULL) fclose(source->stream);
    file_unmap(&source->file);
}

/* A wanted cell of the row; "" where the row is shorter. */
static const char *cell(const struct source *source, size_t column) {
    size_t at = source->columns[column];
    const char *value = at == SIZE_MAX ? NULL : csv_cell(&source->reader, at);
    return value == NULL ? "" : value;
}

/* A whole number, or `absent` for an empty cell. */
static int64_t integer(const struct source *source, const char *value, int64_t absent,
                       struct error *error) {
    char *end = NULL;
    if (*value == '\0') return absent;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (*end != '\0' || errno != 0)
        FAIL(error, ERROR_DATA, "%s, line %zu: '%.40s' is no whole number", source->path,
             source->reader.line, value);
    return number;
}

static double number(const struct source *source, size_t column) {
    const char *value = cell(source, column);
    return *value == '\0' ? (double)NAN : strtod(value, NULL);
}

/* The class whose number is in the cell. */
static int32_t class_number(const struct run_read *read, const struct source *source, size_t column,
                            struct error *error) {
    int64_t index = integer(source, cell(source, column), -1, error);
    if (error->code == ERROR_NONE && (index < 0 || (size_t)index >= read->results.class_count))
        FAIL(error, ERROR_DATA, "%s, line %zu: class %lld is not in classes.json", source->path,
             source->reader.line, (long long)index);
    return error->code == ERROR_NONE ? (int32_t)index : 0;
}

/* ---- clips.csv ---- */

enum {
    CLIP_ROW,
    CLIP_PATH,
    CLIP_ID,
    CLIP_LABEL,
    CLIP_STATUS,
    CLIP_REASON,
    CLIP_START,
    CLIP_DURATION,
    CLIP_COLUMNS,
    /* The following are optional: runs of old have none. */
    CLIP_LEVEL = CLIP_COLUMNS,
    CLIP_CLIPPED,
    CLIP_OFFSET,
    CLIP_SILENCE,
    CLIP_DROP,
    CLIP_IDENTICAL_OTHER,
    CLIP_IDENTICAL_SAME,
    CLIP_MOST_SIMILAR,
    CLIP_SIMILARITY,
    CLIP_FAULTS,
    CLIP_ALL_COLUMNS
};

static const char *const clip_columns[CLIP_ALL_COLUMNS] = {"row",
                                                           "path",
                                                           "id",
                                                           "label",
                                                           "status",
                                                           "reason",
                                                           "start",
                                                           "duration",
                                                           "level",
                                                           "clipped_share",
                                                           "dc_offset",
                                                           "digital_silence",
                                                           "band_drop",
                                                           "identical_other_label",
                                                           "identical_same_label",
                                                           "most_similar",
                                                           "similarity",
                                                           "audio_faults"};

/* A copy of a name as it was before text_csv; NULL for an empty cell. */
static char *name_copy(const struct source *source, size_t column, struct error *error) {
    const char *value = cell(source, column);
    struct text text = TEXT_INITIAL;
    if (*value == '\0') return NULL;
    text_csv_undo(&text, value);
    text_check(&text, error);
    return text.data; /* the caller frees it like any string */
}

static enum clip_status status_of(const struct source *source, struct error *error) {
    const char *word = cell(source, CLIP_STATUS);
    for (int i = 0; i < CLIP_STATUS_COUNT; i++)
        if (strcmp(word, clip_status_name((enum clip_status)i)) == 0) return (enum clip_status)i;
    FAIL(error, ERROR_DATA, "%s, line %zu: '%.40s' is no status of a clip", source->path,
         source->reader.line, word);
    return CLIP_OK;
}

/* 0 for an empty cell. */
static float health_number(const struct source *source, size_t column) {
    double value = number(source, column);
    return isfinite(value) ? (float)value : 0.0F;
}

static bool health_row(const struct source *source, size_t column, size_t *row,
                       struct error *error) {
    int64_t value = integer(source, cell(source, column), -1, error);
    *row = value < 0 ? 0 : (size_t)value;
    return value >= 0;
}

static struct clip_health read_health(const struct source *source, uint32_t faults,
                                      struct error *error) {
    struct clip_health health = {.measured = *cell(source, CLIP_LEVEL) != '\0',
                                 .faults = faults,
                                 .similarity = health_number(source, CLIP_SIMILARITY)};
    health.measures = (struct sound_measures){
        .level = health_number(source, CLIP_LEVEL),
        .clipped_share = health_number(source, CLIP_CLIPPED),
        .offset = health_number(source, CLIP_OFFSET),
        .silence_share = health_number(source, CLIP_SILENCE),
        .band_drop = health_number(source, CLIP_DROP),
    };
    health.has_identical_other_label =
        health_row(source, CLIP_IDENTICAL_OTHER, &health.identical_other_label, error);
    health.has_identical_same_label =
        health_row(source, CLIP_IDENTICAL_SAME, &health.identical_same_label, error);
    if (!health_row(source, CLIP_MOST_SIMILAR, &health.near_duplicate, error))
        health.similarity = 0;
    return health;
}

static enum error_code keep_clip(struct run_read *read, const struct source *source, size_t row,
                                 enum clip_status status, uint32_t faults, struct error *error) {
    TRY(memory_grow(&read->kept, &read->kept_capacity, read->kept_count + 1, sizeof *read->kept,
                    "the clips of a run", error));
    struct kept_clip *kept = &read->kept[read->kept_count++];
    kept->row = row;
    kept->clip = (struct run_clip){.path = name_copy(source, CLIP_PATH, error),
                                   .id = name_copy(source, CLIP_ID, error),
                                   .label = name_copy(source, CLIP_LABEL, error),
                                   .reason = name_copy(source, CLIP_REASON, error),
                                   .status = status,
                                   .class_index = -1,
                                   .fold = -1,
                                   .array_row = RUN_NO_ROW,
                                   .start = number(source, CLIP_START),
                                   .duration = number(source, CLIP_DURATION),
                                   .health = read_health(source, faults, error)};
    if (!(kept->clip.start >= 0.0)) kept->clip.start = 0.0;
    if (!(kept->clip.duration >= 0.0)) kept->clip.duration = -1.0;
    return error->code;
}

/* Keeps the rows that issues are about, the first that were not audited and the
 * first of every fault. */
static enum error_code read_clip_rows(struct run_read *read, struct source *source,
                                      struct error *error) {
    size_t row = 0;
    size_t needed = 0;
    size_t unaudited = 0;
    size_t faulty[FAULT_COUNT] = {0};
    for (;; row++) {
        TRY(next_row(source, error));
        if (source->end) break;
        int64_t written = integer(source, cell(source, CLIP_ROW), -1, error);
        if (error->code == ERROR_NONE && written != (int64_t)row)
            FAIL(error, ERROR_DATA, "%s, line %zu: row %lld where row %zu should be", source->path,
                 source->reader.line, (long long)written, row);
        enum clip_status status = status_of(source, error);
        TRY(error->code);
        bool wanted = needed < read->needed_count && read->needed[needed] == row;
        if (wanted) needed++;
        if (status != CLIP_OK && unaudited < REPORT_LISTED_CLIPS) {
            wanted = true;
            unaudited++;
        }
        uint32_t faults = faults_parse(cell(source, CLIP_FAULTS));
        for (int i = 0; i < FAULT_COUNT; i++)
            if ((faults >> i & 1) != 0 && faulty[i]++ < REPORT_FAULT_CLIPS) wanted = true;
        if (wanted) TRY(keep_clip(read, source, row, status, faults, error));
    }
    read->results.clips.count = row;
    if (needed < read->needed_count)
        return FAIL(error, ERROR_DATA, "%s: has %zu rows, but issues.jsonl is about row %zu",
                    source->path, row, read->needed[needed]);
    return ERROR_NONE;
}

/* ---- the twins of faulty clips ----
 * The page names the other clip of a pair, which may come before the one that is
 * kept: they are known only once all rows were seen. */

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
    return compare_rows(&((const struct kept_clip *)a)->row, &((const struct kept_clip *)b)->row);
}

static bool is_kept(const struct run_read *read, size_t row) {
    const struct kept_clip wanted = {.row = row};
    return bsearch(&wanted, read->kept, read->kept_count, sizeof wanted, compare_kept) != NULL;
}

static enum error_code find_twins(const struct run_read *read, struct twins *twins,
                                  struct error *error) {
    for (size_t i = 0; i < read->kept_count; i++) {
        const struct clip_health *health = &read->kept[i].clip.health;
        const struct {
            enum fault fault;
            size_t row;
        } pairs[] = {{FAULT_IDENTICAL_OTHER_LABEL, health->identical_other_label},
                     {FAULT_IDENTICAL_SAME_LABEL, health->identical_same_label},
                     {FAULT_NEAR_DUPLICATE, health->near_duplicate}};
        for (size_t k = 0; k < sizeof pairs / sizeof pairs[0]; k++) {
            if ((health->faults >> pairs[k].fault & 1) == 0 || is_kept(read, pairs[k].row))
                continue;
            TRY(memory_grow(&twins->rows, &twins->capacity, twins->count + 1, sizeof *twins->rows,
                            "the clips of a run", error));
            twins->rows[twins->count++] = pairs[k].row;
        }
    }
    if (twins->count > 0) qsort(twins->rows, twins->count, sizeof *twins->rows, compare_rows);
    return ERROR_NONE;
}

static enum error_code keep_twins(struct run_read *read, struct source *source,
                                  const struct twins *twins, struct error *error) {
    size_t next = 0;
    for (size_t row = 0; next < twins->count; row++) {
        TRY(next_row(source, error));
        if (source->end) break; /* a row that is not there is named by its number */
        if (twins->rows[next] != row) continue;
        while (next < twins->count && twins->rows[next] == row) next++;
        TRY(keep_clip(read, source, row, status_of(source, error),
                      faults_parse(cell(source, CLIP_FAULTS)), error));
    }
    qsort(read->kept, read->kept_count, sizeof *read->kept, compare_kept);
    return error->code;
}

static enum error_code read_clips(struct run_read *read, const char *path,
                                  const struct twins *twins, struct error *error) {
    struct source source;
    if (open_source(&source, path, clip_columns, CLIP_ALL_COLUMNS, CLIP_COLUMNS, error) ==
        ERROR_NONE) {
        if (twins == NULL)
            read_clip_rows(read, &source, error);
        else
            keep_twins(read, &source, twins, error);
    }
    close_source(&source);
    return error->code;
}

enum error_code run_read_clips(struct run_read *read, const char *path, struct error *error) {
    struct twins twins = {0};
    if (read_clips(read, path, NULL, error) == ERROR_NONE &&
        find_twins(read, &twins, error) == ERROR_NONE && twins.count > 0)
        read_clips(read, path, &twins, error);
    free(twins.rows);
    return error->code;
}

/* ---- classes.csv and overlapping_classes.csv ---- */

enum error_code run_read_classes(struct run_read *read, const char *path, struct error *error) {
    static const char *const names[] = {"class_index",        "examples",
                                        "label_issues",       "inverse_label_issues",
                                        "label_noise",        "inverse_label_noise",
                                        "label_quality_score"};
    struct source source;
    size_t count = read->results.class_count;
    open_source(&source, path, names, sizeof names / sizeof names[0],
                sizeof names / sizeof names[0], error);
    if (error->code == ERROR_NONE)
        read->classes = memory_array(count, sizeof *read->classes, "the classes of a run", error);
    size_t k = 0;
    while (error->code == ERROR_NONE && next_row(&source, error) == ERROR_NONE && !source.end) {
        if (k == count) {
            FAIL(error, ERROR_DATA, "%s: more than the %zu classes of classes.json", path, count);
            break;
        }
        int64_t examples = integer(&source, cell(&source, 1), 0, error);
        read->classes[k++] =
            (struct run_class){.index = class_number(read, &source, 0, error),
                               .examples = examples < 0 ? 0 : (uint64_t)examples,
                               .label_issues = integer(&source, cell(&source, 2), 0, error),
                               .inverse_label_issues = integer(&source, cell(&source, 3), 0, error),
                               .label_noise = number(&source, 4),
                               .inverse_label_noise = number(&source, 5),
                               .label_quality = number(&source, 6)};
    }
    if (error->code == ERROR_NONE && k < count)
        FAIL(error, ERROR_DATA, "%s: %zu of the %zu classes of classes.json", path, k, count);
    read->results.classes = read->classes;
    close_source(&source);
    return error->code;
}

enum error_code run_read_pairs(struct run_read *read, const char *path, struct error *error) {
    static const char *const names[] = {"class_index_a", "class_index_b",
                                        "num_overlapping_examples", "joint_probability"};
    struct source source;
    struct run_results *results = &read->results;
    open_source(&source, path, names, sizeof names / sizeof names[0],
                sizeof names / sizeof names[0], error);
    while (error->code == ERROR_NONE && next_row(&source, error) == ERROR_NONE && !source.end) {
        struct run_pair pair = {.first = class_number(read, &source, 0, error),
                                .second = class_number(read, &source, 1, error),
                                .examples = integer(&source, cell(&source, 2), 0, error),
                                .joint_probability = number(&source, 3)};
        if (error->code == ERROR_NONE &&
            memory_grow(&read->pairs, &read->pair_capacity, results->pair_count + 1,
                        sizeof *read->pairs, "the pairs of a run", error) == ERROR_NONE)
            read->pairs[results->pair_count++] = pair;
    }
    results->pairs = read->pairs;
    close_source(&source);
    return error->code;
}

/* ---- confident_joint.csv ---- */

static enum error_code read_joint_rows(struct run_read *read, struct source *source,
                                       struct error *error) {
    size_t classes = read->results.class_count;
    for (size_t k = 0; k < classes; k++) {
        TRY(next_row(source, error));
        if (source->end || source->reader.count != classes + 1)
            return FAIL(error, ERROR_DATA, "%s, line %zu: %zu cells instead of %zu", source->path,
                        source->reader.line, source->end ? 0 : source->reader.count, classes + 1);
        for (size_t j = 0; j < classes; j++) {
            const char *value = csv_cell(&source->reader, j + 1);
            read->joint[k * classes + j] = integer(source, value, 0, error);
        }
        TRY(error->code);
    }
    return ERROR_NONE;
}

/* A joint with more columns than the CSV reader takes is left out: the page then
 * has no section for it. */
enum error_code run_read_joint(struct run_read *read, const char *path, struct error *error) {
    struct source source;
    size_t classes = read->results.class_count;
    if (classes == 0 || classes + 1 > CSV_MAXIMUM_COLUMNS) return ERROR_NONE;
    open_source(&source, path, NULL, 0, 0, error);
    if (error->code == ERROR_NONE) {
        read->joint =
            memory_array(classes * classes, sizeof *read->joint, "the confident joint", error);
        if (read->joint != NULL) read_joint_rows(read, &source, error);
    }
    read->results.confident_joint = read->joint;
    close_source(&source);
    return error->code;
}
