#!/usr/bin/env bash
# Two runs with the same process number in two containers, one OUT, killed at random (finding 4),
# and files that another process changes while they are read (finding 5). RACE_SEED repeats a case.
source tests/hostile/lib.sh
source tests/cli/arrays.sh

RANDOM=${RACE_SEED:-$(($(date +%s) % 32768))}
echo "# RACE_SEED=$RANDOM"

# ---- what the runs write: two sets of clips and two sets of arrays
make_square_corpus "$TMP/a" 6
make_square_corpus "$TMP/b" 7
mv "$TMP/b/low/clip0.wav" "$TMP/b/high/other.wav"
for set in a b; do
    [ "$set" = a ] && turn=3 || turn=5
    for ((i = 0; i < 400; i++)); do
        echo "$((i % 4)) $((i * turn % 7)) $((i / 4 % 2 * 9 - i % 13 * 2)) $((i % turn))"
    done | matrix "$TMP/$set.npy" '<f4'
    for ((i = 0; i < 400; i++)); do echo $((i % turn == 0 ? 1 : i / 4 % 2)); done |
        vector "$TMP/$set-labels.npy" '<i4'
done

# Many rows, so that writing them takes a while.
often() {
    local rows=$1 from=$2 to=$3 shape
    shape=$(head -c 128 "$from" | LC_ALL=C sed -n -E "s/.*'shape': \(400,( 2)?\).*/(${rows}00,\1)/p")
    npy "$to" "$(head -c 128 "$from" | LC_ALL=C sed -n -E "s/.*'descr': '([^']*)'.*/\1/p")" "$shape" ''
    for ((i = 0; i < rows / 4; i++)); do tail -c +129 "$from"; done >>"$to"
}

# command_of KIND SET OUT: sets $run_words.
command_of() {
    case $1 in
    audit | embed) run_words=("$EARMARK" "$1" "$TMP/$2" -o "$3" --quiet --threads 1) ;;
    crossval | detect)
        run_words=("$EARMARK" "$1" --embeddings "$TMP/$2.npy" --labels "$TMP/$2-labels.npy"
            -o "$3" --quiet --threads 1)
        ;;
    issues)
        run_words=("$EARMARK" issues --pred-probs "$TMP/$2-many.npy" --labels "$TMP/$2-many-labels.npy"
            -o "$3" --quiet --threads 1 --filter predicted_neq_given)
        ;;
    report) run_words=("$EARMARK" report "$3" --quiet) ;;
    esac
    # report has nothing to start over
    if [ "$1" != report ]; then run_words+=(--fresh); fi
}

mkdir "$TMP/alone"
for kind in audit embed crossval detect issues; do
    for set in a b; do
        if [ "$kind" = issues ]; then
            often 400 "$TMP/alone/crossval-$set/pred_probs.npy" "$TMP/$set-many.npy"
            often 400 "$TMP/$set-labels.npy" "$TMP/$set-many-labels.npy"
        fi
        command_of "$kind" "$set" "$TMP/out"
        check "$kind of $set alone" "${run_words[@]}"
        mv "$TMP/out" "$TMP/alone/$kind-$set"
    done
done

# same_as ALONE OUT: whether every result of the run alone is there.
same_as() {
    local alone=$1 out=$2 file
    for file in "$alone"/*; do
        case ${file##*/} in timing.json) continue ;; esac
        cmp -s "$file" "$out/${file##*/}" || return 1
    done
}

# Files of OUT that none of the runs alone has written, and that are no leftovers.
mixed() {
    local out=$1 file name found candidate
    shift
    for file in "$out"/*; do
        name=${file##*/}
        case $name in timing.json | progress.json | shards | *.part | *lock* | '*') continue ;; esac
        if [ -d "$file" ]; then continue; fi
        found=
        for candidate in "$@"; do
            if cmp -s "$TMP/alone/$candidate/$name" "$file"; then found=1; fi
        done
        if [ -z "$found" ]; then echo "$name"; fi
    done
}

# contained COMMAND...: in a PID namespace of its own, where its number is that of the others.
contained() { exec unshare --pid --fork --kill-child --mount-proc "$@"; }

# race NAME KIND SET KIND SET KILLED [WITHOUT]: both at the same time; KILLED: after some time one
# or both are killed.
wrong=
mkfifo "$TMP/alive"
race() {
    local first=$1-$2 second=$3-$4 killed=$5 out=$TMP/out one two codes bad prefix=()
    if [ -n "${6:-}" ]; then prefix=("$HOSTILE/without_calls" "$6" --); fi
    # The runs hold the other end of descriptor 8: a killed one outlives its unshare by a moment.
    exec 9<>"$TMP/alive" 8<"$TMP/alive"
    command_of "$1" "$2" "$out"
    contained ${prefix[@]+"${prefix[@]}"} "${run_words[@]}" >"$TMP/first" 2>&1 8<&- &
    one=$!
    sleep "0.0$((RANDOM % 6))"
    command_of "$3" "$4" "$out"
    contained ${prefix[@]+"${prefix[@]}"} "${run_words[@]}" >"$TMP/second" 2>&1 8<&- &
    two=$!
    exec 9>&-
    if [ -n "$killed" ]; then
        sleep "0.$(printf %03d $((RANDOM % 300)))"
        case $((RANDOM % 3)) in
        0) kill -KILL "$one" ;;
        1) kill -KILL "$two" ;;
        2) kill -KILL "$one" "$two" ;;
        esac 2>/dev/null
    fi
    wait "$one" 2>/dev/null
    codes=$?
    wait "$two" 2>/dev/null
    codes+=" $?"
    cat <&8 # until no process has it open for writing
    exec 8<&-
    bad=$(mixed "$out" "$first" "$second")
    if [ -n "$bad" ]; then wrong+="$first and $second ($codes): mixed: $bad"$'\n'; fi
    case $codes in
    "0 0" | "0 1" | "1 0")
        # Both, one after the other, or one and a refusal: what is there is whole and of one run.
        if ! same_as "$TMP/alone/$first" "$out" && ! same_as "$TMP/alone/$second" "$out"; then
            wrong+="$first and $second ($codes): neither run is whole"$'\n'
        fi
        ;;
    *137*) ;;
    *) wrong+="$first and $second ($codes): $(tail -n 2 "$TMP/first" "$TMP/second")"$'\n' ;;
    esac
    if [ "$codes" = "0 1" ] && ! grep -q 'another earmark\|is writing' "$TMP/second"; then
        wrong+="the refusal says: $(cat "$TMP/second")"$'\n'
    fi
    rm -rf "$out"
}

judge() {
    if [ -z "$wrong" ]; then ok "$1"; else not_ok "$1" "$wrong"; fi
    wrong=
}

if as_root "4: two runs with one process number" unshare --pid --fork --mount-proc true; then
    pairs=("crossval a crossval b" "issues a issues b" "detect a detect b" "audit a audit b" "embed a embed b")
    for ((i = 0; i < $(rounds 1 8); i++)); do
        # shellcheck disable=SC2086
        for pair in "${pairs[@]}"; do race $pair ''; done
    done
    judge "4: two runs that write the same"
    others=("audit a crossval b" "crossval a issues b" "issues a detect b" "embed a issues b")
    for ((i = 0; i < $(rounds 1 6); i++)); do
        # shellcheck disable=SC2086
        for pair in "${others[@]}"; do race $pair ''; done
    done
    judge "4: two runs that write different files"
    for ((i = 0; i < $(rounds 1 40); i++)); do
        # shellcheck disable=SC2086
        for pair in "${pairs[@]}"; do race $pair killed; done
    done
    judge "4: killed at random"
    # Where the file system has no locks.
    for ((i = 0; i < $(rounds 1 8); i++)); do
        # shellcheck disable=SC2086
        for pair in "${pairs[@]}"; do race $pair '' ENOLCK:flock; done
    done
    judge "4: without locks"
    for ((i = 0; i < $(rounds 1 8); i++)); do
        # shellcheck disable=SC2086
        for pair in "${pairs[@]}"; do race $pair killed ENOLCK:flock; done
    done
    judge "4: without locks, killed at random"
fi

# A run that was killed leaves no lock behind, whether the file system has locks or not.
for prefix in '' "$HOSTILE/without_calls ENOLCK:flock --"; do
    command_of audit a "$TMP/out"
    # shellcheck disable=SC2086
    $prefix "${run_words[@]}" >/dev/null 2>&1 &
    run=$!
    sleep 0.2
    kill -KILL "$run" 2>/dev/null
    wait "$run" 2>/dev/null
    # shellcheck disable=SC2086
    check "4: a run after one that was killed${prefix:+, without locks}" $prefix "${run_words[@]}"
    check "4: its results" same_as "$TMP/alone/audit-a" "$TMP/out"
    rm -rf "$TMP/out"
done

# While another process writes there, every command is refused in words.
for kind in report crossval issues detect embed audit; do
    command_of "${kind/report/audit}" a "$TMP/out"
    run_command "${run_words[@]}"
    command_of "$kind" b "$TMP/out"
    exec 9<"$TMP/out"
    flock 9
    expect_exit "4: $kind while another process holds the lock" 1 timeout 30 "${run_words[@]}"
    expect_grep "4: $kind says so" 'another earmark' "$TMP/stderr"
    exec 9<&-
    rm -rf "$TMP/out"
done

# ---- finding 5
# changed NAME FILE OFFSET NUMBER COMMAND...: no run ends by a signal, whatever it read.
changed() {
    local name=$1 file=$2 offset=$3 number=$4 changer bad=
    shift 4
    cp "$file" "$TMP/kept"
    "$HOSTILE/change" "$file" "$offset" "$number" &
    changer=$!
    for ((i = 0; i < $(rounds 6 200); i++)); do
        run_command timeout 60 "$@"
        if [ "$STATUS" -gt 4 ]; then bad+="$STATUS "; fi
    done
    kill "$changer"
    wait "$changer" 2>/dev/null
    cp "$TMP/kept" "$file"
    rm -rf "$TMP/out"
    expect_equal "5: $name" "$bad" ""
}
labels=$TMP/a-labels.npy probabilities=$TMP/alone/crossval-a/pred_probs.npy
at=$((128 + 4 * 200))
numbers="268435456 -2000000000"
if long; then numbers+=" 2147483647 1000000"; fi
for number in $numbers; do
    changed "issues: a label becomes $number" "$labels" $at "$number" \
        "$EARMARK" issues --labels "$labels" --pred-probs "$probabilities" --threads 2
    changed "crossval: a label becomes $number" "$labels" $at "$number" "$EARMARK" crossval \
        --labels "$labels" --embeddings "$TMP/a.npy" -o "$TMP/out" --fresh --threads 2 --quiet
    changed "detect: a label becomes $number" "$labels" $at "$number" "$EARMARK" detect \
        --labels "$labels" --embeddings "$TMP/a.npy" -o "$TMP/out" --fresh --threads 2 --quiet
done
vector "$TMP/groups.npy" '<i4' < <(for ((i = 0; i < 400; i++)); do echo $((i / 20)); done)
vector "$TMP/folds.npy" '<i4' < <(for ((i = 0; i < 400; i++)); do echo $((i / 4 % 5)); done)
for option in --groups --fold-of; do
    file=$TMP/groups.npy
    if [ "$option" = --fold-of ]; then file=$TMP/folds.npy; fi
    changed "crossval: $option changes" "$file" $at 268435456 "$EARMARK" crossval $option "$file" \
        --labels "$labels" --embeddings "$TMP/a.npy" -o "$TMP/out" --fresh --threads 2 --quiet
done
# A number that is none, and a file that becomes shorter.
changed "issues: a probability becomes NaN" "$probabilities" $at 2143289344 \
    "$EARMARK" issues --labels "$labels" --pred-probs "$probabilities" --threads 2
changed "crossval: an embedding becomes NaN" "$TMP/a.npy" $at 2143289344 "$EARMARK" crossval \
    --labels "$labels" --embeddings "$TMP/a.npy" -o "$TMP/out" --fresh --threads 2 --quiet
changed "issues: labels are cut" "$labels" 200 cut \
    "$EARMARK" issues --labels "$labels" --pred-probs "$probabilities" --threads 2
changed "crossval: labels are cut" "$labels" 200 cut "$EARMARK" crossval \
    --labels "$labels" --embeddings "$TMP/a.npy" -o "$TMP/out" --fresh --threads 2 --quiet
changed "crossval: embeddings are cut" "$TMP/a.npy" 200 cut "$EARMARK" crossval \
    --labels "$labels" --embeddings "$TMP/a.npy" -o "$TMP/out" --fresh --threads 2 --quiet
