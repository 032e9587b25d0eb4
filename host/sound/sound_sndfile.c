/* Sounds that libsndfile reads. */
#include "host/sound/sound_file.h"

#include <pthread.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>

/* libsndfile keeps the reason of a failed open in a global. Threads open files concurrently,
 * and an open that failed is repeated under a lock to get its own reason. */
static pthread_rwlock_t open_lock = PTHREAD_RWLOCK_INITIALIZER;

static const struct {
    int format;
    const char *name;
} majors[] = {{SF_FORMAT_WAV, "WAV"},     {SF_FORMAT_WAVEX, "WAV"}, {SF_FORMAT_RF64, "RF64"},
              {SF_FORMAT_FLAC, "FLAC"},   {SF_FORMAT_OGG, "Ogg"},   {SF_FORMAT_MPEG, "MPEG"},
              {SF_FORMAT_AIFF, "AIFF"},   {SF_FORMAT_AU, "AU"},     {SF_FORMAT_RAW, "SPHERE"},
              {SF_FORMAT_CAF, "CAF"},     {SF_FORMAT_W64, "W64"},   {SF_FORMAT_AVR, "AVR"},
              {SF_FORMAT_IRCAM, "IRCAM"}, {SF_FORMAT_PAF, "PAF"},   {SF_FORMAT_PVF, "PVF"},
              {SF_FORMAT_HTK, "HTK"},     {SF_FORMAT_WVE, "WVE"},   {SF_FORMAT_VOC, "VOC"}};

/* Of ALAC libsndfile decodes only 16 bits exactly. */
static const struct {
    int format;
    bool sixteen_bits;
    const char *name;
} subtypes[] = {{SF_FORMAT_PCM_S8, true, "PCM_S8"},
                {SF_FORMAT_PCM_U8, true, "PCM_U8"},
                {SF_FORMAT_PCM_16, true, "PCM_16"},
                {SF_FORMAT_PCM_24, false, "PCM_24"},
                {SF_FORMAT_PCM_32, false, "PCM_32"},
                {SF_FORMAT_FLOAT, false, "FLOAT"},
                {SF_FORMAT_DOUBLE, false, "DOUBLE"},
                {SF_FORMAT_ULAW, true, "ULAW"},
                {SF_FORMAT_ALAW, true, "ALAW"},
                {SF_FORMAT_IMA_ADPCM, true, "IMA_ADPCM"},
                {SF_FORMAT_MS_ADPCM, true, "MS_ADPCM"},
                {SF_FORMAT_GSM610, true, "GSM610"},
                {SF_FORMAT_ALAC_16, true, "ALAC_16"},
                {SF_FORMAT_VORBIS, false, "VORBIS"},
                {SF_FORMAT_OPUS, false, "OPUS"},
                {SF_FORMAT_MPEG_LAYER_I, false, "LAYER_I"},
                {SF_FORMAT_MPEG_LAYER_II, false, "LAYER_II"},
                {SF_FORMAT_MPEG_LAYER_III, false, "LAYER_III"}};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the bytes ---- */

/* libsndfile reads through these functions, for five reasons. They keep the position themselves: it
 * seeks a dozen times to open a file. It closes a descriptor when it cannot open the file, even
 * when asked not to: with threads the number may belong to another file by then. The errno of a
 * failed read is known only here. And if libsndfile could find the end of an MP3, it would estimate
 * the number of frames from the first bit rate and stop there, in the middle of a file of variable
 * rate. From 1.2.1 on libsndfile refuses an MP3 whose length it can neither read from a tag nor
 * estimate: it then gets an end so far beyond the file's that the estimate is never too low,
 * whatever the bit rates (8 to 448 kbit/s). Last, it sees the part of the file that holds the
 * sound, and lengths that nobody wrote as what they should have been (sound_layout.h). */
#define FAR_END 64 /* lengths of the file */

static sf_count_t stream_length(void *context) {
    const struct sound_layout *layout = &((struct sound_file *)context)->layout;
    return (sf_count_t)(layout->end - layout->first);
}

static sf_count_t stream_seek(sf_count_t offset, int whence, void *context) {
    struct sound_file *file = context;
    const bool to_end = whence == SEEK_END && file->container == CONTAINER_MPEG;
    if (to_end && !file->has_far_end) return -1;
    const sf_count_t start = whence == SEEK_END   ? stream_length(context)
                             : whence == SEEK_CUR ? file->position
                                                  : 0;
    if (offset < -start || offset > SF_COUNT_MAX / FAR_END - start) return -1;
    file->position = start + offset;
    return to_end ? FAR_END * file->position : file->position;
}

static sf_count_t stream_read(void *bytes, sf_count_t count, void *context) {
    struct sound_file *file = context;
    const struct sound_layout *layout = &file->layout;
    const uint64_t position = layout->first + (uint64_t)file->position;
    if (position >= layout->end || count <= 0) return 0;
    if ((uint64_t)count > layout->end - position) count = (sf_count_t)(layout->end - position);
    const ssize_t got = sound_source_read(&file->source, position, bytes, (size_t)count);
    if (got < 0) file->failure = errno; /* otherwise it would look like the end of the file */
    for (size_t i = 0; i < layout->fix_bytes; i++) {
        const uint64_t at = layout->fix_at + i - position; /* large before it */
        if (got > 0 && at < (uint64_t)got) ((unsigned char *)bytes)[at] = layout->fix[i];
    }
    if (got > 0) file->position += got;
    return got < 0 ? 0 : got;
}

static sf_count_t stream_write(const void *bytes, sf_count_t count, void *context) {
    (void)bytes;
    (void)count;
    (void)context;
    return 0;
}

static sf_count_t stream_tell(void *context) {
    return ((struct sound_file *)context)->position;
}

static void open_handle(struct sound_file *file, SF_INFO *info) {
    static SF_VIRTUAL_IO stream = {stream_length, stream_seek, stream_read, stream_write,
                                   stream_tell};
    *info = (SF_INFO){.format = file->layout.format,
                      .channels = file->layout.channels,
                      .samplerate = file->layout.rate};
    file->failure = 0;
    file->position = 0;
    file->handle = sf_open_virtual(&stream, SFM_READ, info, file);
    if (file->has_far_end) info->frames = SF_COUNT_MAX; /* a guess */
}

/* With the lock, since the reason is the library's last one. */
static enum clip_status refuse_unopened(struct verdict *verdict) {
    const char *reason = sf_strerror(NULL);
    verdict_set_lasting(verdict, CLIP_UNREADABLE,
                        "cannot decode: %.*s (libsndfile); copy or convert the file again",
                        (int)strcspn(reason, "."), reason);
    /* Memory that was short has no public number. */
    if (sf_error(NULL) == SF_ERR_SYSTEM || strstr(reason, "malloc") != NULL) verdict->lasts = 0;
    return verdict->status;
}

/* Where a read failed, that takes precedence (sound_file.c). */
static enum clip_status open_sound(struct sound_file *file, SF_INFO *info,
                                   struct verdict *verdict) {
    enum clip_status status = CLIP_OK;
    pthread_rwlock_rdlock(&open_lock);
    open_handle(file, info);
    pthread_rwlock_unlock(&open_lock);
    if (file->handle != NULL) return CLIP_OK;
    pthread_rwlock_wrlock(&open_lock);
    file->has_far_end = file->container == CONTAINER_MPEG;
    open_handle(file, info);
    if (file->handle == NULL) status = refuse_unopened(verdict);
    pthread_rwlock_unlock(&open_lock);
    return status;
}

/* ---- the format ---- */

static enum clip_status check_format(struct sound_file *file, const SF_INFO *info,
                                     struct verdict *verdict) {
    const char *major = NULL;
    const char *subtype = NULL;
    for (size_t i = 0; i < COUNT(majors); i++)
        if ((info->format & SF_FORMAT_TYPEMASK) == majors[i].format) major = majors[i].name;
    for (size_t i = 0; i < COUNT(subtypes); i++) {
        if ((info->format & SF_FORMAT_SUBMASK) != subtypes[i].format) continue;
        subtype = subtypes[i].name;
        file->sixteen_bits = subtypes[i].sixteen_bits;
    }
    /* PAF keeps 24 bits in blocks that are filled up, and does not say with how much. */
    if ((info->format & ~SF_FORMAT_ENDMASK) == (SF_FORMAT_PAF | SF_FORMAT_PCM_24)) subtype = NULL;
    if (major == NULL || subtype == NULL)
        return verdict_set_lasting(verdict, CLIP_UNREADABLE,
                                   "a codec that is not supported (libsndfile's format 0x%x); "
                                   "convert it: %s",
                                   (unsigned)info->format, SOUNDS_READ);
    snprintf(file->kind, sizeof file->kind, "%s %s", major, subtype);
    return CLIP_OK;
}

/* ---- reading ---- */

static size_t read_short(struct sound_file *file, int16_t *samples, size_t frames) {
    const sf_count_t got = sf_readf_short(file->handle, samples, (sf_count_t)frames);
    return got > 0 ? (size_t)got : 0;
}

static size_t read_float(struct sound_file *file, float *samples, size_t frames) {
    const sf_count_t got = sf_readf_float(file->handle, samples, (sf_count_t)frames);
    return got > 0 ? (size_t)got : 0;
}

static bool seek(struct sound_file *file, size_t frame) {
    return sf_seek(file->handle, (sf_count_t)frame, SEEK_SET) == (sf_count_t)frame;
}

static const char *failure(struct sound_file *file) {
    return sf_error(file->handle) == SF_ERR_NO_ERROR ? NULL : sf_strerror(file->handle);
}

static void close_sound(struct sound_file *file) {
    sf_close(file->handle);
}

/* After seeking, the decoders of Ogg and MPEG do not give the same samples; that of GSM cannot. */
static const struct sound_reader reader = {"libsndfile", read_short,  read_float, seek,
                                           failure,      close_sound, true};
static const struct sound_reader reader_without_seek = {"libsndfile", read_short,  read_float, NULL,
                                                        failure,      close_sound, true};

enum clip_status sndfile_open(struct sound_file *file, struct verdict *verdict) {
    const bool seeks = file->container != CONTAINER_OGG && file->container != CONTAINER_MPEG;
    SF_INFO info = {0};
    file->reader = seeks ? &reader : &reader_without_seek;
    const enum clip_status status = open_sound(file, &info, verdict);
    if (status != CLIP_OK) return status;
    file->channels = info.channels;
    file->rate = info.samplerate;
    /* MPEG in a WAV that does not begin with a frame: its length is an estimate. */
    const int codec = info.format & SF_FORMAT_SUBMASK;
    const bool is_mpeg = file->container == CONTAINER_WAV && codec == SF_FORMAT_MPEG_LAYER_III;
    if (codec == SF_FORMAT_GSM610 || is_mpeg) file->reader = &reader_without_seek;
    const bool says = !is_mpeg && info.frames >= 0 && info.frames != SF_COUNT_MAX;
    file->promised_frames = says ? (size_t)info.frames : SIZE_MAX;
    return check_format(file, &info, verdict);
}
