#include "host/sound/ffmpeg/sound.h"

/* Sample `i` of a plane. FFmpeg's own scales. */
static float as_float(enum AVSampleFormat packed, const uint8_t *plane, size_t i) {
    switch (packed) {
    case AV_SAMPLE_FMT_U8: return (float)(plane[i] - 128) / 128.0F;
    case AV_SAMPLE_FMT_S16: return (float)((const int16_t *)(const void *)plane)[i] / 32768.0F;
    case AV_SAMPLE_FMT_S32:
        return (float)((double)((const int32_t *)(const void *)plane)[i] / 0x1p31);
    case AV_SAMPLE_FMT_S64:
        return (float)((double)((const int64_t *)(const void *)plane)[i] / 0x1p63);
    case AV_SAMPLE_FMT_DBL: return (float)((const double *)(const void *)plane)[i];
    default: return ((const float *)(const void *)plane)[i]; /* there is no other */
    }
}

static int16_t as_int16(enum AVSampleFormat packed, const uint8_t *plane, size_t i) {
    if (packed == AV_SAMPLE_FMT_U8) return (int16_t)((plane[i] - 128) * 256);
    return ((const int16_t *)(const void *)plane)[i];
}

/* Up to `wanted` frames of what is left of sound->frame, to samples[to * channels]. */
static size_t take(struct ffmpeg_sound *sound, void *samples, bool small, size_t to,
                   size_t wanted) {
    const enum AVSampleFormat packed = av_get_packed_sample_fmt(sound->sample_format);
    const bool planar = packed != sound->sample_format;
    const size_t channels = (size_t)sound->channels, first = (size_t)sound->used;
    size_t count = (size_t)sound->frame->nb_samples - first;
    if (count > wanted) count = wanted;
    for (size_t c = 0; c < channels; c++) {
        const uint8_t *plane = sound->frame->extended_data[planar ? c : 0];
        for (size_t i = 0; i < count; i++) {
            const size_t from = planar ? first + i : (first + i) * channels + c;
            const size_t place = (to + i) * channels + c;
            if (small)
                ((int16_t *)samples)[place] = as_int16(packed, plane, from);
            else
                ((float *)samples)[place] = as_float(packed, plane, from);
        }
    }
    sound->used += (int)count;
    return count;
}

size_t ffmpeg_sound_read(struct ffmpeg_sound *sound, void *samples, bool small, size_t frames) {
    size_t got = 0;
    while (got < frames) {
        if (sound->used == sound->frame->nb_samples && !ffmpeg_next_frame(sound)) break;
        got += take(sound, samples, small, got, frames - got);
    }
    return got;
}
