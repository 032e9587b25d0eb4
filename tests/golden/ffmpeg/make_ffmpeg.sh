#!/usr/bin/env bash
# Makes the sounds of this folder, and what the program ffmpeg decodes them to (NAME.s16, the
# interleaved samples of `ffmpeg -i NAME -f s16le`), for tests/unit/test_ffmpeg.c; table.tsv lists
# them: name, channels, rate.
#
#   bash tests/golden/ffmpeg/make_ffmpeg.sh
#
# Made with ffmpeg 5.1.9, sox 14.4.2 with libopencore-amrnb, libvo-amrwbenc 0.1.3 and mpcenc 1.30.1 of
# Debian 12.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ffmpeg=(ffmpeg -nostdin -hide_banner -loglevel error -y)
rm -f ./*.s16 table.tsv

# Two sweeps, one a channel, 0.3 s.
"${ffmpeg[@]}" -f lavfi -i 'aevalsrc=0.3*sin(2*PI*t*(200+900*t))+0.2*sin(2*PI*t*(700+1500*t))|0.25*sin(2*PI*t*(300+2400*t)):d=0.3:s=16000' \
    "$work/stereo.wav"
"${ffmpeg[@]}" -i "$work/stereo.wav" -ac 1 "$work/mono.wav"
"${ffmpeg[@]}" -i "$work/mono.wav" -ar 8000 "$work/narrow.wav"

# make NAME stereo|mono|narrow OPTIONS...
make() {
    local name=$1 from=$2
    shift 2
    "${ffmpeg[@]}" -i "$work/$from.wav" -bitexact -map_metadata -1 "$@" "$name"
}
make aac.m4a stereo -c:a aac -b:a 32k
make front.m4a mono -c:a aac -b:a 24k -movflags +faststart
make pieces.m4a mono -c:a aac -b:a 24k -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 100000
make alac.m4a stereo -c:a alac
make alac24.m4a mono -c:a alac -sample_fmt s32p
make opus.mp4 mono -c:a libopus -b:a 24k -strict -2
make flac.mp4 mono -c:a flac -strict -2
make pcm.mov narrow -c:a pcm_s16le
make mp3.mp4 mono -c:a libmp3lame -b:a 24k
make opus.webm stereo -c:a libopus -b:a 24k
make vorbis.webm mono -c:a libvorbis
make recorder.webm mono -c:a libopus -b:a 16k -f webm -live 1
make aac.mka mono -c:a aac -b:a 24k
make wma1.wma stereo -c:a wmav1 -b:a 32k -ar 22050
make wma2.wma mono -c:a wmav2 -b:a 24k -ar 22050
make aac.aac mono -c:a aac -b:a 24k
make ac3.ac3 stereo -c:a ac3 -b:a 96k -ar 32000
make eac3.eac3 mono -c:a eac3 -b:a 48k -ar 32000
make wavpack.wv narrow -c:a wavpack
make tta.tta narrow -c:a tta
make speex.spx mono -c:a libspeex -f ogg
make flac.oga narrow -c:a flac -f ogg
make alac.caf narrow -c:a alac
make g723.wav narrow -c:a g723_1 -b:a 6300
make gsm.wav narrow -c:a libgsm_ms
make ac3.wav mono -c:a ac3 -b:a 48k -ar 32000
make mp2.avi mono -c:a mp2 -b:a 32k
make swf.flv mono -c:a adpcm_swf -ar 11025
make aac.ts mono -c:a aac -b:a 24k
sox "$work/narrow.wav" -t amr-nb amr_nb.amr
"${ffmpeg[@]}" -i amr_nb.amr -bitexact -c copy amr_nb.3gp
"${ffmpeg[@]}" -i "$work/mono.wav" -ar 32000 "$work/wide.wav"
mpcenc --silent --overwrite --quality 3 "$work/wide.wav" musepack.mpc
# With pictures and two sound tracks, of which the second is the default.
"${ffmpeg[@]}" -f lavfi -i testsrc=d=0.3:r=5:s=32x32 -i "$work/mono.wav" -bitexact -c:v mpeg4 -c:a aac \
    -b:a 24k film.mp4
"${ffmpeg[@]}" -f lavfi -i testsrc=d=0.3:r=5:s=32x32 -bitexact -c:v mpeg4 no_sound.mp4
"${ffmpeg[@]}" -i "$work/narrow.wav" -i "$work/mono.wav" -map 0 -map 1 -bitexact -c:a flac \
    -disposition:a:0 0 -disposition:a:1 default two.mka
# A file without its first 100 ms by an edit list.
"${ffmpeg[@]}" -ss 0.1 -i aac.m4a -bitexact -c copy edited.m4a

cat >"$work/wide.c" <<'END'
#include <stdio.h>
#include <vo-amrwbenc/enc_if.h>
int main(void) {
    void *state = E_IF_init();
    short samples[320];
    unsigned char frame[100];
    fputs("#!AMR-WB\n", stdout);
    while (fread(samples, 2, 320, stdin) == 320)
        fwrite(frame, 1, (size_t)E_IF_encode(state, 2, samples, frame, 0), stdout);
    E_IF_exit(state);
    return 0;
}
END
gcc -o "$work/wide" "$work/wide.c" -lvo-amrwbenc
"${ffmpeg[@]}" -i "$work/mono.wav" -f s16le - | "$work/wide" >amr_wb.awb

for name in *.*; do
    case $name in *.sh | *.tsv | *.s16 | no_sound.mp4) continue ;; esac
    "${ffmpeg[@]}" -i "$name" -f s16le "$name.s16"
    # What was decoded, which a header may not say.
    "${ffmpeg[@]}" -i "$name" "$work/decoded.wav"
    printf '%s\t%s\t%s\n' "$name" "$(soxi -c "$work/decoded.wav")" "$(soxi -r "$work/decoded.wav")" >>table.tsv
done
