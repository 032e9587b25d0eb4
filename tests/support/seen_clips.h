/* The clips that a reader finds in INPUT, as text to compare. */
#ifndef EARMARK_TEST_SEEN_CLIPS_H
#define EARMARK_TEST_SEEN_CLIPS_H

#include "host/base/text.h"
#include "host/lists/input.h"

/* A line for each clip: "path|label|group|fold|status"; warnings after "~"; or "!kind: message"
 * if reading fails. `opened` gets the paths to open, `reading` the sentence about how the input
 * was read. */
struct seen {
    struct text clips;
    struct text opened;
    struct text reading;
};

/* Where the file of a clip is: the root and its path, or its path alone where that is absolute.
 * Replaces the content of `path`. */
void seen_path(const struct clip_list *list, size_t index, struct text *path);

/* Opens folder/name. */
void seen_read(const char *folder, const char *name, const struct input_options *options,
               struct seen *seen);
void seen_end(struct seen *seen);

/* Opens INPUT, which must succeed. */
void seen_open(const char *path, const struct input_options *options, struct collection *input);
/* Fails the test unless a warning of it contains these words. */
void seen_expect_warning(const struct collection *input, const char *words);

/* Fail the test unless the clips are exactly these; the clips, or the sentence about how the
 * input was read, contain these words ("": there is no sentence). */
void seen_expect(const char *folder, const char *name, const struct input_options *options,
                 const char *clips);
void seen_expect_words(const char *folder, const char *name, const struct input_options *options,
                       const char *words);
void seen_expect_reading(const char *folder, const char *name, const struct input_options *options,
                         const char *words);

#endif
