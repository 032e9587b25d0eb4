#!/usr/bin/env bash
# earmark slurm, kubernetes and parallel: their texts, and what a shell makes of them, with stand-ins
# for sbatch, scontrol and earmark. tests/cluster/test_slurm.sh has the real ones.
source tests/cli/lib.sh

# ---- the texts, byte for byte
golden=$repository/tests/golden/jobs
mkdir "$TMP/jobs"
check "the texts are made" bash "$golden/make_jobs.sh" "$TMP/jobs"
for name in slurm.sh kubernetes.yaml parallel.sh; do
    sed -i 's/^\(# Made by earmark\) [0-9.]*/\1/' "$TMP/jobs/$name"
    expect_same "golden: $name" <(sed 's/^\(# Made by earmark\) [0-9.]*/\1/' "$golden/$name") "$TMP/jobs/$name"
done
for name in slurm.sh parallel.sh; do
    check "bash can read $name" bash -n "$TMP/jobs/$name"
    if command -v shellcheck >/dev/null; then check "shellcheck has nothing against $name" shellcheck "$TMP/jobs/$name"; fi
done

# ---- stand-ins: each leaves its words, ended by NULs
mkdir "$TMP/bin" "$TMP/seen"
cat >"$TMP/bin/sbatch" <<'END'
#!/bin/bash
number=$(cat "$TMP/seen/number" 2>/dev/null)
echo $((${number:-100} + 1)) >"$TMP/seen/number"
printf '%s\0' "$@" >"$TMP/seen/sbatch$((${number:-100} + 1))"
cat >"$TMP/seen/script$((${number:-100} + 1))"
[ "${FAIL_AT:-}" != $((${number:-100} + 1)) ] || exit 1
echo "$((${number:-100} + 1));cluster"
END
cat >"$TMP/bin/program" <<'END'
#!/bin/bash
printf '%s\0' "$@" >"$TMP/seen/words"
[ "$1" = audit ] || eval "${STEP:-}"
END
for name in scontrol scancel; do
    printf '#!/bin/bash\necho %s "$@" >>"$TMP/seen/calls"\n' $name >"$TMP/bin/$name"
done
chmod +x "$TMP"/bin/*
export PATH=$TMP/bin:$PATH

# words FILE: one line for each, quoted
words() {
    local list
    mapfile -t -d '' list <"$1" && printf '%q\n' "${list[@]}"
}
given() { printf '%q\n' "$@"; }

# submit INPUT OUT WORDS...: prints the script and gives it to bash
submit() {
    rm -rf "$TMP"/seen/*
    (cd "$TMP/work" && "$EARMARK" slurm "$1" -o "$2" --tasks 8 --program "$TMP/bin/program" "${@:3}") \
        >"$TMP/script" 2>"$TMP/stderr" && bash "$TMP/script" >"$TMP/stdout" 2>>"$TMP/stderr"
}
# task NUMBER: runs the array's script as Slurm does
task() {
    SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=101 SLURM_ARRAY_TASK_ID=$1 SLURM_CPUS_ON_NODE=4 \
        bash "$TMP/seen/script101"
}

# ---- quoting: paths and options come to the program as they were given
mkdir "$TMP/work"
nasty=('plain' 'two  words' "it's" 'a"b' '$(touch x) `y` ${HOME}' $'line\nEND\nother' $'tab\t' $'\xff\xfe.wav' $'\u202e' '日本'
    '{} {.} {1} {label}' 'a%b%j' '*' '#' '~' '!x' 'a\b' '&;|<>')
for name in "${nasty[@]}"; do
    shown=$(printf '%q' "$name")
    out=$name
    case $name in *\\*) out=plain ;; esac
    if ! submit "$name" "$out" --label-pattern "$name" --model "$name" --folds 4; then
        not_ok "slurm, $shown" "$(cat "$TMP/stderr" "$TMP/stdout")"
        continue
    fi
    input=$TMP/work/$name out=$TMP/work/$out
    task 3 >"$TMP/stdout" 2>&1
    expect_equal "slurm, $shown: a task" "$(words "$TMP/seen/words")" \
        "$(given embed "$input" -o "$out" --shard 3/8 --threads 4 --label-pattern "$name" --model "$input")"
    SLURM_JOB_ID=102 SLURM_CPUS_ON_NODE=4 bash "$TMP/seen/script102" >"$TMP/stdout" 2>&1
    expect_equal "slurm, $shown: the reducer" "$(words "$TMP/seen/words")" \
        "$(given audit "$input" -o "$out" --from-shards --threads 4 --label-pattern "$name" --model "$input" --folds 4)"
    expect_equal "slurm, $shown: the log" "$(words "$TMP/seen/sbatch101" | tail -n 1)" \
        "$(given "--output=${out//%/%%}/slurm/embed-%A_%a.log")"
done
expect_exit "a backslash in OUT" 2 "$EARMARK" slurm x -o 'a\b' --tasks 2
expect_grep "is refused" "Slurm cannot name log files in a folder with a backslash" "$TMP/stderr"

# ---- what sbatch is given
submit corpus out --sbatch='--comment=a b' --reducer-sbatch=--mem=9G --max-running 3 --time 1-12
expect_equal "the array" "$(words "$TMP/seen/sbatch101")" "$(given --parsable --job-name=earmark-embed --requeue \
    --open-mode=append --signal=B:USR1@120 --nodes=1 --ntasks=1 --time=1-12 '--comment=a b' --array=0-7%3 \
    "--output=$TMP/work/out/slurm/embed-%A_%a.log")"
expect_equal "the reducer" "$(words "$TMP/seen/sbatch102")" "$(given --parsable --job-name=earmark-audit --requeue \
    --open-mode=append --signal=B:USR1@120 --nodes=1 --ntasks=1 --time=1-12 '--comment=a b' --mem=9G \
    '--dependency=afterok:101?afternotok:101' --kill-on-invalid-dep=yes "--output=$TMP/work/out/slurm/audit-%j.log")"
expect_equal "the numbers are printed" "$(cat "$TMP/stdout")" $'array job 101\nreducer 102'
submit corpus out --time 4
expect_equal "a short limit has its signal in its last eighth" \
    "$(words "$TMP/seen/sbatch101" | grep signal)" "$(given --signal=B:USR1@30)"
FAIL_AT=102 submit corpus out
expect_equal "without its reducer the array is cancelled" "$(cat "$TMP/seen/calls")" "scancel 101"
rm -rf "$TMP"/seen/*
check "--submit" "$EARMARK" slurm "$TMP/work" -o "$TMP/out" --tasks 2 --submit
expect_equal "prints the numbers, too" "$(cat "$TMP/stdout")" $'array job 101\nreducer 102'
FAIL_AT=101 expect_exit "--submit where sbatch fails" 1 env FAIL_AT=103 "$EARMARK" slurm "$TMP/work" -o "$TMP/out" \
    --tasks 2 --submit
expect_grep "says so" "the jobs were not submitted" "$TMP/stderr"
PATH=/usr/bin:/bin expect_exit "--submit without sbatch" 1 "$EARMARK" slurm "$TMP/work" -o "$TMP/out" --tasks 2 --submit

submit corpus out --metrics 'a b.prom'
task 5
expect_equal "each task has its own metrics" "$(words "$TMP/seen/words" | tail -n 1)" "$(given "$TMP/work/a b-5.prom")"

# ---- the end of a task
export STEP
submit corpus out
part=$TMP/work/out/shards/part-00003-of-00008
mkdir -p "$part"
# ended NAME CODE CALLS: runs task 3, and expects its exit code and what it called
ended() {
    rm -f "$TMP/seen/calls"
    STATUS=0
    task 3 >"$TMP/stdout" 2>"$TMP/stderr" || STATUS=$?
    expect_equal "$1" "$STATUS $(cat "$TMP/seen/calls" 2>/dev/null)" "$2 $3"
}
STEP='exit 1' ended "a failure is final" 1 ""
STEP='exit 0' ended "a shard that is complete" 0 ""
STEP='exit 75'
for time in 1 2 3; do ended "stopped $time times without progress" 75 "scontrol requeue 101_3"; done
ended "the fourth time" 1 ""
expect_grep "says why" "job 101_3 was stopped or killed 4 times in a row .* committed nothing .* submit again" "$TMP/stderr"
for time in 1 2 3; do ended "stopped again" 75 "scontrol requeue 101_3"; done
STEP="touch '$part/1.shard'; kill -KILL \$\$" ended "killed after progress" 137 "scontrol requeue 101_3"
STEP='kill -KILL $$' ended "killed without" 137 "scontrol requeue 101_3"
rm -f "$TMP/work/out/slurm/101_3.requeued"
submit corpus out --state 'the state'
mkdir -p "$TMP/work/the state/shards/part-00003-of-00008"
STEP='exit 75' ended "with --state: stopped without progress" 75 "scontrol requeue 101_3"
expect_equal "is counted" "$(cat "$TMP/work/out/slurm/101_3.requeued")" 1
STEP="touch '$TMP/work/the state/shards/part-00003-of-00008/1.shard'; exit 75" \
    ended "with --state: stopped after progress" 75 "scontrol requeue 101_3"
expect_equal "is not" "$(cat "$TMP/work/out/slurm/101_3.requeued")" 0
submit corpus out
# The signals of a running task: it is up when it has made a file.
STEP="trap \"touch '$part/2.shard'; exit 75\" USR1; touch '$TMP/seen/up'; for ((i = 0; i < 100; i++)); do sleep 0.05; done"
# signalled NAME SIGNAL WHOM CODE CALLS
signalled() {
    local shell
    rm -f "$TMP/seen/calls" "$TMP/seen/up"
    SLURM_JOB_ID=7 SLURM_ARRAY_JOB_ID=101 SLURM_ARRAY_TASK_ID=3 SLURM_CPUS_ON_NODE=4 \
        setsid bash "$TMP/seen/script101" >"$TMP/stdout" 2>"$TMP/stderr" &
    shell=$!
    until [ -e "$TMP/seen/up" ]; do sleep 0.02; done
    if [ "$3" = group ]; then kill "-$2" -- "-$shell"; else kill "-$2" "$shell"; fi
    STATUS=0
    wait "$shell" || STATUS=$?
    expect_equal "$1" "$STATUS $(cat "$TMP/seen/calls" 2>/dev/null)" "$4 $5"
}
signalled "the signal before the limit is passed on" USR1 shell 75 "scontrol requeue 101_3"
expect_lines "it has committed" 0 "$part/2.shard"
STEP=${STEP/USR1/TERM}
signalled "a cancelled task ends its work, and is not put back" TERM group 75 ""

# ---- GNU parallel
if command -v parallel >/dev/null; then
    name=$(printf '%s;' "${nasty[@]}")
    (cd "$TMP/work" && "$EARMARK" parallel "$name" -o "$name" --tasks 2 --program "$TMP/bin/program" \
        --label-pattern "$name") >"$TMP/script" 2>"$TMP/stderr"
    STEP="cp '$TMP/seen/words' '$TMP/seen/words'\$((\${6%/2}))" check "GNU parallel runs the tasks" bash "$TMP/script"
    for task in 0 1; do
        expect_equal "task $task" "$(words "$TMP/seen/words$task")" \
            "$(given embed "$TMP/work/$name" -o "$TMP/work/$name" --shard $task/2 --label-pattern "$name")"
    done
    expect_equal "then the reducer" "$(words "$TMP/seen/words")" \
        "$(given audit "$TMP/work/$name" -o "$TMP/work/$name" --from-shards --label-pattern "$name")"
    expect_lines "the log of jobs" 3 "$TMP/work/$name/parallel/jobs.log"
else
    skip "the quoting for GNU parallel" "no parallel; Debian package: parallel"
fi

# ---- nonsense
# nonsense PATTERN COMMAND WORDS...
nonsense() {
    local pattern=$1
    shift
    expect_exit "$*" 2 "$EARMARK" "$1" x -o out "${@:2}"
    expect_grep "$*: the answer" "$pattern" "$TMP/stderr"
    expect_lines "$*: in one line" 1 "$TMP/stderr"
}
for command in slurm kubernetes parallel; do
    nonsense "$command: --tasks N is missing" "$command"
    for tasks in 0 -1 abc 1e3 '' 99999999999999999999 3.5; do nonsense '--tasks .*: give a whole number' "$command" --tasks "$tasks"; done
    nonsense "--shard is given to each task" "$command" --tasks 2 --shard 1/2
    nonsense "--from-shards is given to each task" "$command" --tasks 2 --from-shards
    nonsense "with --fresh a task would start over" "$command" --tasks 2 --fresh
    nonsense "unknown option '--detektor' .*--detector" "$command" --tasks 2 --detektor logistic
    nonsense "folds 1: give a whole number" "$command" --tasks 2 --folds 1
    nonsense "program '  ': give a command" "$command" --tasks 2 --program '  '
    expect_exit "$command without OUT" 2 "$EARMARK" "$command" x --tasks 2
done
nonsense "1001 tasks unless MaxArraySize is raised; give fewer, or --max-array-size" slurm --tasks 1002
check "an array that is larger there" "$EARMARK" slurm x -o out --tasks 1002 --max-array-size 5000
for time in soon '' 1: 1:2:3:4 -5 1-2-3 0 1.5; do nonsense "--time" slurm --tasks 2 --time "$time"; done
for time in 30 30:00 4:00:00 1-0 2-12:30 2-12:30:00 UNLIMITED; do
    check "--time $time" "$EARMARK" slurm x -o out --tasks 2 --time "$time"
done
for size in much 8 8X G 0G 08G 8GB; do
    nonsense "--mem" slurm --tasks 2 --mem "$size"
    nonsense "--mem" kubernetes --tasks 2 --mem "$size"
done
nonsense "give one option of sbatch" slurm --tasks 2 --sbatch mem=8G
for name in Upper under_score -dash dash- 1st ''; do nonsense "--name" kubernetes --tasks 2 --name "$name"; done
for volume in data data: :/data data:data a:b:/c; do nonsense "--volume" kubernetes --tasks 2 --volume "$volume"; done
nonsense "is not UTF-8" kubernetes --tasks 2 --label-pattern $'\xff'
