#include "host/report/export.h"

#include "host/base/memory.h"
#include "host/containers/container.h"

#include <stdlib.h>
#include <string.h>

const char *export_name(enum export_format format) {
    switch (format) {
    case EXPORT_AUDACITY: return "audacity";
    case EXPORT_RAVEN: return "raven";
    case EXPORT_LABEL_STUDIO: return "label-studio";
    case EXPORT_NONE: break;
    }
    return NULL;
}

static int compare_issues(const void *left, const void *right) {
    const struct export_issue *a = left, *b = right;
    int order = strcmp(a->path, b->path);
    if (order != 0) return order;
    if (a->start < b->start || a->start > b->start) return a->start < b->start ? -1 : 1;
    return a->issue < b->issue ? -1 : a->issue > b->issue;
}

/* (issue_count), to be freed. */
static struct export_issue *sort_issues(const struct folder *out, const struct run_results *results,
                                        struct error *error) {
    size_t count = results->issue_count;
    struct export_issue *sorted = memory_array(count, sizeof *sorted, "issues", error);
    for (size_t i = 0; sorted != NULL && i < count; i++) {
        const struct run_clip clip = run_clip_at(&results->clips, results->issues[i].row);
        if (clip.path == NULL || clip.path[0] == '\0') {
            FAIL(error, ERROR_DATA,
                 "%s: the sound of issue %zu is not known, so that there is nothing to open; "
                 "export the issues of a run of earmark audit",
                 out->path, i + 1);
            free(sorted);
            return NULL;
        }
        sorted[i] = (struct export_issue){clip.path, clip.start, i};
    }
    if (sorted != NULL && count > 1) qsort(sorted, count, sizeof *sorted, compare_issues);
    return sorted;
}

static enum error_code refuse_file(void *context, const char *name, struct error *error) {
    const struct folder *folder = context;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return ERROR_NONE;
    return FAIL(error, ERROR_FILE,
                "%s: has files already, which may have been worked on; move them elsewhere",
                folder->path);
}

static enum error_code write_format(const struct export *export, enum export_format format,
                                    struct export_counts *counts, struct error *error) {
    struct folder own = *export->folder;
    TRY(folder_each(&own, refuse_file, &own, error));
    if (format == EXPORT_LABEL_STUDIO) return export_tasks(export, counts, error);
    return export_tracks(export, format == EXPORT_RAVEN, counts, error);
}

enum error_code export_write(const struct folder *out, const struct run_results *results,
                             enum export_format format, struct export_counts *counts,
                             struct error *error) {
    const char *root = results->root == NULL || results->root[0] == '\0' ? "." : results->root;
    struct folder folder = FOLDER_INITIAL;
    struct export_issue *sorted = sort_issues(out, results, error);
    if (sorted == NULL) return error->code;
    char *real = realpath(root, NULL);
    const struct export export = {.folder = &folder,
                                  .results = results,
                                  .root = real == NULL ? root : real,
                                  .sorted = sorted};
    *counts = (struct export_counts){.issues = results->issue_count};
    for (size_t i = 0; i < results->issue_count; i++)
        counts->members += container_has_member_named(sorted[i].path);
    if (folder_open_in(out, export_name(format), true, &folder, error) == ERROR_NONE)
        write_format(&export, format, counts, error);
    folder_close(&folder);
    free(sorted);
    free(real);
    return error->code;
}
