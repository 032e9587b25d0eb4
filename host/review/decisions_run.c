/* Decisions placed on the clips of a run. */
#include "host/base/json.h"
#include "host/base/memory.h"
#include "host/clips/label_sets.h"
#include "host/output/clip_columns.h"
#include "host/report/read_source.h"
#include "host/review/decisions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW, PATH, LABEL, START, DURATION, COLUMNS };

/* A cell's own text; what it held is freed. */
struct row {
    struct run_clip clip;
    struct text set;
};

static enum error_code read_cells(const struct source *source, struct row *row,
                                  struct error *error) {
    static const char *const names[COLUMNS] = {"row", "path", "label", "start", "duration"};
    size_t count;
    const struct clip_column *columns = clip_columns(&count);
    clip_columns_free(&row->clip);
    row->clip = (struct run_clip)RUN_CLIP_INITIAL;
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct clip_column *column = &columns[clip_column_find(names[i])];
        struct error own = ERROR_INITIAL;
        if (column->read(source_cell(source, i), &row->clip, column->member, &own) != ERROR_NONE)
            return FAIL(error, own.code, "%s, line %zu: %s", source->path, source->reader.line,
                        own.message);
    }
    return ERROR_NONE;
}

/* The joined set of clips.csv in the form of decisions. */
static enum error_code make_set(struct label_split *split, const char *label, const char *separator,
                                struct text *set, struct error *error) {
    text_clear(set);
    text_string(set, "");
    TRY(label_split_cell(split, label == NULL ? "" : label, separator, error));
    label_split_join(split, LABEL_JOINT, set);
    return text_check(set, error);
}

static enum error_code place_rows(struct decisions *decisions, struct source *source,
                                  const char *separator, struct row *row, struct label_split *split,
                                  struct error *error) {
    for (size_t number = 0;; number++) {
        TRY(source_next(source, error));
        if (source->end) return ERROR_NONE;
        TRY(read_cells(source, row, error));
        const struct run_clip *clip = &row->clip;
        if (clip->row != number)
            return FAIL(error, ERROR_DATA, "%s, line %zu: row %lld where row %zu should be",
                        source->path, source->reader.line, (long long)clip->row, number);
        const double duration = clip->audio.facts.seconds;
        const bool known = *source_cell(source, DURATION) != '\0' && duration >= 0.0;
        struct decision_clip placed = {.path = clip->path,
                                       .start = clip->start,
                                       .end = known ? clip->start + duration : (double)NAN,
                                       .label = clip->label};
        /* Sets are made for the clips that decisions are about only. */
        if (separator != NULL && decisions_find(decisions, placed.path, placed.start, placed.end,
                                                number) != DECISIONS_NONE) {
            TRY(make_set(split, clip->label, separator, &row->set, error));
            placed.label = row->set.data;
        }
        decisions_place(decisions, number, &placed);
    }
}

enum error_code decisions_place_run(struct decisions *decisions, const struct folder *out,
                                    const char *separator, struct error *error) {
    static const struct source_column wanted[COLUMNS] = {
        {"row", false}, {"path", false}, {"label", false}, {"start", false}, {"duration", false}};
    struct row row = {.clip = RUN_CLIP_INITIAL};
    struct label_split split = {0};
    struct source source;
    char *path = file_join(out->path, "clips.csv", error);
    if (path == NULL) return error->code;
    const struct run_file file = {out, "clips.csv", path};
    decisions_place_begin(decisions);
    if (source_open(&source, &file, wanted, COLUMNS, error) == ERROR_NONE)
        place_rows(decisions, &source, separator, &row, &split, error);
    source_close(&source);
    decisions_place_end(decisions);
    clip_columns_free(&row.clip);
    text_free(&row.set);
    label_split_close(&split);
    free(path);
    return error->code;
}

enum error_code decisions_separator(const struct run_results *results, char **separator,
                                    struct error *error) {
    const char *json = run_fact_find(&results->facts, "settings", "label_separator");
    *separator = NULL;
    if (!results->multilabel || json == NULL) return ERROR_NONE;
    json_t *value = json_parse(json, strlen(json), "run.json", error);
    if (value != NULL) *separator = json_bytes(value, error);
    json_decref(value);
    if (error->code == ERROR_NONE && (*separator == NULL || !label_separator_is_good(*separator)))
        FAIL(error, ERROR_DATA, "run.json: \"label_separator\" is no separator");
    return error->code;
}
