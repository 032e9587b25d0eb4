#!/usr/bin/env bash
# --memory: sizes that are refused, and the same results within the least that works. What is used
# is measured in tests/hostile/test_memory.sh.
source tests/cli/lib.sh
source tests/cli/arrays.sh
cd "$TMP" || exit 1

# 80,000 rows of two classes: eight, of which two have the wrong label, again and again.
p=
for k in 0 1 0 1 0 1 0 1; do
    [ $k = 0 ] && p="$p$float_1$float_0" || p="$p$float_quarter$float_half"
done
npy p8.npy '<f4' '(8, 2)' "$p"
npy y8.npy '|u1' '(8,)' '\x00\x01\x00\x01\x00\x00\x01\x01'
repeated() { # FILE TYPE SHAPE COUNT: the elements of FILE, COUNT times
    npy "${1%8.npy}.npy" "$2" "$3" ''
    tail -c +129 "$1" >one
    for ((i = 0; i < 100; i++)); do cat one; done >hundred
    for ((i = 0; i < $4 / 100; i++)); do cat hundred; done >>"${1%8.npy}.npy"
}
repeated p8.npy '<f4' '(80000, 2)' 10000
repeated y8.npy '|u1' '(80000,)' 10000

issues() { "$EARMARK" issues --labels y.npy --pred-probs p.npy "$@"; }
for size in '' 0 abc 10X 1.5G -1M 8GiB 99999999999T 18446744073709551616; do
    expect_exit "--memory '$size'" 2 issues --memory "$size"
    expect_lines "--memory '$size': one line" 1 stderr
done
expect_exit 'too little' 2 issues --memory 1M
expect_lines 'too little: one line' 1 stderr
expect_grep 'the least that works is said' 'at least [0-9]+M .*--memory [0-9]+M' stderr
least=$(sed -E 's/.*at least ([0-9]+M).*/\1/' stderr)

check 'rows of issues' issues
cp stdout expected
check 'within the least' issues --memory "$least"
expect_same 'the same rows' stdout expected
check 'within more' issues --memory 1G
expect_same 'the same rows within more' stdout expected
check 'files' issues -o unbounded -q
check 'files within the least' issues -o bounded -q --memory "$least"
check 'the same files' diff -r unbounded bounded
check 'another folder for files' env TMPDIR="$TMP" "$EARMARK" issues --labels y.npy \
    --pred-probs p.npy --memory "$least"
expect_exit 'that is missing' 1 env TMPDIR="$TMP/none" "$EARMARK" issues --labels y.npy \
    --pred-probs p.npy --memory "$least"

# 20,000 rows of four classes, which two of eight columns tell apart.
awk 'function random() { state = state * 16807 % 2147483647; return state / 2147483647 }
    BEGIN {
        state = 7
        for (i = 0; i < 20000; i++) {
            class = i % 4
            line = i % 20 == 0 ? (class + 1) % 4 : class
            for (f = 0; f < 4; f++) line = line " " int((f == class ? 40 : 0) + 60 * random() - 30)
            print line
        }
    }' >rows
cut -d' ' -f2- rows | matrix x.npy '|i1'
cut -d' ' -f1 rows | vector z.npy '|i1'
for command in detect crossval; do
    run() { "$EARMARK" $command --embeddings x.npy --labels z.npy --C 1 -q "$@"; }
    expect_exit "$command: too little" 2 run -o none --memory 1M
    expect_lines "$command: too little: one line" 1 stderr
    least=$(sed -E 's/.*at least ([0-9]+M).*/\1/' stderr)
    check "$command" run -o $command
    check "$command within the least" run -o $command-bounded --memory "$least"
    check "$command: the same files" diff -r $command $command-bounded
    check "$command: the same files of one thread" run -o $command-one --memory "$least" \
        --threads 1
    check "$command: which are the same" diff -r $command $command-one
done
