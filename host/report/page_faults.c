/* Audio faults: what is wrong with the sounds, whatever the labels say. */
#include "host/base/names.h"
#include "host/base/numbers.h"
#include "host/report/page.h"

#include <math.h>

/* The first clips of every fault. */
struct faulty {
    size_t counts[AUDIO_FAULT_COUNT];
    size_t rows[AUDIO_FAULT_COUNT][REPORT_FAULT_CLIPS];
};

static void find_faulty(struct page *page, struct faulty *faulty) {
    const struct run_clips *clips = &page->results->clips;
    for (size_t row = 0; clips->get != NULL && row < clips->count; row++) {
        struct run_clip clip = page_clip_at(page, row);
        for (int i = 0; i < AUDIO_FAULT_COUNT; i++)
            if ((clip.audio.faults >> i & 1) != 0 && faulty->counts[i] < REPORT_FAULT_CLIPS)
                faulty->rows[i][faulty->counts[i]++] = row;
    }
}

static void append_rule(struct text *out, enum audio_fault fault) {
    struct text rule = TEXT_INITIAL;
    audio_fault_describe(&rule, fault);
    name_html(out, rule.data == NULL ? "" : rule.data);
    text_free(&rule);
}

static void append_overview(struct page *page) {
    struct text *out = &page->table.row;
    text_string(out,
                "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                "aria-labelledby=\"audio-faults\"><table>\n<thead><tr><th scope=\"col\">Fault</th>"
                "<th scope=\"col\" class=\"n\">Clips</th><th scope=\"col\">Criterion</th></tr>"
                "</thead>\n<tbody>\n");
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
        const struct audio_fault_rule *rule = audio_fault_rule((enum audio_fault)i);
        text_format(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">", rule->words);
        number_thousands(out, page->results->audio_fault_counts[i]);
        text_string(out, "</td><td>");
        append_rule(out, (enum audio_fault)i);
        text_string(out, "</td></tr>\n");
    }
    text_string(out, "</tbody></table></div>\n");
}

/* What was measured of the clip, or the other clip. */
static void append_measure(struct page *page, const struct run_clip *clip, enum audio_fault fault) {
    struct text *out = &page->table.row;
    double measure = audio_fault_measure(&clip->audio, fault);
    size_t other = audio_fault_other(&clip->audio, fault);
    text_string(out, "<td>");
    if (other != CLIP_NO_RELATION) {
        struct run_clip twin = page_clip_at(page, other);
        page_clip_link(page, &twin, other);
        if (twin.label != NULL && twin.label[0] != '\0') {
            text_string(out, " <span class=\"dim\"><bdi>");
            name_html(out, twin.label);
            text_string(out, "</bdi></span>");
        }
    } else if (isfinite(measure)) {
        number_short(out, measure);
        text_string(out, audio_fault_rule(fault)->unit);
    } else if (clip->reason != NULL) {
        name_html(out, clip->reason);
    }
    text_string(out, "</td>");
}

static enum error_code append_clips(struct page *page, enum audio_fault fault, const size_t *rows,
                                    size_t count, struct error *error) {
    struct text *out = &page->table.row;
    text_format(out, "<details><summary>%s: ", audio_fault_rule(fault)->words);
    number_thousands(out, page->results->audio_fault_counts[fault]);
    if (page->results->audio_fault_counts[fault] > count)
        text_format(out, " (the first %zu; clips.csv has all)", count);
    text_string(out,
                "</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
                "aria-labelledby=\"audio-faults\"><table>\n<thead><tr><th scope=\"col\">Clip</th>"
                "<th scope=\"col\">Label</th><th scope=\"col\">Measured</th></tr></thead>\n"
                "<tbody>\n");
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++) {
        struct run_clip clip = page_clip_at(page, rows[i]);
        text_format(out, "<tr data-row=\"%zu\"><td class=\"path\">", rows[i]);
        page_clip_link(page, &clip, rows[i]);
        text_string(out, "</td><td class=\"label\"><bdi>");
        if (clip.label != NULL) name_html(out, clip.label);
        text_string(out, "</bdi></td>");
        append_measure(page, &clip, fault);
        text_string(out, "</tr>\n");
        table_flush_full(&page->table, error);
    }
    text_string(out, "</tbody></table></div></details>\n");
    return error->code;
}

enum error_code page_audio_faults(struct page *page, struct error *error) {
    struct text *out = &page->table.row;
    struct faulty faulty = {0};
    if (!page->results->has_audio_faults) return ERROR_NONE;
    find_faulty(page, &faulty);
    page_section(page, "audio-faults", "Audio faults");
    text_string(out,
                "<p class=\"dim\">What is wrong with the sounds themselves. Audio faults do not "
                "change the ranking; clips that were not audited are listed below.</p>\n");
    append_overview(page);
    for (int i = 0; i < AUDIO_FAULT_COUNT; i++)
        if (faulty.counts[i] > 0)
            TRY(append_clips(page, (enum audio_fault)i, faulty.rows[i], faulty.counts[i], error));
    text_string(out, "</section>\n");
    return ERROR_NONE;
}
