#!/usr/bin/env bash
# Measures speeds on this machine's GPU, for `make bench-gpu`:
#
#   bash bench/kernels/gpu.sh EARMARK BASELINE [FOLDER]
#
# 1. every stage of `earmark bench` in float32, tf32 and bf16 beside what bounds.md computes;
# 2. the network's layers by cuDNN and cuBLAS (BASELINE is baseline.cu, or "" without cuDNN);
# 3. the whole run against SpeechBrain on the same GPU, with the clips of FOLDER.
# In Nsight Systems and Compute, kernels have the names of bench/kernels/resources.csv, and
# every stage is an NVTX range.
set -eu
earmark=$1
baseline=$2
folder=${3:-}
clips=${CLIPS:-2000}
frames=42

gpus=$("$earmark" info | sed -n 's/^device  *cuda/cuda/p')
if ! grep -q '^cuda:[0-9]' <<<"$gpus"; then
    echo '***************************************************************************'
    echo '*** NO GPU: every measurement was SKIPPED.'
    echo "*** ${gpus:-this program lists no CUDA device}"
    echo '***************************************************************************'
    exit 0
fi
echo "$gpus"
for precision in float32 tf32 bf16; do
    echo
    echo "== earmark bench, $precision, $clips clips of $frames frames"
    "$earmark" bench --device cuda --precision "$precision" --clips "$clips"
done
echo
echo '== computed bounds: the table for this GPU in bench/kernels/bounds.md'
echo
if [ -n "$baseline" ]; then
    echo "== the network's layers by cuDNN and cuBLAS, $clips clips of $frames frames"
    "$baseline" "$clips" "$frames" 20
else
    echo 'SKIPPED cuDNN and cuBLAS: cuDNN was not found when this was built'
fi
echo
if [ -n "$folder" ]; then
    echo "== SpeechBrain on the same GPU, clips of $folder"
    bash bench/peers/gpu.sh "$earmark" "$folder"
else
    echo 'SKIPPED SpeechBrain on the GPU: no clips (make bench-gpu CLIPS_FOLDER=...)'
fi
