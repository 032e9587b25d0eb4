#include "host/sound/sound_file.h"

#include "host/sound/decode_settings.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* libsndfile keeps the reason of a failed open in a global. Threads open files concurrently,
 * and an open that failed is repeated under a lock to get its own reason. */
static pthread_rwlock_t open_lock = PTHREAD_RWLOCK_INITIALIZER;

static const struct {
    int format;
    const char *name;
} majors[] = {{SF_FORMAT_WAV, "WAV"},   {SF_FORMAT_WAVEX, "WAV"}, {SF_FORMAT_RF64, "RF64"},
              {SF_FORMAT_FLAC, "FLAC"}, {SF_FORMAT_OGG, "Ogg"},   {SF_FORMAT_MPEG, "MPEG"},
              {SF_FORMAT_AIFF, "AIFF"}, {SF_FORMAT_AU, "AU"}};

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
                {SF_FORMAT_VORBIS, false, "VORBIS"},
                {SF_FORMAT_OPUS, false, "OPUS"},
                {SF_FORMAT_MPEG_LAYER_I, false, "LAYER_I"},
                {SF_FORMAT_MPEG_LAYER_II, false, "LAYER_II"},
                {SF_FORMAT_MPEG_LAYER_III, false, "LAYER_III"}};

static const char readable[] = "WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF and AU are";

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- the file ---- */

static enum clip_status refuse_unread(const struct sound_file *file, struct verdict *verdict) {
    return verdict_set(verdict, CLIP_UNREADABLE, "cannot read: %s; check its disk or mount",
                       strerror(file->failure));
}

static enum clip_status check_container(struct sound_file *file, struct verdict *verdict) {
    char start[20] = "";
    uint64_t promised = 0;
    uint64_t present = 0;
    errno = 0;
    file->container = sound_header_container(file->source.descriptor);
    bool is_cut = file->container != CONTAINER_NONE &&
                  sound_header_is_cut(file->source.descriptor, file->container, file->source.bytes,
                                      &promised, &present);
    if (errno != 0) { /* the bytes that could not be read may be those that show a truncated file */
        file->failure = errno;
        return refuse_unread(file, verdict);
    }
    if (file->container == CONTAINER_NONE) {
        if (pread(file->source.descriptor, start, sizeof start - 1, 0) > 0 &&
            strcmp(start, "version https://git") == 0)
            return verdict_set(verdict, CLIP_UNREADABLE,
                               "a Git LFS pointer, not the audio itself; run git lfs pull");
        return verdict_set(verdict, CLIP_UNREADABLE, "not a known sound file; %s", readable);
    }
    if (is_cut)
        return verdict_set(verdict, CLIP_TRUNCATED,
                           "truncated: the header promises %llu bytes of samples, %llu are there; "
                           "copy the file again",
                           (unsigned long long)promised, (unsigned long long)present);
    return CLIP_OK;
}

/* ---- libsndfile ---- */

/* libsndfile reads through these functions, for four reasons. They keep the position themselves: it
 * seeks a dozen times to open a file. It closes a descriptor when it cannot open the file, even
 * when asked not to: with threads the number may belong to another file by then. The errno of a
 * failed read is known only here. And if libsndfile could find the end of an MP3, it would estimate
 * the number of frames from the first bit rate and stop there, in the middle of a file of variable
 * rate. From 1.2.1 on libsndfile refuses an MP3 whose length it can neither read from a tag nor
 * estimate: it then gets an end so far beyond the file's that the estimate is never too low,
 * whatever the bit rates (8 to 448 kbit/s). */
#define FAR_END 64 /* lengths of the file */

static sf_count_t stream_length(void *context) {
    return (sf_count_t)((struct sound_file *)context)->source.bytes;
}

static sf_count_t stream_seek(sf_count_t offset, int whence, void *context) {
    struct sound_file *file = context;
    const bool to_end = whence == SEEK_END && file->container == CONTAINER_MPEG;
    if (to_end && !file->has_far_end) return -1;
    const sf_count_t start = whence == SEEK_END   ? (sf_count_t)file->source.bytes
                             : whence == SEEK_CUR ? file->position
                                                  : 0;
    if (offset < -start || offset > SF_COUNT_MAX / FAR_END - start) return -1;
    file->position = start + offset;
    return to_end ? FAR_END * file->position : file->position;
}

static sf_count_t stream_read(void *bytes, sf_count_t count, void *context) {
    struct sound_file *file = context;
    ssize_t got;
    do got = pread(file->source.descriptor, bytes, (size_t)count, file->position);
    while (got < 0 && errno == EINTR);
    if (got < 0) file->failure = errno; /* otherwise it would look like the end of the file */
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
    *info = (SF_INFO){0};
    file->failure = 0;
    file->position = 0;
    file->handle = sf_open_virtual(&stream, SFM_READ, info, file);
    if (file->has_far_end) info->frames = SF_COUNT_MAX; /* a guess */
}

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
    if (file->handle == NULL && file->failure != 0)
        status = refuse_unread(file, verdict);
    else if (file->handle == NULL)
        status = verdict_set(verdict, CLIP_UNREADABLE,
                             "cannot decode: %.*s (libsndfile); copy or convert the file again",
                             (int)strcspn(sf_strerror(NULL), "."), sf_strerror(NULL));
    pthread_rwlock_unlock(&open_lock);
    return status;
}

/* ---- bounds ---- */

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
    if (major == NULL || subtype == NULL)
        return verdict_set(verdict, CLIP_UNREADABLE,
                           "a codec that is not supported (libsndfile's format 0x%x); "
                           "convert it: %s",
                           (unsigned)info->format, readable);
    snprintf(file->kind, sizeof file->kind, "%s %s", major, subtype);
    return CLIP_OK;
}

static enum clip_status check_bounds(struct sound_file *file, const SF_INFO *info,
                                     struct verdict *verdict) {
    if (info->channels < 1 || info->channels > DECODE_MAXIMUM_CHANNELS)
        return verdict_set(verdict, CLIP_UNREADABLE, "%d channels; 1 to %d are read",
                           info->channels, DECODE_MAXIMUM_CHANNELS);
    if (info->samplerate < DECODE_MINIMUM_RATE || info->samplerate > DECODE_MAXIMUM_RATE)
        return verdict_set(verdict, CLIP_UNREADABLE, "a rate of %d Hz; %d to %d are read",
                           info->samplerate, DECODE_MINIMUM_RATE, DECODE_MAXIMUM_RATE);
    file->channels = info->channels;
    file->rate = info->samplerate;
    bool says = info->frames >= 0 && info->frames != SF_COUNT_MAX;
    file->promised_frames = says ? (size_t)info->frames : SIZE_MAX;
    if (says && info->frames / info->samplerate >= DECODE_MAXIMUM_SECONDS)
        return verdict_set(verdict, CLIP_UNREADABLE,
                           "the header promises %lld s; at most %d s are read; cut it into clips",
                           (long long)(info->frames / info->samplerate), DECODE_MAXIMUM_SECONDS);
    return CLIP_OK;
}

enum clip_status sound_file_open(const struct sound_source *source, struct sound_file *file,
                                 struct verdict *verdict) {
    SF_INFO info = {0};
    *file = (struct sound_file){.source = *source};
    *verdict = (struct verdict){.status = CLIP_OK};
    enum clip_status status = check_container(file, verdict);
    if (status == CLIP_OK) status = open_sound(file, &info, verdict);
    /* libsndfile opens some files although a read failed, and then their length is arbitrary. */
    if (status == CLIP_OK && file->failure != 0) status = refuse_unread(file, verdict);
    if (status == CLIP_OK) status = check_format(file, &info, verdict);
    if (status == CLIP_OK) status = check_bounds(file, &info, verdict);
    if (status != CLIP_OK) sound_file_close(file);
    return status;
}

void sound_file_close(struct sound_file *file) {
    if (file->handle != NULL) sf_close(file->handle);
    sound_source_close(&file->source);
    *file = (struct sound_file){.source = {.descriptor = -1}};
}
