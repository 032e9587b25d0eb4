#!/usr/bin/env bash
# Times the whole run on one GPU, SpeechBrain's notebook against earmark, for `make bench-gpu`:
#
#   bash bench/peers/gpu.sh EARMARK FOLDER [RUNS]
#
# FOLDER has clips named {label}_{speaker}_{take}.wav (for example the Free Spoken Digit Dataset).
# Both process the same clips with the same random network and are timed from the start of
# the process to its end. The notebook runs with one clip at a time, as the tutorial does, and
# with batches of 64. PYTHON is an interpreter with the packages of bench/peers/requirements.txt.
set -eu
earmark=$1
folder=$2
runs=${3:-5}
python=${PYTHON:-python3}
work=build/gpu-peers

if ! "$python" -c 'import speechbrain, cleanlab, torch, sys; sys.exit(not torch.cuda.is_available())' \
    2>/dev/null; then
    echo "SKIPPED SpeechBrain on the GPU: $python has no speechbrain, cleanlab, or torch with a GPU" \
        '(bench/peers/requirements.txt; PYTHON names another interpreter)'
    exit 0
fi
mkdir -p "$work"
"$python" tests/make_random_checkpoint.py "$work/checkpoint" --seed 1
"$earmark" model import "$work/checkpoint" -o "$work/checkpoint.safetensors" --quiet
notebook="$python bench/peers/notebook.py $folder $work/checkpoint $work/notebook --device cuda"
audit="$earmark audit $folder -o $work/run --model $work/checkpoint.safetensors --fresh --quiet \
--label-pattern {label}_{speaker}_{take}.wav --detector logistic --copies apart --no-resample --folds 5 \
--C 0.01 --scale none --tol 1e-8"
"$python" bench/peers/time_commands.py --runs "$runs" \
    "$notebook" "$notebook --batch 64" \
    "$audit --device cuda" "$audit --device cuda --precision tf32" \
    "$audit --device cuda --precision bf16" "$audit --device cpu"
