#!/usr/bin/env bash
# Finding 10: names, labels, columns, keys, options and whatever else comes from an input, with
# characters that command a terminal. None of them may reach it, in a pipe or in a terminal.
source tests/hostile/lib.sh
source tests/cli/arrays.sh
source tests/cli/terminal.sh

# Colours, bell, backspace, delete, CSI as one character, right-to-left, a line separator, a byte
# that is no UTF-8, and the start of the line again.
planted=$'\e[31m\a\b\x7f\u009b2J\u202e\u2028\xff\rINJECTED'
lines=$planted$'\nINJECTED' # where a line end is possible as well
# The same in JSON, which cannot have the byte.
json='\u001b[31m\u0007\b\u007f\u009b2J\u202e\u2028\rINJECTED\nINJECTED'
reaches='[\x1b\x07\x08\x7f\xff]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\rINJECTED|^INJECTED'

# clean NAME CODE COMMAND...: it ends with this exit code, in a pipe and in a terminal, and nothing
# of what is planted is seen there as it is; what was seen in the pipe is in $TMP/seen.
clean() {
    local name="finding 10: $1" code=$2 found
    shift 2
    expect_exit "$name" "$code" "$@" || return
    cat "$TMP/stdout" "$TMP/stderr" >"$TMP/seen"
    found=$(LC_ALL=C grep -a -n -m 3 -P "$reaches|\r" "$TMP/seen" | cat -v)
    expect_equal "$name, in a pipe" "$found" ""
    if command -v script >/dev/null; then
        printf '%q ' "$@" >"$TMP/typed"
        TERM=xterm LC_ALL=C.UTF-8 script -qec "stty cols 80; source '$TMP/typed'" /dev/null \
            </dev/null >"$TMP/terminal"
        found=$(LC_ALL=C grep -a -n -m 3 -P "$reaches" "$TMP/terminal" | cat -v)
        expect_equal "$name, in a terminal" "$found" ""
    fi
}

# shown NAME: what is planted can be seen, so that it was not merely left out.
shown() { expect_grep "finding 10: $1, can be seen" '(\\x1b|\\u001b)\[31m' "$TMP/seen"; }

cd "$TMP" || exit 1
make_square_corpus clips 6
find clips -name '*.wav' | sort >names

# ---- the command line
for arguments in "$planted" "audit --$planted" "audit clips --detector $planted" "audit -o x $planted" \
    "audit clips -o x --device $planted" "audit clips -o x --folds $planted" "model $planted" \
    "model info $planted" "model import $planted -o x" "report $planted" "bench $planted" "help $planted" \
    "crossval --embeddings $planted --labels x -o x" "issues --labels $planted --pred-probs $planted" \
    "detect --embeddings $planted --labels x -o x" "embed $planted -o x" "audit clips -o x --model $planted" \
    "audit clips -o x --label-separator $planted" "audit clips -o x --embeddings $planted"; do
    IFS=' ' read -r -d '' -a words <<<"$arguments"
    code=1
    case $arguments in *--model* | *--embeddings* | "model i"* | report* | issues* | embed*) ;; *"-o x $planted") ;; *) code=2 ;; esac
    clean "the argument ${arguments%%"$planted"*}" "$code" "$EARMARK" "${words[@]}"
    shown "the argument ${arguments%%"$planted"*}"
done

# ---- a list: columns, labels, paths, identifiers, groups
{
    printf 'row,path,label,"%s",id\n' "$lines"
    number=0
    while read -r name; do
        number=$((number + 1))
        label=${name#clips/}
        printf '%s,%s,"%s","%s","%s%s"\n' "$number" "$name" "${label%%/*}$lines" "$((number % 7))$lines" "$planted" "$number"
    done <names
    printf '90,"gone%s.wav","only%s",1,a\n91,names,"low%s",1,b\n' "$lines" "$lines" "$lines"
    sed 's/.*/92,&,"high'"$planted"'",1,c/' names | tail -n 2
} >list.csv
clean "a list" 3 "$EARMARK" audit list.csv -o "out$planted" --fresh --device cpu --group "$lines" --folds 3
shown "a list"
clean "a list, as JSON" 3 "$EARMARK" audit list.csv -o "out$planted" --fresh --device cpu --json
shown "a list, as JSON"
clean "a list, quiet" 3 "$EARMARK" audit list.csv -o "out$planted" --fresh --device cpu --quiet
clean "embed" 3 "$EARMARK" embed list.csv -o "embedded$planted" --fresh --device cpu
shown "embed"
clean "the page again" 0 "$EARMARK" report "out$planted"
clean "what is finished" 1 "$EARMARK" audit list.csv -o "out$planted" --device cpu
clean "a column that is not there" 2 "$EARMARK" audit list.csv -o x --label-column "$planted"
shown "a column that is not there"
for file in "out$planted"/*.csv "embedded$planted"/*.csv; do
    expect_equal "findings 10 and 18: ${file##*/} can be printed" \
        "$(LC_ALL=C grep -a -c -P '[\x1b\x07\x08\x7f\xff]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]' "$file")" 0
done
for file in "out$planted"/*.json "out$planted"/*.jsonl "out$planted"/report.html; do
    expect_equal "finding 10: ${file##*/} can be printed" \
        "$(LC_ALL=C grep -a -c -P '[\x1b\x07\x08\x7f\xff\r]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]' "$file")" 0
done

# Lists that are refused, each with a message that quotes them.
printf 'a"%s","%s\n' "$planted" "$planted" >"open$planted.csv"
printf 'one%s,two%s\n1,2\n' "$planted" "$planted" >columns.csv
printf '{"path%s": 1}\n' "$json" >keys.jsonl
printf '{"path": "a.wav", "label": "x", "label": "%s"}\n' "$json" >twice.jsonl
printf '{"path": "a.wav", "label": %s}\n' "$planted" >broken.jsonl
printf '{"path": "a.wav", "label": {"%s": 1}}\n{"path": "b", "label": [["%s"]]}\n' "$json" "$json" >deep.jsonl
printf '%s\n' "$planted" >"text$planted"
for list in "open$planted.csv" columns.csv keys.jsonl twice.jsonl broken.jsonl deep.jsonl "text$planted"; do
    "$EARMARK" audit "$list" -o x >/dev/null 2>&1
    clean "the list ${list%%"$planted"*}" "$?" "$EARMARK" audit "$list" -o x
done
for pattern in "{label}$planted" "$planted" "{$planted}/{label}.wav"; do
    "$EARMARK" audit clips -o x --pattern "$pattern" >/dev/null 2>&1
    clean "the pattern ${pattern%%"$planted"*}" "$?" "$EARMARK" audit clips -o x --pattern "$pattern"
done

# What is too long for a message is not cut within a character.
long_name=$(printf 'é%.0s' $(seq 600))
for lead in '' x; do
    {
        printf '{"path": "clips/low/clip0.wav", "label": "low", "%s": [1]}\n' "$lead$long_name"
        printf '{"path": "clips/low/clip0.wav", "label": "%s"}\n' "$lead$long_name"
        printf '{"path": "%s.wav", "label": "low", "offset": "%s", "duration": 1}\n' "$lead$long_name" "$lead$long_name"
    } >long.jsonl
    for option in --group --fold-column --label-column --path-column; do
        "$EARMARK" audit long.jsonl -o long-out --fresh --folds 3 "$option" "$lead$long_name" >stdout 2>stderr
        expect_no_grep "finding 10: $option, cut between characters" '\\x(c3|a9)' stderr
        expect_no_grep "finding 10: $option, clips.csv" '%C3|%A9' <(cat long-out/clips.csv 2>/dev/null)
    done
done

# ---- folders: classes and files, what links lead to
mkdir folder
cp -r clips/low "folder/low$planted"
cp -r clips/high "folder/high"$'\nINJECTED'
: >"folder/low$planted/empty$planted.wav"
ln -s "nowhere$planted" "folder/high"$'\nINJECTED'"/link$planted.wav"
ln -s "/etc/passwd" "folder/low$planted/passwd$planted.wav"
clean "a folder" 3 "$EARMARK" audit folder -o folder-out --fresh --device cpu --folds 3
shown "a folder"
mkdir "kaldi$planted" lhotse
printf 'u%s clips/low/clip0.wav\nu2 touch %s |\n' "$planted" "$planted" >"kaldi$planted/wav.scp"
printf 'u%s label%s\nother%s x\nu2 %s\n' "$planted" "$planted" "$planted" "$planted" >"kaldi$planted/utt2label"
printf 'u%s r%s 1 2 %s\n' "$planted" "$planted" "$planted" >"kaldi$planted/segments"
printf '{"id": "%s", "sources": [{"type": "%s", "channels": [0], "source": "%s"}]}\n' "$json" "$json" "$json" \
    >lhotse/recordings.jsonl
printf '{"id": "%s", "recording_id": "%s", "start": 0, "duration": 1, "channel": 0, "custom": {"label%s": "%s"}}\n' \
    "$json" "$json" "$json" "$json" >lhotse/supervisions.jsonl
for list in "kaldi$planted" lhotse; do
    "$EARMARK" audit "$list" -o list-out --fresh >/dev/null 2>&1
    clean "${list%%"$planted"*}" "$?" "$EARMARK" audit "$list" -o list-out --fresh
done

# ---- models and arrays
words=${lines//$'\xff'/} # a model's texts are UTF-8
clean "a model's words" 0 "$EARMARK" model import "$repository/tests/golden/model/speechbrain" -o words \
    --name "$words" --licence "$words" --source "$words"
shown "a model's words"
clean "a model's words, as JSON" 0 "$EARMARK" model info words --json
shown "a model's words, as JSON"
clean "a model's words, in an audit" 3 "$EARMARK" audit list.csv -o words-out --device cpu --model words
printf '%s' "{\"__metadata__\": {\"a$json\": \"$json\"}, \"x$json\": {\"dtype\": \"$json\", \"shape\": [1], \"data_offsets\": [0, 4]}}" >header
{ little_endian 8 "$(wc -c <header)" && cat header && printf '\0\0\0\0'; } >"bad$planted.safetensors"
clean "a model with such names" 1 "$EARMARK" model info "bad$planted.safetensors"
mkdir "yaml$planted"
cp "$repository/tests/golden/model/speechbrain/embedding_model.ckpt" "yaml$planted"
for text in "tdnn_dilations: !new:$json \"$json\"" "tdnn_dilations: [\"$json\"]" "lin_neurons: \"$json\"" \
    "$planted: [" "tdnn_blocks: !ref <$json>"; do
    printf '%s\n' "$text" >"yaml$planted/hyperparams.yaml"
    "$EARMARK" model import "yaml$planted" -o x >/dev/null 2>&1
    clean "hyperparams.yaml: ${text%%[\\$'\e']*}" "$?" "$EARMARK" model import "yaml$planted" -o x
done
sed "s/torch/to$(printf '\033')h/g; s/conv/c$(printf '\033')nv/g" \
    "$repository/tests/golden/model/brain.ckpt" >"yaml$planted/embedding_model.ckpt"
clean "a checkpoint" 1 "$EARMARK" model import "yaml$planted" -o x
npy "type$planted.npy" "<f4$planted" "(1, 2)" "$float_1$float_1"
npy "shape$planted.npy" "<f4" "(1, $planted)" "$float_1$float_1"
npy good.npy '<i4' '(2,)' "$(int32 0 1)"
for array in "type$planted.npy" "shape$planted.npy"; do
    clean "issues: ${array%%"$planted"*}" 1 "$EARMARK" issues --labels good.npy --pred-probs "$array"
    clean "crossval: ${array%%"$planted"*}" 1 "$EARMARK" crossval --labels "$array" --embeddings "$array" -o x
done
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 2 * 9 + i % 5, i % 3, 7 * (i % 2) }' >rows
matrix "view$lines.npy" '<f8' <rows
awk 'BEGIN { for (i = 0; i < 40; i++) print i % 2 }' | vector labels.npy '<i4'
clean "crossval" 0 "$EARMARK" crossval --labels labels.npy --embeddings "view$lines.npy" -o "cross$planted" --fresh \
    --max-iterations 1 --tol 1e-12
shown "crossval"
clean "crossval, as JSON" 0 "$EARMARK" crossval --labels labels.npy --embeddings "view$lines.npy" -o "cross$planted" \
    --fresh --json
cp "view$lines.npy" "other$lines.npy"
clean "detect" 0 "$EARMARK" detect --labels labels.npy --embeddings "view$lines.npy" --embeddings "other$lines.npy" \
    -o "found$planted" --fresh --device cpu
shown "detect"
clean "issues" 0 "$EARMARK" issues --labels "cross$planted/labels.npy" --pred-probs "cross$planted/pred_probs.npy" \
    -o "issues$planted" --fresh
shown "issues"

# ---- report: a folder that somebody else made
cp -r "out$planted" received
for file in run.json classes.json issues.csv clips.csv classes.csv; do
    [ -e "received/$file" ] || continue
    cp "received/$file" kept
    for change in "s/[a-z_]*[\",]/$(printf '%s' "$planted" | sed 's/[][\\/&]/\\&/g')/3" '1s/^/\x1b/' '$d' \
        "s/: \"[^\"]*\"/: \"$(printf '%s' "$json" | sed 's/[][\\/&]/\\&/g')\"/" 's/: [0-9][0-9]*/: "\\u001b\\u009b"/'; do
        LC_ALL=C sed "$change" kept >"received/$file"
        "$EARMARK" report received >/dev/null 2>&1
        clean "report: $file changed by ${change:0:9}" "$?" "$EARMARK" report received
    done
    cp kept "received/$file"
done

# ---- a stop, which a signal's handler may report
{
    echo path,label
    for ((i = 0; i < 300; i++)); do awk -F/ '{ print $0 "," $2 }' names; done
} >many.csv
"$EARMARK" audit many.csv -o "stopped$planted" --device cpu >stdout 2>stderr &
process=$!
for ((i = 0; i < 400; i++)); do
    if [ -n "$(find "stopped$planted/shards" -name '*.shard' 2>/dev/null)" ]; then break; fi
    sleep 0.05
done
kill -TERM "$process"
wait "$process"
expect_equal "finding 10: a run is stopped" "$?" 75
cp stderr seen
expect_equal "finding 10: the stop" "$(LC_ALL=C grep -a -P "$reaches" stderr | cat -v)" ""
shown "the stop"
