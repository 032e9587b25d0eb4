/* Label tracks of Audacity and selection tables of Raven: text files with tabs, one for each sound
 * file, that are opened beside it. */
#include "host/base/names.h"
#include "host/base/utf8.h"
#include "host/report/export_parts.h"

#include <string.h>

#define NAME_BYTES 150 /* of a file's name that come from the sound's */

static bool is_plain(char byte) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return byte != '\0' && strchr(plain, byte) != NULL;
}

/* "00003_six_anna_1.txt" for six/anna_1.wav: the rank of its first issue keeps names apart. */
static void make_name(const char *path, size_t rank, const char *ending, struct text *name) {
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash == NULL ? path : slash + 1, '.');
    const char *end = dot == NULL || dot == path ? path + strlen(path) : dot;
    text_clear(name);
    text_format(name, "%05zu_", rank);
    for (const char *at = path; at < end && name->length < NAME_BYTES;) {
        size_t length = utf8_length(at);
        bool kept =
            length == 1 ? is_plain(*at) : length > 1 && !utf8_is_hidden(utf8_point(at, length));
        if (kept)
            text_append(name, at, length);
        else
            text_string(name, "_");
        at += length == 0 ? 1 : length;
    }
    text_string(name, ending);
}

static void append_audacity(const struct export *export, const struct export_issue *issue,
                            struct text *row) {
    const struct run_issue *found = &export->results->issues[issue->issue];
    const struct run_clip clip = run_clip_at(&export->results->clips, found->row);
    double start, end;
    export_times(&clip, &start, &end);
    text_format(row, "%.6f\t%.6f\t", start, end);
    export_given(export, found, row);
    text_string(row, " -> ");
    export_suggested(export, found, row);
    text_format(row, " (%.4g)\n", found->score);
}

static const char raven_columns[] =
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
    "Begin File\tBegin Path\tFile Offset (s)\tAnnotation\tSuggested\tScore\tRank\n";

static void append_raven(const struct export *export, const struct export_issue *issue,
                         size_t number, struct text *row) {
    const struct run_issue *found = &export->results->issues[issue->issue];
    const struct run_clip clip = run_clip_at(&export->results->clips, found->row);
    const char *slash = strrchr(clip.path, '/');
    double start, end;
    export_times(&clip, &start, &end);
    text_format(row, "%zu\tSpectrogram 1\t1\t%.6f\t%.6f\t0.0\t%.1f\t", number, start, end,
                clip.audio.facts.rate / 2.0);
    name_visible(row, slash == NULL ? clip.path : slash + 1);
    text_string(row, "\t");
    if (clip.path[0] != '/') {
        name_visible(row, export->root);
        text_string(row, "/");
    }
    name_visible(row, clip.path);
    text_format(row, "\t%.6f\t", start);
    export_given(export, found, row);
    text_string(row, "\t");
    export_suggested(export, found, row);
    text_format(row, "\t%.6g\t%zu\n", found->score, issue->issue + 1);
}

/* The issues begin .. end - 1, which are those of one file. */
static enum error_code write_file(const struct export *export, size_t begin, size_t end, bool raven,
                                  struct text *name, struct error *error) {
    struct table table;
    size_t rank = export->sorted[begin].issue + 1;
    for (size_t i = begin; i < end; i++)
        if (export->sorted[i].issue + 1 < rank) rank = export->sorted[i].issue + 1;
    make_name(export->sorted[begin].path, rank, raven ? ".Table.1.selections.txt" : ".txt", name);
    TRY(text_check(name, error));
    table_open(&table, export->folder, name->data, error);
    if (raven) text_string(&table.row, raven_columns);
    for (size_t i = begin; i < end && error->code == ERROR_NONE; i++) {
        if (raven)
            append_raven(export, &export->sorted[i], i - begin + 1, &table.row);
        else
            append_audacity(export, &export->sorted[i], &table.row);
        table_flush_full(&table, error);
    }
    return table_close(&table, error);
}

enum error_code export_tracks(const struct export *export, bool raven, struct export_counts *counts,
                              struct error *error) {
    const size_t count = export->results->issue_count;
    struct text name = TEXT_INITIAL;
    for (size_t begin = 0, end; begin < count && error->code == ERROR_NONE; begin = end) {
        for (end = begin + 1;
             end < count && strcmp(export->sorted[end].path, export->sorted[begin].path) == 0;)
            end++;
        write_file(export, begin, end, raven, &name, error);
        counts->files++;
    }
    text_free(&name);
    return error->code;
}
