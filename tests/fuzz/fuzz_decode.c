/* Whole sound files through the decoder, including libsndfile and its codecs (which
 * are not instrumented: only their effects are seen). The first byte chooses the
 * segment of the file and whether the rate is kept. */
#include "host/sound/decode.h"

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LONGEST ((size_t)1 << 24) /* bytes of samples: more would test nothing new */

/* libsndfile 1.2 loses these of every damaged Vorbis that it cannot open; a decoder's process ends.
 */
const char *__lsan_default_suppressions(void);  /* NOLINT: the name is LeakSanitizer's */
const char *__lsan_default_suppressions(void) { /* NOLINT */
    return "leak:vorbis_info_init";
}

static bool within_bound(void *context, size_t bytes) {
    (void)context;
    return bytes <= LONGEST;
}

/* Guarantees that the callers rely on. */
static void check(const struct decoded *decoded) {
    bool usable = decoded->verdict.status == CLIP_OK || decoded->verdict.status == CLIP_SILENT;
    if ((decoded->verdict.status == CLIP_OK) != (decoded->verdict.reason[0] == '\0')) abort();
    if (!usable) return;
    size_t size = decoded->format == SAMPLES_INT16 ? sizeof(int16_t) : sizeof(float);
    if (decoded->frames == 0 || decoded->channels < 1 || decoded->rate < DECODE_MINIMUM_RATE ||
        decoded->bytes != decoded->frames * (size_t)decoded->channels * size)
        abort();
    if (!isfinite(decoded->facts.sound.level) || !(decoded->peak <= DECODE_MAXIMUM_PEAK)) abort();
    if (decoded->format == SAMPLES_INT16) return;
    const float *samples = decoded->samples;
    for (size_t i = 0; i < decoded->frames * (size_t)decoded->channels; i++)
        if (!isfinite(samples[i])) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int file = -1;
    static struct decoded decoded;
    struct error error = ERROR_INITIAL;
    struct sound_source source;
    struct verdict verdict;
    if (file < 0) file = memfd_create("sound", MFD_CLOEXEC);
    if (size < 2) return 0;
    if (ftruncate(file, 0) != 0 || pwrite(file, data + 1, size - 1, 0) != (ssize_t)size - 1)
        abort();
    const struct decode_settings settings = {
        .model_rate = 16000,
        .no_resample = (data[0] & 1) != 0,
        .minimum_samples = 480,
        .measure = true,
        .start_seconds = (data[0] >> 1 & 3) * 0.01,
        .end_seconds = (data[0] >> 3 & 1) * 0.05,
        .reserve = within_bound,
    };
    /* The source takes a descriptor of its own, which is read from its beginning. */
    int copy = fcntl(file, F_DUPFD_CLOEXEC, 0);
    if (copy < 0 || lseek(copy, 0, SEEK_SET) != 0) abort();
    if (sound_source_take(copy, "sound", &source, &verdict, &error) != CLIP_OK) abort();
    if (decode_clip(&source, &settings, &decoded, &error) == ERROR_NONE)
        check(&decoded);
    else if (error.code != ERROR_STOPPED && error.code != ERROR_MEMORY)
        abort();
    return 0;
}
