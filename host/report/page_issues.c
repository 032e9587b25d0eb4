/* The ranked clips: the first ones with their sound, the others as a table. */
#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/base/stop.h"
#include "host/output/findings.h"
#include "host/report/page.h"
#include "host/report/page_sound.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 32 /* clips whose sound is in memory at once */

/* ---- common to all entries ---- */

/* The attributes that the script searches and sorts by. */
static void append_data(struct page *page, size_t rank, const struct run_issue *issue,
                        const struct run_clip *clip) {
    char number[16];
    struct text *out = &page->table.row;
    text_format(out, " data-rank=\"%zu\" data-given=\"", rank);
    name_html(out, run_given_label(page->results, issue, number));
    text_string(out, "\" data-suggested=\"");
    name_html(out, run_suggested_label(page->results, issue, number));
    text_string(out, "\" data-path=\"");
    if (clip->path != NULL) name_html(out, run_clip_shown(clip));
    text_string(out, "\"");
    if (run_has_marks(page->results)) text_format(out, " data-kind=\"%s\"", page_kind(issue));
}

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

static void append_sound(struct page *page, size_t rank, const struct sound *sound) {
    struct text *out = &page->table.row;
    if (!sound->readable && sound->reason[0] == '\0') return; /* a row of embeddings */
    text_string(out, "<div class=\"sound\">\n");
    if (!sound->readable) {
        text_string(out, "<p>The sound is not in the page: ");
        name_html(out, sound->reason);
        text_string(out, "</p></div>\n");
        return;
    }
    text_format(out,
                "<svg viewBox=\"0 0 %d 40\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                "<path fill=\"none\" stroke=\"currentColor\" d=\"",
                SOUND_COLUMNS);
    sound_append_waveform(out, sound);
    text_format(out,
                "\"/></svg>\n<audio controls preload=\"none\" aria-label=\"Clip %zu of the "
                "ranking\" src=\"",
                rank);
    sound_append_uri(out, sound);
    text_string(out, "\"></audio>\n");
    if (isinf(sound->seconds))
        text_format(out, "<p class=\"dim\">first %.0f s; follow the link for the whole clip</p>\n",
                    sound->kept);
    else if (sound->kept < sound->seconds - 0.01)
        text_format(
            out,
            "<p class=\"dim\">first %.0f s of %.1f s; follow the link for the whole clip</p>\n",
            sound->kept, sound->seconds);
    else
        text_format(out, "<p class=\"dim\">%.2f s</p>\n", sound->seconds);
    text_string(out, "</div>\n");
}

static void append_issue(struct page *page, size_t rank, const struct run_issue *issue,
                         const struct sound *sound) {
    struct text *out = &page->table.row;
    struct run_clip clip = page_clip_at(page, issue->row);
    char number[16];
    text_string(out, "<li class=\"issue entry\" tabindex=\"-1\"");
    append_data(page, rank, issue, &clip);
    text_format(out, ">\n<div class=\"rank\">%zu</div>\n<div>\n", rank);
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
    append_sound(page, rank, sound);
    text_string(out, "</li>\n");
}

/* A clip's file and its segment. */
struct place {
    struct text path;
    double start;
    double duration;
    bool outside; /* the root; known once the sound is loaded */
};

static const char outside_reason[] =
    "outside: its path leads out of the folder of the clips; if you trust this run, give "
    "--allow-outside";

static enum error_code find_place(const struct page *page, size_t row, struct place *place,
                                  struct error *error) {
    struct run_clip clip = page_clip_at(page, row);
    text_clear(&place->path);
    place->start = clip.start;
    place->duration = run_clip_duration(&clip);
    if (clip.path == NULL) return ERROR_NONE;
    text_string(&place->path, clip.path);
    return text_check(&place->path, error);
}

/* Decodes `count` clips in parallel; the order of the page does not depend on it. */
static enum error_code load_sounds(const struct page *page, struct place *places,
                                   struct sound *sounds, size_t count, struct error *error) {
    struct decoders *decoders = page->decoders;
    struct error errors[GROUP] = {ERROR_INITIAL};
    const int threads = decoders == NULL ? 1 : decoders_count(decoders); /* rows have no sounds */
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        struct place *place = &places[i];
        sounds[i] = (struct sound){.readable = false};
        place->outside = false;
        if (place->path.length == 0) continue;
        int file = root_folder_file(&page->root, place->path.data, SOUND_SOURCE_FLAGS);
        place->outside = file < 0 && errno == EXDEV;
        if (place->outside)
            memcpy(sounds[i].reason, outside_reason, sizeof outside_reason);
        else
            sound_load(decoders, (int)i % threads, file, place->path.data, place->start,
                       place->duration, &sounds[i], &errors[i]);
    }
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++)
        if (errors[i].code != ERROR_NONE) *error = errors[i];
    return error->code;
}

static enum error_code append_group(struct page *page, size_t first, size_t count,
                                    struct place *places, struct sound *sounds,
                                    struct error *error) {
    const struct run_issue *issues = page->results->issues;
    for (size_t i = 0; i < count; i++)
        TRY(find_place(page, issues[first + i].row, &places[i], error));
    load_sounds(page, places, sounds, count, error);
    for (size_t i = 0; i < count; i++) {
        if (error->code == ERROR_NONE) {
            append_issue(page, first + i + 1, &issues[first + i], &sounds[i]);
            page->sounds.played += sounds[i].readable;
            page->sounds.outside += places[i].outside;
            page->sounds.missing +=
                !sounds[i].readable && !places[i].outside && places[i].path.length > 0;
            table_flush_full(&page->table, error);
        }
        sound_free(&sounds[i]);
    }
    return error->code;
}

static void append_tools(struct page *page) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    char number[16];
    text_string(out, "<form id=\"tools\" hidden>\n<div class=\"wide\"><label for=\"search\">Search "
                     "by label or path</label><input id=\"search\" type=\"search\" list=\"names\" "
                     "autocomplete=\"off\"></div>\n<div><label for=\"order\">Order</label>"
                     "<select id=\"order\"><option value=\"rank\">rank</option>"
                     "<option value=\"given\">given label</option>"
                     "<option value=\"suggested\">suggested label</option>"
                     "<option value=\"path\">path</option></select></div>\n");
    if (run_has_marks(results))
        text_string(out, "<div><label for=\"kind\">Show</label><select id=\"kind\">"
                         "<option value=\"\">all</option>"
                         "<option value=\"other\">another class</option>"
                         "<option value=\"none\">none of the classes</option>"
                         "<option value=\"certain\">certain</option></select></div>\n");
    text_string(out, "<p class=\"keys dim\"><kbd>j</kbd> <kbd>k</kbd> next, previous; "
                     "<kbd>space</kbd> play; <kbd>/</kbd> search</p>\n"
                     "<p id=\"shown\" role=\"status\"></p>\n<datalist id=\"names\">\n");
    for (size_t k = 0; k < results->class_count && k < 1000; k++) {
        text_string(out, "<option value=\"");
        name_html(out, run_class_name(results, (int32_t)k, number));
        text_string(out, "\"></option>\n");
    }
    text_string(out, "</datalist>\n</form>\n");
}

const char *page_issues_title(const struct run_results *results) {
    return results->has_audio_faults ? "Clips to listen to" : "Labels that look wrong";
}

enum error_code page_issues(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    size_t count =
        results->issue_count < REPORT_PLAYED_ISSUES ? results->issue_count : REPORT_PLAYED_ISSUES;
    page_section(page, "issues", page_issues_title(results));
    if (count == 0) {
        text_string(out, "<p>No label looks wrong.</p></section>\n");
        return ERROR_NONE;
    }
    text_string(out, "<p>The clips whose label is most probably wrong come first.");
    if (results->issue_count > count)
        text_format(out,
                    " The first %zu can be played here; the rest are "
                    "<a href=\"#more\">listed below</a>.",
                    count);
    text_string(out, "</p>\n");
    if (run_has_marks(results))
        text_string(out,
                    "<p class=\"dim\">Below each clip is the evidence, a line for each view of the "
                    "sound: how probable its classifiers, which did not see the clip's label, find "
                    "the given → the suggested label, and which labels its nearest neighbours "
                    "have.</p>\n");
    append_tools(page);
    text_string(out, "<ol class=\"issues\">\n");
    struct place *places = memory_array(GROUP, sizeof *places, "clips", error);
    struct sound *sounds = memory_array(GROUP, sizeof *sounds, "clips", error);
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i += GROUP) {
        if (stop_check(error) != ERROR_NONE) break;
        append_group(page, i, count - i < GROUP ? count - i : GROUP, places, sounds, error);
    }
    text_string(out, "</ol>\n</section>\n");
    for (size_t i = 0; places != NULL && i < GROUP; i++) text_free(&places[i].path);
    free(places);
    free(sounds);
    return error->code;
}

/* ---- the others ---- */

enum error_code page_more_issues(struct page *page, struct error *error) {
    const struct run_results *results = page->results;
    struct text *out = &page->table.row;
    if (results->issue_count <= REPORT_PLAYED_ISSUES) return ERROR_NONE;
    size_t last =
        results->issue_count < REPORT_LISTED_ISSUES ? results->issue_count : REPORT_LISTED_ISSUES;
    page_section(page, "more", "More clips");
    if (last < results->issue_count) {
        text_string(out, "<p>Up to rank ");
        number_thousands(out, last);
        text_string(out, "; issues.csv has all ");
        number_thousands(out, results->issue_count);
        text_string(out, ".</p>\n");
    }
    text_string(out,
                "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                "aria-labelledby=\"more\"><table>\n<thead><tr><th scope=\"col\" class=\"n\">Rank"
                "</th><th scope=\"col\">Clip</th><th scope=\"col\">Labelled</th>"
                "<th scope=\"col\">Suggested</th><th scope=\"col\" class=\"n\">Score</th>"
                "</tr></thead>\n<tbody>\n");
    for (size_t i = REPORT_PLAYED_ISSUES; i < last && error->code == ERROR_NONE; i++) {
        const struct run_issue *issue = &results->issues[i];
        struct run_clip clip = page_clip_at(page, issue->row);
        char number[16];
        text_string(out, "<tr class=\"entry\"");
        append_data(page, i + 1, issue, &clip);
        text_format(out, "><td class=\"n\">%zu</td><td class=\"path\">", i + 1);
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
    text_string(out, "</tbody></table></div>\n</section>\n");
    return error->code;
}
