#!/usr/bin/env bash
# `make model-check`: its small programs, its tables, and all of it on synthetic sounds.
source tests/cli/lib.sh
source tests/cli/arrays.sh
source tests/cli/sounds.sh
source bench/prompts.sh
programs=${PROGRAMS:-$(dirname "$(realpath "$EARMARK")")/bench}

# ---- planting errors in an array: 40 labels, 0 to 3 in turn
labels=()
for ((i = 0; i < 40; i++)); do labels+=($((i % 4))); done
npy "$TMP/labels.npy" '<i4' '(40,)' "$(int32 "${labels[@]}")"
plant() { "$programs/plant_labels" "$TMP/labels.npy" "$1" "$2" "$3" "$TMP/$4.npy" "$TMP/$4.csv"; }
# A row of the list is right when its true label is the row's, and its label another.
listed='NR > 1 && $3 == $1 % 4 && $2 != $3 && $2 >= 0 && $2 < 4 { n++ } END { print n + 0 }'
check "symmetric errors" plant symmetric 7 25 symmetric
expect_lines "a quarter of 40" 11 "$TMP/symmetric.csv"
expect_equal "each another label" "$(awk -F, "$listed" "$TMP/symmetric.csv")" 10
check "again" plant symmetric 7 25 again
expect_same "the same labels" "$TMP/symmetric.npy" "$TMP/again.npy"
check "another seed" plant symmetric 8 25 other
check_fails "other labels" cmp "$TMP/symmetric.npy" "$TMP/other.npy"
{
    echo path,label
    for ((i = 0; i < 40; i++)); do echo "$i.wav,$((i % 4))"; done
} >"$TMP/manifest.csv"
check "the same in a manifest" "$programs/plant_errors" "$TMP/manifest.csv" 7 25 "$TMP/m" "$TMP/m.csv"
expect_equal "are the same errors" "$(cut -d, -f1,3,4 "$TMP/m.csv")" "$(cat "$TMP/symmetric.csv")"
check "pair errors" plant pair 7 100 pair
expect_equal "each the next label, the first after the last" \
    "$(awk -F, 'NR > 1 && $2 == ($3 + 1) % 4 { n++ } END { print n + 0 }' "$TMP/pair.csv")" 40
check "no errors" plant pair 7 0 none
expect_equal "labels stay" "$(tail -c 320 "$TMP/none.npy" | od -An -v -t d8 | tr -s ' \n' ' ')" \
    " ${labels[*]} "
check_fails "another kind is refused" plant odd 7 25 x
check_fails "another seed than a number is refused" plant pair x 25 x
npy "$TMP/labels.npy" '<i4' '(2,)' "$(int32 0 0)"
check_fails "one label only is refused" plant pair 7 25 x
npy "$TMP/labels.npy" '<i4' '(2,)' "$(int32 1)\\xff\\xff\\xff\\xff"
check_fails "a clip without a label is refused" plant pair 7 25 x

# ---- scoring: crossval was given seven rows and left out row 1. Probabilities of the given
# labels in the judged rows: 0, 1/4, 1/2, 1/2, 1, 1; planted are given rows 1, 0, 3, 5.
folder=$TMP/crossval
mkdir "$folder"
npy "$folder/rows.npy" '<i4' '(6,)' "$(int32 0 2 3 4 5 6)"
npy "$folder/labels.npy" '<i4' '(6,)' "$(int32 0 0 0 0 1 1)"
npy "$folder/pred_probs.npy" '<f4' '(6, 2)' "$float_0$float_1$float_quarter$float_half\
$float_half$float_quarter$float_half$float_half$float_0$float_1$float_quarter$float_1"
printf 'row,label,reason\n1,2,"its class has fewer clips than folds"\n' >"$folder/not_auditable.csv"
printf 'row,label,true_label\n1,2,0\n0,0,1\n3,0,1\n5,1,0\n' >"$TMP/planted.csv"
printf 'rank,row\n1,0\n2,1\n3,2\n' >"$TMP/issues.csv"
printf 'rank,row\n' >"$TMP/nothing.csv"
score=$programs/score_crossval
check "results of crossval are scored" "$score" "$folder" "$TMP/planted.csv" 0.5 some \
    "$TMP/issues.csv" none "$TMP/nothing.csv"
# Ranks: row 0, planted; 2; 3 (planted) and 4 together; 5 (planted) and 6 together.
# (1/1 + 2/4 + 3/6) / 4: the planted row that was left out counts as never found.
expect_grep "average precision" '^average precision	0\.500000$' "$TMP/stdout"
expect_grep "precision where recall first reaches a half" '^precision at recall 0\.5	0\.500000$' \
    "$TMP/stdout"
# Flagged are the given rows 0, 2 and 3, two of the four planted ones among them.
expect_grep "precision" '^some: precision	0\.666667$' "$TMP/stdout"
expect_grep "recall" '^some: recall	0\.500000$' "$TMP/stdout"
expect_grep "F1" '^some: F1	0\.571429$' "$TMP/stdout"
expect_grep "nothing flagged" '^none: precision	0\.000000$' "$TMP/stdout"
check "a quarter is reached at once" "$score" "$folder" "$TMP/planted.csv" 0.25
expect_grep "by the first" '^precision at recall 0\.25	1\.000000$' "$TMP/stdout"
check "recall that is never reached" "$score" "$folder" "$TMP/planted.csv" 0.9
expect_grep "has no precision" '^precision at recall 0\.9	0\.000000$' "$TMP/stdout"
printf 'row,label,true_label\n7,0,1\n' >"$TMP/lying.csv"
check_fails "a row that was not given is refused" "$score" "$folder" "$TMP/lying.csv" 0.5
check_fails "a recall of 0 is refused" "$score" "$folder" "$TMP/planted.csv" 0
# The most probable classes are 1, 1, 0, 0 (the first of equals), 1, 1.
check "accuracy" "$programs/accuracy" "$folder"
expect_grep "four of six" '^0\.666667$' "$TMP/stdout"

# ---- numbers for a column's cells
cat >"$TMP/clips.csv" <<'END'
row,path,group,array_row
0,a.wav,"two, or
more",1
1,b.wav,one,
2,c.wav,zero,0
3,d.wav,one,2
END
check "a column as numbers" "$programs/column_codes" "$TMP/clips.csv" group "$TMP/codes.npy"
npy "$TMP/expected.npy" '<i8' '(3,)' '\x2\0\0\0\0\0\0\0\x1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
expect_same "by row of the arrays, in order of the names" "$TMP/codes.npy" "$TMP/expected.npy"
check_fails "a missing column" "$programs/column_codes" "$TMP/clips.csv" speaker "$TMP/codes.npy"
expect_grep "is named" 'no column speaker' "$TMP/stderr"

# ---- random weights
check "random weights" "$programs/random_weights" 1 "$TMP/random.safetensors"
check "are a model" "$EARMARK" model info "$TMP/random.safetensors"
expect_grep "of the default's size" '^parameters +4,211,604, float32$' "$TMP/stdout"
check "again" "$programs/random_weights" 1 "$TMP/again.safetensors"
expect_same "the same seed, the same weights" "$TMP/random.safetensors" "$TMP/again.safetensors"
check "another seed" "$programs/random_weights" 2 "$TMP/again.safetensors"
check_fails "other weights" cmp "$TMP/random.safetensors" "$TMP/again.safetensors"
# The first tensor, 512 x 24 x 5: uniform between -1 and 1 over the root of 120.
header=$(od -An -t u8 -N 8 "$TMP/random.safetensors")
spread=$(od -An -v -t f4 -w4 -j $((8 + header)) -N $((4 * 512 * 24 * 5)) "$TMP/random.safetensors" |
    awk '
        {
            x = $1 * sqrt(120)
            sum += x
            squares += x * x
            if (x < -1.000001 || x > 1.000001) outside++
            if (x > 0.999) high++
            if (x < -0.999) low++
        }
        END {
            print NR, outside + 0, (high > 0 && low > 0), (sum / NR > -0.01 && sum / NR < 0.01),
                (squares / NR > 0.327 && squares / NR < 0.340)
        }')
expect_equal "of PyTorch's distribution" "$spread" "61440 0 1 1 1"

# ---- tables: means, targets, cells that are not better
# tabs LINE...: the lines with tabs in place of '|'.
tabs() { printf '%s\n' "$@" | tr '|' '\t'; }
tabs 'a|first|accuracy|at least|0.9' 'a|second|accuracy|at least|0.9' \
    'b|x errors|average precision|at least|0.9' 'c|size|megabytes|at most|9' >"$TMP/targets.tsv"
{
    tabs 'c|size|megabytes|model|9.5' 'a|first|accuracy|model|0.9' 'a|first|accuracy|random|0.5' \
        'a|first|accuracy|random|0.6'
    for value in 'model|0.8' 'model|1' 'random|0.9'; do
        tabs "b|x errors|average precision|$value"
    done
    for figure in 'precision at recall 0.9' {prune_by_noise_rate,confident_learning}': '{precision,recall,F1}; do
        tabs "b|x errors|$figure|model|0.75" "b|x errors|$figure|random|0.25"
    done
    for figure in '1e-2|model|0.7' '1e-2|model|0.8' '1e-2|random|0.3' '1|model|0.9' '1|random|0.4'; do
        tabs "b|x errors|average precision at C $figure"
    done
} >"$TMP/results.tsv"
check "tables" awk -f bench/model_tables.awk "$TMP/targets.tsv" "$TMP/results.tsv"
expect_grep "means, and least to most" '^\| a \| first \| 0\.900 \| 0\.550 \(0\.500 to 0\.600\) \|$' \
    "$TMP/stdout"
expect_grep "errors" \
    '^\| b \| x errors \| model \| 0\.900 \(0\.800 to 1\.000\) \| 0\.750 at 0\.9( \| 0\.750){6} \|$' \
    "$TMP/stdout"
expect_grep "at every single C" '^\| b \| x errors \| average precision \| model \| 0\.750 \| 0\.900 \|$' \
    "$TMP/stdout"
expect_grep "random weights, too" \
    '^\| b \| x errors \| average precision \| random weights \| 0\.300 \| 0\.400 \|$' "$TMP/stdout"
expect_grep "the best of them beside the one by log-loss" \
    '^\| b, x errors: average precision \| at least 0\.9 \| 0\.900 \| met \| 0\.900 at C 1 \|$' "$TMP/stdout"
expect_grep "a target that is just met" '^\| a, first: accuracy \| at least 0\.9 \| 0\.900 \| met \| - \|$' \
    "$TMP/stdout"
expect_grep "one without a figure" '^\| a, second: accuracy \| .* \| - \| not measured \| - \|$' "$TMP/stdout"
expect_grep "one that is missed" '^\| c, size: megabytes \| at most 9 \| 9\.500 \| missed \| - \|$' \
    "$TMP/stdout"
expect_grep "the cell that is no better" \
    '^- b, x errors: average precision: 0\.900, random weights 0\.900$' "$TMP/stdout"
expect_equal "and no other" "$(grep -c '^- ' "$TMP/stdout")" 1

# ---- all of it: three digits by five speakers, and prompts in three languages
mkdir "$TMP/digits"
for speaker in 0 1 2 3 4; do
    for digit in 0:25 1:11 2:5; do
        for take in 0 1; do
            write_square_wav "$TMP/digits/${digit%:*}_speaker${speaker}_$take.wav" \
                $((${digit#*:} + take)) $((1500 + 200 * speaker))
        done
    done
done
make_square_corpus "$TMP/sounds" 10
prompts_list "$TMP"
model_check() { # VARIABLE=VALUE...
    env -u MODEL -u DIGITS PROGRAMS="$programs" OUT="$TMP/out" PROMPTS="$TMP/prompts.csv" SEEDS=1 \
        RANDOM_SEEDS=1 "$@" bash bench/model_check.sh
}
check "all figures" model_check DIGITS="$TMP/digits"
expect_equal "four accuracies" "$(grep -c $'\taccuracy\tmodel\t' "$TMP/out/results.tsv")" 4
expect_equal "errors of two kinds and four rates, and in the prompts, in two networks" \
    "$(grep -c $'\taverage precision\t' "$TMP/out/results.tsv")" 18
expect_equal "errors of 5% at seven C each" "$(grep -c $'\taverage precision at C ' "$TMP/out/results.tsv")" 42
expect_grep "the best C of the prompts is shown" \
    '^\| prompts, 5% symmetric errors: average precision \| .* \| [01]\.[0-9]{3} at C [0-9.]+ \|$' "$TMP/stdout"
expect_grep "for every C that auto tries" \
    '^\| data \| errors \| figure \| network \| 0\.0001 \| 0\.001 \| 0\.01 \| 0\.1 \| 1 \| 10 \| 100 \|$' "$TMP/stdout"
expect_equal "every target has a figure" "$(grep -c -E '\| (met|missed) \| ' "$TMP/stdout")" \
    "$(wc -l <bench/model_targets.tsv)"
expect_grep "sounds that are easy to distinguish are distinguished" \
    '^\| prompts \| which language, shuffled \| 1\.000 \| 1\.000 \|$' "$TMP/stdout"
expect_same "the tables are kept" "$TMP/stdout" "$TMP/out/figures.md"
check "the same without digits, and a random network as the model" model_check \
    MODEL="$TMP/again.safetensors"
expect_grep "a message says that they are skipped, and where to get them" 'SKIPPED: .*free-spoken-digit' \
    "$TMP/stderr"
expect_grep "in the tables, too" '^Spoken digits were skipped' "$TMP/stdout"
expect_grep "the model is described" 'name: random-weights' "$TMP/stdout"
expect_grep "their targets are not measured" '^\| digits, .* \| not measured \| - \|$' "$TMP/stdout"
expect_no_grep "and have no rows" '^\| digits \|' "$TMP/stdout"
check_fails "a model that is not there" model_check MODEL="$TMP/none.safetensors"
expect_grep "is named" 'none\.safetensors' "$TMP/stderr"
check_fails "a trial that fails ends the run" model_check SEEDS=x
expect_grep "for its reason" 'SEED: not a whole number' "$TMP/stderr"
check_fails "so do digits that are not there" model_check DIGITS="$TMP/none"
