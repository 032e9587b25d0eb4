/* What the files that write report.html share. Private to host/report. */
#ifndef EARMARK_REPORT_PAGE_H
#define EARMARK_REPORT_PAGE_H

#include "host/base/root_folder.h"
#include "host/base/table_file.h"
#include "host/output/run.h"
#include "host/report/limits.h"
#include "host/sound/decoder.h"

struct page {
    struct table table; /* the page is written through table.row */
    const struct run_results *results;
    struct root_folder root; /* of the clips */
    char *root_url; /* from the page to the clips' root, escaped, without a trailing slash */
    struct decoders *decoders;
    struct report_sounds sounds;
};

extern const char page_style[];
extern const char page_script[];

/* ---- page.c ---- */

/* The clip's path as the value of href; nothing without a path. */
void page_url(struct text *text, const struct page *page, const struct run_clip *clip);
/* The path (or "row 17"), linked to its file unless that is outside the root. */
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
/* For the script: "none" of the classes or an "other" one, and perhaps "certain". */
const char *page_kind(const struct run_issue *issue);

/* ---- the sections, in their order ---- */

void page_head(struct page *page);
void page_overview(struct page *page);
/* The heading of the list of issues. */
const char *page_issues_title(const struct run_results *results);
enum error_code page_issues(struct page *page, struct error *error);
enum error_code page_more_issues(struct page *page, struct error *error);
void page_groups(struct page *page);
enum error_code page_classes(struct page *page, struct error *error);
void page_pairs(struct page *page);
enum error_code page_joint(struct page *page, struct error *error);
enum error_code page_audio_faults(struct page *page, struct error *error);
enum error_code page_unaudited(struct page *page, struct error *error);
void page_settings(struct page *page);
void page_foot(struct page *page);

/* Begins a section: a heading with an anchor. */
void page_section(struct page *page, const char *anchor, const char *heading);

#endif
