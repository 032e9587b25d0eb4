/* What the detector found: marks and evidence of an issue, and groups that look mislabelled. */
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/output/findings.h"
#include "host/report/page.h"

/* A name within a sentence: isolated, so that its direction of writing stays its own. */
static void append_name(struct text *text, const char *name) {
    text_string(text, "<bdi>");
    name_html(text, name[0] == '\0' ? "(none)" : name);
    text_string(text, "</bdi>");
}

void page_suggestion(struct page *page, const struct run_issue *issue) {
    struct text *out = &page->table.row;
    char number[16];
    if (issue->none_of_classes) {
        text_string(out, "<b class=\"none\">none of the classes</b> <small>closest</small> ");
        page_label(page, run_suggested_label(page->results, issue, number));
    } else {
        page_label(page, run_suggested_label(page->results, issue, number));
    }
}

static void append_certain(struct page *page, const struct run_issue *issue) {
    struct text *out = &page->table.row;
    struct run_clip same = page_clip_at(page, issue->same_sound);
    text_string(out, "<p class=\"mark\"><b>Certain:</b> ");
    page_clip_link(page, &same, issue->same_sound);
    text_string(out, " has the same sound and ");
    if (same.label == NULL) {
        text_string(out, "another label");
    } else {
        text_string(out, "is labelled <b>");
        append_name(out, same.label);
        text_string(out, "</b>");
    }
    text_string(out, ": one of the two is wrong");
    if (run_copy_is_wrong(issue)) text_string(out, ", more probably that one");
    text_string(out, ".</p>\n");
}

/* "xvector: logistic 2% → 91%, discriminant 1% → 95%, 17 of 20 neighbours labelled eight, 2
 * labelled six" */
static void append_view(struct page *page, const struct run_issue *issue, size_t view) {
    const struct run_evidence *evidence = &issue->evidence[view];
    struct text *out = &page->table.row;
    const char *before = ": ";
    append_name(out, page->results->view_names[view]);
    for (size_t i = 0; i < RUN_ESTIMATORS; i++) {
        bool votes = run_evidence_counts(evidence, i);
        if (!votes && !run_evidence_known(evidence, i)) continue;
        text_string(out, before);
        before = ", ";
        if (votes)
            run_votes_words(out, page->results, issue, evidence, append_name);
        else
            text_format(out, "%s %.0f%% → %.0f%%", run_estimator_name(i),
                        100.0 * (double)evidence->given[i], 100.0 * (double)evidence->suggested[i]);
    }
}

void page_marks(struct page *page, const struct run_issue *issue) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (!run_has_marks(results)) return;
    if (issue->certain) append_certain(page, issue);
    if (issue->evidence == NULL) return;
    text_string(out, "<ul class=\"evidence\">\n");
    for (size_t v = 0; v < results->view_count; v++) {
        text_string(out, "<li>");
        append_view(page, issue, v);
        text_string(out, "</li>\n");
    }
    text_string(out, "</ul>\n");
}

static void append_group(struct page *page, const struct run_group_error *group) {
    struct text *out = &page->table.row;
    char number[32];
    text_string(out, "<tr><th scope=\"row\" class=\"label\">");
    append_name(out, run_group_name(group, number));
    text_string(out, "</th><td class=\"label given\">");
    page_class(page, group->given);
    text_string(out, "</td><td class=\"label suggested\">");
    page_class(page, group->suggested);
    text_string(out, "</td><td class=\"n\">");
    number_thousands(out, group->matching);
    text_string(out, " of ");
    number_thousands(out, group->clips);
    text_string(out, "</td></tr>\n");
}

void page_groups(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    size_t count = results->group_error_count;
    if (results->group_errors == NULL) return;
    page_section(page, "groups", "Groups with many labels that look wrong");
    if (count == 0) {
        text_string(out, "<p>No group has many labels that look wrong.</p>\n</section>\n");
        return;
    }
    text_string(out, "<p class=\"dim\">Clips of one group with one label, of which unusually many "
                     "look like another class of the other groups: perhaps one mistake was made "
                     "for all of them.");
    if (count > REPORT_LISTED_GROUPS) {
        text_format(out, " The first %u are listed; group_errors.csv has all ",
                    REPORT_LISTED_GROUPS);
        number_thousands(out, count);
        text_string(out, ".");
        count = REPORT_LISTED_GROUPS;
    }
    text_string(out, "</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                     "aria-labelledby=\"groups\"><table>\n<thead><tr><th scope=\"col\">");
    append_name(out, results->group_name == NULL ? "Group" : results->group_name);
    text_string(out, "</th><th scope=\"col\">Labelled</th><th scope=\"col\">Look like</th>"
                     "<th scope=\"col\" class=\"n\">Clips that do</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < count; i++) append_group(page, &results->group_errors[i]);
    text_string(out, "</tbody></table></div>\n</section>\n");
}
