#!/bin/sh
# Fetches the published x-vector, speechbrain/spkrec-xvect-voxceleb (Apache-2.0), at
# a pinned revision and imports it.
#
#   sh models/fetch-voxceleb.sh [FILE]       default: models/voxceleb.safetensors
#   earmark audit CLIPS -o OUT --model models/voxceleb.safetensors
#
# What is fetched is imported only if its SHA-256 is the one that you give: a revision is only a
# name, and the host could not be reached when this was written, so the sums are not known here.
# Without EARMARK_VOXCELEB_SHA256 it fetches, prints both sums and stops. Compare that of the
# checkpoint with the one on the page of the file, then give them. Nothing of what is fetched is
# executed: the import reads the checkpoint's numbers and no more.
#
# EARMARK_VOXCELEB_SHA256  two sums with a space between them: of embedding_model.ckpt, then of
#                          hyperparams.yaml
# EARMARK_VOXCELEB_URL     folder of both files: a mirror (https:// only) or file:///folder;
#                          default: huggingface.co at the revision below
# EARMARK                  the program; default: the one built in this tree, else the installed one
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

digits='[0-9a-f]\{64\}'
sums=$(printf '%s' "${EARMARK_VOXCELEB_SHA256:-}" | tr 'A-F' 'a-f')
if [ -n "$sums" ] && ! printf '%s\n' "$sums" | grep -q -x "$digits $digits"; then
    fail "EARMARK_VOXCELEB_SHA256 is not two sums of 64 hexadecimal digits; see --help"
fi
command -v sha256sum >/dev/null || fail "sha256sum is not here; install it (apt-get install coreutils)"

# download NAME FILE. wget cannot confine redirections to https, and a .curlrc could switch off the
# check of certificates.
case $url in
file:///*) download() { cp -- "${url#file://}/$1" "$2"; } ;;
https://*)
    command -v curl >/dev/null || fail "curl is not here; install it (apt-get install curl)"
    download() {
        curl -q --proto '=https' --proto-redir '=https' --tlsv1.2 --fail --silent --show-error \
            --location --retry 2 --connect-timeout 20 --max-filesize 268435456 -o "$2" "$url/$1"
    }
    ;;
*) fail "EARMARK_VOXCELEB_URL is neither https:// nor file:///; nothing else is fetched" ;;
esac

# The folder's name appears in messages.
parent=$(mktemp -d "${TMPDIR:-/tmp}/earmark-fetch.XXXXXX")
trap 'rm -rf "$parent"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
folder=$parent/spkrec-xvect-voxceleb
mkdir "$folder"

for file in embedding_model.ckpt hyperparams.yaml; do
    printf 'fetching %s/%s\n' "$url" "$file"
    download "$file" "$folder/$file.part" || fail "cannot fetch $url/$file.
Without internet here: fetch embedding_model.ckpt and hyperparams.yaml on another machine from
    $home/tree/$revision
put both in a folder, and run: earmark model import FOLDER -o $output"
    [ -s "$folder/$file.part" ] || fail "$url/$file is empty"
    mv "$folder/$file.part" "$folder/$file"
done

found=$(cd "$folder" && sha256sum embedding_model.ckpt hyperparams.yaml | cut -c 1-64 | paste -s -d ' ' -)
printf 'SHA-256 of embedding_model.ckpt  %s\nSHA-256 of hyperparams.yaml      %s\n' \
    "${found% *}" "${found#* }"
if [ -z "$sums" ]; then
    fail "nothing is imported before you have confirmed these sums.
Compare the first with the one on $home/blob/$revision/embedding_model.ckpt
then run: EARMARK_VOXCELEB_SHA256='$found' sh models/fetch-voxceleb.sh"
fi
if [ "$found" != "$sums" ]; then
    fail "these are not the sums of EARMARK_VOXCELEB_SHA256 ($sums), so the files are not those that
you know. Nothing is imported."
fi

"$EARMARK" model import "$folder" -o "$output" --name spkrec-xvect-voxceleb --licence Apache-2.0 \
    --source "$origin"
printf 'wrote %s; use it with --model %s\n' "$output" "$output"
