#!/usr/bin/env bash
# Runs one of the CUDA device's tests on nvcc's PTX, for tests/run.sh:
#
#   tests/cudasim/ptx/one.sh MODULES HARSH FOLDER PROGRAM
#
# MODULES is the folder of a target's PTX; HARSH is 4 or 8 for a pessimistic model of hardware sums,
# or 0; FOLDER has earmark and the simulated earmark-cuda.so.
export CUDASIM_PTX=$1
[ "$2" = 0 ] || export CUDASIM_PTX_HARSH=$2
exec bash tests/cudasim/one.sh "${CUDASIM_SEED:-0}" "$3" "$4"
