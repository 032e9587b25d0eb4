#!/bin/sh
# Makes models/default.safetensors: models/recipe/run.sh WORKDIR
# WORKDIR keeps the corpus, the teacher's targets and the checkpoint; a second run continues where the first stopped.
# Debian 12, root (or sudo), about 12 GB of disk, 8 GB of memory, two cores. Time: see models/README.md.
# The last step but one validates the model with ./earmark, which `make model` builds first.
set -eu
work=${1:?usage: run.sh WORKDIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work"
work=$(cd "$work" && pwd)
voices="festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts festvox-czech-dita festvox-czech-krb festvox-czech-machac festvox-czech-ph
    festvox-suopuhe-mv festvox-suopuhe-lj festvox-italp16k festvox-itapc16k festvox-ru festvox-ca-ona-hts"

if ! dpkg -s espeak-ng flite festival $voices python3-venv >"$work/packages.log" 2>&1; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends espeak-ng flite festival $voices python3-venv
fi
if [ ! -e "$work/venv/complete" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q -r "$here/requirements.txt"
    # only for the teacher's weights inside the wheel, so without the dependencies of its code
    "$work/venv/bin/pip" install -q --no-deps openwakeword==0.4.0
    touch "$work/venv/complete"
fi
python="nice -n 19 $work/venv/bin/python"
OMP_WAIT_POLICY=passive # on a shared machine waiting threads must not spin
# large tensors are allocated in every step: returning their pages to the system costs a third of the time
MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184
export OMP_WAIT_POLICY MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_

$python "$here/synthesise.py" "$work/corpus"
$python "$here/human.py" "$work/corpus"
$python "$here/teacher.py" "$work/corpus" human flite festival espeak
$python "$here/train.py" "$work/corpus" "$work/out"
OMP_NUM_THREADS=1 $python "$here/whiten.py" "$work/corpus" "$work/out/averaged.pt" "$work/out/whitened.pt"
OMP_NUM_THREADS=1 $python "$here/export.py" "$work/out/whitened.pt" "$work/corpus" "$work/out/candidate.safetensors" --float32 "$work/out/float32.safetensors"
OMP_NUM_THREADS=1 $python "$here/validate.py" "$work/corpus" "$work/out/candidate.safetensors" >"$work/out/figures.json"
OMP_NUM_THREADS=1 $python "$here/export.py" "$work/out/whitened.pt" "$work/corpus" "$here/../default.safetensors" --figures "$work/out/figures.json"
