#!/usr/bin/env bash
# Style and script of the page as a C file on standard output, with the hashes that the page's
# Content-Security-Policy names:
#
#   embed.sh STYLE.css... SCRIPT.js...      in the order in which they stand in the page
set -eu -o pipefail
styles=() scripts=()
for file in "$@"; do
    case $file in
    *.css) styles+=("$file") ;;
    *.js) scripts+=("$file") ;;
    *) echo "embed.sh: $file: neither a style nor a script" >&2 && exit 2 ;;
    esac
done

# bytes NAME FILE...: the files one after the other, ended by a zero; between tags, nothing before
# or after them, so that the hash is of these bytes.
bytes() {
    echo "const char $1[] = {"
    cat "${@:2}" | od -An -v -to1 | sed 's/ \([0-7][0-7]*\)/\x27\\\1\x27,/g'
    echo "0};"
}

# hash NAME FILE...: "sha256-" and its SHA-256 in base64
hash() {
    local octal
    octal=$(cat "${@:2}" | sha256sum | cut -c 1-64 | sed 's/../\\x&/g')
    echo "const char $1[] = \"sha256-$(printf '%b' "$octal" | base64 -w 0)\";"
}

echo '/* Made by host/report/web/embed.sh. */'
echo '#include "host/report/page_web.h"'
bytes page_style "${styles[@]}"
bytes page_script "${scripts[@]}"
hash page_style_hash "${styles[@]}"
hash page_script_hash "${scripts[@]}"
