#include "host/report/all_clips.h"

#include "host/base/memory.h"
#include "host/clips/string_table.h"
#include "host/output/clip_columns.h"
#include "host/report/read_source.h"

#include <stdlib.h>

/* The columns that are kept, and "row", which is checked. */
static const struct source_column kept_columns[] = {
    {"row", false},      {"id", false},         {"path", false},     {"label", false},
    {"class", true},     {"group", true},       {"status", false},   {"start", false},
    {"duration", false}, {"sample_rate", true}, {"array_row", true}, {"peak", true},
    {"level", true},     {"fold", true},
};
#define KEPT_COLUMNS (sizeof kept_columns / sizeof kept_columns[0])

#define NO_TEXT UINT32_MAX

struct kept_clip {
    uint32_t path, id, label, group; /* numbers in the table of texts, or NO_TEXT */
    int32_t class_index;
    enum clip_status status;
    float peak, level;
    double start, seconds;
    int32_t rate;
    int32_t fold;
    size_t array_row;
};

struct all_clips {
    struct string_table texts;
    struct kept_clip *list;
    size_t count, capacity;
    const struct clip_column *columns[KEPT_COLUMNS];
};

static enum error_code keep_text(struct all_clips *clips, const char *text, uint32_t *number,
                                 struct error *error) {
    *number = NO_TEXT;
    return text == NULL ? ERROR_NONE : string_table_add(&clips->texts, text, number, error);
}

static enum error_code keep_clip(struct all_clips *clips, const struct run_clip *clip,
                                 struct error *error) {
    TRY(memory_grow(&clips->list, &clips->capacity, clips->count + 1, sizeof *clips->list,
                    "the clips of a run", error));
    struct kept_clip *kept = &clips->list[clips->count++];
    *kept = (struct kept_clip){
        .class_index = clip->class_index,
        .status = clip->status,
        .peak = clip->audio.facts.sound.peak,
        .level = clip->audio.facts.sound.level,
        .start = clip->start,
        .seconds = clip->audio.facts.seconds,
        .rate = clip->audio.facts.rate,
        .fold = clip->fold,
        .array_row = clip->array_row,
    };
    TRY(keep_text(clips, clip->path, &kept->path, error));
    TRY(keep_text(clips, clip->id, &kept->id, error));
    TRY(keep_text(clips, clip->label, &kept->label, error));
    return keep_text(clips, clip->group, &kept->group, error);
}

static enum error_code read_cells(const struct all_clips *clips, const struct source *source,
                                  struct run_clip *clip, struct error *error) {
    for (size_t i = 0; i < KEPT_COLUMNS; i++) {
        const struct clip_column *column = clips->columns[i];
        struct error own = ERROR_INITIAL;
        if (source->columns[i] == SIZE_MAX) continue;
        if (column->read(source_cell(source, i), clip, column->member, &own) != ERROR_NONE)
            return FAIL(error, own.code, "%s, line %zu: %s", source->path, source->reader.line,
                        own.message);
    }
    return ERROR_NONE;
}

static enum error_code read_row(struct all_clips *clips, const struct source *source,
                                struct error *error) {
    struct run_clip clip = RUN_CLIP_INITIAL;
    if (read_cells(clips, source, &clip, error) == ERROR_NONE) {
        if (clip.row != clips->count)
            FAIL(error, ERROR_DATA, "%s, line %zu: row %zu where row %zu should be", source->path,
                 source->reader.line, clip.row, clips->count);
        else
            keep_clip(clips, &clip, error);
    }
    clip_columns_free(&clip);
    return error->code;
}

static enum error_code read_rows(struct all_clips *clips, struct source *source,
                                 struct error *error) {
    for (;;) {
        TRY(source_next(source, error));
        if (source->end) return ERROR_NONE;
        TRY(read_row(clips, source, error));
    }
}

enum error_code all_clips_open(const struct folder *folder, struct all_clips **opened,
                               struct error *error) {
    struct all_clips *clips = memory_array(1, sizeof *clips, "the clips of a run", error);
    size_t count;
    const struct clip_column *all = clip_columns(&count);
    for (size_t i = 0; clips != NULL && i < KEPT_COLUMNS; i++)
        clips->columns[i] = &all[clip_column_find(kept_columns[i].name)];
    char *path = clips == NULL ? NULL : file_join(folder->path, "clips.csv", error);
    if (path != NULL) {
        const struct run_file file = {folder, "clips.csv", path};
        struct source source;
        if (source_open(&source, &file, kept_columns, KEPT_COLUMNS, error) == ERROR_NONE)
            read_rows(clips, &source, error);
        source_close(&source);
    }
    free(path);
    if (error->code == ERROR_NONE)
        *opened = clips;
    else
        all_clips_close(clips);
    return error->code;
}

void all_clips_close(struct all_clips *clips) {
    if (clips == NULL) return;
    string_table_free(&clips->texts);
    free(clips->list);
    free(clips);
}

static const char *text_at(const struct all_clips *clips, uint32_t number) {
    return number == NO_TEXT ? NULL : string_table_at(&clips->texts, number);
}

static void get_clip(const void *context, size_t row, struct run_clip *clip) {
    const struct all_clips *clips = context;
    const struct kept_clip *kept = &clips->list[row];
    *clip = (struct run_clip)RUN_CLIP_INITIAL;
    clip->row = row;
    clip->path = text_at(clips, kept->path);
    clip->id = text_at(clips, kept->id);
    clip->label = text_at(clips, kept->label);
    clip->group = text_at(clips, kept->group);
    clip->class_index = kept->class_index;
    clip->status = kept->status;
    clip->start = kept->start;
    clip->fold = kept->fold;
    clip->array_row = kept->array_row;
    clip->audio.facts.seconds = kept->seconds;
    clip->audio.facts.rate = kept->rate;
    clip->audio.facts.sound.peak = kept->peak;
    clip->audio.facts.sound.level = kept->level;
}

struct run_clips all_clips_view(const struct all_clips *clips) {
    return (struct run_clips){.count = clips->count, .get = get_clip, .context = clips};
}
