#include "host/commands/decided_note.h"

#include "host/base/memory.h"
#include "host/base/progress.h"
#include "host/review/decisions.h"

#include <stdlib.h>

static int compare_rows(const void *a, const void *b) {
    const size_t one = *(const size_t *)a;
    const size_t other = *(const size_t *)b;
    return (one > other) - (one < other);
}

/* Counts decisions that no longer fit, and issues whose clip somebody decided. */
static enum error_code count(const struct decisions *decisions, const struct run_results *results,
                             size_t *decided, size_t *unfit, struct error *error) {
    size_t *rows = memory_array(decisions->count, sizeof *rows, "decisions", error);
    size_t row_count = 0;
    if (rows == NULL) return error->code;
    for (size_t i = 0; i < decisions->count; i++) {
        const struct decided *at = &decisions->list[i];
        if (at->decision.kind == DECISION_UNDO) continue;
        *unfit += at->state == DECISION_STALE || at->state == DECISION_GONE;
        if (at->state == DECISION_OPEN || at->state == DECISION_APPLIED)
            rows[row_count++] = at->row;
    }
    if (row_count > 1) qsort(rows, row_count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < results->issue_count && row_count > 0; i++)
        *decided +=
            bsearch(&results->issues[i].row, rows, row_count, sizeof *rows, compare_rows) != NULL;
    free(rows);
    return ERROR_NONE;
}

static enum error_code note(struct folder *folder, const struct run_results *results,
                            struct decisions *decisions, struct error *error) {
    char *separator = NULL;
    size_t decided = 0;
    size_t unfit = 0;
    TRY(decisions_read(decisions, folder, NULL, error));
    if (decisions->count == 0) return ERROR_NONE;
    if (decisions_separator(results, &separator, error) == ERROR_NONE)
        decisions_place_run(decisions, folder, separator, error);
    free(separator);
    if (error->code != ERROR_NONE) return error->code;
    TRY(count(decisions, results, &decided, &unfit, error));
    progress_message("decided before: %zu of %zu issues; %zu are new", decided,
                     results->issue_count, results->issue_count - decided);
    if (unfit > 0)
        progress_message("%zu decisions are on clips that have another label now, or are gone; "
                         "earmark agree %s names them",
                         unfit, folder->path);
    return ERROR_NONE;
}

void decided_note(const char *out, const struct run_results *results) {
    struct error error = ERROR_INITIAL;
    struct folder folder = FOLDER_INITIAL;
    struct decisions decisions = {0};
    if (folder_open(out, false, &folder, &error) == ERROR_NONE)
        note(&folder, results, &decisions, &error);
    if (error.code != ERROR_NONE) progress_warning("%s", error.message);
    decisions_free(&decisions);
    folder_close(&folder);
}
