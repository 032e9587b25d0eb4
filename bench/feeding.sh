#!/usr/bin/env bash
# How fast decoders feed a device that only counts (bench/feeding/), beside the decoders alone.
#
#   feeding.sh [-d "DECODERS..."] [-r REPEATS] [SOUNDS...]
#
# SOUNDS are clips, seconds, rate and format with colons between; 1 2 16 decoders, each the fastest of 3.
# The clips are written to memory (/dev/shm, or FOLDER) and removed at the end. PROGRAMS is the folder
# of bench/'s programs with feeding_speed (make BUILD/bench/feeding_speed); MODEL a model.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8
program=feeding # of messages
programs=${PROGRAMS:?the folder of bench/\'s programs}
source "$(dirname "$0")/lib.sh"
decoders="1 2 16" repeats=3
while getopts d:r: option; do
    case $option in
    d) decoders=$OPTARG ;;
    r) repeats=$OPTARG ;;
    *) stop "usage: feeding.sh [-d \"DECODERS...\"] [-r REPEATS] [SOUNDS...]" ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- 8000:1:16000:wav 2000:4:16000:wav 1000:4:44100:flac 100:60:44100:wav 50:600:16000:wav
work=$(mktemp -d "${FOLDER:-/dev/shm}/earmark-feeding.XXXXXX")
trap 'rm -rf "$work"' EXIT
for sounds in "$@"; do
    IFS=: read -r clips seconds rate format <<<"$sounds"
    say "$clips clips of $seconds s, $rate Hz, $format"
    mkdir "$work/clips"
    "$programs/feeding_speed" write "$work/clips" "$clips" "$seconds" "$rate" "$format" 2>"$work/said" ||
        stop "$(cat "$work/said")"
    # shellcheck disable=SC2086 # several words
    "$programs/feeding_speed" measure "${MODEL:-models/default.safetensors}" "$work/clips" "$repeats" $decoders
    rm -rf "$work/clips"
done
