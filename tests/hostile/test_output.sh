#!/usr/bin/env bash
# OUT where others write: links in place of its folders and files, the lock of every command, and
# what stands for a lock where the file system has none.
source tests/hostile/lib.sh
source tests/cli/arrays.sh

make_square_corpus "$TMP/clips" 4
rows=(1 2 3 4 5 6 7 8 9 10 11 12)
for i in "${rows[@]}"; do echo "$i $((i % 3 * 20))"; done | numbers '<f4' >"$TMP/values"
npy "$TMP/x.npy" '<f4' '(12, 2)' "$(cat "$TMP/values")"
npy "$TMP/y.npy" '<i4' '(12,)' "$(int32 1 2 0 1 2 0 1 2 0 1 2 0)"
npy "$TMP/p.npy" '<f4' '(3, 2)' "$float_1$float_0$float_0$float_1$float_half$float_half"
npy "$TMP/l.npy" '<i4' '(3,)' "$(int32 0 1 0)"

# run COMMAND OUT OPTIONS...: one of the commands that write
run() {
    local command=$1 out=$2
    shift 2
    case $command in
    audit) run_command "$EARMARK" audit "$TMP/clips" -o "$out" --threads 1 --folds 2 "$@" ;;
    embed) run_command "$EARMARK" embed "$TMP/clips" -o "$out" --threads 1 "$@" ;;
    detect | crossval)
        run_command "$EARMARK" "$command" --embeddings "$TMP/x.npy" --labels "$TMP/y.npy" -o "$out" \
            --folds 2 --threads 1 "$@"
        ;;
    issues) run_command "$EARMARK" issues --labels "$TMP/l.npy" --pred-probs "$TMP/p.npy" -o "$out" "$@" ;;
    report) run_command "$EARMARK" report "$out" --threads 1 "$@" ;;
    esac
}

writers="audit embed detect crossval issues"

# prepared COMMAND: sets $out to a new folder, for report with a finished run
prepared() {
    out=$(mktemp -d "$TMP/out.XXXXXX")
    if [ "$1" = report ]; then cp -r "$TMP/reference-audit/." "$out"; fi
}

for command in $writers; do
    run "$command" "$TMP/reference-$command"
    expect_equal "$command" "$STATUS" 0
done

# ---- victims: files outside OUT that must stay as they are

mkdir "$TMP/victims"
victims=(clips.csv run.json report.html 000000.shard record.txt notes.part run.json.1.part)
for name in "${victims[@]}"; do marker "$TMP/victims/$name"; done
state() { (cd "$1" && ls -lA --time-style=full-iso && find . -type f ! -size +1M -exec cksum {} +); }
before=$(state "$TMP/victims")
unhurt() {
    expect_equal "$1: nothing outside OUT changed" "$(state "$TMP/victims")" "$before"
}

for command in audit embed; do
    for option in '' --fresh; do
        prepared "$command"
        ln -s "$TMP/victims" "$out/shards"
        # shellcheck disable=SC2086
        run "$command" "$out" $option
        expect_equal "finding 2: $command $option: a link in place of shards is refused" "$STATUS" 1
        expect_grep "finding 2: with its name and what to do" \
            "$out/shards: is a symbolic link.*; remove the link" "$TMP/stderr"
        unhurt "finding 2: $command $option"
    done
done
prepared audit
touch "$out/run.json"
ln -s "$TMP/victims" "$out/shards"
run audit "$out" --fresh
expect_equal "finding 2: beside a run.json, too" "$STATUS" 1
unhurt "finding 2: beside a run.json"

prepared embed
mkdir "$out/shards"
for name in record.txt 000000.shard; do
    ln -s "$TMP/victims/$name" "$out/shards/$name"
    run embed "$out"
    expect_equal "finding 2: a link in place of shards/$name is refused" "$STATUS" 1
    expect_grep "finding 2: shards/$name" "shards/$name: is a symbolic link" "$TMP/stderr"
    rm "$out/shards/$name"
    mkfifo "$out/shards/$name"
    run embed "$out"
    expect_equal "a FIFO in place of shards/$name is refused" "$STATUS" 1
    expect_grep "shards/$name" "shards/$name: not a regular file; remove it" "$TMP/stderr"
    rm "$out/shards/$name"
done
unhurt "finding 2: links in shards"

# ---- finding 3: names that a temporary file had, or the file itself

last() {
    case $1 in
    crossval) echo crossval.json ;;
    issues) echo health.json ;;
    report) echo report.html ;;
    *) echo run.json ;;
    esac
}

for command in $writers report; do
    prepared "$command"
    files=$(cd "$TMP/reference-$command" 2>/dev/null && ls)
    if [ "$command" = report ]; then files=report.html; fi
    for file in $files; do
        if [ "$file" = "$(last "$command")" ] && [ "$command" != report ]; then continue; fi
        rm -f "$out/$file"
        ln -s "$TMP/victims/clips.csv" "$out/$file"
    done
    for ((process = $$; process < $$ + 400; process++)); do
        ln -s "$TMP/victims/clips.csv" "$out/$(last "$command").$process.part"
    done
    run "$command" "$out"
    expect_equal "finding 3: $command: links in place of its files" "$STATUS" 0
    unhurt "finding 3: $command"
    links=$(find "$out" -type l ! -name '*.part')
    expect_equal "finding 3: $command: no link is left" "$links" ""
done

prepared issues
mkfifo "$out/issues.csv"
mkdir "$out/scores.npy"
run issues "$out"
expect_equal "a folder in place of a file is refused" "$STATUS" 1
expect_grep "with its name" "scores.npy: .*Is a directory; a folder has this name: move it away" "$TMP/stderr"
rmdir "$out/scores.npy"
run issues "$out"
expect_equal "a FIFO in place of a file is replaced" "$STATUS" 0
expect_equal "by a file" "$(find "$out" -type p)" ""
expect_equal "no temporary file is left" "$(find "$out" -name '*.part')" ""

# OUT itself may be a link that the user made.
mkdir "$TMP/real"
ln -s real "$TMP/link"
run embed "$TMP/link"
expect_equal "OUT is a link" "$STATUS" 0
expect_file "and is followed once" "$TMP/real/run.json"

# What killed runs left is removed, and nothing else.
prepared embed
mkdir "$out/shards"
ours=(clips.csv.123.part run.json.0123456789abcdef.part shards/000003.shard.77.part
    shards/000003.shard.0123456789abcdef.part shards/record.txt.4.part shards/000003.shard)
others=(clips.csv.part clips.csv.mine.part clips.csv.0123.bak.part notes.part my.csv.12.part
    shards/notes.part shards/x.12.part shards/000003.shard.mine.part shards/3.txt)
for name in "${ours[@]}" "${others[@]}"; do echo words >"$out/$name"; done
run embed "$out" --fresh
expect_equal "temporary files of killed runs" "$STATUS" 0
left=0
for name in "${ours[@]}"; do if [ -e "$out/$name" ]; then left=$((left + 1)); fi; done
expect_equal "they are removed" "$left" 0
for name in "${others[@]}"; do if [ -e "$out/$name" ]; then left=$((left + 1)); fi; done
expect_equal "other files are not" "$left" "${#others[@]}"

# ---- finding 4: one lock for every command

for command in $writers report; do
    prepared "$command"
    exec 9<"$out"
    flock 9
    was=$(state "$out")
    run "$command" "$out"
    expect_equal "finding 4: $command: OUT is locked" "$STATUS" 1
    expect_grep "finding 4: $command says so" "another earmark is writing there" "$TMP/stderr"
    expect_equal "finding 4: $command leaves OUT alone" "$(state "$out")" "$was"
    exec 9<&-
done

# without ERRNO COMMAND OUT OPTIONS...: the same where flock() fails
real=$EARMARK
without() {
    local error=$1
    shift
    printf '#!/bin/sh\nexec "%s" %s:flock -- "%s" "$@"\n' "$HOSTILE/without_calls" "$error" "$real" \
        >"$TMP/without-locks"
    chmod +x "$TMP/without-locks"
    EARMARK=$TMP/without-locks run "$@"
}

for error in ENOLCK EOPNOTSUPP ENOSYS EINVAL; do
    prepared embed
    without "$error" embed "$out"
    expect_equal "finding 4: without locks ($error)" "$STATUS" 0
    expect_equal "finding 4: it is said once ($error)" \
        "$(grep -c 'there are no locks.*earmark.lock' "$TMP/stderr")" 1
    expect_equal "finding 4: no lock file is left ($error)" "$(find "$out" -name 'earmark.lock*')" ""
    expect_same "finding 4: the same bytes ($error)" "$out/embeddings.npy" "$TMP/reference-embed/embeddings.npy"
done

# A run that holds the lock file, for as long as the tests need it.
prepared embed
make_square_corpus "$TMP/many" "$(rounds 60 200)"
hold() {
    "$HOSTILE/without_calls" ENOLCK:flock -- "$real" embed "$TMP/many" -o "$out" --threads 1 \
        >"$TMP/holder" 2>&1 </dev/null &
    holder=$!
    while [ ! -e "$out/earmark.lock" ] && kill -0 "$holder" 2>/dev/null; do sleep 0.01; done
    kill -STOP "$holder"
}
hold
expect_file "finding 4: a run has its lock file" "$out/earmark.lock"
cp "$out/earmark.lock" "$TMP/lock"
for command in $writers; do
    without ENOLCK "$command" "$out" --fresh
    expect_equal "finding 4: $command is refused meanwhile" "$STATUS" 1
    expect_grep "finding 4: $command names the process" \
        "earmark.lock: process $holder on $(uname -n) is writing there" "$TMP/stderr"
done
run embed "$out"
expect_equal "finding 4: so is a run for which there are locks" "$STATUS" 1
contained=(unshare --pid --fork --mount-proc)
if as_root "finding 4: another container" "${contained[@]}" true; then
    "${contained[@]}" bash -c \
        "\"$HOSTILE/without_calls\" ENOLCK:flock -- \"$real\" embed \"$TMP/clips\" -o \"$out\"" \
        >"$TMP/stdout" 2>"$TMP/stderr"
    expect_equal "finding 4: and one in another container" "$?" 1
    expect_grep "finding 4: which names the process, too" "process $holder on " "$TMP/stderr"
fi
kill -KILL "$holder"
wait "$holder" 2>/dev/null
expect_same "finding 4: a killed run leaves its lock file" "$out/earmark.lock" "$TMP/lock"
without ENOLCK embed "$out"
expect_equal "finding 4: it is taken over" "$STATUS" 0
expect_equal "finding 4: and removed" "$(find "$out" -name 'earmark.lock*')" ""

# A stop removes it.
prepared embed
hold
kill -TERM "$holder"
kill -CONT "$holder"
wait "$holder" 2>/dev/null
expect_equal "finding 4: a stop removes the lock file" "$(find "$out" -name 'earmark.lock*')" ""

# with_lock NAME SCRIPT CODE: the lock file of a process that is gone, changed by a sed script
with_lock() {
    prepared embed
    sed -e "$2" "$TMP/lock" >"$out/earmark.lock"
    without ENOLCK embed "$out"
    expect_equal "finding 4: lock file: $1" "$STATUS" "$3"
}
with_lock "its process is gone" '' 0
with_lock "this computer was started again" 's/^boot .*/boot 00000000-0000-0000-0000-000000000000/' 0
with_lock "another computer" 's/^host .*/host elsewhere/' 1
expect_grep "finding 4: it is named" "process [0-9]* on elsewhere .*; if it has ended, remove this file" "$TMP/stderr"
with_lock "another installation" 's/^machine.*/machine 1234/' 1
with_lock "another container" 's/^namespaces.*/namespaces pid:[1]time:[2]/' 1
with_lock "a process that runs, with another start" "s/^process .*/process $$/" 0
started=$(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 20)
with_lock "a process that runs" "s/^process .*/process $$/;s/^started .*/started $started/" 1
with_lock "process 1 and an unknown start" 's/^process .*/process 1/;s/^started .*/started /' 1
with_lock "no process" 's/^process .*/process -1/' 1
with_lock "an unknown boot" 's/^boot .*/boot /' 1
with_lock "cut" '3,$d' 1
with_lock "longer" '$a\more' 1
with_lock "escapes" 's/^host .*/host \x1b[31mred/' 1
expect_no_grep "finding 4: raw escapes of a lock file" $'\x1b' "$TMP/stderr"

# hostile_lock NAME COMMAND...: what somebody else put there
hostile_lock() {
    prepared embed
    (cd "$out" && "${@:2}")
    without ENOLCK embed "$out"
    expect_equal "finding 4: lock file: $1 is refused" "$STATUS" 1
    expect_grep "finding 4: lock file: $1: what to do" "earmark.lock: .*remove" "$TMP/stderr"
    run embed "$out"
    expect_equal "finding 4: lock file: $1, with locks" "$STATUS" 1
}
hostile_lock "an empty file" touch earmark.lock
hostile_lock "a terabyte" truncate -s 1T earmark.lock
hostile_lock "a program" cp /bin/true earmark.lock
hostile_lock "a link" ln -s "$TMP/victims/clips.csv" earmark.lock
hostile_lock "a link to nowhere" ln -s nowhere earmark.lock
hostile_lock "a FIFO" mkfifo earmark.lock
hostile_lock "a folder" mkdir earmark.lock
unhurt "finding 4: lock files"

# Several at once, on the lock file of a process that is gone: one writes.
for ((round = 0; round < $(rounds 3 40); round++)); do
    prepared embed
    cp "$TMP/lock" "$out/earmark.lock"
    for ((i = 0; i < 6; i++)); do
        (
            "$HOSTILE/without_calls" ENOLCK:flock -- "$real" embed "$TMP/clips" -o "$out" --threads 1 \
                >"$TMP/said-$i" 2>&1 </dev/null
            echo $? >"$TMP/code-$i"
        ) &
    done
    wait
    codes=$(cat "$TMP"/code-? | sort | tr -d '\n')
    expect_equal "finding 4: six take over at once: one wins ($round)" "$codes" 011111
    expect_same "finding 4: the result is whole ($round)" "$out/embeddings.npy" "$TMP/reference-embed/embeddings.npy"
done

# Two containers whose processes have the same numbers, with and without locks, killed at random:
# what is there in the end is one run's.
container() {
    "${contained[@]}" timeout -s KILL "$2" "${@:3}" "$EARMARK" embed "$TMP/clips" -o "$out" \
        --threads 1 >"$TMP/container-$1" 2>&1 </dev/null
    echo $? >"$TMP/code-$1"
}
if as_root "finding 4: containers" "${contained[@]}" true; then
    won=0 refused=0 killed=0 mixed=0
    for ((round = 0; round < $(rounds 4 100); round++)); do
        locks=()
        if ((round % 2 == 1)); then locks=("$HOSTILE/without_calls" ENOLCK:flock --); fi
        prepared embed
        container 1 "0.$((RANDOM % 9 + 1))" ${locks[@]+"${locks[@]}"} &
        container 2 "0.$((RANDOM % 9 + 1))" ${locks[@]+"${locks[@]}"} &
        wait
        for code in $(cat "$TMP/code-1" "$TMP/code-2"); do
            case $code in
            0) won=$((won + 1)) ;;
            1) refused=$((refused + 1)) ;;
            *) killed=$((killed + 1)) ;;
            esac
        done
        if [ "$(cat "$TMP/code-1" "$TMP/code-2")" = $'0\n0' ]; then mixed=$((mixed + 1)); fi
        for file in embeddings.npy labels.npy clips.csv classes.json; do
            if [ -e "$out/run.json" ] && ! cmp -s "$out/$file" "$TMP/reference-embed/$file"; then
                mixed=$((mixed + 1))
            fi
        done
    done
    expect_equal "finding 4: containers: $won ended, $refused were refused, $killed killed" "$mixed" 0
fi

# ---- findings 14, 15

for option in -o --model --features; do
    expect_exit "finding 14: $option ''" 2 "$EARMARK" embed "$TMP/clips" -o "$TMP/none" $option ''
    expect_grep "finding 14: $option '' says what to give" "give the name of a file or folder" "$TMP/stderr"
done
expect_exit "finding 14: an empty INPUT" 2 "$EARMARK" embed '' -o "$TMP/none"
expect_exit "finding 14: report ''" 2 "$EARMARK" report ''
expect_exit "finding 14: model info ''" 2 "$EARMARK" model info ''

prepared embed
expect_exit "finding 15: a limit of the size of files" 1 \
    bash -c "ulimit -f 4; exec \"$EARMARK\" embed \"$TMP/clips\" -o \"$out\""
expect_grep "finding 15: it is said" "cannot write: File too large; raise the limit of file sizes" "$TMP/stderr"
expect_equal "finding 15: nothing looks complete" "$(find "$out" -name run.json -o -name '*.part')" ""

# ---- finding 17: shards that no run has written

# little FILE OFFSET: a number of eight bytes
little() { od -A n -t u8 -j "$2" -N 8 "$1" | tr -d ' '; }

prepared embed
shard=$out/shards/000000.shard
for ((attempt = 0; attempt < 50; attempt++)); do # killed while it writes its files
    "$EARMARK" embed "$TMP/many" -o "$out" --threads 1 --fresh >/dev/null 2>&1 &
    process=$!
    while kill -0 "$process" 2>/dev/null && [ ! -e "$shard" ]; do :; done
    kill -KILL "$process" 2>/dev/null
    wait "$process" 2>/dev/null
    if [ -e "$shard" ]; then break; fi
done
row=$((80 + 4 * $(little "$shard" 40)))
cp "$shard" "$TMP/shard"
# planted NAME ROWS: a shard of holes behind a header of this run
planted() {
    local count=$2
    cp "$TMP/shard" "$shard"
    truncate -s 88 "$shard"
    # shellcheck disable=SC2059
    printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((count & 255)) $((count >> 8 & 255)) \
        $((count >> 16 & 255)) $((count >> 24 & 255)))" |
        dd of="$shard" bs=1 seek=48 conv=notrunc status=none
    truncate -s $((88 + count * row)) "$shard"
    measured "finding 17: $1" 400 20 "$EARMARK" embed "$TMP/many" -o "$out" --threads 1
    expect_equal "finding 17: $1: the run goes on" "$STATUS" 0
    expect_grep "finding 17: $1: it is said" "1 damaged shards* .*thrown away" "$TMP/stderr"
    rm "$out/run.json"
    mkdir -p "$out/shards"
}
planted "a terabyte of holes" $((1000000000000 / row))
planted "32 MiB of holes" $((33000000 / row))
