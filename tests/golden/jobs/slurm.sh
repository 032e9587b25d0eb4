#!/bin/bash
# Made by earmark 0.2.0. Submits an array job of 32 tasks and the job that follows it; start it
# with bash where sbatch is. It prints the numbers of both jobs.

logs=/data/out/slurm

both=(--requeue --open-mode=append --signal=B:USR1@120
    --nodes=1 --ntasks=1 --cpus-per-task=8 --gres=gpu:1 --mem=32G --time=4:00:00 --partition=gpu --account=speech '--constraint=a100|h100')
reducer_only=(--mem=200G)

# What a task has committed: its files of embeddings.
committed() {
    find "$1" -name '*.shard' 2>/dev/null | wc -l
}

# run JOB FOLDER COMMAND...: runs a stage. Slurm sends USR1 before the time limit; earmark then
# commits what it has and ends with 75. A stage that ended so, or was killed, goes back into the
# queue: at most 3 times in a row without a file more in FOLDER.
run() {
    local job=$1 folder=$2 before code count=0 program signal='' ended=''
    local record=$logs/$1.requeued
    shift 2
    before=$(committed "$folder")
    trap 'signal=USR1' USR1
    trap 'signal=TERM ended=yes' TERM
    "$@" &
    program=$!
    # A signal interrupts wait. Slurm sends TERM to the program itself, but USR1 only to this script.
    until wait "$program"; code=$?; [ -z "$signal" ]; do
        if [ "$signal" = USR1 ]; then kill -USR1 "$program" 2>/dev/null; fi
        signal=''
    done
    if [ "$code" -ne 75 ] && [ "$code" -le 128 ]; then
        rm -f "$record"
        exit "$code"
    fi
    # TERM: the job is cancelled, at its limit, or put back by Slurm itself.
    if [ -n "$ended" ]; then exit "$code"; fi
    if [ "$(committed "$folder")" -le "$before" ]; then
        count=$(cat "$record" 2>/dev/null)
        count=$((count + 1))
    fi
    if [ "$count" -gt 3 ]; then
        echo "earmark: job $job was stopped or killed 4 times in a row (now with exit code $code) and committed nothing in between, so it is not started again; give it more time or memory (--time, --mem) and submit again: what was committed is kept" >&2
        rm -f "$record"
        exit 1
    fi
    echo "$count" >"$record"
    echo "earmark: ended with exit code $code; back into the queue" >&2
    scontrol requeue "$job" || exit 1
    exit "$code"
}

embed() {
    local folder
    printf -v folder '%s/shards/part-%05d-of-00032' /data/out "$SLURM_ARRAY_TASK_ID"
    run "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" "$folder" \
        earmark embed /data/corpus -o /data/out \
        --shard "$SLURM_ARRAY_TASK_ID/32" --threads "$SLURM_CPUS_ON_NODE" --label-pattern '{label}_{speaker}_{take}.wav' --device cuda
}

audit() {
    run "$SLURM_JOB_ID" '' \
        earmark audit /data/corpus -o /data/out \
        --from-shards --threads "$SLURM_CPUS_ON_NODE" --label-pattern '{label}_{speaker}_{take}.wav' --folds 4
}

# The script of a stage, for sbatch.
script() {
    echo '#!/bin/bash'
    declare -p logs
    declare -f committed run "$1"
    echo "$1"
}

mkdir -p "$logs" || exit 1
array=$(script embed | sbatch --parsable --job-name=earmark-embed "${both[@]}" \
    --array=0-31%8 --output=/data/out/slurm/embed-%A_%a.log) || exit 1
array=${array%%;*}
# The reducer also starts after a task that failed for good: it then names the shards that
# are missing, and fails.
reducer=$(script audit | sbatch --parsable --job-name=earmark-audit "${both[@]}" "${reducer_only[@]}" \
    "--dependency=afterok:$array?afternotok:$array" --kill-on-invalid-dep=yes \
    --output=/data/out/slurm/audit-%j.log) || { scancel "$array"; exit 1; }
echo "array job $array"
echo "reducer ${reducer%%;*}"
