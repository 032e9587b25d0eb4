#!/usr/bin/env bash
# The folder that `make bundle` packs: whole, with licences, and away from its place it reads and finds
# what the build does. tests/cluster/test_bundle.sh packs it and runs it on a bare system.
source tests/cli/lib.sh
source tests/cli/sounds.sh
if [ "$(uname -m)" != x86_64 ]; then
    skip "a bundle" "only for x86-64"
    exit 0
fi
check "make bundle-folder" make bundle-folder || exit 1
expect_no_grep "no licence is missing" 'no licence' "$TMP/stderr"
built=$(make -s bundle-path)
bundle="$TMP/another place/bundle"
mkdir -p "$TMP/another place"
cp -r "$built" "$bundle"

# What a file needs is in the bundle, of glibc's, or of NVIDIA's driver, which is the machine's; nobody's
# folder is named.
readelf -dW "$bundle"/bin/* "$bundle"/lib/* >"$TMP/dynamic" 2>"$TMP/stderr"
glibc='(ld-linux-x86-64|libc|libm|libmvec|libdl|libpthread|librt|libresolv|libutil|libanl|libnsl)\.so\.[0-9]+'
sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' "$TMP/dynamic" | sort -u | grep -vxE "$glibc|libcuda\.so\.1" >"$TMP/needed"
ls "$bundle/lib" >"$TMP/libraries"
expect_equal "what is needed is there" "$(sort "$TMP/libraries" | comm -13 - "$TMP/needed")" ""
expect_grep "so is the C++ library" '^libstdc\+\+\.so' "$TMP/libraries"
expect_no_grep "glibc is not" "^$glibc\$" "$TMP/libraries"
expect_no_grep "no folder of this machine" 'R(UN)?PATH\).*\[.*/(usr|opt|home|work|root)' "$TMP/dynamic"
expect_no_grep "nor the driver" '^lib(cuda|nvidia-.*)\.so' "$TMP/libraries"
expect_no_grep "nor one that hides the bundle's" '\(RUNPATH\).*\[([^$]|\$ORIGIN[^]])' "$TMP/dynamic"

# Libraries of the same names, as a cluster's modules bring: the loader would stop at such empty ones.
mkdir "$TMP/modules" "$TMP/driver"
while read -r library; do : >"$TMP/modules/$library"; done <"$TMP/libraries"
cc -shared -nostdlib -Wl,-soname,libcuda.so.1 -o "$TMP/driver/libcuda.so.1" -x c /dev/null
for program in "$bundle"/bin/*; do
    LD_LIBRARY_PATH=$TMP/modules:$TMP/driver /lib64/ld-linux-x86-64.so.2 --list "$program" || echo "$program: fails"
done >"$TMP/resolved" 2>&1
expect_equal "whatever LD_LIBRARY_PATH says, they are the bundle's" \
    "$(grep -F -v " => $bundle/" "$TMP/resolved" | grep -vE "^\s*(/lib64/)?(linux-vdso\.so\.1|$glibc|libcuda\.so\.1) ")" ""

# The list of libraries.
list=$bundle/share/doc/earmark/LIBRARIES.tsv
expect_equal "each library is listed" "$(tail -n +2 "$list" | cut -f1 | sort)" "$(sort "$TMP/libraries")"
missing=$(tail -n +2 "$list" | cut -f4 | sort -u | while read -r licence; do
    [ -s "$bundle/share/doc/earmark/$licence" ] || echo "$licence"
done)
expect_equal "with its licence" "$missing" ""
expect_grep "and who may have it" 'sources are offered' "$bundle/README"

# Somewhere else, without an environment: the loader takes all but glibc from the bundle.
run_command env -i LD_DEBUG=libs LD_DEBUG_OUTPUT="$TMP/loader" "$bundle/bin/earmark" info
expect_equal "it runs" "$STATUS" 0
expect_grep "with its own model" "^model +$bundle/share/earmark/default\.safetensors" "$TMP/stdout"
cp "$TMP/stdout" "$TMP/info"
"$EARMARK" info >"$TMP/stdout"
for line in ffmpeg sandbox libraries; do
    expect_equal "info: $line as in the build" "$(grep "^$line" "$TMP/info")" "$(grep "^$line" "$TMP/stdout")"
done
sed -n 's/.*calling init: //p' "$TMP"/loader.* | sort -u | grep -v -F "$bundle/" | sed 's|.*/||' >"$TMP/foreign"
expect_equal "no library of the machine" "$(grep -vxE "$glibc|lib(cuda|nvidia-.*)\.so.*" "$TMP/foreign")" ""
expect_grep "glibc is the machine's" '^libc\.so' "$TMP/foreign"

# Tar files, with a sound for FFmpeg where it is there: the same bytes.
make_square_corpus "$TMP/set" 8
cp tests/golden/ffmpeg/aac.m4a "$TMP/set/low/"
tar -C "$TMP/set" --sort=name -cf "$TMP/set.tar" high low middle
unreadable=3
[ ! -e "$bundle/bin/earmark-ffmpeg.so" ] || unreadable=0
expect_exit "audit by the build" "$unreadable" "$EARMARK" audit "$TMP/set.tar" -o "$TMP/out-build" --folds 4 --device cpu
expect_exit "audit by the bundle" "$unreadable" env -i "$bundle/bin/earmark" audit "$TMP/set.tar" -o "$TMP/out-bundle" \
    --folds 4 --device cpu
for file in clips.csv issues.csv classes.csv embeddings.npy statistics.npy pred_probs.npy scores.npy report.html; do
    expect_same "$file: the same bytes" "$TMP/out-build/$file" "$TMP/out-bundle/$file"
done

# The archive has the same bytes whenever, by whomever and with however many threads it is packed.
mkdir -p "$TMP/pack/a/b" "$TMP/pack/a/lib" "$TMP/pack/a/bin"
cp "$bundle/bin/earmark" "$TMP/pack/a/bin/"
cp "$bundle/share/doc/earmark/LICENSE" "$TMP/pack/a/b/"
cp "$bundle/lib/"libz.so* "$TMP/pack/a/lib/"
check "pack" env JOBS=1 bash host/cluster/bundle.sh pack "$TMP/pack/a" "$TMP/one.tar.xz"
touch -d 2001-02-03 "$TMP/pack/a/b/LICENSE" "$TMP/pack/a/b"
[ "$(id -u)" -ne 0 ] || chown -R 1234:1234 "$TMP/pack/a"
check "pack again" env JOBS=3 bash host/cluster/bundle.sh pack "$TMP/pack/a" "$TMP/two.tar.xz"
expect_same "the same bytes" "$TMP/one.tar.xz" "$TMP/two.tar.xz"
expect_grep "says what it needs" 'two\.tar\.xz: .* needs glibc 2\.[0-9]+ or later' "$TMP/stdout"
