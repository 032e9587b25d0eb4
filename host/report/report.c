#include "host/report/report.h"

#include "host/base/memory.h"
#include "host/report/page.h"

#include <stdlib.h>
#include <string.h>

/* The path from folder `from` to folder `to`, both absolute and without links. */
static char *relative_path(const char *from, const char *to, struct error *error) {
    size_t common = 0; /* length including the last common component */
    for (size_t i = 0;; i++) {
        bool from_ends = from[i] == '/' || from[i] == '\0';
        bool to_ends = to[i] == '/' || to[i] == '\0';
        if (from_ends && to_ends) common = i;
        if (from[i] != to[i] || from[i] == '\0') break;
    }
    size_t up = 0;
    for (const char *at = from + common; *at != '\0'; at++) up += at[0] == '/' && at[1] != '\0';
    const char *down = to + common;
    while (*down == '/') down++;
    struct text path = TEXT_INITIAL;
    for (size_t i = 0; i < up; i++) text_string(&path, i == 0 ? ".." : "/..");
    if (up > 0 && *down != '\0') text_string(&path, "/");
    text_string(&path, down);
    if (text_check(&path, error) == ERROR_NONE) return path.data;
    text_free(&path);
    return NULL;
}

/* Links go from the page to the clips; where the folders cannot be resolved, to
 * the root as it was given. */
static enum error_code make_root_url(struct page *page, const struct folder *folder,
                                     struct error *error) {
    const char *root = page->root.path;
    char *from = realpath(folder->path, NULL);
    char *to = realpath(root, NULL);
    char *path =
        from == NULL || to == NULL ? memory_string(root, error) : relative_path(from, to, error);
    struct text url = TEXT_INITIAL;
    if (path != NULL) {
        if (path[0] == '/') text_string(&url, "file://");
        size_t length = strlen(path);
        while (length > 0 && path[length - 1] == '/') path[--length] = '\0';
        text_url(&url, path);
        if (path[0] == '\0') text_string(&url, ".");
        if (text_check(&url, error) == ERROR_NONE) page->root_url = memory_string(url.data, error);
    }
    text_free(&url);
    free(path);
    free(from);
    free(to);
    return error->code;
}

static enum error_code write_sections(struct page *page, struct error *error) {
    page_head(page);
    page_overview(page);
    TRY(page_issues(page, error));
    TRY(page_more_issues(page, error));
    page_groups(page);
    TRY(page_classes(page, error));
    page_pairs(page);
    TRY(page_joint(page, error));
    TRY(page_audio_faults(page, error));
    TRY(page_unaudited(page, error));
    page_settings(page);
    page_foot(page);
    return ERROR_NONE;
}

enum error_code report_write(const struct folder *folder, const struct run_results *results,
                             struct decoders *decoders, struct report_sounds *sounds,
                             struct error *error) {
    struct page page = {.results = results, .decoders = decoders};
    const char *root = results->root;
    if (root == NULL || root[0] == '\0') root = ".";
    TRY(root_folder_open(root, results->allow_outside, &page.root, error));
    table_open(&page.table, folder, "report.html", error);
    if (error->code == ERROR_NONE && make_root_url(&page, folder, error) == ERROR_NONE)
        write_sections(&page, error);
    table_close(&page.table, error);
    free(page.root_url);
    root_folder_close(&page.root);
    if (sounds != NULL) *sounds = page.sounds;
    return error->code;
}
