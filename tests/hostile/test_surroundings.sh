#!/usr/bin/env bash
# A program in surroundings that somebody made difficult: closed descriptors, limits, no /proc, file
# systems that are full or cannot be written. Findings 13 to 16, and what held before them.
source tests/hostile/lib.sh
source tests/cli/arrays.sh

clips=$TMP/clips out=$TMP/out
make_square_corpus "$clips" 6
cp "$clips/high/clip0.wav" "$clips/low/wrong.wav"
: >"$clips/high/empty.wav"
echo 'RIFF and no more' >"$clips/high/damaged.wav"
expect_exit "a run to compare with" 3 "$EARMARK" audit "$clips" -o "$out" --threads 2
cp "$TMP/stderr" "$TMP/words"
mv "$out" "$TMP/alone"
for ((i = 0; i < 400; i++)); do echo "$((i % 4)) $((i * 3 % 7)) $((i / 4 % 2 * 9))"; done |
    matrix "$TMP/e.npy" '<f4'
for ((i = 0; i < 400; i++)); do echo $((i / 4 % 2)); done | vector "$TMP/y.npy" '<i4'
check "arrays" "$EARMARK" crossval --embeddings "$TMP/e.npy" --labels "$TMP/y.npy" -o "$TMP/p" --quiet

same_results() {
    local file bad=
    for file in "$TMP/alone"/*; do
        case ${file##*/} in timing.json | run.json) continue ;; esac
        cmp -s "$file" "$out/${file##*/}" || bad+="${file##*/} "
    done
    expect_equal "$1: the same results" "$bad" ""
}

# refused NAME PATTERN COMMAND...: exit code 1 and a sentence.
refused() {
    local name=$1 pattern=$2
    shift 2
    expect_exit "$name" 1 "$@"
    expect_grep "$name: the sentence" "^earmark: .*($pattern)" "$TMP/stderr"
}

# ---- finding 13: closed descriptors. What a message would go to is no place of the program's own.
# A closed standard output is reported like a full one.
for closed in '2>&-' '<&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    code=3
    case $closed in *'>&- 2'*) code=1 ;; esac
    case $closed in '<&- 2'*) code=3 ;; esac
    expect_exit "13: with $closed" "$code" bash -c "exec \"\$@\" $closed" bash \
        "$EARMARK" audit "$clips" -o "$out" --threads 2
    same_results "13: with $closed"
    cat "$out"/* >"$TMP/all"
    expect_no_grep "13: with $closed: no message in a result" 'earmark: device|x real time' "$TMP/all"
    rm -rf "$out"
done

# No file of the program's own gets the number of a closed one.
make_square_corpus "$TMP/many" 60
"$EARMARK" embed "$TMP/many" -o "$out" --threads 2 <&- >&- 2>&- &
run=$!
taken=
while kill -0 "$run" 2>/dev/null; do
    for number in 0 1 2; do taken+="$(readlink "/proc/$run/fd/$number") "; done
done
wait "$run"
expect_equal "13: what takes the numbers of closed descriptors" \
    "$(tr ' ' '\n' <<<"$taken" | grep -E 'memfd|socket|\.wav|/out' | sort -u)" ""
rm -rf "$out"

# ---- finding 14: an empty OUT
arrays=(--embeddings "$TMP/e.npy" --labels "$TMP/y.npy")
for command in "audit $clips" "embed $clips" "crossval ${arrays[*]}" "detect ${arrays[*]}" \
    "issues --pred-probs $TMP/p/pred_probs.npy --labels $TMP/y.npy" "model import $TMP"; do
    # shellcheck disable=SC2086
    expect_exit "14: $(cut -d' ' -f1 <<<"$command") -o ''" 2 "$EARMARK" $command -o ''
    expect_grep "14: the sentence" '^earmark: .*(-o|--output|OUT|empty)' "$TMP/stderr"
done
expect_exit "14: report ''" 2 "$EARMARK" report ''
expect_exit "14: audit ''" 2 "$EARMARK" audit '' -o "$out"
rm -rf "$out"

# ---- finding 15: a limit of file sizes
# The message itself goes through a pipe, which has no size.
limited() {
    (ulimit -f "$1" && shift && exec timeout 60 "$@") 2>&1 | cat >&2
    return "${PIPESTATUS[0]}"
}
for blocks in $(rounds '0 8' '0 4 8 16'); do
    refused "15: audit with ulimit -f $blocks" 'ulimit -f' \
        limited "$blocks" "$EARMARK" audit "$clips" -o "$out" --quiet
    expect_equal "15: no result that is not whole" "$([ -e "$out/run.json" ] && echo there)" ""
    rm -rf "$out"
    if [ "$blocks" -lt 4 ]; then
        refused "15: crossval with ulimit -f $blocks" 'ulimit -f' \
            limited "$blocks" "$EARMARK" crossval "${arrays[@]}" -o "$out" --quiet
        rm -rf "$out"
    fi
    cp -r "$TMP/alone" "$out"
    refused "15: report with ulimit -f $blocks" 'ulimit -[af]' \
        limited "$blocks" "$EARMARK" report "$out"
    expect_same "15: report leaves the page" "$TMP/alone/report.html" "$out/report.html"
    rm -rf "$out"
done
# A limit under which it goes on, once it is raised.
run_command bash -c 'ulimit -f 40; exec "$@"' bash "$EARMARK" audit "$clips" -o "$out" --threads 2
expect_equal "15: ulimit -f 40" "$STATUS" 1
expect_exit "15: continued without" 3 "$EARMARK" audit "$clips" -o "$out" --threads 2
same_results "15: continued without"
rm -rf "$out"

# ---- finding 16: without /proc no decoder has a limit of memory, so none decodes
without_proc=(unshare --mount bash -c 'mount -t tmpfs none /proc && exec "$@"' bash)
if as_root "16: without /proc" "${without_proc[@]}" true; then
    expect_exit "16: without /proc: it ends in an ordinary way" 1 "${without_proc[@]}" \
        timeout 60 "$EARMARK" audit "$clips" -o "$out" --quiet
    expect_grep "16: without /proc: the sentence" '/proc' "$TMP/stderr"
    expect_equal "16: without /proc: nothing was decoded" "$([ -e "$out/run.json" ] && echo there)" ""
    rm -rf "$out"
    cp -r "$TMP/alone" "$out"
    run_command "${without_proc[@]}" timeout 60 "$EARMARK" report "$out"
    expect_equal "16: report without /proc" "$((STATUS <= 1))" 1
    if [ "$STATUS" -eq 0 ]; then
        expect_no_grep "16: report without /proc: no sound" 'src="data:' "$out/report.html"
    fi
    rm -rf "$out"
    # A /proc in which other processes' are hidden, and one that is not to be read.
    expect_exit "16: /proc with hidepid" 3 unshare --mount bash -c \
        'mount -t proc -o hidepid=2 none /proc && exec "$@"' bash "$EARMARK" audit "$clips" -o "$out" --threads 2
    same_results "16: /proc with hidepid"
    rm -rf "$out"
fi

# ---- held: where results go
expect_exit "held: OUT is /dev/full" 1 "$EARMARK" audit "$clips" -o /dev/full
expect_exit "held: OUT is a file" 1 "$EARMARK" audit "$clips" -o "$clips/low/clip0.wav"
expect_exit "held: messages to /dev/full" 3 bash -c 'exec "$@" 2>/dev/full' bash \
    "$EARMARK" audit "$clips" -o "$out" --threads 2
same_results "held: messages to /dev/full"
rm -rf "$out"
run_command bash -c 'exec "$@" >/dev/full' bash "$EARMARK" audit "$clips" -o "$out" --json
expect_equal "held: --json to /dev/full" "$STATUS" 1
rm -rf "$out"
if as_root "held: OUT on a full or read-only file system" unshare --mount true; then
    # OPTIONS COMMAND...: where $TMP/disk is a small file system.
    mkdir -p "$TMP/disk"
    on=(unshare --mount bash -c 'mount -t tmpfs -o "$1" none "$TMP/disk" || exit 77; shift; exec "$@"' bash)
    for size in 4k 16k 40k 64k; do
        refused "held: OUT on a file system of $size" 'No space left' \
            "${on[@]}" "size=$size" "$EARMARK" audit "$clips" -o "$TMP/disk/out" --quiet
    done
    refused "held: OUT where no more files can be made" 'No space left' \
        "${on[@]}" "size=1m,nr_inodes=4" "$EARMARK" audit "$clips" -o "$TMP/disk/out" --quiet
    refused "held: OUT on a read-only file system" 'Read-only' \
        "${on[@]}" "size=1m,ro" "$EARMARK" audit "$clips" -o "$TMP/disk/out" --quiet
    refused "held: crossval to a full file system" 'No space left' \
        "${on[@]}" "size=8k" "$EARMARK" crossval "${arrays[@]}" -o "$TMP/disk/out" --quiet
    refused "held: issues to a full file system" 'No space left' "${on[@]}" "size=8k" "$EARMARK" issues \
        --pred-probs "$TMP/p/pred_probs.npy" --labels "$TMP/y.npy" -o "$TMP/disk/out" --quiet
fi

# ---- held: limits of files, addresses, processes, stack, processor time
# Many limits of addresses, since each lets another allocation fail.
mapfile -t addresses < <(seq -f 'v %.0f' 190000 "$(rounds 5000 1000)" 225000)
for limit in 'n 4' 'n 8' 'n 12' 'n 20' 'v 20000' "${addresses[@]}" 's 64' 's 256' 'l 0' 'c 0' 't 60' 'u 1'; do
    # shellcheck disable=SC2086
    run_command timeout 60 bash -c "ulimit -S -${limit% *} ${limit#* } 2>/dev/null; exec \"\$@\"" bash \
        "$EARMARK" audit "$clips" -o "$out" --threads 2
    case $STATUS in
    3) same_results "held: ulimit -$limit" ;;
    1) expect_grep "held: ulimit -$limit: a sentence" '^earmark: .{20}' "$TMP/stderr" ;;
    127 | 126) ok "held: ulimit -$limit: the system loads no program" ;;
    *) not_ok "held: ulimit -$limit" "exit code $STATUS
$(said)" ;;
    esac
    rm -rf "$out"
done
