#!/usr/bin/env bash
# `make bundle`, unpacked by an ordinary user on a bare Debian 13: the same bytes as the build. Needs
# root, debootstrap, and a mirror of Debian; skipped, and counted, without.
source tests/cli/lib.sh
source tests/cli/sounds.sh
root=$TMP/root
chmod 711 "$TMP" # the user gets to the root's folders
user=12345

# bare_system: debootstrap's smallest system, from this machine's mirror; false with a reason.
bare_system() {
    local mirror log=$TMP/debootstrap.log
    if [ "$(uname -m)" != x86_64 ]; then reason="only for x86-64" && return 1; fi
    if [ "$(id -u)" -ne 0 ]; then reason="only root can make a bare system" && return 1; fi
    command -v debootstrap >"$log" || DEBIAN_FRONTEND=noninteractive apt-get install -y -q debootstrap >"$log" 2>&1 ||
        { reason="debootstrap is not there and cannot be installed" && return 1; }
    mirror=$(awk '/^deb / { print $2; exit } /^URIs:/ { print $2; exit }' /etc/apt/sources.list \
        /etc/apt/sources.list.d/*.sources 2>/dev/null)
    debootstrap --variant=minbase trixie "$root" "${mirror:-http://deb.debian.org/debian}" >"$log" 2>&1 ||
        { reason="no bare Debian 13 here: $(tail -n 1 "$log")" && return 1; }
}

# inside COMMAND...: as the user, without an environment; /proc is there, and gone afterwards
inside() {
    unshare --mount bash -c 'mount --rbind /proc "$1/proc" && exec chroot --userspec="$2:$2" "$1" \
        env -i --chdir=/home/user "${@:3}"' - "$root" "$user" "$@"
}

if ! bare_system; then
    skip "the bundle on a bare Debian 13" "$reason"
    exit 0
fi
check "make bundle" make bundle || exit 1
archive=$(sed -n 's/^\(build[^:]*\): .*/\1/p' "$TMP/stdout")
expect_grep "says what it needs" "^$archive: [0-9]+ MB, .*, needs glibc 2\.[0-9]+ or later" "$TMP/stdout"

# Tar files with every kind of sound that the build reads.
make_square_corpus "$TMP/set" 8
cp tests/golden/formats/*.{mp3,flac,opus,oga,ogg} "$TMP/set/high/" 2>"$TMP/stderr"
cp tests/golden/ffmpeg/{aac.m4a,alac.m4a,wma2.wma,opus.webm} "$TMP/set/low/" 2>"$TMP/stderr"
mkdir "$TMP/shards"
(cd "$TMP/set" && find . -type f -printf '%P\n' | sort | split -n r/2 -d - "$TMP/names" &&
    for part in 00 01; do tar -cf "$TMP/shards/set-$part.tar" -T "$TMP/names$part"; done)

mkdir -p "$root/home/user"
cp -r "$TMP/shards" "$root/home/user/"
chown -R $user "$root/home/user"
check "unpacked by an ordinary user" setpriv --reuid=$user --regid=$user --clear-groups \
    sh -c 'cd "$1" && tar -xJf - <"$2"' - "$root/home/user" "$PWD/$archive"
program=$(cd "$root/home/user" && ls -d earmark-*)/bin/earmark

run_command inside sh -c 'command -v gcc ffmpeg; ldconfig -p | grep -c -E "libsndfile|libdnnl|libgomp"'
expect_equal "nothing that earmark uses is installed" "$(cat "$TMP/stdout")" 0
check "info" inside "./$program" info
cp "$TMP/stdout" "$TMP/info"
"$EARMARK" info >"$TMP/stdout"
for line in libraries ffmpeg sandbox; do
    expect_equal "info: $line as in the build" "$(grep "^$line" "$TMP/info")" "$(grep "^$line" "$TMP/stdout")"
done
cd "$TMP" || exit 1 # the page has the name of INPUT as it was given
expect_exit "audit by the build" 0 "$EARMARK" audit shards -o out --folds 4 --device cpu
expect_exit "audit by the bundle" 0 inside "./$program" audit shards -o out --folds 4 --device cpu
for file in "$TMP/out"/*; do
    case ${file##*/} in timing.json | run.json) continue ;; esac
    # The page names the list by its path.
    case ${file##*/} in report.html) sed -i "s|$TMP/shards|/home/user/shards|g" "$file" ;; esac
    expect_same "${file##*/}: the same bytes" "$file" "$root/home/user/out/${file##*/}"
done
hashes() { grep -E '"(sha256|xxh|hash|digest)[^"]*"' "$1/run.json"; }
expect_equal "run.json: the same hashes" "$(hashes "$root/home/user/out")" "$(hashes "$TMP/out")"
