#include "host/report/diff_side.h"

#include "host/base/hash_seed.h"
#include "host/base/memory.h"
#include "host/base/stop.h"
#include "host/output/clip_columns.h"
#include "host/report/read_source.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* What is read of clips.csv; from SOUND on, what tells one sound from another. */
enum column { ROW, ID, PATH, LABEL, STATUS, PEAK, LEVEL, SOUND = PEAK };

static const struct source_column columns[] = {
    [ROW] = {.name = "row"},       [ID] = {.name = "id"},
    [PATH] = {.name = "path"},     [LABEL] = {.name = "label"},
    [STATUS] = {.name = "status"}, [PEAK] = {"peak", true},
    [LEVEL] = {"level", true},     {"duration", true},
    {"sample_rate", true},         {"channels", true},
    {"clipped_share", true},       {"dc_offset", true},
    {"digital_silence", true},     {"bandwidth", true},
    {"band_drop", true},           {"channels_cancel", true},
};

#define COLUMNS (sizeof columns / sizeof columns[0])

#define MOST_CLIPS ((size_t)INT32_MAX)

/* Texts of one row, used again for the next. */
struct row_texts {
    struct text id, label;
};

static uint64_t hash_text(const char *string, uint64_t seed) {
    uint64_t hash = XXH3_64bits_withSeed(string, strlen(string), seed);
    return hash == 0 ? 1 : hash;
}

/* A clip without an id is known by its row: in runs of detect, all are. */
static enum error_code read_texts(const struct source *source, size_t row, struct row_texts *texts,
                                  struct error *error) {
    text_clear(&texts->id);
    text_clear(&texts->label);
    text_csv_undo(&texts->id, source_cell(source, ID));
    text_csv_undo(&texts->label, source_cell(source, LABEL));
    if (texts->id.length == 0) text_format(&texts->id, "row %zu", row);
    TRY(text_check(&texts->id, error));
    return text_check(&texts->label, error);
}

static enum error_code check_row(const struct source *source, size_t row, struct error *error) {
    const int64_t number = source_integer(source, source_cell(source, ROW), -1, error);
    if (error->code == ERROR_NONE && (number < 0 || (size_t)number != row))
        FAIL(error, ERROR_DATA, "%s, line %zu: row %lld where row %zu should be", source->path,
             source->reader.line, (long long)number, row);
    if (error->code == ERROR_NONE && row == MOST_CLIPS)
        FAIL(error, ERROR_DATA, "%s: more than %zu rows, which no run has", source->path,
             MOST_CLIPS);
    return error->code;
}

static enum error_code read_status(const struct source *source, uint8_t *status,
                                   struct error *error) {
    size_t count;
    struct run_clip clip = RUN_CLIP_INITIAL;
    struct error own = ERROR_INITIAL;
    const struct clip_column *column = &clip_columns(&count)[clip_column_find("status")];
    if (column->read(source_cell(source, STATUS), &clip, 0, &own) != ERROR_NONE)
        return FAIL(error, own.code, "%s, line %zu: %s", source->path, source->reader.line,
                    own.message);
    *status = (uint8_t)clip.status;
    return ERROR_NONE;
}

static void hash_sound(const struct source *source, struct diff_clip *clip) {
    const char *path = source_cell(source, PATH);
    const char *slash = strrchr(path, '/');
    if (clip->status == CLIP_SILENT || source_cell(source, PEAK)[0] == '\0') return;
    clip->sound = hash_seed();
    for (size_t i = SOUND; i < COLUMNS; i++)
        clip->sound = hash_text(source_cell(source, i), clip->sound);
    clip->named = hash_text(slash == NULL ? path : slash + 1, clip->sound);
}

static enum error_code add_clip(struct diff_side *side, const struct source *source,
                                struct row_texts *texts, struct error *error) {
    TRY(check_row(source, side->count, error));
    TRY(read_texts(source, side->count, texts, error));
    TRY(memory_grow(&side->clips, &side->clip_capacity, side->count + 1, sizeof *side->clips,
                    "the clips of a run", error));
    struct diff_clip *clip = &side->clips[side->count++];
    TRY(read_status(source, &clip->status, error));
    clip->id = hash_text(texts->id.data, hash_seed());
    clip->labelled = texts->label.length > 0;
    clip->label = hash_text(clip->labelled ? texts->label.data : "", hash_seed());
    hash_sound(source, clip);
    return ERROR_NONE;
}

static enum error_code keep_texts(struct diff_side *side, const struct source *source, size_t row,
                                  struct row_texts *texts, struct error *error) {
    TRY(read_texts(source, row, texts, error));
    TRY(memory_grow(&side->texts, &side->text_capacity, side->text_count + 1, sizeof *side->texts,
                    "the clips of a run", error));
    struct diff_text *kept = &side->texts[side->text_count++];
    kept->row = row;
    kept->id = memory_string(texts->id.data, error);
    kept->label = memory_string(texts->label.length == 0 ? "" : texts->label.data, error);
    return error->code;
}

/* All rows of clips.csv: their hashes in the first pass, then the texts of those that are
 * reported. */
static enum error_code read_clips(struct diff_side *side, bool texts_only,
                                  struct progress *progress, struct error *error) {
    struct row_texts texts = {TEXT_INITIAL, TEXT_INITIAL};
    struct source source = {.path = NULL};
    char *path = file_join(side->folder.path, "clips.csv", error);
    const struct run_file file = {&side->folder, "clips.csv", path};
    if (path != NULL) source_open(&source, &file, columns, COLUMNS, error);
    for (size_t row = 0; error->code == ERROR_NONE; row++) {
        if (row % 4096 == 0 && stop_check(error) != ERROR_NONE) break;
        if (source_next(&source, error) != ERROR_NONE || source.end) break;
        if (!texts_only)
            add_clip(side, &source, &texts, error);
        else if (row >= side->count)
            FAIL(error, ERROR_DATA, "%s: was changed while it was read", path);
        else if (side->clips[row].reported)
            keep_texts(side, &source, row, &texts, error);
        if (progress != NULL) progress_update(progress, row + 1);
    }
    source_close(&source);
    text_free(&texts.id);
    text_free(&texts.label);
    free(path);
    return error->code;
}

/* The files of one run: as many clips and issues as its run.json counts, in each clip at most one
 * issue. */
static enum error_code check_files(struct diff_side *side, struct error *error) {
    const struct run_results *results = side->results;
    uint64_t clips = 0;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) clips += results->status_counts[i];
    if (clips != side->count)
        return FAIL(error, ERROR_DATA,
                    "%s/clips.csv: has %zu clips, but run.json counts %llu; the run is damaged: "
                    "make it again",
                    side->folder.path, side->count, (unsigned long long)clips);
    for (size_t i = 0; i < results->issue_count; i++) {
        struct diff_clip *clip = &side->clips[results->issues[i].row];
        if (clip->issue != 0)
            return FAIL(error, ERROR_DATA,
                        "%s/issues.jsonl: has row %zu twice; the run is damaged: make it again",
                        side->folder.path, results->issues[i].row);
        clip->issue = (uint32_t)i + 1;
    }
    if (results->class_count > 0 && results->classes == NULL)
        return FAIL(error, ERROR_DATA, "%s: has no classes.csv; the run is damaged: make it again",
                    side->folder.path);
    return ERROR_NONE;
}

/* What is in the folder instead of a finished run that judged labels. */
static enum error_code check_folder(const struct folder *folder, struct error *error) {
    if (!folder_has(folder, "run.json"))
        return FAIL(error, ERROR_FILE,
                    "%s: holds no finished run%s; give the folder that earmark audit or earmark "
                    "detect wrote",
                    folder->path,
                    folder_has(folder, "shards")
                        ? " but one that was stopped or is running: give its command again first"
                        : "");
    if (!folder_has(folder, "issues.jsonl"))
        return FAIL(error, ERROR_FILE,
                    "%s: holds a run without issues.jsonl, as earmark embed makes it, which judges "
                    "no labels; give the folder that earmark audit or earmark detect wrote",
                    folder->path);
    return ERROR_NONE;
}

enum error_code diff_side_open(const char *path, enum progress_style style, struct diff_side *side,
                               struct error *error) {
    struct progress progress = {.running = false};
    TRY(folder_open(path, false, &side->folder, error));
    TRY(check_folder(&side->folder, error));
    TRY(run_read_open(&side->folder, &side->read, error));
    side->results = run_read_results(side->read);
    progress_start(&progress, style, "reading", "clips", side->results->clips.count);
    read_clips(side, false, &progress, error);
    progress_finish(&progress);
    return error->code == ERROR_NONE ? check_files(side, error) : error->code;
}

enum error_code diff_side_texts(struct diff_side *side, struct error *error) {
    size_t wanted = 0;
    for (size_t row = 0; row < side->count; row++) wanted += side->clips[row].reported;
    if (wanted > 0) TRY(read_clips(side, true, NULL, error));
    /* A run that replaces this one removes run.json first. */
    if (side->text_count != wanted || !folder_has(&side->folder, "run.json"))
        return FAIL(error, ERROR_FILE, "%s: was changed while it was read; try again later",
                    side->folder.path);
    return ERROR_NONE;
}

void diff_side_close(struct diff_side *side) {
    for (size_t i = 0; i < side->text_count; i++) {
        free(side->texts[i].id);
        free(side->texts[i].label);
    }
    free(side->texts);
    free(side->clips);
    run_read_close(side->read);
    folder_close(&side->folder);
}

static int compare_rows(const void *a, const void *b) {
    size_t first = ((const struct diff_text *)a)->row, second = ((const struct diff_text *)b)->row;
    return (first > second) - (first < second);
}

static const struct diff_text *find_text(const struct diff_side *side, size_t row) {
    const struct diff_text wanted = {.row = row};
    return bsearch(&wanted, side->texts, side->text_count, sizeof wanted, compare_rows);
}

const char *diff_id(const struct diff_side *side, size_t row) {
    return find_text(side, row)->id;
}

const char *diff_label(const struct diff_side *side, size_t row) {
    return find_text(side, row)->label;
}
