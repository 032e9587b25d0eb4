#!/bin/bash
# earmark issues: output forms, options, refusals. The golden ranking is tested in
# tests/unit/test_confident.c; arrays are written with printf, without Python.
source tests/cli/lib.sh

# npy FILE DESCR SHAPE HEXBYTES: a version 1 file
npy() {
    local header
    header=$(printf "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" "$2" "$3")
    { printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header"; printf '%b' "$4"; } >"$1"
}

# Eight rows of two classes in uint8 / float32: 0.9, 0.1 and 0.1, 0.9, labels 0 and 1 in turn,
# except that rows 5 and 6 have the other label.
nine='\x66\x66\x66\x3f'
one='\xcd\xcc\xcc\x3d'
cd "$TMP" || exit 1
npy y.npy '|u1' '(8,)' '\x00\x01\x00\x01\x00\x00\x01\x01'
npy p.npy '<f4' '(8, 2)' "$nine$one$one$nine$nine$one$one$nine$nine$one$one$nine$nine$one$one$nine"

expect_exit 'help' 0 "$EARMARK" issues --help
expect_grep 'help names the options' 'min-examples-per-class' stdout
expect_exit 'arrays are needed' 2 "$EARMARK" issues --labels y.npy
expect_exit 'unknown option' 2 "$EARMARK" issues --labels y.npy --pred-probs p.npy --filtre both
expect_grep 'unknown option is named' 'filtre' stderr
expect_exit 'unknown filter' 2 "$EARMARK" issues --labels y.npy --pred-probs p.npy --filter none
expect_exit 'extra argument' 2 "$EARMARK" issues --labels y.npy --pred-probs p.npy more
expect_exit 'entropy is not adjusted' 2 "$EARMARK" issues --labels y.npy --pred-probs p.npy \
    --adjust-pred-probs --score confidence_weighted_entropy

issues() { "$EARMARK" issues --labels y.npy --pred-probs p.npy "$@"; }
expect_exit 'predicted_neq_given' 0 issues --filter predicted_neq_given
expect_equal 'ranked rows, one a line' "$(cat stdout)" $'5\n6'
expect_exit 'mask' 0 issues --filter predicted_neq_given --mask
expect_equal 'a line for every row' "$(tr -d '\n' <stdout)" '00000110'
expect_exit 'estimate' 0 issues --estimation-method off_diagonal
expect_equal 'the number alone' "$(cat stdout)" '2'
expect_exit 'json' 0 issues --filter predicted_neq_given --json
expect_grep 'json has the rows' '"issues": \[5,6\]' stdout
expect_exit 'fail on issues' 4 issues --fail-on-issues
expect_exit 'frac_noise 0 flags nothing' 0 issues --frac-noise 0
expect_equal 'nothing is printed' "$(cat stdout)" ''
for filter in prune_by_noise_rate prune_by_class both confident_learning low_self_confidence \
    low_normalized_margin; do
    expect_exit "$filter" 0 issues --filter "$filter" --threads 1
    cp stdout one
    expect_exit "$filter with 3 threads" 0 issues --filter "$filter" --threads 3
    expect_same "$filter is the same" one stdout
done

expect_exit 'folder' 0 issues --filter predicted_neq_given -o out
expect_equal 'summary' "$(head -n 1 stdout | cut -d, -f1)" '8 rows'
for file in issues.csv issues.npy mask.npy scores.npy classes.csv confident_joint.csv \
    confident_joint.npy thresholds.npy health.json; do
    expect_file "$file is written" "out/$file"
done
expect_lines 'two issues' 3 out/issues.csv
expect_exit 'results are not replaced' 1 issues -o out
expect_exit 'unless fresh' 0 issues -o out --fresh --quiet
expect_equal 'quiet' "$(cat stdout)" ''

npy remove.npy '|u1' '(2,)' '\x01\x00'
expect_exit 'num-to-remove' 0 issues --filter prune_by_class --num-to-remove remove.npy
expect_equal 'one of class 0' "$(cat stdout)" '5'
npy joint.npy '|u1' '(2, 2)' '\x03\x01\x01\x03'
expect_exit 'joint' 0 issues --joint joint.npy
expect_equal 'both rows' "$(cat stdout)" $'5\n6'
expect_exit 'estimate of a joint' 0 issues --joint joint.npy \
    --estimation-method off_diagonal_custom
expect_equal 'off the diagonal' "$(cat stdout)" '2'
npy six.npy '|u1' '(6,)' '\x00\x00\x00\x01\x01\x01'
npy half.npy '<f4' '(6, 2)' "$nine$one$one$nine$nine$one$one$nine$nine$one$one$nine"
npy large.npy '|u1' '(2, 2)' '\x1e\x0a\x14\x28'
expect_exit 'estimate of a joint of 100 rows' 0 "$EARMARK" issues --labels six.npy \
    --pred-probs half.npy --joint large.npy --estimation-method off_diagonal_custom
expect_equal 'calibrated to the six rows' "$(cat stdout)" '2'
expect_exit 'joint of another shape' 1 issues --joint remove.npy
expect_grep 'its file and the shape' '^earmark: remove.npy: .*dimensions: 1; \(classes, classes\)' stderr

npy many.npy '|u1' '(8, 2)' \
    '\x01\x00\x00\x01\x01\x00\x00\x01\x01\x00\x01\x00\x00\x01\x00\x01'
expect_exit 'multi-label' 0 "$EARMARK" issues --multi-label --labels many.npy --pred-probs p.npy \
    --filter predicted_neq_given
expect_equal 'multi-label rows' "$(cat stdout)" $'5\n6'
expect_exit 'multi-label folder' 0 "$EARMARK" issues --multi-label --labels many.npy \
    --pred-probs p.npy --filter predicted_neq_given -o multi
expect_lines 'four annotations' 5 multi/annotations.csv
head -n 1 multi/classes.csv >multi_columns
head -n 1 out/classes.csv >single_columns
expect_same 'columns of classes.csv' single_columns multi_columns
expect_exit 'multi-label needs a matrix' 1 "$EARMARK" issues --multi-label --labels y.npy \
    --pred-probs p.npy

# refused NAME PATTERN ARGUMENTS...: exit code 1 and a message that says why
refused() {
    local name=$1 pattern=$2
    shift 2
    expect_exit "$name is refused" 1 "$EARMARK" issues "$@" && expect_grep "$name: why" "$pattern" stderr
}
head -c 180 p.npy >short.npy
refused 'a truncated file' 'short.npy.*truncated' --labels y.npy --pred-probs short.npy
npy lying.npy '<f4' '(9, 2)' "$nine$one"
refused 'a lying shape' 'lying.npy.*promises 72' --labels y.npy --pred-probs lying.npy
refused 'no file' 'none.npy' --labels none.npy --pred-probs p.npy
printf 'row,label\n' >text.csv
refused 'no npy' 'not a .npy' --labels text.csv --pred-probs p.npy
npy nan.npy '<f4' '(8, 2)' "$nine$one$one$nine$nine$one$one\x00\x00\xc0\x7f$nine$one$one$nine$nine$one$one$nine"
refused 'NaN' 'row 3, class 1.*NaN' --labels y.npy --pred-probs nan.npy
npy over.npy '<f4' '(8, 2)' "$nine$one$one$nine$nine$one$one$nine$nine$one$one$nine$nine$one$one\x00\x00\xc0\x3f"
refused 'above 1' 'row 7, class 1.*1\.5' --labels y.npy --pred-probs over.npy
npy label.npy '|i1' '(8,)' '\x00\x01\x00\x02\x00\x00\x01\x01'
refused 'a label beyond' 'row 3: the label 2' --labels label.npy --pred-probs p.npy
npy label.npy '|i1' '(8,)' '\x00\x01\x00\xff\x00\x00\x01\x01'
refused 'a negative label' 'row 3: the label -1' --labels label.npy --pred-probs p.npy
npy label.npy '|i1' '(8,)' '\x01\x01\x01\x01\x01\x01\x01\x01'
refused 'one class' 'class 1' --labels label.npy --pred-probs p.npy
npy label.npy '|i1' '(7,)' '\x01\x01\x01\x01\x01\x01\x00'
refused 'other lengths' '7 labels.*8 rows' --labels label.npy --pred-probs p.npy
npy label.npy '<f4' '(8,)' "$one$one$one$one$one$one$one$one"
refused 'float labels' 'float32 instead of integers' --labels label.npy --pred-probs p.npy
npy cube.npy '<f4' '(8, 1, 2)' "$nine$one$one$nine$nine$one$one$nine$nine$one$one$nine$nine$one$one$nine"
refused 'three dimensions' '3 dimensions' --labels y.npy --pred-probs cube.npy


# Counts that are refused, with the file that has them.
arrays='--labels y.npy --pred-probs p.npy'
npy zero.npy '|u1' '(2, 2)' '\x00\x00\x00\x00'
refused 'a joint of zeros' '^earmark: zero.npy: .*0 throughout' $arrays --joint zero.npy
huge='\x00\x00\x00\x00\x00\x00\x00\x80' # 2^63
seven='\x07\x00\x00\x00\x00\x00\x00\x00'
npy huge.npy '<u8' '(2, 2)' "$seven$huge$seven$seven"
refused 'a count of 2^63' '^earmark: huge.npy: .*given class 0, true class 1: .*below 2\^63' $arrays --joint huge.npy
most='\xff\xff\xff\xff\xff\xff\xff\x7f'
npy sum.npy '<i8' '(2, 2)' "$seven$seven$most$most"
refused 'counts of 2^63 in all' '^earmark: sum.npy: .*given class 1' $arrays --joint sum.npy
npy remove_huge.npy '<u8' '(2,)' "$seven$huge"
refused 'so many to remove' '^earmark: remove_huge.npy: class 1: .*below 2\^63' $arrays --num-to-remove remove_huge.npy
npy remove_less.npy '|i1' '(2,)' '\x01\xff'
refused 'fewer than none to remove' '^earmark: remove_less.npy: class 1: -1 rows' $arrays --num-to-remove remove_less.npy
npy nan_joint.npy '<f4' '(2, 2)' "$one$one\x00\x00\xc0\x7f$one"
refused 'NaN in a joint' '^earmark: nan_joint.npy: .*given class 1, true class 0: .*a number' $arrays --joint nan_joint.npy
npy one_zero.npy '|u1' '(2, 2, 2)' '\x03\x01\x01\x03\x00\x00\x00\x00'
refused 'zeros in a class' '^earmark: one_zero.npy: class 1 against the rest: .*0 throughout' --multi-label \
    --labels many.npy --pred-probs p.npy --joint one_zero.npy

# The sets of label-errors, if present: counts of the reference.
data=$repository/../shared/data/label-errors
# count SET FILTER EXPECTED
count() {
    expect_exit "$1 $2" 0 "$EARMARK" issues --labels "$data/$1_labels.npy" \
        --pred-probs "$data/$1_pred_probs.npy" --filter "$2"
    expect_lines "$1 $2: rows" "$3" stdout
}
if [ -d "$data" ]; then
    count mnist prune_by_noise_rate 15
    count mnist prune_by_class 15
    count mnist both 15
    count mnist confident_learning 15
    count mnist predicted_neq_given 87
    count cifar10 prune_by_noise_rate 284
    count cifar10 prune_by_class 284
    count cifar10 both 226
    count cifar10 confident_learning 244
    count cifar10 predicted_neq_given 706
else
    skip 'label-errors' '../shared/data/label-errors is not there'
fi
