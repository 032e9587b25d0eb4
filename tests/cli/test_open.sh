#!/usr/bin/env bash
# What others see of a run: --progress, --log-level, --metrics, timing.json, earmark status.
source tests/cli/lib.sh
source tests/cli/sounds.sh

json_lines=${HOSTILE:?}/json_lines
case $json_lines in /*) ;; *) json_lines=$repository/$json_lines ;; esac
make_square_corpus "$TMP/clips" 8
mkdir "$TMP/clips/rare"
cp "$TMP/clips/low/clip1.wav" "$TMP/clips/rare/only.wav"
: >"$TMP/clips/high/empty.wav"
printf 'not a sound' >"$TMP/clips/high/"$'odd \x01 \xff \u202e "name"\n.wav'
cd "$TMP" || exit 1

# expect_objects NAME FILE: each line of it is a JSON object, and the last one says the exit code.
expect_objects() {
    local code=$STATUS said
    said=$("$json_lines" <"$2") || { not_ok "$1" "$said" && return; }
    if tail -n 1 "$2" | grep -q '"event": "exit", "exit_code": '"$code,"; then ok "$1"; else not_ok "$1" "$(tail -n 1 "$2")"; fi
}

# ---- --progress json: every line of standard error, however the command ends
check_objects() { # NAME CODE COMMAND...
    local name=$1
    shift
    expect_exit "$name: the exit code" "$@"
    expect_objects "$name: every line is an object" stderr
}
check_objects "unreadable clips, warnings" 3 "$EARMARK" audit clips -o out --device cpu --progress json
expect_grep "a stage begins" '"event": "begin", "stage": "embedding", "unit": "clips", "total": 27' stderr
expect_grep "and ends, with its speed" \
    '"event": "end", "stage": "embedding", .*"done": 27, "total": 27, "kept": 0, .*"per_second": [0-9.]+, "times_real_time": [0-9.]+' stderr
expect_grep "a warning" '"event": "message", "level": "warning", "message": "2 clips could not be read' stderr
check_objects "a finished run is there" 1 "$EARMARK" audit clips -o out --progress=json
expect_grep "the reason" '"level": "error", "message": "out: holds the files of a finished run' stderr
check_objects "with --quiet" 3 "$EARMARK" audit clips -o out --fresh --quiet --progress json
expect_equal "there are no stages" "$(grep -c -v '"event": "\(message\|exit\)"' stderr)" 0
check_objects "an input that is not there" 1 "$EARMARK" embed $'no\nwhere\xff' -o other --prog json
check_objects "an unknown option before it" 2 "$EARMARK" audit --bogus --progress json
check_objects "an unknown option after it" 2 "$EARMARK" detect --progress json --bogus
check_objects "an unknown command" 2 "$EARMARK" audti --progress json
check_objects "no INPUT" 2 "$EARMARK" audit --progress json
check_objects "a result that cannot be printed" 1 bash -c '"$EARMARK" audit clips -o out --fresh --device cpu --json --progress json >/dev/full'
check_objects "embed" 3 "$EARMARK" embed clips -o embedded --device cpu --progress json
check_objects "crossval" 0 "$EARMARK" crossval --embeddings embedded/embeddings.npy --labels embedded/labels.npy \
    --unlabelled -1 --detector logistic -o crossval --device cpu --progress json
expect_exit "another form" 2 "$EARMARK" audit clips -o other --progress jsno
expect_grep "is named" '^earmark: --progress jsno: give bar, lines, json or none$' stderr
expect_lines "in one line" 1 stderr

# ---- --progress, --log-level
expect_exit "no progress" 3 "$EARMARK" audit clips -o out --device auto --fresh --progress none
expect_grep "messages are still there" '^earmark: device ' stderr
expect_grep "warnings too" '^warning: 2 clips could not be read' stderr
expect_exit "--log-level warning" 3 "$EARMARK" audit clips -o out --fresh --progress none --log-level warning
expect_no_grep "leaves out information" '^earmark: ' stderr
expect_grep "not warnings" '^warning: 2 clips could not be read' stderr
expect_exit "--log-level error" 3 "$EARMARK" audit clips -o out --fresh --progress none --log-level error
expect_lines "leaves out both" 0 stderr
expect_exit "errors" 1 "$EARMARK" audit clips -o out --log-level error
expect_grep "are always printed" '^earmark: out: holds' stderr
expect_exit "another level" 2 "$EARMARK" audit clips -o other --log-level debug
expect_exit "a bar in a file" 3 "$EARMARK" audit clips -o out --fresh --progress bar
expect_grep "is drawn" $'\rembedding ' stderr

# ---- --metrics
# metrics_are_strict FILE RUN: HELP, TYPE and samples of each family, in this order, no times.
metrics_are_strict() {
    LC_ALL=C awk -v run="$2" '
        /^# HELP [a-z_]+ ./ { if ($3 in seen) exit bad = 1; seen[$3]; family = $3; typed = 0; next }
        /^# TYPE [a-z_]+ (counter|gauge)$/ {
            if ($3 != family || typed++ || ($4 == "counter") != ($3 ~ /_total$/)) exit bad = 1
            next }
        { if (!typed || index($0, family "{run=\"" run "\"") != 1) exit bad = 1
          sub(/^[a-z_]+\{[a-z_]+="([^"\\]|\\[\\"n])*"(,[a-z_]+="([^"\\]|\\[\\"n])*")*\} /, "")
          if ($0 !~ /^[0-9.]+(e[-+]?[0-9]+)?$/) exit bad = 1 }
        END { exit bad || NR < 20 }' "$1"
}
mkdir textfile
name='a "b" \ c'
expect_exit "a run with metrics" 3 "$EARMARK" audit clips -o out --fresh --device cpu --metrics "textfile/$name.prom"
check "the format is strict" metrics_are_strict "textfile/$name.prom" 'a \\"b\\" \\\\ c'
expect_grep "clips by status" '^earmark_clips_total\{.*,status="unreadable"\} 2$' "textfile/$name.prom"
expect_grep "and those that were read" '^earmark_clips_total\{.*,status="ok"\} 25$' "textfile/$name.prom"
expect_grep "issues" '^earmark_issues\{.*\} [0-9]+$' "textfile/$name.prom"
expect_grep "the exit code" '^earmark_run_exit_code\{.*\} 3$' "textfile/$name.prom"
success=$(grep '^earmark_last_success_timestamp_seconds{' "textfile/$name.prom")
expect_exit "a run that fails" 1 "$EARMARK" audit clips -o out --metrics "textfile/$name.prom"
expect_grep "says so" '^earmark_run_exit_code\{.*\} 1$' "textfile/$name.prom"
expect_equal "and keeps the last success" "$(grep '^earmark_last_success_timestamp_seconds{' "textfile/$name.prom")" "$success"
expect_equal "nothing else is left in the folder" "$(ls textfile)" "$name.prom"
for wrong in textfile/x.txt textfile/.prom x.prom/ ''; do
    expect_exit "--metrics '$wrong'" 2 "$EARMARK" audit clips -o other --metrics "$wrong"
    expect_lines "--metrics '$wrong': one line" 1 stderr
done
expect_exit "metrics that cannot be written" 3 "$EARMARK" audit clips -o out --fresh --device cpu --metrics nowhere/x.prom
expect_equal "are one warning" "$(grep -c '^warning: --metrics: ' stderr)" 1
check_objects "the same as objects" 3 "$EARMARK" embed clips -o embedded --fresh --device cpu --metrics nowhere/x.prom --progress json
mkdir folder.prom
expect_exit "a folder has the name" 3 "$EARMARK" embed clips -o embedded --fresh --device cpu --metrics folder.prom
expect_equal "is one warning" "$(grep -c '^warning: --metrics: folder.prom: ' stderr)" 1
expect_equal "and leaves no file" "$(find . -maxdepth 1 -name 'folder.prom.*' | wc -l)" 0
expect_exit "metrics in OUT" 3 "$EARMARK" embed clips -o "new" --device cpu --metrics new/x.prom
expect_equal "are no warning" "$(grep -c '^warning: --metrics: ' stderr)" 0
expect_file "and are there" new/x.prom
expect_exit "metrics of crossval" 0 "$EARMARK" crossval --embeddings embedded/embeddings.npy --labels embedded/labels.npy \
    --unlabelled -1 --detector logistic -o crossval --fresh --device cpu --metrics textfile/crossval.prom
check "are strict too" metrics_are_strict textfile/crossval.prom crossval

# ---- timing.json
for folder in out embedded; do
    expect_equal "$folder/timing.json: one object: $({ tr -d '\n' <"$folder/timing.json" && echo; } | "$json_lines")" "$?" 0
    expect_grep "$folder: the embedding's speed, bytes and waits" '"stage": "embedding", "seconds": [0-9.]+, "amount": [0-9.]+, "unit": "seconds of audio", "per_second": [0-9.]+, "times_real_time": [0-9.]+, "bytes_read": [0-9]+, .*"disk_wait_seconds": [0-9.e-]+, "device_wait_seconds": [0-9.e-]+, "limit": "(network|decoding|disk)"' "$folder/timing.json"
done
clip_bytes=$(find clips -name '*.wav' -size +100c -exec cat {} + | wc -c)
embedding_bytes=$(sed -n 's/.*"stage": "embedding".*"bytes_read": \([0-9]*\).*/\1/p' embedded/timing.json)
check "every byte of the clips was read" test "$embedding_bytes" -ge "$clip_bytes"
# That also counts the shards that the run read back. Decoders read sounds alone.
sound_bytes=$(sed -n 's/^earmark_sound_read_bytes_total{.*} \([0-9]*\)$/\1/p' new/x.prom)
check "by decoders, and not all twice" test "$sound_bytes" -ge "$clip_bytes" -a "$sound_bytes" -lt $((2 * clip_bytes))

# ---- a run that is stopped, seen while it goes on
"$EARMARK" audit clips -o stopped --device cpu --C 1e-6,1e-5,1e-4,1e-3,1e-2,1e-1,1,10,100 --tol 1e-12 \
    --max-iterations 100000000 --progress json --metrics textfile/stopped.prom >stopped.out 2>stopped.err &
process=$!
for ((i = 0; i < 400; i++)); do
    if grep -q '"logistic regression"' stopped.err; then break; fi
    sleep 0.05
done
expect_grep "the metrics of a run that goes on" '^earmark_run_active\{run="stopped"\} 1$' textfile/stopped.prom
expect_grep "progress.json of it" '"exit_code": null' stopped/progress.json
expect_exit "status: a process works on it" 75 "$EARMARK" status stopped
expect_grep "which" "^stopped: audit: running, process $process on " stdout
expect_exit "status --json" 75 "$EARMARK" status stopped --json
expect_equal "is one object: $("$json_lines" <stdout)" "$?" 0
kill -TERM "$process"
wait "$process"
STATUS=$?
expect_equal "it is stopped" "$STATUS" 75
expect_equal "every line is an object: $("$json_lines" <stopped.err)" "$?" 0
expect_grep "the metrics then" '^earmark_run_exit_code\{run="stopped"\} 75$' textfile/stopped.prom
expect_grep "progress.json then" '"exit_code": 75' stopped/progress.json
expect_exit "status: nobody works on it" 5 "$EARMARK" status stopped
expect_grep "how it ended" '^stopped: audit: ended with exit code 75 .*stopped by SIGTERM' stdout
expect_grep "and what to do" '^The same command goes on from there\.$' stdout
sed -i 's/"exit_code": 75/"exit_code": null/' stopped/progress.json
expect_exit "status: the process is gone without a word" 5 "$EARMARK" status stopped
expect_grep "it is dead" "^stopped: audit: dead, process $process on " stdout
expect_exit "it goes on" 3 "$EARMARK" audit clips -o stopped --device cpu --log-level error --progress none
check_fails "and leaves no progress.json" test -e stopped/progress.json
expect_exit "status of a complete run" 0 "$EARMARK" status stopped
expect_grep "its counts" '^stopped: complete: 27 clips, 2 that could not be read, [0-9]+ issues?$' stdout

# ---- earmark status of shards
# owner HOST PROCESS: an owner.json.
owner() {
    printf '{"host": "%s", "machine": "", "boot": "", "namespaces": "", "process": "%s", "started": "", "tag": "0123456789abcdef", "beat": 3, "clips": 1000, "clips_done": 250, "clips_a_second": 50, "audio_seconds": 9, "seconds": 5}' "$1" "$2"
}
for part in 0 2; do
    expect_exit "shard $part" 0 "$EARMARK" embed clips -o "a b" --shard "$part/6" --device cpu -q
done
done_clips=$(awk -F'[:,]' '/"clips":/ { sum += $2 } END { print sum }' "a b"/shards/part-*/complete.json)
for part in 1 3 4; do mkdir "a b/shards/part-0000$part-of-00006"; done
owner node7 4711 >"a b/shards/part-00001-of-00006/owner.json"
owner 'no\u001b[2Jde8' 815 >"a b/shards/part-00003-of-00006/owner.json"
touch -d '2 minutes ago' "a b/shards/part-00003-of-00006/owner.json"
expect_exit "status of shards" 75 "$EARMARK" status "a b"
expect_grep "how many" '^a b: 6 shards: 2 complete, 1 running, 1 dead, 1 stopped, 1 not begun$' stdout
expect_grep "the clips, the speed, the time left" \
    "^  $((done_clips + 500)) of about [0-9,]+ clips \\(.*%\\), 50 clips/s, [0-9]+ (s|min [0-9]+ s) left\$" stdout
expect_grep "what runs" '^  running  shard 1/6: process 4711 on node7, 250 of 1,000 clips, 50 clips/s, last sign [0-9] s ago$' stdout
expect_grep "what is dead, its name visible" '^  dead     shard 3/6: process 815 on no\\x1b\[2Jde8, ' stdout
expect_equal "the commands" "$(grep -c "^  earmark embed $PWD/clips -o 'a b' --shard [345]/6\$" stdout)" 3
mv "a b/shards/part-00000-of-00006/record.txt" kept.txt
expect_exit "another shard says the input, too" 75 "$EARMARK" status "a b"
expect_equal "the commands again" "$(grep -c "^  earmark embed $PWD/clips -o 'a b' --shard [345]/6\$" stdout)" 3
mv "a b/shards/part-00002-of-00006/record.txt" kept2.txt
printf 'input \033[2J$(touch harm)\n' >"a b/shards/part-00002-of-00006/record.txt"
expect_exit "an input of others" 75 "$EARMARK" status "a b"
expect_equal "is one quoted word" "$(grep -cF "  earmark embed \$'\\x1b[2J\$(touch harm)' -o 'a b' --shard 3/6" stdout)" 1
rm "a b/shards/part-00002-of-00006/record.txt"
expect_exit "shards of an older version" 75 "$EARMARK" status "a b"
expect_equal "no command to copy" "$(grep -c "^  earmark embed, INPUT and -o of the others, and --shard [345]/6\$" stdout)" 3
mv kept.txt "a b/shards/part-00000-of-00006/record.txt"
mv kept2.txt "a b/shards/part-00002-of-00006/record.txt"
expect_exit "the same as JSON" 75 "$EARMARK" status "a b" --json
expect_equal "is one object: $("$json_lines" <stdout)" "$?" 0
expect_grep "with the lists" '"not_begun": \[5\], "complete": \[0, 2\], "running": \[1\], "dead": \[3\], "stopped": \[4\]' stdout
mkdir "a b/shards/part-00005-of-00006"
for odd in 'printf "{\"clips\": -1"' 'printf "[]"' 'head -c 100000 /dev/zero' true; do
    for file in 1-of-00006/owner.json 2-of-00006/complete.json 5-of-00006/owner.json; do
        eval "$odd" >"a b/shards/part-0000$file"
    done
    expect_exit "files of others: $odd" 5 "$EARMARK" status "a b"
    expect_lines "files of others: $odd: no message" 0 stderr
done
rm "a b/shards/part-00005-of-00006/owner.json"
mkfifo "a b/shards/part-00005-of-00006/owner.json" "a b/shards/part-7" "a b/shards/part-00000-of-00000"
check "a FIFO is not waited for" timeout 20 bash -c '"$EARMARK" status "a b" >stdout 2>stderr; [ $? -le 5 ]'
rm -r "a b/shards/part-00005-of-00006"
for part in 1 3 4 5; do
    rm -f "a b/shards/part-0000$part-of-00006/owner.json"
    expect_exit "shard $part" 0 "$EARMARK" embed clips -o "a b" --shard "$part/6" --device cpu -q
done
expect_exit "shards without an audit" 5 "$EARMARK" status "a b"
expect_grep "what comes next" "^  earmark audit $PWD/clips -o 'a b' --from-shards\$" stdout
mkdir nothing
for folder in nothing nowhere clips; do
    expect_exit "status $folder" 1 "$EARMARK" status $folder
    expect_lines "status $folder: one line" 1 stderr
done
expect_exit "status of nothing" 2 "$EARMARK" status
