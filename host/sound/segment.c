#include "host/sound/segment.h"

enum clip_status segment_choose(const struct sound_file *file,
                                const struct decode_settings *settings, struct segment *segment,
                                struct verdict *verdict) {
    double start = settings->start_seconds;
    double end = settings->end_seconds;
    bool known = file->promised_frames != SIZE_MAX;
    double length =
        known ? (double)file->promised_frames / file->rate : (double)DECODE_MAXIMUM_SECONDS;
    *segment = (struct segment){0, file->promised_frames};
    if (!(start >= 0 && end >= 0 && (end == 0 || end > start)))
        return verdict_set_lasting(verdict, CLIP_BAD_SEGMENT,
                                   "from %g s to %g s is not a segment of a file", start, end);
    if (start > 0 && start >= length)
        return verdict_set_lasting(verdict, CLIP_BAD_SEGMENT,
                                   "begins at %g s, but the file is only %g s long", start, length);
    if (end > length + DECODE_END_SLACK)
        return verdict_set_lasting(verdict, CLIP_BAD_SEGMENT,
                                   "ends at %g s, but the file is only %g s long", end, length);
    segment->first = (size_t)(start * file->rate + 0.5);
    if (segment->first > segment->wanted) segment->first = segment->wanted;
    if (known) segment->wanted -= segment->first;
    if (end > 0) {
        size_t frames = (size_t)(end * file->rate + 0.5) - segment->first;
        if (segment->wanted > frames) segment->wanted = frames;
    }
    double most = settings->first_seconds;
    if (most > 0 && most < DECODE_MAXIMUM_SECONDS) {
        size_t frames = (size_t)(most * file->rate) + 1;
        if (segment->wanted > frames) segment->wanted = frames;
    }
    return CLIP_OK;
}

bool segment_seeks(const struct sound_file *file) {
    return file->reader->seek != NULL;
}

/* Decodes up to the segment, in calls that end at multiples of block_frames, like all others. */
static enum error_code skip(struct sound_file *file, const struct decode_settings *settings,
                            const struct segment *segment, size_t *position, float *block,
                            size_t block_frames, struct error *error) {
    while (*position < segment->first) {
        size_t frames = block_frames - *position % block_frames;
        if (frames > segment->first - *position) frames = segment->first - *position;
        if (settings->goes_on != NULL && !settings->goes_on(settings->context, *position))
            return FAIL(error, ERROR_STOPPED, "a clip was cancelled");
        const size_t got = file->reader->read_float(file, block, frames);
        if (got == 0) break;
        *position += got;
    }
    return ERROR_NONE;
}

enum error_code segment_begin(struct sound_file *file, const struct decode_settings *settings,
                              const struct segment *segment, size_t position, float *block,
                              size_t block_frames, struct verdict *verdict, struct error *error) {
    if (segment->first == position) return ERROR_NONE;
    if (segment_seeks(file)) {
        if (file->reader->seek(file, segment->first)) return ERROR_NONE;
        const char *failure = file->reader->failure(file);
        if (failure == NULL) failure = "the end was reached";
        verdict_set_lasting(verdict, CLIP_UNREADABLE,
                            "cannot seek to %g s: %.*s (%s); copy or convert the file again",
                            settings->start_seconds, (int)sound_failure_length(failure), failure,
                            file->reader->library);
        return ERROR_NONE;
    }
    TRY(skip(file, settings, segment, &position, block, block_frames, error));
    if (position < segment->first) /* whole blocks: a call that fails discards all its samples */
        verdict_set_lasting(
            verdict, CLIP_BAD_SEGMENT, "begins at %g s, but only %g s of the file can be decoded",
            settings->start_seconds, (double)(position - position % block_frames) / file->rate);
    return ERROR_NONE;
}

bool segment_ends_early(const struct sound_file *file, const struct decode_settings *settings,
                        const struct segment *segment, size_t frames_read) {
    double slack = DECODE_END_SLACK * file->rate;
    return file->promised_frames == SIZE_MAX && settings->end_seconds > 0 &&
           (double)frames_read + slack < (double)segment->wanted;
}
