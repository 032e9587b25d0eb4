#!/usr/bin/env bash
# earmark slurm with a real Slurm on this machine: an array and its reducer, undisturbed and with tasks
# killed, stopped, requeued and failing for good. It is installed and started by this test, where root
# can; SIMULATED is earmark beside the CUDA plug-in of the simulator (make cudasim).
source tests/cli/lib.sh
source tests/cli/sounds.sh
source tests/cluster/slurm.sh

if ! slurm_install; then
    skip "earmark slurm with a real Slurm" "$SLURM_MISSING"
    exit 0
fi
trap 'status=$?; slurm_stop; (exit $status); finish' EXIT
if ! slurm_start; then
    not_ok "Slurm starts" "$(tail -n 20 "$SLURM"/start.log "$SLURM"/*.log)"
    exit 1
fi
node=$(hostname -s)
echo "# $(sinfo --version)"

# ---- clips, and some that cannot be read
# long_clip FILE HALF_PERIOD NOISE_OFFSET [NOISE_BYTES]: a quarter of a second of a tone, then noise
long_clip() {
    local noise=${4:-76000}
    write_square_wav "$TMP/tone.wav" "$2" 2000
    {
        printf RIFF
        little_endian 4 $((36 + 4000 + noise))
        head -c 40 "$TMP/tone.wav" | tail -c 32
        little_endian 4 $((4000 + noise))
        tail -c 4000 "$TMP/tone.wav"
        tail -c "+$3" "$TMP/noise" | head -c "$noise"
    } >"$1"
}
head -c 400000 /dev/urandom >"$TMP/noise"
for class in low:25 middle:11 high:5; do
    mkdir -p "$TMP/corpus/${class%:*}"
    for ((i = 0; i < 40; i++)); do
        long_clip "$TMP/corpus/${class%:*}/clip$i.wav" $((${class#*:} + i % 3)) $((1 + 1000 * i))
    done
done
echo 'no sound' >"$TMP/corpus/low/broken.wav"
: >"$TMP/corpus/high/empty.wav"
make_square_corpus "$TMP/small" 10
# Several batches of one task.
for class in low:25 high:5; do
    mkdir -p "$TMP/long/${class%:*}"
    for ((i = 0; i < 20; i++)); do
        long_clip "$TMP/long/${class%:*}/clip$i.wav" $((${class#*:} + i % 3)) $((1 + 1000 * i)) 320000
    done
done

# ---- helpers
# submit CORPUS OUT TASKS OPTIONS...: $array and $reducer
submit() {
    run_command "$EARMARK" slurm "$TMP/$1" -o "$TMP/$2" --tasks "$3" --export --sbatch=--mem=400M --submit "${@:4}"
    array=$(sed -n 's/^array job //p' "$TMP/stdout") reducer=$(sed -n 's/^reducer //p' "$TMP/stdout")
    if [ -n "$array" ] && [ -n "$reducer" ]; then ok "$2: submitted"; else not_ok "$2: submitted" "$(said)"; fi
}
logs() { tail -n 5 "$TMP/$1"/slurm/*.log; }
# expect_state NAME OUT JOB STATE
expect_state() {
    local state
    state=$(job_state "$3")
    if [ "$state" = "$4" ]; then ok "$1"; else not_ok "$1" "job $3: '$state' instead of '$4'
$(logs "$2")"; fi
}
restarts() { scontrol -o show job "$1" | sed -n 's/.* Restarts=\([0-9]*\) .*/\1/p'; }
# hold OUT TASK [TASKS]: waits until the task's process has its shard, and stops it; $held is its number
hold() {
    local owner=$TMP/$1/shards/part-0000$2-of-0000${3:-8}/owner.json waited
    held=
    for ((waited = 0; waited < 3000; waited++)); do
        held=$(sed -n 's/.*"process": "\([0-9]*\)".*/\1/p' "$owner" 2>/dev/null)
        [ -n "$held" ] && kill -STOP "$held" 2>/dev/null && return 0
        sleep 0.01
    done
    not_ok "task $2 of $1 begins" "$(squeue; logs "$1")"
}
# same_results NAME FOLDER FOLDER
same_results() {
    local file
    for file in "$2"/*; do
        case ${file##*/} in
        timing.json | run.json | slurm | shards) continue ;;
        esac
        cmp -s "$file" "$3/${file##*/}" || { not_ok "$1" "${file##*/} differs"; return 1; }
    done
    ok "$1"
}

# ---- one process
expect_exit "one process" 3 "$EARMARK" audit "$TMP/corpus" -o "$TMP/one" --device cpu

# ---- 8 tasks, undisturbed
submit corpus plain 8 --device cpu --threads 1
wait_jobs 600 "$array" "$reducer" || not_ok "8 tasks end" "$(squeue; logs plain)"
for task in 0 1 2 3 4 5 6 7; do
    expect_state "8 tasks: clips that cannot be read fail no task ($task)" plain "${array}_$task" "COMPLETED 0:0"
done
expect_state "8 tasks: the reducer says it" plain "$reducer" "FAILED 3:0"
same_results "8 tasks: byte for byte what one process gives" "$TMP/one" "$TMP/plain"

# ---- the same with every misfortune; the first four tasks run, then the others
submit corpus harmed 8 --device cpu --threads 1 --max-running 4
for task in 0 1 2 3; do
    hold harmed $task
    processes[task]=$held
done
kill -KILL "${processes[0]}"
check "harmed: a task is requeued" scontrol requeue "${array}_1"
check "harmed: a task gets its signal" scancel --batch --signal=USR1 "${array}_2"
sleep 1
kill -CONT "${processes[2]}"
check "harmed: the node is set down" scontrol update "node=$node" state=down reason=test
sleep 1
scontrol update "node=$node" state=resume 2>/dev/null # it may be back by itself
wait_jobs 600 "$array" "$reducer" || not_ok "the harmed tasks end" "$(squeue; logs harmed)"
for task in 0 1 2 3 4 5 6 7; do
    expect_state "harmed: task $task is complete" harmed "${array}_$task" "COMPLETED 0:0"
done
for task in 0:killed 1:requeued 2:stopped 3:"of a node that went down"; do
    if [ "$(restarts "${array}_${task%%:*}")" -ge 1 ]; then
        ok "harmed: the task that was ${task#*:} was started again"
    else
        not_ok "harmed: the task that was ${task#*:} was started again" "$(logs harmed)"
    fi
done
expect_grep "harmed: the killed one says so" "ended with exit code 137; back into the queue" "$TMP/harmed/slurm/embed-${array}_0.log"
expect_state "harmed: the reducer" harmed "$reducer" "FAILED 3:0"
same_results "harmed: byte for byte what one process gives" "$TMP/one" "$TMP/harmed"

# ---- the signal before the time limit, in the first of several batches
check "one process of longer clips" "$EARMARK" audit "$TMP/long" -o "$TMP/long_one" --device cpu
submit long stopped 1 --device cpu --threads 1
hold stopped 0 1
check "stopped: the task gets its signal" scancel --batch --signal=USR1 "${array}_0"
sleep 1
kill -CONT "$held"
wait_jobs 600 "$array" "$reducer" || not_ok "stopped: the jobs end" "$(squeue; logs stopped)"
log=$TMP/stopped/slurm/embed-${array}_0.log
expect_grep "stopped: earmark ends in order" "stopped by SIGUSR1" "$log"
expect_grep "stopped: the task goes back" "ended with exit code 75; back into the queue" "$log"
expect_equal "stopped: once" "$(restarts "${array}_0")" 1
expect_state "stopped: the reducer" stopped "$reducer" "COMPLETED 0:0"
same_results "stopped: byte for byte what one process gives" "$TMP/long_one" "$TMP/stopped"

# ---- tasks that fail for good: one ends with an error, one is always killed
cat >"$TMP/failing_program" <<END
#!/bin/bash
case " \$* " in
*" --shard 1/4 "*) exit 1 ;;
*" --shard 2/4 "*) kill -KILL \$\$ ;;
esac
exec $EARMARK "\$@"
END
chmod +x "$TMP/failing_program"
submit small failing 4 --device cpu --threads 1 --program "$TMP/failing_program"
wait_jobs 300 "$array" "$reducer" || not_ok "failing: the reducer does not hang" "$(squeue)"
expect_state "failing: the task with an error" failing "${array}_1" "FAILED 1:0"
expect_equal "failing: it is started once" "$(restarts "${array}_1")" 0
expect_state "failing: the task that is always killed" failing "${array}_2" "FAILED 1:0"
expect_equal "failing: it is started four times" "$(restarts "${array}_2")" 3
expect_grep "failing: it says why" "stopped or killed 4 times in a row .* committed nothing" "$TMP/failing/slurm/embed-${array}_2.log"
expect_state "failing: the reducer" failing "$reducer" "FAILED 1:0"
for task in 1 2; do
    expect_grep "failing: the reducer names shard $task" "shard $task/4|--shard $task/4" "$TMP/failing/slurm/audit-$reducer.log"
done
check "failing: submitted again, without what failed" "$EARMARK" slurm "$TMP/small" -o "$TMP/failing" --tasks 4 --device cpu --submit
array=$(sed -n 's/^array job //p' "$TMP/stdout") reducer=$(sed -n 's/^reducer //p' "$TMP/stdout")
wait_jobs 300 "$array" "$reducer" || not_ok "failing: the second array ends" "$(squeue)"
expect_state "failing: then the reducer is done" failing "$reducer" "COMPLETED 0:0"

# ---- GPUs: Slurm gives each task one of two, which the simulator stands in for
if [ -x "${SIMULATED:-}" ]; then
    cat >"$TMP/mixed_program" <<END
#!/bin/bash
echo "GPU \$CUDA_VISIBLE_DEVICES" >&2
case " \$* " in
*" --shard 0/4 "* | *" --shard 1/4 "*) exec $SIMULATED "\$@" ;;
esac
words=("\$@")
for i in "\${!words[@]}"; do if [ "\${words[i]}" = cuda ]; then words[i]=cpu; fi; done
exec $EARMARK "\${words[@]}"
END
    chmod +x "$TMP/mixed_program"
    check "on the CPU" "$EARMARK" audit "$TMP/small" -o "$TMP/cpu" --device cpu
    submit small mixed 4 --gpus-per-task 1 --model "$repository/models/default.safetensors" --program "$TMP/mixed_program"
    wait_jobs 600 "$array" "$reducer" || not_ok "mixed: the tasks end" "$(squeue; logs mixed)"
    for task in 0 1 2 3; do expect_state "mixed: task $task" mixed "${array}_$task" "COMPLETED 0:0"; done
    expect_state "mixed: the reducer" mixed "$reducer" "COMPLETED 0:0"
    expect_grep "mixed: Slurm gave a GPU" "^GPU [01]$" "$TMP/mixed/slurm/embed-${array}_0.log"
    expect_grep "mixed: run.json has both devices" "cuda" "$TMP/mixed/run.json"
    floats() { od -A n -v -t f4 -w4 -j 128 "$1"; }
    difference=$(paste <(floats "$TMP/cpu/embeddings.npy") <(floats "$TMP/mixed/embeddings.npy") |
        awk '{ d += ($1 - $2) ^ 2; s += $1 ^ 2 } END { printf "%s %.2g", (d > 0 && d < 1e-8 * s ? "close" : "far"), sqrt(d / s) }')
    expect_equal "mixed: the embeddings agree" "${difference% *}" close || echo "# relative difference ${difference#* }"
else
    skip "tasks on simulated GPUs" "no earmark beside the simulated plug-in (make cudasim; SIMULATED=...)"
fi
