#!/bin/sh
# Fetches the published x-vector, speechbrain/spkrec-xvect-voxceleb (Apache-2.0), at
# a pinned revision and imports it.
#
#   sh models/fetch-voxceleb.sh [FILE]       default: models/voxceleb.safetensors
#   earmark audit CLIPS -o OUT --model models/voxceleb.safetensors
#
# EARMARK               the program; default: the one built in this tree, else the installed one
# EARMARK_VOXCELEB_URL  folder of embedding_model.ckpt and hyperparams.yaml: a mirror or
#                       file:///folder; default: huggingface.co at the revision below
set -eu

revision=56895a2df401be4150a159f3a1c653f00051d477
home=https://huggingface.co/speechbrain/spkrec-xvect-voxceleb
url=${EARMARK_VOXCELEB_URL:-$home/resolve/$revision}
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/voxceleb.safetensors}
origin=${EARMARK_VOXCELEB_URL:-$home, revision $revision}

fail() {
    printf 'fetch-voxceleb: %s\n' "$1" >&2
    exit 1
}

case ${1:-} in
-h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
-*) printf 'fetch-voxceleb: unknown option %s; see --help\n' "$1" >&2 && exit 2 ;;
esac

if [ -z "${EARMARK:-}" ]; then
    if [ -x "$here/../earmark" ]; then
        EARMARK=$here/../earmark
    elif command -v earmark >/dev/null; then
        EARMARK=earmark
    else
        fail "earmark is not built yet; run make first, or set EARMARK to the program"
    fi
fi

if command -v curl >/dev/null; then
    download() { curl --fail --silent --show-error --location --retry 2 --connect-timeout 20 -o "$2" "$1"; }
elif command -v wget >/dev/null; then
    download() {
        case $1 in
        file://*) cp -- "${1#file://}" "$2" ;; # wget does not support these
        *) wget --quiet --tries 3 --timeout 20 -O "$2" "$1" ;;
        esac
    }
else
    fail "neither curl nor wget is here; install one of them (apt-get install curl)"
fi

# The folder's name appears in messages.
parent=$(mktemp -d "${TMPDIR:-/tmp}/earmark-fetch.XXXXXX")
trap 'rm -rf "$parent"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
folder=$parent/spkrec-xvect-voxceleb
mkdir "$folder"

for file in embedding_model.ckpt hyperparams.yaml; do
    printf 'fetching %s/%s\n' "$url" "$file"
    download "$url/$file" "$folder/$file" || fail "cannot fetch $url/$file.
Without internet here: fetch embedding_model.ckpt and hyperparams.yaml on another machine from
    $home/tree/$revision
put both in a folder, and run: earmark model import FOLDER -o $output"
    [ -s "$folder/$file" ] || fail "$url/$file is empty"
done

"$EARMARK" model import "$folder" -o "$output" --name spkrec-xvect-voxceleb --licence Apache-2.0 \
    --source "$origin"
printf 'wrote %s; use it with --model %s\n' "$output" "$output"
