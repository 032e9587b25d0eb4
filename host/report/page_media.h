/* Clips of the page that can be heard and seen, as many as the page has room for. Private to
 * host/report. */
#ifndef EARMARK_REPORT_PAGE_MEDIA_H
#define EARMARK_REPORT_PAGE_MEDIA_H

#include "host/report/page.h"
#include "host/report/page_sound.h"

/* Loads the sounds of clips, in parallel, and calls `append` for each in their order. Ends with the
 * first whose sound does not fit into page->media_left; *taken is how many came before. Where not
 * all fit whole, the first do, and of the others the page has the beginning. Errors: of
 * decoders and memory, ERROR_STOPPED. */
typedef void page_media_append(struct page *page, size_t index, size_t row,
                               const struct sound *sound);
enum error_code page_media_each(struct page *page, const size_t *rows, size_t count,
                                page_media_append *append, size_t *taken, struct error *error);

/* How many seconds of each of these sounds, of which `most` were loaded, the page has room for, at
 * least SOUND_MINIMUM_SECONDS, so that in `room` bytes `later` more clips find `later_seconds` of
 * the same kind. */
int page_media_seconds(const struct sound *sounds, size_t count, int most, size_t later,
                       double later_seconds, size_t room);

/* Spectrogram, waveform and player, or why there is none. */
void page_sound(struct page *page, const char *name, const struct sound *sound);

/* Fills in page->others: clips that are compared with those of the list, and those with audio
 * faults, each once. page_make_list() comes before. */
enum error_code page_make_others(struct page *page, struct error *error);

/* Writes a text that was made before, and empties it. */
enum error_code page_put(struct page *page, struct text *text, struct error *error);

#endif
