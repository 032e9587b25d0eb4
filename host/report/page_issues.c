/* The ranked clips: the first ones with their sound, the others as a table. */
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/output/findings.h"
#include "host/report/page.h"
#include "host/report/page_media.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- common to all entries ---- */

static void append_probability(struct text *out, float probability) {
    number_percent(out, (double)probability);
}

static void append_score(struct text *out, const char *name, double score, const char *chosen) {
    if (!isfinite(score)) return;
    bool is_chosen = chosen != NULL && strcmp(chosen, name) == 0;
    text_string(out, is_chosen ? " · <b>" : " · ");
    name_html(out, name);
    text_string(out, " ");
    number_short(out, score);
    if (is_chosen) text_string(out, "</b>");
}

/* "probably wrong: dog (probability 3%), probably missing: bark (probability 98%)" */
static void append_annotations(struct page *page, const struct run_issue *issue) {
    struct text *out = &page->table.row;
    for (size_t i = 0; i < issue->annotation_count; i++) {
        const struct run_annotation *annotation = &issue->annotations[i];
        text_format(out, "%sprobably %s: ", i == 0 ? "" : ", ",
                    annotation->given ? "wrong" : "missing");
        page_class(page, annotation->class_index);
        text_string(out, " (probability ");
        append_probability(out, annotation->probability);
        text_string(out, ")");
    }
}

static void append_scores(struct page *page, const struct run_issue *issue) {
    struct text *out = &page->table.row;
    const char *chosen = page->results->score_name;
    text_string(out, "<p class=\"scores\">");
    if (page->results->multilabel) {
        append_annotations(page, issue);
    } else {
        text_string(out, "probability of the given label ");
        append_probability(out, issue->given_probability);
        text_string(out, ", of the suggested one ");
        append_probability(out, issue->suggested_probability);
    }
    if (run_has_marks(page->results)) {
        if (chosen != NULL) append_score(out, chosen, issue->score, chosen);
        if (issue->none_of_classes && isfinite(issue->entropy))
            text_format(out, " · entropy %.2f", issue->entropy);
    } else {
        append_score(out, "self_confidence", issue->self_confidence, chosen);
        append_score(out, "normalized_margin", issue->normalized_margin, chosen);
        append_score(out, "confidence_weighted_entropy", issue->confidence_weighted_entropy,
                     chosen);
    }
    text_string(out, "</p>\n");
}

static void append_near_label(struct text *out, const struct run_clip *near) {
    bool none = near->label == NULL || near->label[0] == '\0';
    text_string(out, "<bdi>");
    name_html(out, none ? "(no label)" : near->label);
    text_string(out, "</bdi>");
}

static void append_neighbours(struct page *page, const struct run_issue *issue) {
    struct text *out = &page->table.row;
    if (issue->neighbour_count == 0) return;
    text_string(out, "<details><summary>Nearest clips:");
    for (size_t i = 0; i < issue->neighbour_count && i < RUN_NEIGHBOURS; i++) {
        struct run_clip near = page_clip_at(page, issue->neighbours[i]);
        text_string(out, i == 0 ? " " : ", ");
        append_near_label(out, &near);
    }
    text_string(out, "</summary>\n<ol class=\"near\">\n");
    for (size_t i = 0; i < issue->neighbour_count && i < RUN_NEIGHBOURS; i++) {
        struct run_clip near = page_clip_at(page, issue->neighbours[i]);
        text_string(out, "<li>");
        page_clip_link(page, &near, issue->neighbours[i]);
        text_string(out, ", ");
        append_near_label(out, &near);
        text_format(out, ", cosine %.3f</li>\n", (double)issue->similarities[i]);
    }
    text_string(out, "</ol></details>\n");
}

/* ---- clips with their sound ---- */

static void append_issue(struct page *page, size_t rank, const struct run_issue *issue,
                         const struct sound *sound) {
    struct text *out = &page->table.row;
    struct run_clip clip = page_clip_at(page, issue->row);
    char number[16], name[48];
    text_format(out,
                "<li class=\"issue\" data-row=\"%zu\">\n<div class=\"rank\">%zu</div>\n<div>\n",
                issue->row, rank);
    text_string(out, "<div class=\"labels\"><small>labelled</small> <span class=\"given\">");
    page_label(page, run_given_label(page->results, issue, number));
    text_format(out, "</span> → <small>%s</small> <span class=\"suggested\">",
                issue->none_of_classes ? "fits" : "suggested");
    page_suggestion(page, issue);
    text_string(out, "</span></div>\n<p>");
    page_clip_link(page, &clip, issue->row);
    text_string(out, "</p>\n");
    append_scores(page, issue);
    page_marks(page, issue);
    append_neighbours(page, issue);
    text_string(out, "</div>\n");
    snprintf(name, sizeof name, "Clip %zu of the ranking", rank);
    page_sound(page, name, sound);
    text_string(out, "</li>\n");
}

static void append_listed(struct page *page, size_t index, size_t row, const struct sound *sound) {
    (void)row;
    append_issue(page, index + 1, &page->results->issues[index], sound);
    page->sounds.played += sound->readable;
}

enum error_code page_make_list(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    size_t count =
        results->issue_count < REPORT_PLAYED_ISSUES ? results->issue_count : REPORT_PLAYED_ISSUES;
    size_t *rows = memory_array(count, sizeof *rows, "the clips of a page", error);
    if (rows == NULL) return error->code;
    for (size_t i = 0; i < count; i++) rows[i] = results->issues[i].row;
    page_media_each(page, rows, count, append_listed, &page->listed, error);
    free(rows);
    return error->code;
}

const char *page_issues_title(const struct run_results *results) {
    return results->has_audio_faults ? "Clips to listen to" : "Labels that look wrong";
}

/* What is left out, and where it is. */
static void append_bounds(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    const bool fewer = results->issue_count > page->listed;
    if (fewer)
        text_format(out,
                    " The first %zu can be heard here; the rest are "
                    "<a href=\"#more\">listed below</a>.",
                    page->listed);
    text_string(out, "</p>\n");
    if (page->decoders == NULL || (!fewer && page->others_left == 0)) return;
    text_string(out,
                "<p class=\"dim left-out\">To stay small, this page does not have every sound");
    if (page->others_left > 0) {
        text_string(out, " (");
        number_thousands(out, page->others_left);
        text_string(out, " clips to compare with are left out)");
    }
    text_string(out, ": <code>earmark review OUT</code>, with the folder of this page as OUT, "
                     "plays them all.</p>\n");
}

static void append_explanation(struct page *page) {
    struct text *out = &page->table.row;
    if (run_has_marks(page->results))
        text_string(out,
                    "<p class=\"dim\">Below each clip is the evidence, a line for each view of the "
                    "sound: how probable its classifiers, which did not see the clip's label, find "
                    "the given → the suggested label, and which labels its nearest neighbours "
                    "have.</p>\n");
    if (review_data_near(page->review) == NULL) return;
    text_format(out, "<p class=\"dim\">Nearest clips are by the view %s%s.</p>\n", NEAR_VIEW,
                review_data_searched(page->review) < page->results->issue_count
                    ? ", those of each class only for the first issues"
                    : "");
}

enum error_code page_issues(struct page *page, struct error *error) {
    struct text *out = &page->table.row;
    page_section(page, "issues", page_issues_title(page->results));
    if (page->results->issue_count == 0) {
        text_string(out, "<p>No label looks wrong.</p>\n");
    } else {
        text_string(out, "<p>The clips whose label is most probably wrong come first.");
        append_bounds(page);
        append_explanation(page);
    }
    text_string(out, "<ol id=\"list\" class=\"issues\">\n");
    TRY(page_put(page, &page->list, error));
    text_string(out, "</ol>\n");
    if (page->others.length > 0) {
        text_string(out, "<details id=\"compared\"><summary>Clips to compare with</summary>\n"
                         "<ol id=\"others\" class=\"issues\">\n");
        TRY(page_put(page, &page->others, error));
        text_string(out, "</ol></details>\n");
    }
    text_string(out, "</section>\n");
    return error->code;
}

/* ---- those without their sound ---- */

enum error_code page_more_issues(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (results->issue_count <= page->listed) return ERROR_NONE;
    size_t last =
        results->issue_count < REPORT_LISTED_ISSUES ? results->issue_count : REPORT_LISTED_ISSUES;
    /* The script has them in its data, and so many elements would take it seconds. */
    text_string(out, "<noscript>\n");
    page_section(page, "more", "More clips");
    if (last < results->issue_count) {
        text_string(out, "<p>Up to rank ");
        number_thousands(out, last);
        text_string(out, "; issues.csv has all ");
        number_thousands(out, results->issue_count);
        text_string(out, ".</p>\n");
    }
    text_string(out,
                "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                "aria-labelledby=\"more\"><table>\n<thead><tr><th scope=\"col\" class=\"n\">Rank"
                "</th><th scope=\"col\">Clip</th><th scope=\"col\">Labelled</th>"
                "<th scope=\"col\">Suggested</th><th scope=\"col\" class=\"n\">Score</th>"
                "</tr></thead>\n<tbody>\n");
    for (size_t i = page->listed; i < last && error->code == ERROR_NONE; i++) {
        const struct run_issue *issue = &results->issues[i];
        struct run_clip clip = page_clip_at(page, issue->row);
        char number[16];
        text_format(out, "<tr><td class=\"n\">%zu</td><td class=\"path\">", i + 1);
        page_clip_link(page, &clip, issue->row);
        text_string(out, "</td><td class=\"label given\">");
        page_label(page, run_given_label(results, issue, number));
        text_string(out, "</td><td class=\"label suggested\">");
        page_suggestion(page, issue);
        text_string(out, issue->certain ? " <b class=\"mark\">certain</b></td><td class=\"n\">"
                                        : "</td><td class=\"n\">");
        number_short(out, issue->score);
        text_string(out, "</td></tr>\n");
        table_flush_full(&page->table, error);
    }
    text_string(out, "</tbody></table></div>\n</section>\n</noscript>\n");
    return error->code;
}
