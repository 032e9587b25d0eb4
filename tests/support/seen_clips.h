/* What a reader of INPUT makes of it, as text to compare. */
#ifndef EARMARK_TEST_SEEN_CLIPS_H
#define EARMARK_TEST_SEEN_CLIPS_H

#include "host/base/text.h"
#include "host/lists/input.h"

/* A line a clip: "path|label|group|fold|status"; warnings after "~"; or "!kind: message"
 * when it fails. Paths to open come out as `opened`, what was said of the reading as
 * `reading`. */
struct seen {
    struct text clips;
    struct text opened;
    struct text reading;
};

/* Opens folder/name. */
void seen_read(const char *folder, const char *name, const struct input_options *options,
               struct seen *seen);
void seen_end(struct seen *seen);

/* The test fails unless the clips are just these; the clips, or the sentence about the
 * reading, hold these words ("": there is no sentence). */
void seen_expect(const char *folder, const char *name, const struct input_options *options,
                 const char *clips);
void seen_expect_words(const char *folder, const char *name, const struct input_options *options,
                       const char *words);
void seen_expect_reading(const char *folder, const char *name, const struct input_options *options,
                         const char *words);

#endif
