#include "host/report/page_media.h"

#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/stop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 32 /* clips whose sound is in memory at once */

/* ---- loading ---- */

/* A clip's file and its segment. */
struct place {
    struct text path;
    double start;
    double duration;
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
        if (place->path.length == 0) continue;
        sound_load(decoders, (int)i % threads, page->sources, place->path.data, place->start,
                   place->duration, &sounds[i], &errors[i]);
        if (sounds[i].outside) memcpy(sounds[i].reason, outside_reason, sizeof outside_reason);
    }
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++)
        if (errors[i].code != ERROR_NONE) *error = errors[i];
    return error->code;
}

/* Whether the clip fits into what is left of the page, which it then takes. */
static bool take_room(struct page *page, size_t before) {
    size_t bytes = page->table.row.length - before;
    if (bytes > page->media_left) return false;
    page->media_left -= bytes;
    return true;
}

static enum error_code append_loaded(struct page *page, const size_t *rows, size_t first,
                                     struct sound *sounds, size_t count, page_media_append *append,
                                     size_t *taken, struct error *error) {
    struct text *out = &page->table.row;
    for (size_t i = 0; i < count; i++) {
        const size_t before = out->length;
        const struct report_sounds counted = page->sounds;
        if (error->code == ERROR_NONE && *taken == first + i) {
            append(page, first + i, rows[first + i], &sounds[i]);
            text_check(out, error);
            if (take_room(page, before)) {
                ++*taken;
            } else if (before < out->length) {
                out->length = before;
                out->data[before] = '\0';
                page->sounds = counted;
            }
        }
        sound_free(&sounds[i]);
    }
    return error->code;
}

enum error_code page_media_each(struct page *page, const size_t *rows, size_t count,
                                page_media_append *append, size_t *taken, struct error *error) {
    struct place *places = memory_array(GROUP, sizeof *places, "clips", error);
    struct sound *sounds = memory_array(GROUP, sizeof *sounds, "clips", error);
    *taken = 0;
    for (size_t i = 0; i < count && *taken == i && error->code == ERROR_NONE; i += GROUP) {
        size_t some = count - i < GROUP ? count - i : GROUP;
        if (stop_check(error) != ERROR_NONE) break;
        for (size_t j = 0; j < some && error->code == ERROR_NONE; j++)
            find_place(page, rows[i + j], &places[j], error);
        if (error->code != ERROR_NONE) break;
        load_sounds(page, places, sounds, some, error);
        append_loaded(page, rows, i, sounds, some, append, taken, error);
    }
    for (size_t i = 0; places != NULL && i < GROUP; i++) text_free(&places[i].path);
    free(places);
    free(sounds);
    return error->code;
}

/* ---- one sound ---- */

static void append_length(struct text *out, const struct sound *sound) {
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
}

static void append_pictures(struct text *out, const struct sound *sound) {
    const double top = sound->file_rate / 2.0;
    text_format(out,
                "<img class=\"spectrogram\" width=\"%d\" height=\"%d\" alt=\"Spectrogram, 0 to "
                "%.10g Hz\" data-top=\"%.10g\" src=\"",
                SPECTROGRAM_COLUMNS, SPECTROGRAM_ROWS, top, top);
    sound_append_uri(out, "image/png", sound->picture, sound->picture_size);
    text_format(out, "\">\n<svg class=\"waveform\" data-peak=\"%.4g\" data-kept=\"%.10g\"",
                (double)sound->peak, sound->kept);
    if (isfinite(sound->seconds)) text_format(out, " data-seconds=\"%.10g\"", sound->seconds);
    text_format(out,
                " viewBox=\"0 0 %d 40\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                "<path fill=\"none\" stroke=\"currentColor\" d=\"",
                SOUND_COLUMNS);
    sound_append_waveform(out, sound);
    text_string(out, "\"/></svg>\n");
}

void page_sound(struct page *page, const char *name, const struct sound *sound) {
    struct text *out = &page->table.row;
    if (!sound->readable && sound->reason[0] == '\0') return; /* a row of embeddings */
    text_string(out, "<div class=\"sound\">\n");
    if (!sound->readable) {
        page->sounds.outside += sound->outside;
        page->sounds.missing += !sound->outside;
        text_string(out, "<p>The sound is not in the page: ");
        name_html(out, sound->reason);
        text_string(out, "</p></div>\n");
        return;
    }
    append_pictures(out, sound);
    text_format(out, "<audio controls preload=\"none\" aria-label=\"%s\" src=\"", name);
    sound_append_uri(out, sound->type, sound->data, sound->size);
    text_string(out, "\"></audio>\n");
    append_length(out, sound);
    text_string(out, "</div>\n");
}

/* ---- clips to compare with ---- */

/* Rows of clips, each once. */
struct chosen {
    bool *known; /* (clips) */
    size_t clips;
    size_t *rows;
    size_t count, capacity;
};

static enum error_code choose(struct chosen *chosen, size_t row, struct error *error) {
    if (row >= chosen->clips || chosen->known[row]) return error->code;
    TRY(memory_grow(&chosen->rows, &chosen->capacity, chosen->count + 1, sizeof *chosen->rows,
                    "the clips of a page", error));
    chosen->known[row] = true;
    chosen->rows[chosen->count++] = row;
    return ERROR_NONE;
}

/* For every issue of the list what matters most, then for every one the next. */
static enum error_code choose_compared(const struct page *page, struct chosen *chosen,
                                       struct error *error) {
    for (size_t i = 0; i < page->listed; i++) chosen->known[page->results->issues[i].row] = true;
    for (size_t n = 0; n < REVIEW_HEARD; n++)
        for (size_t i = 0; i < page->listed; i++) {
            size_t rows[REVIEW_HEARD];
            if (n < review_data_heard(page->review, i, rows)) TRY(choose(chosen, rows[n], error));
        }
    return ERROR_NONE;
}

/* The first clips of every fault, and the others that these are about. */
static enum error_code choose_faulty(const struct page *page, struct chosen *chosen,
                                     struct error *error) {
    size_t counts[AUDIO_FAULT_COUNT] = {0};
    for (size_t row = 0; row < chosen->clips; row++) {
        struct run_clip clip = page_clip_at(page, row);
        for (int i = 0; i < AUDIO_FAULT_COUNT; i++) {
            if ((clip.audio.faults >> i & 1) == 0 || counts[i] == REPORT_FAULT_CLIPS) continue;
            counts[i]++;
            TRY(choose(chosen, row, error));
            TRY(choose(chosen, audio_fault_other(&clip.audio, (enum audio_fault)i), error));
        }
    }
    return ERROR_NONE;
}

static void append_other(struct page *page, size_t index, size_t row, const struct sound *sound) {
    struct text *out = &page->table.row;
    struct run_clip clip = page_clip_at(page, row);
    char name[48];
    (void)index;
    /* Why a sound could not be read when it was audited is in the table of its fault. */
    if (!sound->readable && clip.reason != NULL && strcmp(sound->reason, clip.reason) == 0) return;
    text_format(out, "<li class=\"other\" data-row=\"%zu\">\n<div>\n<p>", row);
    page_clip_link(page, &clip, row);
    text_string(out, "</p>\n<p class=\"labels\">");
    page_label(page, clip.label == NULL || clip.label[0] == '\0' ? "(no label)" : clip.label);
    text_string(out, "</p>\n</div>\n");
    snprintf(name, sizeof name, "The clip of row %zu", row);
    page_sound(page, name, sound);
    text_string(out, "</li>\n");
}

enum error_code page_make_others(struct page *page, struct error *error) {
    const struct run_clips *clips = &page->results->clips;
    struct chosen chosen = {.clips = clips->get == NULL ? 0 : clips->count};
    size_t taken = 0;
    if (page->decoders == NULL || chosen.clips == 0) return ERROR_NONE;
    chosen.known = memory_array(chosen.clips, sizeof *chosen.known, "the clips of a page", error);
    if (chosen.known != NULL && choose_compared(page, &chosen, error) == ERROR_NONE &&
        choose_faulty(page, &chosen, error) == ERROR_NONE) {
        size_t most = chosen.count < REPORT_PLAYED_OTHERS ? chosen.count : REPORT_PLAYED_OTHERS;
        page_media_each(page, chosen.rows, most, append_other, &taken, error);
        page->others_left = chosen.count - taken;
    }
    free(chosen.known);
    free(chosen.rows);
    return error->code;
}

enum error_code page_put(struct page *page, struct text *text, struct error *error) {
    TRY(table_flush(&page->table, error));
    struct text row = page->table.row;
    page->table.row = *text;
    *text = row;
    return table_flush(&page->table, error);
}
