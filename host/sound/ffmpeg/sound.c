#include "host/sound/ffmpeg/sound.h"

#include <libavutil/intreadwrite.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_BYTES 32768

/* More than a frame of any codec of the list needs. */
#define LARGEST_ALLOCATION ((size_t)256 << 20)

/* Durations are rounded, and some programs count what a codec adds before the first sample. */
#define DURATION_SLACK 0.25 /* seconds */

/* FFmpeg's own decoders of what people record, buy, publish and keep. Those of games, and of
 * libraries beside FFmpeg, are not among them. */
static const char decoders[] =
    "aac,aac_latm,ac3,eac3,alac,amrnb,amrwb,ape,als,atrac1,atrac3,atrac3al,atrac3plus,cook,dca,"
    "dsd_lsbf,dsd_lsbf_planar,dsd_msbf,dsd_msbf_planar,dss_sp,evrc,flac,g722,g723_1,g726,g726le,"
    "g729,gsm,gsm_ms,ilbc,imc,mace3,mace6,mlp,truehd,mp1,mp2,mp3float,mpc7,mpc8,"
    "nellymoser,opus,qcelp,qdm2,real_144,real_288,ralf,s302m,sbc,shorten,sipr,speex,tak,truespeech,"
    "tta,twinvq,vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice,xma1,xma2,"
    "adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_swf,adpcm_yamaha,"
    "pcm_alaw,pcm_bluray,pcm_dvd,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,"
    "pcm_s16le,pcm_s24be,pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u8";

static bool is_listed(const char *name) {
    const size_t length = strlen(name);
    for (const char *at = decoders; *at != '\0'; at += *at == ',') {
        const size_t other = strcspn(at, ",");
        if (other == length && memcmp(at, name, length) == 0) return true;
        at += other;
    }
    return false;
}

/* ---- why not ---- */

__attribute__((format(printf, 2, 3))) static bool fail(struct ffmpeg_sound *sound,
                                                       const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (sound->failure[0] == '\0')
        vsnprintf(sound->failure, sizeof sound->failure, format, arguments);
    va_end(arguments);
    sound->ended = true;
    return false;
}

static bool fail_with(struct ffmpeg_sound *sound, const char *what, int code) {
    char words[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(code, words, sizeof words);
    return fail(sound, "%s: %s", what, words);
}

/* ---- the bytes ---- */

static int read_bytes(void *context, uint8_t *bytes, int count) {
    struct ffmpeg_sound *sound = context;
    const struct ffmpeg_input *input = &sound->input;
    const ssize_t got = input->read(input->context, sound->position, bytes, (size_t)count);
    if (got > 0) sound->position += (uint64_t)got;
    return got > 0 ? (int)got : got == 0 ? AVERROR_EOF : AVERROR(EIO);
}

static int64_t seek_bytes(void *context, int64_t offset, int whence) {
    struct ffmpeg_sound *sound = context;
    const int64_t end = (int64_t)sound->input.bytes;
    whence &= ~AVSEEK_FORCE;
    if (whence == AVSEEK_SIZE) return end;
    const int64_t start = whence == SEEK_END   ? end
                          : whence == SEEK_CUR ? (int64_t)sound->position
                                               : 0;
    if (offset < -start || offset > INT64_MAX - start) return AVERROR(EINVAL);
    sound->position = (uint64_t)(start + offset);
    return start + offset;
}

/* Files that a file names are none of it. */
static int refuse_file(AVFormatContext *format, AVIOContext **io, const char *address, int flags,
                       AVDictionary **options) {
    (void)format;
    (void)address;
    (void)flags;
    (void)options;
    *io = NULL;
    return AVERROR(EACCES);
}

/* ---- opening ---- */

static bool open_container(struct ffmpeg_sound *sound) {
    const AVInputFormat *demuxer = av_find_input_format(sound->input.demuxer);
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (demuxer == NULL) {
        av_free(buffer);
        return fail(sound, "its build has no '%s'; convert the file to WAV or FLAC",
                    sound->input.demuxer);
    }
    if (buffer != NULL)
        sound->io =
            avio_alloc_context(buffer, BUFFER_BYTES, 0, sound, read_bytes, NULL, seek_bytes);
    if (sound->io == NULL) av_free(buffer);
    sound->format = avformat_alloc_context();
    if (sound->io == NULL || sound->format == NULL) return fail(sound, "no memory");
    sound->format->pb = sound->io;
    sound->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    sound->format->io_open = refuse_file;
    int failed = av_opt_set(sound->format, "protocol_whitelist", "", 0);
    if (failed == 0) failed = av_opt_set(sound->format, "format_whitelist", demuxer->name, 0);
    if (failed == 0) failed = av_opt_set(sound->format, "codec_whitelist", decoders, 0);
    if (failed == 0) failed = avformat_open_input(&sound->format, NULL, demuxer, NULL);
    if (failed < 0) return fail_with(sound, "its header cannot be read", failed);
    failed = avformat_find_stream_info(sound->format, NULL);
    return failed >= 0 || fail_with(sound, "its header cannot be read", failed);
}

/* Of several sound tracks the one that the program ffmpeg takes. */
static bool choose_stream(struct ffmpeg_sound *sound) {
    int best = -1;
    for (unsigned i = 0; i < sound->format->nb_streams; i++) {
        AVStream *stream = sound->format->streams[i];
        const AVCodecParameters *parameters = stream->codecpar;
        int score = parameters->ch_layout.nb_channels;
        if ((stream->disposition & AV_DISPOSITION_DEFAULT) != 0) score += 5000000;
        stream->discard = AVDISCARD_ALL;
        if (parameters->codec_type != AVMEDIA_TYPE_AUDIO || score <= best) continue;
        best = score;
        sound->stream = stream;
    }
    if (sound->stream == NULL) return fail(sound, "there is no sound in it; leave it out");
    sound->stream->discard = AVDISCARD_DEFAULT;
    return true;
}

/* Speex: the decoder of FFmpeg 7 doubles the size that the header gives for a frame of wideband
 * sound, and so puts as much silence after each. Without the header it takes the right size from
 * the rate. */
#define SPEEX_HEADER_BYTES 80
#define SPEEX_MODE(header) AV_RL32((header) + 40)
#define SPEEX_FRAME(header) AV_RL32((header) + 56)
#define SPEEX_FRAMES_PER_PACKET(header) AV_RL32((header) + 64)

static void leave_out_speex_header(AVCodecContext *codec) {
    if (codec->codec_id != AV_CODEC_ID_SPEEX || codec->extradata_size < SPEEX_HEADER_BYTES) return;
    const uint32_t mode = SPEEX_MODE(codec->extradata);
    const bool usual = (mode == 1 || mode == 2) && codec->sample_rate == 8000 << mode &&
                       SPEEX_FRAME(codec->extradata) == 160U << mode;
    if (!usual || avcodec_version() < AV_VERSION_INT(61, 0, 0)) return;
    av_freep(&codec->extradata);
    codec->extradata_size = 0;
}

/* Sound of other rates needs the header. */
static bool is_stretched(const struct ffmpeg_sound *sound) {
    const AVCodecParameters *parameters = sound->stream->codecpar;
    if (parameters->codec_id != AV_CODEC_ID_SPEEX ||
        parameters->extradata_size < SPEEX_HEADER_BYTES)
        return false;
    const uint64_t frame = SPEEX_FRAME(parameters->extradata);
    return (uint64_t)sound->frame->nb_samples >
           frame * SPEEX_FRAMES_PER_PACKET(parameters->extradata);
}

static bool open_codec(struct ffmpeg_sound *sound) {
    const AVCodecParameters *parameters = sound->stream->codecpar;
    const AVCodec *decoder = avcodec_find_decoder(parameters->codec_id);
    if (decoder == NULL || !is_listed(decoder->name))
        return fail(sound, "the codec '%s' is not read; convert the file to WAV or FLAC",
                    avcodec_get_name(parameters->codec_id));
    sound->codec = avcodec_alloc_context3(decoder);
    sound->packet = av_packet_alloc();
    sound->frame = av_frame_alloc();
    if (sound->codec == NULL || sound->packet == NULL || sound->frame == NULL)
        return fail(sound, "no memory");
    int failed = avcodec_parameters_to_context(sound->codec, parameters);
    if (failed >= 0) leave_out_speex_header(sound->codec);
    sound->codec->thread_count = 1;
    sound->codec->pkt_timebase = sound->stream->time_base;
    /* Damage is never covered up: what follows is not what was recorded. */
    sound->codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
    if (failed >= 0) failed = avcodec_open2(sound->codec, decoder, NULL);
    return failed >= 0 || fail_with(sound, "its codec cannot be opened", failed);
}

struct ffmpeg_sound *ffmpeg_sound_open(const struct ffmpeg_input *input,
                                       struct ffmpeg_format *format, char *reason) {
    struct ffmpeg_sound *sound = calloc(1, sizeof *sound);
    snprintf(reason, FFMPEG_TEXT_SIZE, "no memory");
    if (sound == NULL) return NULL;
    sound->input = *input;
    av_max_alloc(LARGEST_ALLOCATION);
    bool open = open_container(sound) && choose_stream(sound) && open_codec(sound);
    /* Only the first samples show what the format is. */
    if (open && !ffmpeg_next_frame(sound)) open = fail(sound, "there are no samples in it");
    if (!open) {
        snprintf(reason, FFMPEG_TEXT_SIZE, "%s", sound->failure);
        ffmpeg_sound_close(sound);
        return NULL;
    }
    const enum AVSampleFormat packed = av_get_packed_sample_fmt(sound->sample_format);
    *format = (struct ffmpeg_format){.channels = sound->channels,
                                     .rate = sound->rate,
                                     .sixteen_bits =
                                         packed == AV_SAMPLE_FMT_S16 || packed == AV_SAMPLE_FMT_U8,
                                     .codec = sound->codec->codec->name};
    return sound;
}

void ffmpeg_sound_close(struct ffmpeg_sound *sound) {
    avcodec_free_context(&sound->codec);
    avformat_close_input(&sound->format);
    if (sound->io != NULL) av_freep(&sound->io->buffer);
    avio_context_free(&sound->io);
    av_packet_free(&sound->packet);
    av_frame_free(&sound->frame);
    free(sound);
}

const char *ffmpeg_sound_failure(const struct ffmpeg_sound *sound) {
    return sound->failure[0] == '\0' ? NULL : sound->failure;
}

/* ---- decoding ---- */

/* Whether all that the header promises was there. Containers of one file each say this in their own
 * way, and most demuxers take what is missing for the end. */
static bool is_whole(struct ffmpeg_sound *sound) {
    AVStream *stream = sound->stream;
    const int entries = avformat_index_get_entries_count(stream);
    for (int i = 0; i < entries; i++) {
        const AVIndexEntry *entry = avformat_index_get_entry(stream, i);
        if (entry->pos >= 0 && (uint64_t)entry->pos + (uint64_t)entry->size > sound->input.bytes)
            return fail(sound, "the rest of the file is missing");
    }
    const bool exact = sound->decoded > 0 && sound->format->nb_streams == 1 &&
                       sound->format->duration_estimation_method == AVFMT_DURATION_FROM_STREAM;
    if (!exact || stream->duration == AV_NOPTS_VALUE || stream->duration <= 0) return true;
    const double promised = (double)stream->duration * av_q2d(stream->time_base);
    const double seconds = (double)sound->decoded / sound->rate;
    if (promised <= seconds + DURATION_SLACK) return true;
    return fail(sound, "its header promises %.2f s, and %.2f s are there", promised, seconds);
}

/* The next packet to the decoder, or that there is none. */
static bool send_packet(struct ffmpeg_sound *sound) {
    AVPacket *packet = sound->packet;
    int code;
    do {
        av_packet_unref(packet);
        code = av_read_frame(sound->format, packet);
    } while (code >= 0 && (packet->stream_index != sound->stream->index || packet->size == 0));
    if (code == AVERROR_EOF) {
        if (sound->io->error < 0) return fail_with(sound, "it cannot be read on", sound->io->error);
        avcodec_send_packet(sound->codec, NULL);
        return true;
    }
    if (code < 0) return fail_with(sound, "it cannot be read on", code);
    if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0)
        return fail(sound, "a part of it is damaged or missing");
    code = avcodec_send_packet(sound->codec, packet);
    return code >= 0 || fail_with(sound, "a part of it cannot be decoded", code);
}

/* Whether the frame is sound, and of the same format as the first. */
static bool take_frame(struct ffmpeg_sound *sound) {
    const AVFrame *frame = sound->frame;
    const int channels = frame->ch_layout.nb_channels;
    if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0)
        return fail(sound, "a part of it is damaged");
    if (sound->decoded == 0) {
        sound->channels = channels;
        sound->rate = frame->sample_rate;
        sound->sample_format = (enum AVSampleFormat)frame->format;
    }
    if (channels < 1 || frame->sample_rate < 1 || frame->nb_samples < 0)
        return fail(sound, "its decoder does not say what it decoded");
    if (is_stretched(sound))
        return fail(sound, "this version of FFmpeg does not decode Speex of %d Hz rightly",
                    frame->sample_rate);
    if (channels != sound->channels || frame->sample_rate != sound->rate ||
        frame->format != (int)sound->sample_format)
        return fail(sound, "its rate or its channels change from %d Hz x %d to %d Hz x %d",
                    sound->rate, sound->channels, frame->sample_rate, channels);
    sound->used = 0;
    sound->decoded += (uint64_t)frame->nb_samples;
    return true;
}

bool ffmpeg_next_frame(struct ffmpeg_sound *sound) {
    while (!sound->ended) {
        const int code = avcodec_receive_frame(sound->codec, sound->frame);
        if (code == 0) {
            if (take_frame(sound) && sound->frame->nb_samples > 0) return true;
        } else if (code == AVERROR(EAGAIN)) {
            send_packet(sound);
        } else if (code == AVERROR_EOF) {
            sound->ended = true;
            is_whole(sound);
        } else {
            fail_with(sound, "a part of it cannot be decoded", code);
        }
    }
    sound->used = sound->frame->nb_samples;
    return false;
}
