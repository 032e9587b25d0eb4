#!/usr/bin/env bash
# Paths that lead out of a folder, what is no regular file, and a results folder that was received:
# findings 8, 9 and 21.
source tests/hostile/lib.sh

root=$TMP/root outside=$TMP/outside
make_square_corpus "$root" 6
mkdir -p "$outside/deeper"
write_square_wav "$outside/private.wav" 9 4321
cp "$outside/private.wav" "$outside/deeper/other.wav"
ln -s ../outside "$root/lnk"
ln -s "$outside" "$root/absolute"
ln -s lnk "$root/chain"
ln -s ../../outside/private.wav "$root/low/link.wav"
ln -s "$outside/private.wav" "$root/low/direct.wav"
ln -s ../lnk/private.wav "$root/low/twice.wav"
ln -s / "$root/slash"
ln -s /proc/self/cwd "$root/cwd"
ln -s "/proc/self/root$outside/private.wav" "$root/low/magic.wav"
# Links that stay inside are as good as files.
ln -s ../high/clip1.wav "$root/low/inside.wav"
ln -s "$root/high/clip2.wav" "$root/low/whole.wav"
ln -s ../root/high "$root/round"

leaving=(
    ../outside/private.wav
    "$outside/private.wav"
    lnk/private.wav
    absolute/private.wav
    chain/private.wav
    chain/deeper/../private.wav
    lnk/../outside/private.wav
    low/../lnk/private.wav
    low/../../outside/private.wav
    ./low/.././../outside/private.wav
    low//..//..//outside/private.wav
    low/link.wav
    low/direct.wav
    low/twice.wav
    low/magic.wav
    "slash$outside/private.wav"
)
staying=(
    high/clip0.wav
    ./high/clip1.wav
    high/../high/clip2.wav
    low/inside.wav
    low/whole.wav
    round/clip3.wav
)

# judge NAME OUT: by the length of the private sound, in samples and seconds.
judge() {
    expect_equal "8: $1: nothing outside was read" "$(grep -c -E '0\.5401' "$2/clips.csv")" 0
    expect_equal "8: $1: each such path is a row with its reason" \
        "$(grep -c -E ',(outside|bad_row|unreadable),"?[^",]{7}' "$2/clips.csv")" "${#leaving[@]}"
    expect_equal "8: $1: what stays inside is read" "$(grep -c -E ',ok,' "$2/clips.csv")" "${#staying[@]}"
    rm -rf "$2"
}

{
    echo path,label
    printf '%s,x\n' "${leaving[@]}" "${staying[@]}"
} >"$root/list.csv"
expect_exit "8: a list" 3 "$EARMARK" embed "$root/list.csv" -o "$TMP/out" --quiet
judge "a list" "$TMP/out"
printf '{"path": "%s", "label": "x"}\n' "${leaving[@]}" "${staying[@]}" >"$root/list.jsonl"
expect_exit "8: JSON lines" 3 "$EARMARK" embed "$root/list.jsonl" -o "$TMP/out" --quiet
judge "JSON lines" "$TMP/out"
for ((i = 0; i < ${#leaving[@]}; i++)); do echo "l$i ${leaving[i]}"; done >"$root/wav.scp"
for ((i = 0; i < ${#staying[@]}; i++)); do echo "s$i ${staying[i]}"; done >>"$root/wav.scp"
sed 's/ .*/ x/' "$root/wav.scp" >"$root/utt2label"
expect_exit "8: a Kaldi folder" 3 "$EARMARK" embed "$root" -o "$TMP/out" --quiet
judge "a Kaldi folder" "$TMP/out"
rm "$root/wav.scp" "$root/utt2label"
# Where the kernel lacks openat2, the same by steps.
expect_exit "8: a list without openat2" 3 "$HOSTILE/without_calls" ENOSYS:openat2 -- \
    "$EARMARK" embed "$root/list.csv" -o "$TMP/out" --quiet
judge "a list without openat2" "$TMP/out"
# The list through a link: its folder is the one that it was named in.
mkdir "$TMP/elsewhere"
ln -s ../root/list.csv "$TMP/elsewhere/list.csv"
run_command "$EARMARK" embed "$TMP/elsewhere/list.csv" -o "$TMP/out" --quiet
if [ -e "$TMP/out/clips.csv" ]; then
    expect_equal "8: a list that is a link: nothing outside was read" \
        "$(grep -c -E '0\.5401' "$TMP/out/clips.csv")" 0
fi
rm -rf "$TMP/out"
expect_exit "8: --allow-outside reads them" 0 "$EARMARK" embed "$root/list.csv" -o "$TMP/out" --quiet \
    --allow-outside
expect_equal "8: --allow-outside: all" "$(grep -c -E '0\.5401' "$TMP/out/clips.csv")" "${#leaving[@]}"
rm -rf "$TMP/out"
# A folder.
rm "$root/slash" "$root/cwd"
expect_exit "8: a folder" 3 "$EARMARK" embed "$root" -o "$TMP/out" --quiet
expect_equal "8: a folder: nothing outside was read" "$(grep -c -E '0\.5401' "$TMP/out/clips.csv")" 0
expect_grep "8: a folder: links inside are followed" 'low/inside\.wav.*,ok,' "$TMP/out/clips.csv"
rm -rf "$TMP/out"
expect_exit "8: a folder with --allow-outside" 0 "$EARMARK" embed "$root" -o "$TMP/out" --quiet --allow-outside
expect_grep "8: a folder with --allow-outside: all is read" 'low/link\.wav.*0\.5401' "$TMP/out/clips.csv"
rm -rf "$TMP/out"
# A folder that becomes a link while it is read.
if long; then
    make_square_corpus "$TMP/swapped" 6
    mkdir "$TMP/private"
    for ((i = 0; i < 6; i++)); do cp "$outside/private.wav" "$TMP/private/clip$i.wav"; done
    mv "$TMP/swapped/low" "$TMP/swapped/kept"
    ln -s "$TMP/private" "$TMP/swapped/link"
    mkdir "$TMP/swapped/low"
    {
        echo path,label
        for ((i = 0; i < 3000; i++)); do echo "now/clip$((i % 6)).wav,x"; done
    } >"$TMP/swapped/list.csv"
    ln -s kept "$TMP/swapped/now"
    "$EARMARK" embed "$TMP/swapped/list.csv" -o "$TMP/out" --quiet 2>/dev/null &
    run=$!
    while kill -0 "$run" 2>/dev/null; do
        ln -sfn link "$TMP/swapped/next" && mv -T "$TMP/swapped/next" "$TMP/swapped/now"
        ln -sfn kept "$TMP/swapped/next" && mv -T "$TMP/swapped/next" "$TMP/swapped/now"
    done
    wait "$run"
    expect_equal "8: links that change while clips are read" \
        "$(grep -c -E '0\.5401' "$TMP/out/clips.csv")" 0
    rm -rf "$TMP/out"
fi

# ---- finding 21: under the name of a sound
special=$TMP/special
make_square_corpus "$special" 4
mkfifo "$special/low/fifo.wav"
mkdir "$special/low/folder.wav"
ln -s fifo.wav "$special/low/fifo-link.wav"
kinds="fifo fifo-link folder"
if [ "$(id -u)" -eq 0 ] && mknod "$special/low/device.wav" c 1 5 2>/dev/null; then
    mknod "$special/low/block.wav" b 7 200
    kinds+=" device block"
fi
{
    echo path,label
    (cd "$special" && find . -name 'clip*.wav') | sed 's/$/,x/'
    printf 'low/%s.wav,x\n' $kinds
} >"$special/list.csv"
# Who opens the FIFO lets its writer go on.
bash -c 'exec 3>"$1" && touch "$2"' bash "$special/low/fifo.wav" "$TMP/opened" &
writer=$!
expect_exit "21: a list" 3 timeout 60 "$EARMARK" embed "$special/list.csv" -o "$TMP/out" --quiet
for kind in $kinds; do
    expect_grep "21: $kind" "low/$kind\\.wav.*(not a regular file|irectory)" "$TMP/out/clips.csv"
done
kill "$writer" 2>/dev/null
wait "$writer" 2>/dev/null
expect_equal "21: all others were read" "$(grep -c ',ok,' "$TMP/out/clips.csv")" 12
rm -rf "$TMP/out"
run_command timeout 60 "$EARMARK" embed "$special" -o "$TMP/out" --quiet
expect_equal "21: a folder with them" "$((STATUS == 0 || STATUS == 3))" 1
rm -rf "$TMP/out"
# And under the name of everything else that is read.
for file in list.csv list.jsonl list.csv.gz model.safetensors x.npy; do
    rm -f "$TMP/$file"
    mkfifo "$TMP/$file"
    case $file in
    list*) command=("$EARMARK" embed "$TMP/$file" -o "$TMP/out") ;;
    model*) command=("$EARMARK" embed "$special" --model "$TMP/$file" -o "$TMP/out") ;;
    x.npy) command=("$EARMARK" issues --labels "$TMP/$file" --pred-probs "$TMP/$file") ;;
    esac
    expect_exit "21: a FIFO in place of $file" 1 timeout 60 "${command[@]}"
    rm -rf "$TMP/out"
done

# ---- finding 9: a results folder that somebody else made
clips=$TMP/clips
make_square_corpus "$clips" 6
cp "$clips/high/clip0.wav" "$clips/low/wrong.wav"
cp "$clips/low/clip0.wav" "$clips/high/wrong.wav"
check "9: a run with issues" "$EARMARK" audit "$clips" -o "$TMP/made" --quiet
check "9: its page" "$EARMARK" report "$TMP/made"
sounds=$(sed -n -E 's/.* ([0-9]+) with their sound.*/\1/p' "$TMP/stdout" "$TMP/stderr")
expect_equal "9: which plays sounds" "$((sounds > 0))" 1
ln -s "$outside" "$clips/lnk"
ln -s "$outside/private.wav" "$clips/low/link.wav"
# The page of the private sound, to know it by the part of it that does not depend on its header.
mkdir -p "$TMP/mine/low"
cp "$outside/private.wav" "$TMP/mine/low/wrong.wav"
received() {
    local path=$1
    cp -r "$TMP/made" "$TMP/received"
    sed -i "s|low/wrong\\.wav|$path|g" "$TMP/received"/{clips.csv,issues.csv,issues.jsonl}
    rm "$TMP/received/report.html"
}
own=$(sed -n 's|.*src="data:[^,]*,\([^"]*\)".*|\1|p' "$TMP/made/report.html" | sort)
for path in "$outside/private.wav" ../outside/private.wav lnk/private.wav low/link.wav \
    lnk/../outside/private.wav "low/../../outside/private.wav"; do
    received "$path"
    run_command "$EARMARK" report "$TMP/received"
    shown=$(sed -n -E 's/.* ([0-9]+) with their sound.*/\1/p' "$TMP/stdout" "$TMP/stderr")
    if [ -e "$TMP/received/report.html" ]; then
        expect_equal "9: ${path/$TMP/}: its sound is not in the page" "$shown" $((sounds - 1))
    else
        ok "9: ${path/$TMP/}: no page"
    fi
    rm -rf "$TMP/received"
done
# Files of OUT that are links: what they lead to does not become part of the page.
for name in classes.csv overlapping_classes.csv clips.csv issues.jsonl classes.json run.json; do
    cp -r "$TMP/made" "$TMP/received"
    marker "$outside/words"
    ln -sf "$outside/words" "$TMP/received/$name"
    run_command "$EARMARK" report "$TMP/received"
    no_marker "9: $name is a link: nothing of the file in the page" "$TMP/received/report.html"
    cat "$TMP/stdout" "$TMP/stderr" >"$TMP/said"
    no_marker "9: $name is a link: nor in a message" "$TMP/said"
    rm -rf "$TMP/received"
done
