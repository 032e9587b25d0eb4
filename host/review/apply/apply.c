#include "host/review/apply/apply.h"

#include "host/base/memory.h"
#include "host/base/utf8.h"
#include "host/review/apply/apply_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *apply_exclude_name(int value) {
    static const char *const names[EXCLUDE_COUNT] = {"drop", "mark"};
    return value >= 0 && value < EXCLUDE_COUNT ? names[value] : NULL;
}

const char *apply_conflicts_name(int value) {
    static const char *const names[CONFLICTS_COUNT] = {"stop", "skip", "first"};
    return value >= 0 && value < CONFLICTS_COUNT ? names[value] : NULL;
}

void apply_report_free(struct apply_report *report) {
    warnings_free(&report->warnings);
    text_free(&report->next);
    *report = (struct apply_report){0};
}

/* ---- NEW ---- */

/* Whether a path is a folder, or in it. */
static bool is_within(const char *path, const char *folder) {
    const size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0' ||
                                                  (length > 0 && folder[length - 1] == '/'));
}

/* The folder that NEW will be in, without links. */
static char *parent_of(const char *path, struct error *error) {
    char *parent = memory_string(path, error);
    if (parent == NULL) return NULL;
    for (size_t end = strlen(parent); end > 1 && parent[end - 1] == '/';) parent[--end] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash != NULL) slash[slash == parent] = '\0';
    char *resolved = realpath(slash == NULL ? "." : parent, NULL);
    if (resolved == NULL)
        FAIL(error, ERROR_FILE, "%s: the folder that it would be in: %s", path, strerror(errno));
    free(parent);
    return resolved;
}

/* It is nothing that is there, and in no folder that an audit reads or writes. */
static enum error_code check_new(const struct apply_settings *settings, const char *input,
                                 struct error *error) {
    struct stat status;
    const char *path = settings->new_path;
    if (path[0] == '\0') return FAIL(error, ERROR_USAGE, "-o: give the name of the new list");
    if (lstat(path, &status) == 0)
        return FAIL(error, ERROR_USAGE,
                    "%s: it is there already, and nothing is ever replaced; give -o another name, "
                    "or remove it",
                    path);
    char *parent = parent_of(path, error);
    char *out = parent == NULL ? NULL : realpath(settings->out, NULL);
    if (parent != NULL && out != NULL && is_within(parent, out))
        FAIL(error, ERROR_USAGE, "%s: it would be in %s, the folder of the run; give -o another",
             path, settings->out);
    if (parent != NULL && input != NULL && stat(input, &status) == 0 && S_ISDIR(status.st_mode) &&
        is_within(parent, input))
        FAIL(error, ERROR_USAGE,
             "%s: it would be in %s, which the next audit reads; give -o a name elsewhere", path,
             input);
    free(parent);
    free(out);
    return error->code;
}

/* ---- all of it ---- */

static enum error_code make_products(struct apply *apply, struct error *error) {
    const struct apply_source *source = &apply->source;
    const struct list_trace *trace = &source->collection.trace;
    if (source->path != NULL && source->format != NULL && strcmp(source->format, "folder") == 0)
        return apply_make_moves(apply, error);
    if (trace->file_count > 0 && trace->pattern == NULL) return apply_make_texts(apply, error);
    return apply_make_tables(apply, error);
}

static enum error_code run(struct apply *apply, struct error *error) {
    const struct apply_settings *settings = apply->settings;
    TRY(apply_source_open(settings->out, &apply->source, error));
    TRY(check_new(settings, apply->source.path, error));
    TRY(apply_plan(apply, error));
    TRY(apply_source_read(&apply->source, error));
    TRY(make_products(apply, error));
    if (settings->dry_run) {
        text_clear(&apply->report->next);
        text_string(&apply->report->next, "Nothing was written (--dry-run).");
        return text_check(&apply->report->next, error);
    }
    TRY(text_check(&apply->report->next, error));
    return products_write(&apply->products, settings->new_path, error);
}

enum error_code apply_decisions(const struct apply_settings *settings, struct apply_report *report,
                                struct error *error) {
    struct apply apply = {
        .settings = settings, .report = report, .source = {.out = FOLDER_INITIAL}};
    run(&apply, error);
    products_free(&apply.products);
    apply_source_close(&apply.source);
    decisions_free(&apply.decisions);
    free(apply.outcomes);
    free(apply.deciders);
    return error->code;
}
