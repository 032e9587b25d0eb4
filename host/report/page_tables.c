/* Class health, confused pairs, the confident joint, and the clips that could not be
 * audited. */
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/output/findings.h"
#include "host/report/page.h"

#include <math.h>
#include <string.h>

#define PAIRS_SHOWN 50u
#define JOINT_CLASSES 50u /* more than that: only its largest cells */
#define JOINT_CELLS 50u

static void append_number(struct text *out, int64_t value) {
    text_string(out, "<td class=\"n\">");
    if (value < 0) text_string(out, "-");
    number_thousands(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    text_string(out, "</td>");
}

static void append_share(struct text *out, double share) {
    if (isfinite(share))
        text_format(out, "<td class=\"n\">%.2f%%</td>", 100.0 * share);
    else
        text_string(out, "<td class=\"n\">–</td>");
}

/* A class's name; with the script it shows its clips. */
static void append_filter(struct page *page, int32_t index) {
    text_format(&page->table.row, "<button type=\"button\" data-class=\"%d\">", index);
    page_class(page, index);
    text_string(&page->table.row, "</button>");
}

/* A number of clips; with the script it shows those of the two classes. */
static void append_pair_filter(struct text *out, size_t given, size_t suggested, int64_t count) {
    text_format(out,
                "<button type=\"button\" data-given=\"%zu\" data-suggested=\"%zu\">%lld</button>",
                given, suggested, (long long)count);
}

/* What the columns mean, and why their sum is not the number of wrong labels above. */
static void append_class_words(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    text_format(out,
                "<p class=\"dim\">Estimates, worst first. Wrongly in: clips with this label that "
                "%s. Missing: clips of this class that %s. Quality: share of its labels that are "
                "right.%s</p>\n",
                results->multilabel ? "should not have it" : "belong to another class",
                results->multilabel ? "do not carry it" : "carry another label",
                results->belief.computed ? " Recall: share of the clips with this label that the "
                                           "classifier gives it."
                                         : "");
    if (!results->error_count.estimated || !isfinite(results->overall_health)) return;
    if (run_errors_unknown(results)) {
        text_string(out,
                    "<p class=\"dim\">Confident learning makes these estimates class by class. "
                    "How many labels are wrong is hardly known here, so do not rely on "
                    "them.</p>\n");
        return;
    }
    text_string(out, "<p class=\"dim\">Confident learning makes these estimates class by class; "
                     "by them ");
    number_percent(out, results->overall_health);
    text_string(out, " of all labels are right. The number of wrong labels at the top is estimated "
                     "from all views at once, and has an interval.</p>\n");
}

enum error_code page_classes(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (results->classes == NULL) return ERROR_NONE;
    page_section(page, "classes", "Class health");
    append_class_words(page);
    text_string(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                     "aria-labelledby=\"classes\"><table>\n<thead><tr><th scope=\"col\">Class</th>"
                     "<th scope=\"col\" class=\"n\">Quality</th><th scope=\"col\" class=\"n\">"
                     "Clips</th><th scope=\"col\" class=\"n\">Wrongly in</th><th scope=\"col\" "
                     "class=\"n\">Noise</th><th scope=\"col\" class=\"n\">Missing</th>"
                     "<th scope=\"col\" class=\"n\">Inverse noise</th>");
    text_string(out, results->belief.computed
                         ? "<th scope=\"col\" class=\"n\">Recall</th></tr></thead>\n<tbody>\n"
                         : "</tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < results->class_count && error->code == ERROR_NONE; k++) {
        const struct run_class *class = &results->classes[k];
        text_string(out, "<tr><th scope=\"row\" class=\"label\">");
        append_filter(page, class->index);
        text_string(out, "</th>");
        append_share(out, class->label_quality);
        append_number(out, (int64_t) class->examples);
        append_number(out, class->label_issues);
        append_share(out, class->label_noise);
        append_number(out, class->inverse_label_issues);
        append_share(out, class->inverse_label_noise);
        if (results->belief.computed) append_share(out, class->recall);
        text_string(out, "</tr>\n");
        table_flush_full(&page->table, error);
    }
    text_string(out, "</tbody></table></div>\n</section>\n");
    return error->code;
}

void page_pairs(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (results->pairs == NULL) return;
    size_t count = 0;
    while (count < results->pair_count && count < PAIRS_SHOWN &&
           results->pairs[count].joint_probability > 0.0)
        count++;
    page_section(page, "pairs", "Classes that are confused");
    if (count == 0) {
        text_string(out, "<p>No two classes overlap.</p></section>\n");
        return;
    }
    text_string(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                     "aria-labelledby=\"pairs\"><table>\n<thead><tr><th scope=\"col\">Class</th>"
                     "<th scope=\"col\">and</th><th scope=\"col\" class=\"n\">Clips confused"
                     "</th><th scope=\"col\" class=\"n\">Share of all</th></tr></thead>\n"
                     "<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        text_string(out, "<tr><td class=\"label\">");
        append_filter(page, results->pairs[i].first);
        text_string(out, "</td><td class=\"label\">");
        append_filter(page, results->pairs[i].second);
        text_string(out, "</td>");
        append_number(out, results->pairs[i].examples);
        append_share(out, results->pairs[i].joint_probability);
        text_string(out, "</tr>\n");
    }
    text_string(out, "</tbody></table></div>\n");
    if (count < results->pair_count && count == PAIRS_SHOWN)
        text_string(out, "<p class=\"dim\">More pairs are in overlapping_classes.csv.</p>\n");
    text_string(out, "</section>\n");
}

/* ---- the confident joint ---- */

static int64_t joint_at(const struct run_results *results, size_t given, size_t meant) {
    return results->confident_joint[given * results->class_count + meant];
}

static double joint_row_sum(const struct run_results *results, size_t given) {
    double sum = 0.0;
    for (size_t j = 0; j < results->class_count; j++) sum += (double)joint_at(results, given, j);
    return sum > 0.0 ? sum : 1.0;
}

static void append_heat_row(struct page *page, size_t given) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    double sum = joint_row_sum(results, given);
    text_string(out, "<tr><th scope=\"row\">");
    page_class(page, (int32_t)given);
    text_string(out, "</th>");
    for (size_t j = 0; j < results->class_count; j++) {
        int64_t value = joint_at(results, given, j);
        double share = (double)value / sum;
        /* Cells off the diagonal are small: 20% of a class already has the full colour. */
        double strength = j == given ? share * 0.45 : share * 3.0;
        if (strength > 0.6) strength = 0.6;
        if (value <= 0) {
            text_string(out, "<td></td>");
            continue;
        }
        text_format(out, "<td class=\"%s a%d\">", j == given ? "c" : "w",
                    strength < 0.12 ? 1 : (int)(strength / 0.06 + 0.001));
        if (j == given)
            text_format(out, "%lld", (long long)value);
        else
            append_pair_filter(out, given, j, value);
        text_string(out, "</td>");
    }
    text_string(out, "</tr>\n");
}

static enum error_code append_heat_table(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    text_string(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                     "aria-labelledby=\"joint\"><table class=\"joint\">\n<caption>Rows: labelled. "
                     "Columns: sounds like.</caption>\n<thead><tr><td class=\"axes\">labelled ↓ "
                     "sounds like →</td>");
    for (size_t k = 0; k < results->class_count; k++) {
        text_string(out, "<th scope=\"col\"><div class=\"turn\">");
        page_class(page, (int32_t)k);
        text_string(out, "</div></th>");
    }
    text_string(out, "</tr></thead>\n<tbody>\n");
    for (size_t k = 0; k < results->class_count && error->code == ERROR_NONE; k++) {
        append_heat_row(page, k);
        table_flush_full(&page->table, error);
    }
    text_string(out, "</tbody></table></div>\n");
    return error->code;
}

struct cell {
    size_t given;
    size_t meant;
    int64_t value;
};

/* Keeps the largest cells in descending order, ties in the joint's order. */
static size_t insert_cell(struct cell *cells, size_t count, struct cell cell) {
    if (count == JOINT_CELLS && cell.value <= cells[count - 1].value) return count;
    size_t at = count < JOINT_CELLS ? count++ : count - 1;
    for (; at > 0 && cells[at - 1].value < cell.value; at--) cells[at] = cells[at - 1];
    cells[at] = cell;
    return count;
}

static void append_largest_cells(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    struct cell cells[JOINT_CELLS];
    size_t count = 0;
    for (size_t k = 0; k < results->class_count; k++)
        for (size_t j = 0; j < results->class_count; j++)
            if (j != k && joint_at(results, k, j) > 0)
                count = insert_cell(cells, count, (struct cell){k, j, joint_at(results, k, j)});
    text_string(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                     "aria-labelledby=\"joint\"><table>\n<thead><tr><th scope=\"col\">Labelled</th>"
                     "<th scope=\"col\">Probably</th><th scope=\"col\" class=\"n\">Clips</th>"
                     "<th scope=\"col\" class=\"n\">Share of the label</th></tr></thead>\n"
                     "<tbody>\n");
    for (size_t i = 0; i < count; i++) {
        text_string(out, "<tr><td class=\"label given\">");
        page_class(page, (int32_t)cells[i].given);
        text_string(out, "</td><td class=\"label suggested\">");
        page_class(page, (int32_t)cells[i].meant);
        text_string(out, "</td>");
        text_string(out, "<td class=\"n\">");
        append_pair_filter(out, cells[i].given, cells[i].meant, cells[i].value);
        text_string(out, "</td>");
        append_share(out, (double)cells[i].value / joint_row_sum(results, cells[i].given));
        text_string(out, "</tr>\n");
    }
    text_string(out, "</tbody></table></div>\n");
}

enum error_code page_joint(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (results->confident_joint == NULL) return ERROR_NONE;
    page_section(page, "joint", "Confident joint");
    if (results->class_count <= JOINT_CLASSES) {
        text_string(out,
                    "<p class=\"dim\">Clips that are classified with confidence: how many have "
                    "the label of the row and probably belong to the class of the column.</p>\n");
        append_heat_table(page, error);
    } else {
        text_format(out,
                    "<p class=\"dim\">Its largest entries off the diagonal; confident_joint.csv "
                    "has all %zu x %zu.</p>\n",
                    results->class_count, results->class_count);
        append_largest_cells(page);
    }
    text_string(out, "</section>\n");
    return error->code;
}

/* ---- clips that could not be audited ---- */

static void append_unaudited(struct page *page, size_t row, const struct run_clip *clip) {
    struct text *out = &page->table.row;
    text_string(out, "<tr><td class=\"path\">");
    page_clip_link(page, clip, row);
    text_string(out, "</td><td class=\"label\"><bdi>");
    if (clip->label != NULL) name_html(out, clip->label);
    text_format(out, "</bdi></td><td>%s</td><td>", run_status_words(clip->status));
    if (clip->reason != NULL) name_html(out, clip->reason);
    text_string(out, "</td></tr>\n");
}

static enum error_code append_unaudited_clips(struct page *page, uint64_t total,
                                              struct error *error) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    text_string(out, "<p>These clips are neither ranked nor part of any estimate.");
    if (total > REPORT_LISTED_CLIPS)
        text_format(out, " The first %u are listed; clips.csv has all.", REPORT_LISTED_CLIPS);
    text_string(out, "</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                     "aria-labelledby=\"unaudited\"><table>\n<thead><tr><th scope=\"col\">Clip</th>"
                     "<th scope=\"col\">Label</th><th scope=\"col\">What</th><th scope=\"col\">Why"
                     "</th></tr></thead>\n<tbody>\n");
    size_t listed = 0;
    for (size_t row = 0; row < results->clips.count && listed < REPORT_LISTED_CLIPS; row++) {
        struct run_clip clip = page_clip_at(page, row);
        if (clip.status == CLIP_OK) continue;
        append_unaudited(page, row, &clip);
        listed++;
        table_flush_full(&page->table, error);
    }
    text_string(out, "</tbody></table></div>\n");
    return error->code;
}

const char *page_not_read(const struct run_results *results) {
    const char *files = run_fact_find(&results->facts, "input", "not_read");
    return files == NULL || strcmp(files, "[]") == 0 ? NULL : files;
}

enum error_code page_unaudited(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    const char *files = page_not_read(results);
    struct text *out = &page->table.row;
    uint64_t total = 0;
    for (int i = 0; i < CLIP_STATUS_COUNT; i++)
        if (i != CLIP_OK) total += results->status_counts[i];
    if (results->clips.get == NULL) total = 0;
    if (total == 0 && files == NULL) return ERROR_NONE;
    page_section(page, "unaudited", "Not audited");
    if (total > 0) append_unaudited_clips(page, total, error);
    if (files != NULL) {
        text_string(out, "<p>Files of the input that were not read, by their endings:</p>\n"
                         "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                         "aria-labelledby=\"unaudited\">");
        page_json(out, files);
        text_string(out, "</div>\n");
    }
    text_string(out, "</section>\n");
    return error->code;
}
