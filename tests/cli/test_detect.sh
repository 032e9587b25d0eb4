#!/usr/bin/env bash
# earmark detect, and audit with embeddings of other models.
source tests/cli/lib.sh
source tests/cli/arrays.sh
source tests/cli/sounds.sh

# made_rows COUNT SEED [SPREAD]: lines of a class (0 to 3) and 8 numbers, of which the class moves
# two.
made_rows() {
    awk -v count="$1" -v state="$2" -v spread="${3:-20}" '
        function random() { state = state * 16807 % 2147483647; return state / 2147483647 }
        BEGIN {
            for (i = 0; i < 10; i++) random()
            for (i = 0; i < count; i++) {
                class = int(4 * random())
                line = class
                for (f = 0; f < 8; f++)
                    line = line " " int((f % 4 == class ? 40 : 0) + \
                        spread * (random() + random() + random() - 1.5))
                print line
            }
        }'
}
# The labels of made rows, every Nth wrong from row N - 1 on; and the embeddings.
labels() { awk -v n="$1" '{ print (NR % n == 0 ? ($1 + 1) % 4 : $1) }'; }
embeddings() { cut -d' ' -f2-; }
# The rows with the lowest scores of a run: most_suspicious FOLDER COUNT
most_suspicious() {
    elements "$1/scores.npy" f4 | awk '{ print NR - 1, $1 }' | sort -s -g -k2 | head -n "$2" |
        cut -d' ' -f1
}
issue_rows() { tail -n +2 "$1/issues.csv" | cut -d, -f2; }
detect() { "$EARMARK" detect -o "$TMP/out" --fresh "$@"; }

made_rows 160 1 >"$TMP/rows"
embeddings <"$TMP/rows" | matrix "$TMP/x.npy" '|i1'
labels 20 <"$TMP/rows" | vector "$TMP/y.npy" '<i4'
x=$TMP/x.npy y=$TMP/y.npy

# ---- a run
check "detect" "$EARMARK" detect --embeddings "$x" --labels "$y" -o "$TMP/one" --threads 1
expect_grep "the summary counts rows" '^160 clips, 4 classes; 160 audited$' "$TMP/stdout"
expect_grep "rounding is mentioned" 'x\.npy: int8 rounded to float32' "$TMP/stderr"
for file in run.json clips.csv labels.npy pred_probs.npy scores.npy rows.npy classes.json issues.csv \
    issues.jsonl classes.csv confident_joint.csv overlapping_classes.csv report.html; do
    expect_file "$file is there" "$TMP/one/$file"
done
expect_grep "there is nothing to listen to" '^Next: open .* and look at the first rows of the ranking' \
    "$TMP/stdout"
expect_lines "clips.csv has every row" 161 "$TMP/one/clips.csv"
planted="19 39 59 79 99 119 139 159"
expect_equal "the planted rows are first" "$(most_suspicious "$TMP/one" 8 | sort -n | xargs)" "$planted"
flagged=$(issue_rows "$TMP/one" | grep -c '[13579]9$')
check "most are issues ($flagged)" test "$flagged" -ge 6
expect_equal "issues are ranked by scores.npy" "$(issue_rows "$TMP/one" | xargs)" \
    "$(most_suspicious "$TMP/one" 160 | grep -x -F -f <(issue_rows "$TMP/one") | xargs)"
expect_grep "the evidence names the view" ',"?x: logistic 0\.[0-9]* given' "$TMP/one/issues.csv"
cp "$TMP/one/report.html" "$TMP/page.html"
expect_no_grep "the page offers nothing to listen to" 'listen to|sound is not in the page' \
    "$TMP/page.html"
check "report" "$EARMARK" report "$TMP/one"
expect_same "makes the same page" "$TMP/one/report.html" "$TMP/page.html"
expect_no_grep "rows without a sound are nothing to warn of" 'warning' "$TMP/stderr"
expect_exit "results are not overwritten" 1 "$EARMARK" detect --embeddings "$x" --labels "$y" \
    -o "$TMP/one"
check "other threads" "$EARMARK" detect --embeddings "$x" --labels "$y" -o "$TMP/two" --threads 2 --quiet
expect_equal "quiet says nothing" "$(cat "$TMP/stdout" "$TMP/stderr")" ""
for file in "$TMP"/one/*; do expect_same "the same bytes: ${file##*/}" "$file" "$TMP/two/${file##*/}"; done
expect_exit "issues as an exit code" 4 detect --embeddings "$x" --labels "$y" --fail-on-issues
check "JSON" detect --embeddings "$x" --labels "$y" --json
expect_grep "the first issue" '"rank": 1, "row": [0-9]*9, ' "$TMP/stdout"
for type in '<f4' '<f8'; do
    embeddings <"$TMP/rows" | matrix "$TMP/typed.npy" "$type"
    check "as $type" detect --embeddings "$TMP/typed.npy" --labels "$y"
    expect_same "the same scores" "$TMP/one/scores.npy" "$TMP/out/scores.npy"
    expect_same "the same probabilities" "$TMP/one/pred_probs.npy" "$TMP/out/pred_probs.npy"
done

# ---- what is refused, with a sentence
# refused NAME CODE PATTERN OPTION...: exits with CODE, says PATTERN and writes nothing
refused() {
    local name=$1 code=$2 pattern=$3
    shift 3
    expect_exit "$name" "$code" "$EARMARK" detect -o "$TMP/no" "$@" &&
        expect_grep "is said" "^earmark: .*$pattern" "$TMP/stderr" &&
        check "nothing is written" test ! -e "$TMP/no/run.json"
}
# bytes FILE OFFSET ESCAPES: a copy with other bytes there
changed() {
    cp "$1" "$TMP/changed.npy"
    printf '%b' "$3" | dd of="$TMP/changed.npy" bs=1 seek=$((128 + $2)) conv=notrunc status=none
}
embeddings <"$TMP/rows" | matrix "$TMP/f4.npy" '<f4'
made_rows 150 2 | embeddings | matrix "$TMP/short.npy" '|i1'
refused "no labels" 2 '--labels FILE is missing' --embeddings "$x"
refused "seven embeddings" 2 'at most 6 files' --labels "$y" \
    $(for i in 1 2 3 4 5 6 7; do echo --embeddings "$x"; done)
refused "groups and folds" 2 'give --groups or --fold-of, not both' --embeddings "$x" \
    --labels "$y" --groups "$y" --fold-of "$y"
refused "logistic regression of two" 2 '--detector logistic takes one embedding a clip' \
    --embeddings "$x" --embeddings "$x" --labels "$y" --detector logistic
refused "a number of errors for the ensemble's filter" 2 "--frac-noise is for cleanlab's filters" \
    --embeddings "$x" --labels "$y" --frac-noise 0.5
refused "labels of other rows" 1 'y\.npy: 160 rows, but the embeddings have 150' \
    --embeddings "$TMP/short.npy" --labels "$y"
refused "embeddings of other rows" 1 'short\.npy: 150 rows, but .*x\.npy has 160' \
    --embeddings "$x" --embeddings "$TMP/short.npy" --labels "$y"
refused "labels that are a matrix" 1 'x\.npy: one whole number for each row' \
    --embeddings "$x" --labels "$x"
refused "embeddings that are a vector" 1 'y\.npy: embeddings have two dimensions' \
    --embeddings "$y" --labels "$y"
awk 'BEGIN { for (i = 0; i < 8; i++) { for (f = 0; f < 8193; f++) printf "%d ", f % (i + 2); print "" } }' |
    matrix "$TMP/wide.npy" '|i1'
for i in 0 1 0 1 0 1 0 1; do echo $i; done | vector "$TMP/wide_y.npy" '<i4'
# ---- labels that have nothing to do with the embeddings
awk 'BEGIN { for (i = 0; i < 160; i++) print int(i * i / 7) % 4 }' | vector "$TMP/any.npy" '<i4'
check "labels at random" detect --embeddings "$x" --labels "$TMP/any.npy"
expect_grep "come with a caution" '^caution: balanced accuracy .*worth little' "$TMP/stdout"
expect_grep "the number is not named" '^How many labels are wrong is hardly known' "$TMP/stdout"
expect_grep "nor on the page" 'so do not rely on them' "$TMP/out/report.html"
expect_no_grep "no share of right labels is named" '% of all labels are right' "$TMP/out/report.html"
expect_no_grep "nothing is said to fit none of the classes" 'none of' "$TMP/stdout"
expect_equal "nor marked so" "$(tail -n +2 "$TMP/out/issues.csv" | cut -d, -f15 | sort -u)" 0
# ---- half of the labels wrong: every clip's probabilities are flat, which tells no class from none
made_rows 400 5 12 >"$TMP/noisy"
embeddings <"$TMP/noisy" | matrix "$TMP/noisy.npy" '|i1'
awk '{ print (NR % 2 ? $1 : ($1 + 1 + int(NR / 2) % 3) % 4) }' "$TMP/noisy" | vector "$TMP/half.npy" '<i4'
check "half of the labels wrong" detect --embeddings "$TMP/noisy.npy" --labels "$TMP/half.npy"
expect_grep "are not too few to know the classes" '^balanced accuracy 0\.[45]' "$TMP/stdout"
expect_grep "are found" '^[0-9]* clips look mislabelled' "$TMP/stdout"
expect_no_grep "and not said to fit none of the classes" 'none of' "$TMP/stdout"
refused "probabilities adjusted for a score that does not use them" 2 \
    '--adjust-pred-probs goes with --score self_confidence' --embeddings "$x" --labels "$y" \
    --adjust-pred-probs
refused "more columns than the discriminant takes, before anything is fitted" 1 \
    'wide\.npy: embeddings of 8193 columns: the ensemble takes at most 8192; use --detector logistic' \
    --embeddings "$TMP/wide.npy" --labels "$TMP/wide_y.npy" --folds 2
changed "$TMP/f4.npy" $((4 * (8 * 37 + 3))) '\x00\x00\xc0\x7f'
refused "NaN" 1 'changed.*row 37, column 3' --embeddings "$TMP/changed.npy" --labels "$y"
refused "NaN in a further view" 1 'changed.*row 37, column 3' --embeddings "$x" \
    --embeddings "$TMP/changed.npy" --labels "$y"
changed "$TMP/f4.npy" $((4 * (8 * 5 + 1))) '\x00\x00\x80\xff'
refused "infinity" 1 'changed.*row 5, column 1' --embeddings "$TMP/changed.npy" --labels "$y"
changed "$TMP/typed.npy" $((8 * (8 * 20 + 7))) '\x00\x00\x00\x00\x00\x00\x00\x50'
refused "too large for float32" 1 'changed.*row 20, column 7.*too large' \
    --embeddings "$TMP/changed.npy" --labels "$y"
yes '7 0 -3' | head -n 160 | matrix "$TMP/constant.npy" '<f4'
refused "constant columns" 1 'constant\.npy: every column is constant' \
    --embeddings "$TMP/constant.npy" --labels "$y"
refused "constant columns of a further view" 1 'constant\.npy: every column is constant' \
    --embeddings "$x" --embeddings "$TMP/constant.npy" --labels "$y"
yes 3 | head -n 160 | vector "$TMP/same.npy" '|i1'
refused "one class" 1 'all 160 clips have the same label; at least two classes' \
    --embeddings "$x" --labels "$TMP/same.npy"
refused "too few for the folds" 1 'fewer clips than folds' --embeddings "$x" --labels "$y" --folds 100

# ---- rows that are left out
{
    made_rows 3 5 | sed 's/^./9/'
    sed -n 1,80p "$TMP/rows"
    made_rows 4 6 | sed 's/^./-1/'
    sed -n '81,$p' "$TMP/rows"
} >"$TMP/more"
embeddings <"$TMP/more" | matrix "$TMP/more_x.npy" '<f4'
cut -d' ' -f1 "$TMP/more" | vector "$TMP/more_y.npy" '<i4'
cut -d' ' -f1 "$TMP/rows" | vector "$TMP/right_y.npy" '<i4'
check "rows without a class or label" detect --embeddings "$TMP/more_x.npy" \
    --labels "$TMP/more_y.npy" --unlabelled -1
expect_equal "stay, with the reason" \
    "$(grep -E ',(too_few_examples|no_label),' "$TMP/out/clips.csv" | cut -d, -f1,4,8,9 | xargs -d '\n')" \
    "$(printf '%s,9,too_few_examples,its class has fewer clips than folds ' 0 1 2)$(
        printf '%s,,no_label,it has no labels ' 83 84 85)86,,no_label,it has no labels"
expect_equal "rows.npy has the others" "$(elements "$TMP/out/rows.npy" d8 | sed -n '1p;81p' | xargs)" '3 87'
check "the others alone" "$EARMARK" detect --embeddings "$x" --labels "$TMP/right_y.npy" -o "$TMP/alone"
expect_same "have the same scores" "$TMP/alone/scores.npy" "$TMP/out/scores.npy"
changed "$TMP/more_x.npy" $((4 * 8 * 90)) '\x00\x00\xc0\x7f'
refused "NaN after them" 1 'changed.*row 90, column 0' --embeddings "$TMP/changed.npy" \
    --labels "$TMP/more_y.npy" --unlabelled -1

# ---- groups and folds of a file
awk '{ print NR % 7 }' "$TMP/rows" | vector "$TMP/groups.npy" '<i4'
check "groups" detect --embeddings "$x" --labels "$y" --groups "$TMP/groups.npy"
expect_equal "are kept whole" "$(tail -n +2 "$TMP/out/clips.csv" | cut -d, -f6,7 | sort -u | wc -l)" 7
check "folds" detect --embeddings "$x" --labels "$y" --fold-of "$TMP/groups.npy"
expect_grep "are taken" '^6,,,.,.,,0,ok,' "$TMP/out/clips.csv"

# ---- several embeddings
made_rows 160 1 60 | embeddings | matrix "$TMP/noisy.npy" '|i1'
check "two embeddings" detect --embeddings "$TMP/noisy.npy" --embeddings "$x" --labels "$y"
expect_grep "are two views" '"views": \["noisy", "x"\]' "$TMP/out/run.json"
expect_grep "and both are in the evidence" '"?noisy: .*x: logistic' "$TMP/out/issues.csv"
expect_equal "the planted rows are first" "$(most_suspicious "$TMP/out" 8 | sort -n | xargs)" "$planted"

# ---- other filters and scores
rows=$(issue_rows "$TMP/out" | sort -n | xargs)
check "a score of cleanlab's" detect --embeddings "$TMP/noisy.npy" --embeddings "$x" --labels "$y" \
    --score self_confidence
expect_equal "ranks the same issues" "$(issue_rows "$TMP/out" | sort -n | xargs)" "$rows"
check "a filter of cleanlab's" detect --embeddings "$x" --labels "$y" --frac-noise 0.5 \
    --filter prune_by_noise_rate
expect_grep "flags some" '^1,[0-9]*9,' "$TMP/out/issues.csv"

# ---- logistic regression alone is the notebook's way
noisy=$TMP/noisy.npy
check "logistic" detect --embeddings "$noisy" --labels "$y" --detector logistic
check "crossval" "$EARMARK" crossval --embeddings "$noisy" --labels "$y" --detector logistic \
    -o "$TMP/crossval"
expect_same "the same probabilities" "$TMP/crossval/pred_probs.npy" "$TMP/out/pred_probs.npy"
check "issues" "$EARMARK" issues --labels "$TMP/crossval/labels.npy" \
    --pred-probs "$TMP/crossval/pred_probs.npy"
expect_grep "some are found" '^[0-9]+$' "$TMP/stdout"
expect_same "the same ones" "$TMP/stdout" <(issue_rows "$TMP/out")

# ---- every sound twice, 20 of 200 wrong in both copies
made_rows 200 3 30 >"$TMP/once"
cat "$TMP/once" "$TMP/once" >"$TMP/twice"
embeddings <"$TMP/twice" | matrix "$TMP/twice_x.npy" '|i1'
labels 10 <"$TMP/twice" | vector "$TMP/twice_y.npy" '<i4'
found() { most_suspicious "$1" 40 | grep -c '9$'; }
check "copies" detect --embeddings "$TMP/twice_x.npy" --labels "$TMP/twice_y.npy"
together=$(found "$TMP/out")
check "32 of 40 errors are first (found: $together)" test "$together" -ge 32
sharing() { # copies in the same fold
    tail -n +2 "$TMP/out/clips.csv" | cut -d, -f7 |
        awk '{ f[NR] = $1 } END { for (i = 1; i <= 200; i++) n += f[i] == f[i + 200]; print n + 0 }'
}
expect_equal "copies share a fold" "$(sharing)" 200
check "apart" detect --embeddings "$TMP/twice_x.npy" --labels "$TMP/twice_y.npy" --copies apart
expect_equal "they share none" "$(sharing)" 0

# ---- the same sound under two labels
{ cat "$TMP/rows"; sed -n '1~16p' "$TMP/rows"; } >"$TMP/both"
embeddings <"$TMP/both" | matrix "$TMP/both_x.npy" '|i1'
awk '{ print (NR > 160 ? ($1 + 2) % 4 : $1) }' "$TMP/both" | vector "$TMP/both_y.npy" '<i4'
check "the same sound under two labels" detect --embeddings "$TMP/both_x.npy" \
    --labels "$TMP/both_y.npy"
expect_equal "the less probable label first" "$(issue_rows "$TMP/out" | head -n 10 | sort -n | xargs)" \
    "$(seq -s ' ' 160 169)"
certain() { # rows marked as certain, with the row of the same sound
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
        $column["certain"] == 1 { print $column["row"], $column["same_sound"] }' "$TMP/out/issues.csv"
}
expect_equal "all are certain, and name the other" "$(certain | sort -n | xargs)" \
    "$(for i in $(seq 0 9); do echo "$((16 * i)) $((160 + i))"; done | xargs) $(
        for i in $(seq 0 9); do echo "$((160 + i)) $((16 * i))"; done | xargs)"
check "apart" detect --embeddings "$TMP/both_x.npy" --labels "$TMP/both_y.npy" --copies apart
expect_equal "nothing is certain" "$(certain)" ""
# Row 8 and its copies 160 to 163: of three labels that of 161 and 163 is right.
{ cat "$TMP/rows"; for i in 1 2 3 4; do sed -n 9p "$TMP/rows"; done; } >"$TMP/three"
embeddings <"$TMP/three" | matrix "$TMP/three_x.npy" '|i1'
awk '{ print ($1 + (NR == 9 || NR == 163 ? 1 : NR == 161 ? 2 : 0)) % 4 }' "$TMP/three" |
    vector "$TMP/three_y.npy" '<i4'
check "three labels" detect --embeddings "$TMP/three_x.npy" --labels "$TMP/three_y.npy"
expect_equal "name a row of the most probable one, and that another" "$(certain | sort -n | xargs)" \
    '8 161 160 161 161 8 162 161 163 8'
right=$(cut -d' ' -f1 <<<"$(sed -n 9p "$TMP/rows")")
expect_equal "which is suggested" "$(head -n 4 "$TMP/out/issues.csv" | cut -d, -f8 | tail -n 3 | xargs)" \
    "$right $right $right"
# A sound between the classes, three times: the label of two of them is the likelier one.
for pair in '1 2' '2 1'; do
    read -r most other <<<"$pair"
    { cat "$TMP/rows"; for label in $most $other $most; do echo "$label 10 10 10 10 10 10 10 10"; done; } \
        >"$TMP/vague"
    embeddings <"$TMP/vague" | matrix "$TMP/vague_x.npy" '|i1'
    cut -d' ' -f1 "$TMP/vague" | vector "$TMP/vague_y.npy" '<i4'
    check "two labels $most, one label $other" detect --embeddings "$TMP/vague_x.npy" \
        --labels "$TMP/vague_y.npy"
    expect_equal "the one comes first" "$(issue_rows "$TMP/out" | head -n 1)" 161
done

# ---- the arrays of an audit
clips=$TMP/clips
make_square_corpus "$clips" 8
cp "$clips/high/clip0.wav" "$clips/low/wrong label.wav"
check "an audit" "$EARMARK" audit "$clips" -o "$TMP/audit"
check "detect on its arrays" detect --embeddings "$TMP/audit/embeddings.npy" \
    --embeddings "$TMP/audit/statistics.npy" --labels "$TMP/audit/labels.npy"
expect_equal "gives its list" "$(issue_rows "$TMP/out" | xargs)" "$(issue_rows "$TMP/audit" | xargs)"
expect_equal "and its scores" "$(paste <(elements "$TMP/out/scores.npy" f4) \
    <(elements "$TMP/audit/scores.npy" f4) |
    awk '($1 - $2) ^ 2 <= 1e-10 { same++ } END { print same, NR }')" '25 25'

# ---- an audit with embeddings of another model
tail -n +2 "$TMP/audit/clips.csv" | awk -F, '{ print (/,low,/ ? 3 : /,high,/ ? 1 : 2), NR % 5, 4 }' \
    >"$TMP/model"
sed '$d' "$TMP/model" | matrix "$TMP/few.npy" '|i1'
matrix "$TMP/model.npy" '|i1' <"$TMP/model"
matrix "$TMP/model32.npy" '<f4' <"$TMP/model"
audit() { "$EARMARK" audit "$clips" -o "$TMP/own" --fresh "$@"; }
expect_exit "a row too few" 1 audit --embeddings "$TMP/few.npy"
expect_grep "is reported" 'few\.npy: 24 rows, but INPUT has 25 clips' "$TMP/stderr"
expect_exit "too many files" 2 audit $(for i in 1 2 3 4 5 6; do echo --embeddings "$TMP/model.npy"; done)
expect_exit "logistic regression of two views" 2 audit --embeddings "$TMP/model.npy" \
    --views xvector --detector logistic
expect_equal "before anything is embedded" "$(ls -A "$TMP/own" 2>/dev/null | wc -l)" 0
check "an audit with embeddings" audit --embeddings "$TMP/model.npy" --threads 1
expect_grep "has one more view" '"views": \["xvector", "statistics", "model"\]' "$TMP/own/run.json"
expect_same "which is kept, by clip" "$TMP/own/view-1.npy" "$TMP/model32.npy"
mv "$TMP/own" "$TMP/own1"
check "with other threads" audit --embeddings "$TMP/model.npy" --threads 2
for file in scores.npy pred_probs.npy view-1.npy issues.csv run.json report.html; do
    expect_same "the same bytes: $file" "$TMP/own1/$file" "$TMP/own/$file"
done
check "an audit with them alone" audit --embeddings "$TMP/model.npy" --views none
expect_grep "has no other view" '"views": \["model"\]' "$TMP/own/run.json"
check "logistic regression of them" audit --embeddings "$TMP/model.npy" --detector logistic
check "an audit without them" audit
check "has no view of the other run" test ! -e "$TMP/own/view-1.npy"
changed "$TMP/model32.npy" $((4 * (3 * 11 + 1))) '\x00\x00\x80\x7f'
expect_exit "infinity" 1 audit --embeddings "$TMP/changed.npy"
expect_grep "with file and row" 'changed\.npy: row 11, column 1: inf is not finite' "$TMP/stderr"
matrix "$TMP/model64.npy" '<f8' <"$TMP/model"
changed "$TMP/model64.npy" $((8 * (3 * 12 + 2))) '\x00\x00\x00\x00\x00\x00\x00\x50'
expect_exit "a number too large for float32" 1 audit --embeddings "$TMP/changed.npy"
expect_grep "likewise" 'changed\.npy: row 12, column 2: .* is too large for float32' "$TMP/stderr"
