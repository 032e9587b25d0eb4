#!/usr/bin/env bash
# Runs one of the CUDA device's tests in the simulator, for tests/run.sh:
#
#   tests/cudasim/one.sh SEED FOLDER PROGRAM    FOLDER has earmark and the simulated earmark-cuda.so
folder=$(realpath "$2")
export CUDASIM_SEED=$1 EARMARK=$folder/earmark EARMARK_CUDA_PLUGIN=$folder/earmark-cuda.so
case $3 in
*.sh) exec bash "$3" ;;
*) exec "$3" ;;
esac
