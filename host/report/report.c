#include "host/report/report.h"

#include "host/base/memory.h"
#include "host/report/page_media.h"

#include <stdlib.h>
#include <string.h>

/* What follows the folder in a path beneath it; NULL for a path that is not. Both are absolute and
 * without links. */
static const char *beneath(const char *folder, const char *path) {
    size_t length = strlen(folder);
    if (strcmp(folder, "/") == 0) length = 0;
    if (strncmp(folder, path, length) != 0) return NULL;
    if (path[length] == '\0') return ".";
    return path[length] == '/' ? path + length + 1 : NULL;
}

/* Links go from the page to the clips, so that both can move together. Clips that are not in the
 * page's folder stay where they are when it moves: links to them are absolute. Where the folders
 * cannot be resolved, links are to the root as it was given. */
static enum error_code make_root_url(struct page *page, const struct folder *folder,
                                     struct error *error) {
    char *from = realpath(folder->path, NULL);
    char *to = realpath(page->root.path, NULL);
    const char *path = to == NULL ? page->root.path : to;
    struct text url = TEXT_INITIAL;
    if (from != NULL && to != NULL && beneath(from, to) != NULL) path = beneath(from, to);
    if (path[0] == '/') text_string(&url, "file://");
    text_url(&url, path);
    if (text_check(&url, error) == ERROR_NONE) {
        while (url.length > 0 && url.data[url.length - 1] == '/') url.data[--url.length] = '\0';
        page->root_url = memory_string(url.length == 0 ? "." : url.data, error);
    }
    text_free(&url);
    free(from);
    free(to);
    return error->code;
}

static enum error_code write_tables(struct page *page, struct error *error) {
    page_groups(page);
    TRY(page_classes(page, error));
    page_pairs(page);
    TRY(page_joint(page, error));
    TRY(page_audio_faults(page, error));
    TRY(page_unaudited(page, error));
    page_settings(page);
    return ERROR_NONE;
}

static enum error_code write_sections(struct page *page, struct error *error) {
    page_head(page);
    page_overview(page);
    TRY(page_issues(page, error));
    TRY(page_more_issues(page, error));
    TRY(write_tables(page, error));
    page_end_main(page);
    TRY(page_put(page, &page->data, error));
    page_foot(page);
    return ERROR_NONE;
}

enum error_code report_overview(const struct run_results *results, struct text *html,
                                struct error *error) {
    struct page page = {.results = results}; /* its table is no file: what is written stays there */
    page_overview(&page);
    if (write_tables(&page, error) == ERROR_NONE) text_check(&page.table.row, error);
    *html = page.table.row;
    return error->code;
}

/* What must be known before the page begins: the data of the review, and which sounds there is room
 * for. The issues' own sounds leave a quarter to those that they are compared with. */
static enum error_code prepare(struct page *page, const struct folder *folder,
                               struct error *error) {
    TRY(review_data_open(folder, page->results, &page->review, error));
    TRY(review_data_write(page->review, REVIEW_FILE, REPORT_DATA_BYTES, &page->data, error));
    const size_t used = page->data.length + REPORT_TEXT_BYTES;
    const size_t left = used < REPORT_BYTES ? REPORT_BYTES - used : 0;
    page->media_left = left - left / 4;
    TRY(page_make_list(page, error));
    page->list = page->table.row;
    page->table.row = (struct text)TEXT_INITIAL;
    page->media_left += left / 4;
    TRY(page_make_others(page, error));
    page->others = page->table.row;
    page->table.row = (struct text)TEXT_INITIAL;
    return ERROR_NONE;
}

enum error_code report_write(const struct folder *folder, const struct run_results *results,
                             struct decoders *decoders, struct report_sounds *sounds,
                             struct error *error) {
    struct page page = {.results = results, .decoders = decoders};
    const char *root = results->root;
    if (root == NULL || root[0] == '\0') root = ".";
    TRY(root_folder_open(root, results->allow_outside, &page.root, error));
    clip_sources_new(&page.root, &page.sources, error);
    table_open(&page.table, folder, "report.html", error);
    if (error->code == ERROR_NONE && make_root_url(&page, folder, error) == ERROR_NONE &&
        prepare(&page, folder, error) == ERROR_NONE)
        write_sections(&page, error);
    table_close(&page.table, error);
    review_data_close(page.review);
    text_free(&page.data);
    text_free(&page.list);
    text_free(&page.others);
    free(page.root_url);
    clip_sources_free(page.sources);
    root_folder_close(&page.root);
    if (sounds != NULL) *sounds = page.sounds;
    return error->code;
}
