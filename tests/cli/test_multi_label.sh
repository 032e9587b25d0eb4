#!/usr/bin/env bash
# Several labels a clip, as a user runs it: from a list with sets to the wrong labels.
source tests/cli/lib.sh
source tests/cli/sounds.sh

clips=$TMP/clips
make_square_corpus "$clips" 9

# Low clips are 'deep' and 'dark', middle ones 'dark', high ones neither; two low ones are also
# 'rare'. Planted: middle/clip3 has the label 'deep', high/clip4 'dark', low/clip5 lacks 'dark'.
labels_of() {
    case $1 in
        low/clip0 | low/clip1) echo 'deep dark rare' ;;
        low/clip5) echo 'deep' ;;
        low/*) echo 'deep dark' ;;
        middle/clip3) echo 'dark deep' ;;
        middle/*) echo 'dark' ;;
        high/clip4) echo 'dark' ;;
        *) echo '' ;;
    esac
}
echo 'path,labels' >"$clips/list.csv"
for class in high low middle; do
    for index in 0 1 2 3 4 5 6 7 8; do
        set -- $(labels_of "$class/clip$index")
        (IFS=';' && printf '%s,%s\n' "$class/clip$index.wav" "$*") >>"$clips/list.csv"
        printf '{"path": "%s", "labels": [%s]}\n' "$class/clip$index.wav" \
            "$(printf '%s\n' "$@" | sed -n 's/..*/"&"/p' | paste -s -d,)" >>"$clips/list.jsonl"
    done
done

# ---- an audit
check "an audit of sets" "$EARMARK" audit "$clips/list.csv" --label-separator ';' -o "$TMP/out"
expect_grep "two labels are classes" '27 clips, 2 classes; 27 audited' "$TMP/stdout"
expect_grep "what is left as it is" '1 label cannot be audited .*rare \(2; fewer clips than folds have it\)' "$TMP/stderr"
expect_grep "what an empty cell means" 'clips with an empty label: 8 of 27; .* none of the labels' "$TMP/stderr"
expect_grep "a label that should not be there" '^ .* dark +-> \(none\) +high/clip4\.wav' "$TMP/stdout"
for file in run.json clips.csv embeddings.npy labels.npy pred_probs.npy classes.json issues.csv \
    issues.jsonl annotations.csv classes.csv report.html; do
    expect_file "$file is there" "$TMP/out/$file"
done
for planted in 'high/clip4.wav,dark,1' 'low/clip5.wav,dark,0' 'middle/clip3.wav,deep,1'; do
    expect_grep "found: $planted" ",$planted,0\\.[0-9]+$" "$TMP/out/annotations.csv"
done
expect_equal "the set that it has and the one it should have" \
    "$(awk -F, '$4 == "low/clip5.wav" { print $7 " -> " $8 }' "$TMP/out/issues.csv")" \
    'deep -> "dark;deep"'
expect_grep "clips.csv has sorted sets, and no class" ',low/clip0\.wav,"dark;deep;rare",,' "$TMP/out/clips.csv"
expect_equal "classes.json" "$(tr -d ' \n' <"$TMP/out/classes.json")" '["dark","deep"]'
expect_equal "labels are a column a class" "$(head -c 70 "$TMP/out/labels.npy" | tr -d '\000' | grep -a -o "(27, 2)")" '(27, 2)'
expect_grep "the page says which is missing" 'probably missing: <bdi>dark</bdi>' "$TMP/out/report.html"
expect_grep "the settings" '"label_separator": ";"' "$TMP/out/run.json"
expect_grep "labels that are no classes" '"labels_not_audited": \["rare"\]' "$TMP/out/run.json"
check "JSON arrays" "$EARMARK" audit "$clips/list.jsonl" --label-separator '|' -o "$TMP/lines" --threads 1 --quiet
for file in embeddings.npy labels.npy pred_probs.npy classes.csv; do
    expect_same "$file: the same from arrays, with one thread" "$TMP/out/$file" "$TMP/lines/$file"
done
expect_grep "joined by the separator" ',low/clip0\.wav,dark\|deep\|rare,' "$TMP/lines/clips.csv"
cp "$TMP/out/report.html" "$TMP/page"
check "the page made again" "$EARMARK" report "$TMP/out"
expect_same "is the same" "$TMP/page" "$TMP/out/report.html"

# ---- the single stages
check "embed" "$EARMARK" embed "$clips/list.csv" --label-separator ';' -o "$TMP/embedded" --quiet
expect_same "the audit's embeddings" "$TMP/out/embeddings.npy" "$TMP/embedded/embeddings.npy"
expect_equal "all labels" "$(tr -d ' \n' <"$TMP/embedded/classes.json")" '["dark","deep","rare"]'
check "crossval" "$EARMARK" crossval --embeddings "$TMP/embedded/embeddings.npy" --multi-label \
    --labels "$TMP/embedded/labels.npy" -o "$TMP/crossval" --quiet
expect_same "the audit's probabilities" "$TMP/out/pred_probs.npy" "$TMP/crossval/pred_probs.npy"
expect_same "the audit's labels" "$TMP/out/labels.npy" "$TMP/crossval/labels.npy"
check "issues" "$EARMARK" issues --multi-label --labels "$TMP/out/labels.npy" \
    --pred-probs "$TMP/out/pred_probs.npy"
expect_equal "the audit's ranking" "$(paste -s -d, "$TMP/stdout")" \
    "$(awk -F, 'NR > 1 { print $2 }' "$TMP/out/issues.csv" | paste -s -d,)"

check "issues with its joint" "$EARMARK" issues --multi-label --labels "$TMP/out/labels.npy" \
    --pred-probs "$TMP/out/pred_probs.npy" -o "$TMP/issues" --quiet
check "which an audit takes" "$EARMARK" audit "$clips/list.csv" --label-separator ';' -o "$TMP/joint" \
    --joint "$TMP/issues/confident_joint.npy" --quiet
expect_same "and finds the same" "$TMP/out/issues.csv" "$TMP/joint/issues.csv"

# ---- arrays of counts that an audit refuses, by their names
source tests/cli/arrays.sh
npy "$TMP/zero.npy" '|u1' '(2, 2, 2)' '\3\1\1\3\0\0\0\0'
npy "$TMP/less.npy" '|i1' '(2,)' '\1\377'
expect_exit "a joint of zeros" 1 "$EARMARK" audit "$clips/list.csv" --label-separator ';' \
    -o "$TMP/zero" --joint "$TMP/zero.npy" --C 1
expect_grep "is named, with the class" "^earmark: $TMP/zero\.npy: class 1 against the rest: .*0 throughout" \
    "$TMP/stderr"
expect_exit "fewer than none to remove" 1 "$EARMARK" audit "$clips/list.csv" --label-separator ';' \
    -o "$TMP/less" --num-to-remove "$TMP/less.npy" --C 1
expect_grep "are named, too" "^earmark: $TMP/less\.npy: class 1: -1 rows to remove" "$TMP/stderr"

# ---- groups and folds, and one label after all
sed -e '1s/$/,part/' -e '1!s/clip\(.\)\(.*\)$/clip\1\2,\1/' "$clips/list.csv" >"$clips/parts.csv"
check "groups" "$EARMARK" audit "$clips/parts.csv" --label-separator ';' --group part --folds 3 --C 1 \
    -o "$TMP/groups" --quiet
expect_equal "a group is in one fold" \
    "$(awk -F, 'NR > 1 { print $6 "," $7 }' "$TMP/groups/clips.csv" | sort -u | wc -l)" 9
check "folds of a column" "$EARMARK" audit "$clips/parts.csv" --label-separator ';' --fold-column part --C 1 \
    -o "$TMP/parts" --quiet
expect_grep "as many as it has" '"folds": 9' "$TMP/parts/run.json"
expect_equal "two clips in two folds will do" "$(tr -d ' \n' <"$TMP/parts/classes.json")" '["dark","deep","rare"]'
check "fresh, with one label a clip" "$EARMARK" audit "$clips/parts.csv" --label-column part --C 1 \
    --folds 3 --fresh -o "$TMP/out" --quiet
expect_equal "leaves nothing of the sets" "$(ls "$TMP/out" | grep -c annotations)" 0

# ---- refused
expect_exit "a separator of two characters" 2 "$EARMARK" audit "$clips/list.csv" --label-separator '; ' -o "$TMP/no"
printf 'path,labels\nlow/clip0.wav,a;b\nlow/clip1.wav,a;b\nlow/clip2.wav,c\n' >"$clips/few.csv"
expect_exit "no label with enough clips" 1 "$EARMARK" audit "$clips/few.csv" --label-separator ';' \
    --folds 3 -o "$TMP/few"
expect_grep "and why" 'none of the 3 labels can be audited: each needs as many clips' "$TMP/stderr"
