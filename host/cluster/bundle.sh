#!/usr/bin/env bash
# Makes the folder that `make bundle` packs, and packs it (host/cluster/bundle.mk).
#
#   bundle.sh folder TREE BUILD PROGRAM...   TREE anew, from BUILD/bundle/PROGRAM...
#   bundle.sh pack TREE ARCHIVE.tar.xz       the same bytes for the same files
#
# Libraries are found as the loader finds them for BUILD/PROGRAM..., which knows this machine's
# folders. glibc stays outside: its parts and the loader must be of one version, that of the
# machine on which the program runs.
set -eu -o pipefail
export LC_ALL=C

glibc=' ld-linux-x86-64.so.2 libc.so.6 libm.so.6 libmvec.so.1 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2 libutil.so.1 libanl.so.1 libnsl.so.1 '
loader=/lib64/ld-linux-x86-64.so.2

fail() {
    echo "make bundle: $*" >&2
    exit 1
}

# The paths of what the loader opens for the programs, without glibc and without the NVIDIA driver, which
# is the machine's; an empty library stands for it, because there may be none here. Variants for newer
# processors (glibc-hwcaps) are passed over: the bundle must run on any x86-64.
libraries() {
    local program
    # shellcheck disable=SC2086
    ${CC:-cc} -shared -nostdlib -Wl,-soname,libcuda.so.1 -o "$scratch/libcuda.so.1" -x c /dev/null
    for program in "$@"; do
        "$loader" --glibc-hwcaps-mask none --library-path "$scratch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
            --list "$program" || fail "$program cannot be resolved"
    done | awk -v glibc="$glibc" '
        $1 == "libcuda.so.1" { next }
        /not found/ { print "make bundle: not found: " $1 >"/dev/stderr"; failed = 1 }
        $2 == "=>" && $3 ~ /^\// && !index(glibc, " " $1 " ") { print $3 }
        END { exit failed }' | sort -u
}

# owners PATH...: lines "PATH PACKAGE VERSION" for the files that a Debian package brought. A package
# may name a file by its path from before /lib became a link to /usr/lib.
owners() {
    command -v dpkg-query >/dev/null || return 0
    { dpkg-query -S "$@" "${@#/usr}" 2>/dev/null || true; } |
        sed -nE '/^diversion/!s/^([^ ,]*[^ ,:])[,:] [^\/]*(\/.*)/\1 \2/p' >"$scratch/owned"
    cut -d' ' -f1 "$scratch/owned" | sort -u | xargs -r dpkg-query -W -f='${binary:Package} ${Version}\n' |
        awk 'NR == FNR { version[$1] = $2; next }
            { path = $2; if (path !~ /^\/usr/) path = "/usr" path; print path, $1, version[$1] }' - "$scratch/owned"
}

# The licence of a library that no package brought: in the toolkit or prefix that it is in. A package of
# Python's, as NVIDIA's are, lists its files.
licence_beside() {
    local stem=${1##*/} record
    record=$(find "${1%/*}/.." -maxdepth 4 -type f -path '*.dist-info/RECORD' \
        -exec grep -lF "/$stem," {} + 2>/dev/null | sort | head -n 1 || true)
    if [ -n "$record" ]; then
        find "${record%/*}" -type f \( -iname 'licen[cs]e*' -o -iname 'EULA*' \) | sort | head -n 1
        return
    fi
    stem=${stem#lib}
    find "${1%/*}/.." -maxdepth 4 -type f \
        \( -iname 'EULA*' -o -iname 'licen[cs]e*' -o -iname 'copying*' \) 2>/dev/null | sort |
        awk -v stem="${stem%%.*}" '
            !found && (index(tolower($0), tolower(stem)) || /EULA/) { print; found = 1 }'
}

# add_licence NAME PATH PACKAGE VERSION: a line of LIBRARIES.tsv; PACKAGE may be empty.
add_licence() {
    local licence text=/usr/share/doc/${3%%:*}/copyright
    if [ -z "$3" ] || [ ! -e "$text" ]; then text=$(licence_beside "$2"); fi
    licence=${3:-$1}
    licence=licences/${licence%%:*}.txt
    if [ -z "$text" ]; then
        licence=-
        echo "make bundle: found no licence of $2: see that you may copy it" >&2
    elif [ ! -e "$documents/$licence" ]; then
        cp "$text" "$documents/$licence"
    fi
    printf '%s\t%s\t%s\t%s\n' "$1" "${3:--}" "${4:--}" "$licence"
}

# With RUNPATH what a library needs is sought in LD_LIBRARY_PATH first. The same as RPATH comes before that; only
# the tag of its entry differs (16 bytes an entry, the tag first; the last tag is 0).
make_runpath_rpath() {
    local runpath=29 rpath='\017' offset tag
    offset=$(($(readelf -lW "$1" | awk '$1 == "DYNAMIC" { print $2; exit }')))
    while tag=$(($(od -An -t u8 -j "$offset" -N 8 "$1"))) && [ "$tag" -ne 0 ]; do
        [ "$tag" -ne "$runpath" ] || printf "$rpath" | dd of="$1" bs=1 seek="$offset" conv=notrunc status=none
        offset=$((offset + 16))
    done
}

# Copies the libraries that $scratch/list names, and writes what they are.
add_libraries() {
    local path name package version
    xargs -d '\n' -r cp -L -t "$tree/lib" <"$scratch/list"
    # With RUNPATH a library's own needs are not sought where the program says.
    readelf -dW "$tree"/lib/* 2>&1 | awk '/^File: / { file = $2 } /\(R(UN)?PATH\)/ && !/\[\$ORIGIN\]/ { print file }' |
        while read -r path; do
            command -v patchelf >/dev/null || fail "$path has a RUNPATH, which must go: install patchelf"
            patchelf --remove-rpath "$path"
        done
    # NVIDIA's may not be changed; bundle.mk has what they need loaded before them.
    find "$tree/lib" -type f ! -name 'libcu*' ! -name 'libnv*' -exec readelf -dW {} + 2>&1 |
        awk '/^File: / { file = $2 } /\(RUNPATH\)/ { print file }' |
        while read -r path; do make_runpath_rpath "$path"; done
    xargs -d '\n' -r realpath <"$scratch/list" | paste -d' ' "$scratch/list" - >"$scratch/files"
    # shellcheck disable=SC2046
    owners $(cut -d' ' -f2 "$scratch/files") >"$scratch/packages"
    awk 'NR == FNR { package[$1] = $2; version[$1] = $3; next }
        { name = $1; sub(/.*\//, "", name); print name "|" $2 "|" package[$2] "|" version[$2] }' \
        "$scratch/packages" "$scratch/files" | {
        printf 'library\tpackage\tversion\tlicence\n'
        while IFS='|' read -r name path package version; do add_licence "$name" "$path" "$package" "$version"; done
    } >"$documents/LIBRARIES.tsv"
}

# Debian's texts refer to licences that are on every Debian system.
add_common_licences() {
    { grep -rhoE '/usr/share/common-licenses/[A-Za-z0-9.+-]*[A-Za-z0-9]' "$documents/licences" || true; } | sort -u |
        while read -r text; do
            [ ! -e "$text" ] || cp -L "$text" "$documents/licences/${text##*/}"
        done
}

# The newest version of glibc whose symbols a file of the folder asks for.
glibc_needed() {
    readelf -VW "$1"/bin/* "$1"/lib/* | grep -o 'Name: GLIBC_2[0-9.]*' | sed 's/.*_//' | sort -V | tail -n 1
}

write_readme() {
    sed -e "s/@VERSION@/${tree##*/}/" -e "s/@GLIBC@/$1/" host/cluster/bundle_readme.txt
    [ ! -e "$tree/bin/earmark-ffmpeg.so" ] || cat host/cluster/bundle_readme_ffmpeg.txt
    [ ! -e "$tree/bin/earmark-cuda.so" ] || cat host/cluster/bundle_readme_cuda.txt
}

make_folder() {
    local build=$2 program
    tree=$1
    shift 2
    [ "$(uname -m)" = x86_64 ] || fail "only for x86-64; this is $(uname -m)"
    [ -f models/default.safetensors ] || fail 'models/default.safetensors is missing: make model'
    documents=$tree/share/doc/earmark
    rm -rf "$tree"
    mkdir -p "$tree/lib" "$documents/licences"
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    for program in "$@"; do install -D "$build/bundle/$program" "$tree/bin/$program"; done
    install -D models/default.safetensors "$tree/share/earmark/default.safetensors"
    install -D "$build/earmark.1" "$tree/share/man/man1/earmark.1"
    install -D "$build/earmark.bash" "$tree/share/bash-completion/completions/earmark"
    cp LICENSE "$documents/LICENSE"
    cp models/README.md "$documents/model.md"
    libraries "${@/#/$build/}" >"$scratch/list" || fail "install what is missing, or leave its plug-in out"
    add_libraries
    add_common_licences
    write_readme "$(glibc_needed "$tree")" >"$tree/README"
    find "$tree" -type d -exec chmod 755 {} +
    find "$tree" -type f -exec chmod 644 {} +
    chmod 755 "$tree"/bin/*
}

# Fixed order, owners and time: the archive depends on the files alone. xz cuts into blocks whatever
# the number of its threads ("+": also with one).
pack() {
    local tree=$1 archive=$2
    tar -C "$(dirname "$tree")" --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1767225600 \
        -cf - "${tree##*/}" | xz -6 --block-size=24MiB -T "+${JOBS:-$(nproc)}" >"$archive.part"
    mv "$archive.part" "$archive"
    printf '%s: %s MB, unpacked %s MB, %s libraries, needs glibc %s or later\n' "$archive" \
        "$(du --apparent-size -m "$archive" | cut -f1)" "$(du -sm "$tree" | cut -f1)" \
        "$(find "$tree/lib" -type f | wc -l)" "$(glibc_needed "$tree")"
}

case ${1:-} in
folder) shift && make_folder "$@" ;;
pack) shift && pack "$@" ;;
*)
    echo 'usage: bundle.sh folder TREE BUILD PROGRAM... | pack TREE ARCHIVE.tar.xz' >&2
    exit 2
    ;;
esac
