#include "host/report/page_media.h"

#include "host/base/memory.h"
#include "host/base/names.h"
#include "host/base/stop.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 32           /* clips whose sound is in memory at once */
#define LATER 1.1          /* later clips may take this much more than those before them */
#define WORDS_BYTES 4096.0 /* of a clip in the page besides its sound and picture, about */

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

/* Decodes `count` clips in parallel, at most `most` seconds of each; the order of the page does not
 * depend on it. */
static enum error_code load_sounds(const struct page *page, struct place *places,
                                   struct sound *sounds, size_t count, int most,
                                   struct error *error) {
    struct decoders *decoders = page->decoders;
    struct error errors[GROUP] = {ERROR_INITIAL};
    const int threads = decoders == NULL ? 1 : decoders_count(decoders); /* rows have no sounds */
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        struct place *place = &places[i];
        sounds[i] = (struct sound){.readable = false};
        if (place->path.length == 0) continue;
        sound_load(decoders, (int)i % threads, page->sources, place->path.data, place->start,
                   place->duration, most, &sounds[i], &errors[i]);
        if (sounds[i].outside) memcpy(sounds[i].reason, outside_reason, sizeof outside_reason);
    }
    for (size_t i = 0; i < count && error->code == ERROR_NONE; i++)
        if (errors[i].code != ERROR_NONE) *error = errors[i];
    return error->code;
}

/* As base64. */
static double encoded(size_t bytes) {
    return (double)bytes * 4.0 / 3.0;
}

int page_media_seconds(const struct sound *sounds, size_t count, int most, size_t later,
                       double later_seconds, size_t room) {
    double sound = 0.0, kept = 0.0, rest = 0.0;
    size_t readable = 0;
    for (size_t i = 0; i < count; i++) {
        if (!sounds[i].readable) continue;
        readable++;
        sound += encoded(sounds[i].size);
        kept += sounds[i].kept;
        rest += encoded(sounds[i].picture_size) + WORDS_BYTES;
    }
    if (readable == 0) return most;
    rest += LATER * ((double)later * rest / (double)readable + later_seconds * sound / kept);
    int seconds = most;
    for (; seconds > SOUND_MINIMUM_SECONDS; seconds--) {
        double need = rest;
        for (size_t i = 0; i < count; i++)
            if (sounds[i].readable)
                need += encoded(sounds[i].size) * fmin(1.0, seconds / sounds[i].kept);
        if (need <= (double)room) break;
    }
    return seconds;
}

/* Clips on their way into the page. */
struct loading {
    const size_t *rows;
    size_t count;
    int most; /* seconds of each: less once the page has no room for whole ones */
    struct place *places;
    struct sound *sounds; /* both of a group */
};

/* Seconds of the clips from `first` on when each is cut as far as it may be. */
static double least_seconds(const struct page *page, const struct loading *loading, size_t first) {
    double sum = 0.0;
    for (size_t i = first; i < loading->count; i++) {
        struct run_clip clip = page_clip_at(page, loading->rows[i]);
        double seconds = run_clip_duration(&clip);
        sum += seconds >= 0.0 ? fmin(seconds, SOUND_MINIMUM_SECONDS) : SOUND_MINIMUM_SECONDS;
    }
    return sum;
}

/* Sounds of `some` rows from `first` on; where the page has no room for all of them and at least
 * the beginning of every later one, they are cut. */
static enum error_code load_group(const struct page *page, struct loading *loading, size_t first,
                                  size_t some, struct error *error) {
    struct place *places = loading->places;
    struct sound *sounds = loading->sounds;
    const size_t next = first + some;
    for (size_t i = 0; i < some; i++)
        TRY(find_place(page, loading->rows[first + i], &places[i], error));
    TRY(load_sounds(page, places, sounds, some, loading->most, error));
    int seconds = page_media_seconds(sounds, some, loading->most, loading->count - next,
                                     least_seconds(page, loading, next), page->media_left);
    if (seconds == loading->most) return ERROR_NONE;
    loading->most = seconds;
    for (size_t i = 0; i < some; i++) sound_free(&sounds[i]);
    return load_sounds(page, places, sounds, some, seconds, error);
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
    struct loading loading = {rows, count, SOUND_MAXIMUM_SECONDS,
                              memory_array(GROUP, sizeof *loading.places, "clips", error),
                              memory_array(GROUP, sizeof *loading.sounds, "clips", error)};
    *taken = 0;
    for (size_t i = 0; i < count && *taken == i && error->code == ERROR_NONE; i += GROUP) {
        size_t some = count - i < GROUP ? count - i : GROUP;
        if (stop_check(error) != ERROR_NONE) break;
        load_group(page, &loading, i, some, error);
        append_loaded(page, rows, i, loading.sounds, some, append, taken, error);
    }
    for (size_t i = 0; loading.places != NULL && i < GROUP; i++) text_free(&loading.places[i].path);
    free(loading.places);
    free(loading.sounds);
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
