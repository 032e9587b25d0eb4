/* What the files that write report.html share. Private to host/report. */
#ifndef EARMARK_REPORT_PAGE_H
#define EARMARK_REPORT_PAGE_H

#include "host/base/root_folder.h"
#include "host/base/table_file.h"
#include "host/output/run.h"
#include "host/report/limits.h"
#include "host/report/review_data.h"
#include "host/sound/clip_sources.h"
#include "host/sound/decoder.h"

struct page {
    struct table table; /* the page is written through table.row */
    const struct run_results *results;
    struct root_folder root;      /* of the clips */
    struct clip_sources *sources; /* in it */
    char *root_url; /* from the page to the clips' root, escaped, without a trailing slash */
    struct decoders *decoders;
    struct report_sounds sounds;
    struct review_data *review;
    struct text data;   /* of the review, as JSON */
    size_t media_left;  /* bytes that sounds and pictures may still take */
    struct text list;   /* of issues with their sound */
    size_t listed;      /* issues in it */
    struct text others; /* clips to compare with */
    size_t others_left; /* such clips that are not in the page */
};

/* ---- page.c ---- */

/* The clip's path as the value of href; nothing without a path. */
void page_url(struct text *text, const struct page *page, const struct run_clip *clip);
/* The path (or "row 17"), linked to its file unless that is outside the root or in a container. */
void page_clip_link(struct page *page, const struct run_clip *clip, size_t row);
void page_class(struct page *page, int32_t index);
/* A label or a set of labels; an empty set in words. */
void page_label(struct page *page, const char *label);
struct run_clip page_clip_at(const struct page *page, size_t row);
/* A JSON text as HTML: objects and arrays of objects as tables. */
void page_json(struct text *text, const char *json);

/* The marks of an issue and what each view says of it, a line each; nothing without a detector. */
void page_marks(struct page *page, const struct run_issue *issue);
/* Where it leads instead of its label: the suggested class, or that it fits none of them. */
void page_suggestion(struct page *page, const struct run_issue *issue);

/* ---- the sections, in their order ---- */

void page_head(struct page *page);
void page_overview(struct page *page);
/* The heading of the list of issues. */
const char *page_issues_title(const struct run_results *results);
/* Fills in page->list, before anything is written. */
enum error_code page_make_list(struct page *page, struct error *error);
enum error_code page_issues(struct page *page, struct error *error);
enum error_code page_more_issues(struct page *page, struct error *error);
void page_groups(struct page *page);
enum error_code page_classes(struct page *page, struct error *error);
void page_pairs(struct page *page);
enum error_code page_joint(struct page *page, struct error *error);
enum error_code page_audio_faults(struct page *page, struct error *error);
/* The files that were not read as JSON, or NULL. */
const char *page_not_read(const struct run_results *results);
enum error_code page_unaudited(struct page *page, struct error *error);
void page_settings(struct page *page);
/* The foot, and the script element that the data of the review stands in; then what ends both. */
void page_end_main(struct page *page);
void page_foot(struct page *page);

/* Begins a section: a heading with an anchor. */
void page_section(struct page *page, const char *anchor, const char *heading);

#endif
