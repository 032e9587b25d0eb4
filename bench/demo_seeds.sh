#!/usr/bin/env bash
# Runs the demo with ten other seeds and prints rows of the table in
# bench/RESULTS.md. Called by `make demo-seeds`; each run is a whole audit.
set -eu
cd "$(dirname "$0")/.."
seeds=${SEEDS:-1 2 3 4 5 6 7 8 9 10}
echo '| seed | flagged | precision | recall | average precision |'
echo '|---|---|---|---|---|'
for seed in $seeds; do
    out=build/demo/out-$seed
    if ! SEED=$seed OUT=$out AUDIT_OPTIONS=--quiet bash bench/demo.sh >"$out.log" 2>&1; then
        tail -n 20 "$out.log" >&2
        exit 1
    fi
    awk -v seed="$seed" '
        /^flagged/ { flagged = $2 + 0 }
        /^precision/ { precision = $2 }
        /^recall/ { recall = $2 }
        /^average precision/ { average = $3 }
        END { printf "| %d | %d | %s | %s | %s |\n", seed, flagged, precision, recall, average }
    ' "$out-score.txt"
    rm -rf "$out"
done | tee build/demo/seeds.txt
awk -F'|' '
    NF > 5 && $2 + 0 > 0 {
        n++; p += $4; r += $5; a += $6
        if (n == 1 || $6 + 0 < least) least = $6 + 0
        if ($6 + 0 > most) most = $6 + 0
    }
    END {
        if (n == 0) exit 1
        printf "| mean of %d | | %.3f | %.3f | %.3f (%.3f to %.3f) |\n", n, p / n, r / n, a / n, least, most
    }' build/demo/seeds.txt
