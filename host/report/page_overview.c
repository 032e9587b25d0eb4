/* The head of the page, the figures of the whole run, and its foot. */
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/output/findings.h"
#include "host/report/page.h"
#include "host/report/page_web.h"

#include <math.h>
#include <string.h>

static uint64_t all_clips(const struct run_results *results) {
    uint64_t clips = 0;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++) clips += results->status_counts[i];
    return clips;
}

static void append_links(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    text_string(out, "<nav aria-label=\"Sections\"><ul>\n<li><a href=\"#issues\">");
    text_string(out, page_issues_title(results));
    text_string(out, "</a></li>\n");
    if (results->issue_count > page->listed)
        text_string(out, "<li><a href=\"#more\">More clips</a></li>\n");
    if (results->group_errors != NULL)
        text_string(out, "<li><a href=\"#groups\">Groups</a></li>\n");
    if (results->classes != NULL) text_string(out, "<li><a href=\"#classes\">Classes</a></li>\n");
    if (results->pairs != NULL)
        text_string(out, "<li><a href=\"#pairs\">Confused classes</a></li>\n");
    if (results->confident_joint != NULL)
        text_string(out, "<li><a href=\"#joint\">Confident joint</a></li>\n");
    if (results->has_audio_faults)
        text_string(out, "<li><a href=\"#audio-faults\">Audio faults</a></li>\n");
    if (all_clips(results) > results->status_counts[CLIP_OK] || page_not_read(results) != NULL)
        text_string(out, "<li><a href=\"#unaudited\">Not audited</a></li>\n");
    text_string(out, "<li><a href=\"#settings\">Settings</a></li>\n</ul></nav>\n");
}

/* Script and style only with the hashes of the page's own. */
static void append_policy(struct text *out) {
    text_format(out,
                "default-src 'none'; style-src '%s'; script-src '%s'; media-src data:; "
                "img-src data:; base-uri 'none'; form-action 'none'",
                page_style_hash, page_script_hash);
}

void page_head(struct page *page) {
    struct text *out = &page->table.row;
    const char *input = page->results->input == NULL ? "a run" : page->results->input;
    text_string(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"");
    append_policy(out);
    text_string(out, "\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
                     "<link rel=\"icon\" href=\"data:,\">\n<title>earmark: ");
    name_html(out, input);
    text_string(out, "</title>\n<style>");
    text_string(out, page_style);
    text_string(out, "</style>\n</head>\n<body>\n<header>\n<h1>Label audit of <bdi>");
    name_html(out, input);
    text_string(out, "</bdi></h1>\n");
    append_links(page);
    text_string(out, "</header>\n<main>\n");
}

/* ---- figures ---- */

static void begin_figure(struct text *out, const char *name) {
    text_format(out, "<div><dt>%s</dt><dd>", name);
}

static void count_figure(struct text *out, const char *name, uint64_t count) {
    begin_figure(out, name);
    number_thousands(out, count);
    text_string(out, "</dd></div>\n");
}

/* A box of sentences; nothing without any. */
static void append_box(struct text *out, const char *class, const char *heading,
                       const char *const *sentences, size_t count) {
    if (count == 0) return;
    text_format(out, "<div class=\"%s\"><strong>%s</strong>\n<ul>\n", class, heading);
    for (size_t i = 0; i < count; i++) {
        text_string(out, "<li>");
        name_html(out, sentences[i]);
        text_string(out, "</li>\n");
    }
    text_string(out, "</ul></div>\n");
}

/* How many labels are wrong; where that is not estimated, confident learning's label health. */
static void append_health(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (results->error_count.estimated) {
        const struct run_shown_errors shown = run_shown_errors(results);
        begin_figure(out, "Wrong labels, estimated");
        if (run_errors_unknown(results))
            text_string(out, "hardly known");
        else
            number_thousands(out, shown.all);
        text_string(out, " <small>95% interval: ");
        number_thousands(out, shown.low);
        text_string(out, " to ");
        number_thousands(out, shown.high);
        text_string(out, "</small></dd></div>\n");
    } else if (isfinite(results->overall_health)) {
        begin_figure(out, "Overall label health");
        number_percent(out, results->overall_health);
        text_string(out, "</dd></div>\n");
    }
}

static void append_belief(struct page *page) {
    const struct run_belief *belief = &page->results->belief;
    if (!belief->computed) return;
    begin_figure(&page->table.row, "Balanced accuracy");
    text_format(&page->table.row,
                "%.2f <small>chance %.2f, largest class %.2f</small></dd></div>\n",
                belief->balanced_accuracy, belief->chance, belief->majority);
}

/* Why the list and the health do not add up to all clips. */
static void append_two_numbers(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    uint64_t audited = results->status_counts[CLIP_OK];
    if (audited == 0) return;
    text_string(out, "<p class=\"dim\">The ");
    number_thousands(out, results->issue_count);
    text_string(out, " clips that look mislabelled are ");
    number_percent(out, (double)results->issue_count / (double)audited);
    text_string(out,
                " of those audited. The two figures need not add up to 100%: health counts the "
                "labels that are estimated to be wrong, the list the clips that are worth "
                "hearing. Some of these are right, and some wrong ones are not in it.</p>\n");
}

/* What the figures mean. */
static void append_meaning(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (results->error_count.estimated) {
        text_string(out, "<p>");
        run_errors_words(out, results);
        text_string(out, ".</p>\n");
    } else if (isfinite(results->overall_health)) {
        text_format(out,
                    "<p class=\"dim\">Overall label health is the share of %s are right, as "
                    "confident learning estimates it.</p>\n",
                    results->multilabel ? "clips whose labels all" : "labels that");
        append_two_numbers(page);
    }
    if (results->belief.computed)
        text_string(out, "<p class=\"dim\">Balanced accuracy is how well a classifier knows the "
                         "classes: the share of a class's clips that it gives the class's label, "
                         "without having seen their labels; the mean of all classes.</p>\n");
}

void page_overview(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    uint64_t clips = all_clips(results);
    uint64_t audited = results->status_counts[CLIP_OK];
    append_box(out, "cautions", "Caution", results->cautions, results->caution_count);
    text_string(out, "<dl class=\"facts\">\n");
    append_health(page);
    count_figure(out, "Clips that look mislabelled", results->issue_count);
    count_figure(out, "Clips audited", audited);
    if (clips > audited) count_figure(out, "Clips not audited", clips - audited);
    count_figure(out, "Classes", results->class_count);
    append_belief(page);
    text_string(out, "</dl>\n");
    append_meaning(page);
    if (clips > audited) {
        const char *comma = "";
        text_string(out, "<p>Not audited: ");
        for (int i = 0; i < CLIP_STATUS_COUNT; i++) {
            if (i == CLIP_OK || results->status_counts[i] == 0) continue;
            text_string(out, comma);
            number_thousands(out, results->status_counts[i]);
            text_format(out, " %s", run_status_words((enum clip_status)i));
            comma = "; ";
        }
        text_string(out, ". <a href=\"#unaudited\">Which ones</a></p>\n");
    }
    append_box(out, "warnings", "Warnings", results->warnings, results->warning_count);
}

/* ---- settings ---- */

static bool first_of_its_section(const struct run_facts *facts, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (strcmp(facts->list[i].section, facts->list[index].section) == 0) return false;
    return true;
}

static void append_facts(struct page *page, const char *section) {
    const struct run_facts *facts = &page->results->facts;
    struct text *out = &page->table.row;
    text_string(out, "<details><summary>");
    name_html(out, section);
    text_string(out, "</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                     "aria-labelledby=\"settings\"><table>\n");
    for (size_t i = 0; i < facts->count; i++) {
        if (strcmp(facts->list[i].section, section) != 0 || facts->list[i].json == NULL) continue;
        text_string(out, "<tr><th scope=\"row\">");
        name_html(out, facts->list[i].name);
        text_string(out, "</th><td>");
        page_json(out, facts->list[i].json);
        text_string(out, "</td></tr>\n");
    }
    text_string(out, "</table></div></details>\n");
}

void page_settings(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    page_section(page, "settings", "Settings of this run");
    text_string(out, "<p class=\"dim\">Everything is in run.json.");
    if (results->score_name != NULL) {
        text_string(out, " The ranking is by ");
        name_html(out, results->score_name);
        text_string(out, ", lowest first.");
    }
    text_string(out, "</p>\n");
    for (size_t i = 0; i < results->facts.count; i++)
        if (first_of_its_section(&results->facts, i))
            append_facts(page, results->facts.list[i].section);
    text_string(out, "</section>\n");
}

void page_end_main(struct page *page) {
    struct text *out = &page->table.row;
    text_string(out,
                "</main>\n<footer><p>Made by earmark. The page needs no network and no other "
                "file; links lead to the places of the audio files at the time of the run. "
                "Tables for programs are in the same folder: issues.csv, issues.jsonl, clips.csv, "
                "classes.csv, run.json.</p></footer>\n"
                "<script type=\"application/json\" id=\"data\">\n");
}

void page_foot(struct page *page) {
    struct text *out = &page->table.row;
    text_string(out, "</script>\n<script>");
    text_string(out, page_script);
    text_string(out, "</script>\n</body>\n</html>\n");
}
