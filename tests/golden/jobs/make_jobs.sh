#!/usr/bin/env bash
# Writes the golden jobs of earmark slurm, kubernetes and parallel: make_jobs.sh [FOLDER], from the
# root of the repository; FOLDER is this one by default. $EARMARK is the program (./earmark).
set -eu
folder=${1:-tests/golden/jobs}
earmark=${EARMARK:-$PWD/earmark}
options=(/data/corpus -o /data/out --tasks 32 --label-pattern '{label}_{speaker}_{take}.wav' --folds 4 --program earmark)

"$earmark" slurm "${options[@]}" --max-running 8 --gpus-per-task 1 --cpus-per-task 8 --mem 32G --time 4:00:00 \
    --partition gpu --account speech --sbatch=--constraint='a100|h100' --reducer-sbatch=--mem=200G \
    >"$folder/slurm.sh" 2>/dev/null
"$earmark" kubernetes "${options[@]}" --max-running 8 --gpus-per-task 1 --cpus-per-task 8 --mem 32G \
    --image registry/earmark --volume data:/data --volume /cache:/cache >"$folder/kubernetes.yaml"
"$earmark" parallel "${options[@]}" --sshlogin a,b,c --jobs 2 >"$folder/parallel.sh" 2>/dev/null
