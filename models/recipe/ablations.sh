#!/bin/sh
# Measures the effect of every objective: models/recipe/ablations.sh WORKDIR [STEPS]
# Runs short trainings in the WORKDIR of run.sh, one with all objectives and one without each, validates them with
# validate.py, and prints one line of JSON for each network. About 25 minutes on two cores with AMX.
set -eu
work=${1:?usage: ablations.sh WORKDIR [STEPS]}
steps=${2:-300}
here=$(cd "$(dirname "$0")" && pwd)
python="nice -n 19 $work/venv/bin/python"
OMP_WAIT_POLICY=passive MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184
export OMP_WAIT_POLICY MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_

for left_out in none word voice language statistics teacher match; do
    out=$work/without-$left_out
    mkdir -p "$out"
    without=
    if [ $left_out != none ]; then without="--weight $left_out=0"; fi
    {
        # shellcheck disable=SC2086 # nothing, or two words
        $python "$here/train.py" "$work/corpus" "$out" --steps "$steps" $without
        $python "$here/whiten.py" "$work/corpus" "$out/averaged.pt" "$out/without-$left_out.pt" --human 2000 --synthetic 200
    } >>"$out/log" 2>&1
    $python "$here/validate.py" "$work/corpus" "$out/without-$left_out.pt"
done
