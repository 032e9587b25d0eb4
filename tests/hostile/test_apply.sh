#!/usr/bin/env bash
# earmark apply on a data set and decisions that somebody prepared: what it writes runs nothing,
# replaces nothing and stays where it was told to be.
source tests/hostile/lib.sh

clips=$TMP/clips
make_square_corpus "$clips" 3
cd "$TMP" || exit 1

# Names that a shell would run, that look like options, that break lines.
mkdir set
for class in low middle high; do
    mkdir "set/$class"
    cp "$clips/$class/clip0.wav" "set/$class/\$(touch pwned)\`touch pwned\`'\"&touch pwned.wav"
    cp "$clips/$class/clip1.wav" "set/$class/-n.wav"
    cp "$clips/$class/clip2.wav" "set/$class/$class"$'\n'"touch pwned.wav"
    mv "set/$class/-n.wav" "set/$class/-$class.wav"
done
check "a folder of such names" "$EARMARK" audit set -o out --folds 2 --views xvector --quiet

# decide PATH GIVEN DECISION [LABEL]: strings of JSON, without their quotes; the clip is a whole file.
decide() {
    local end=0.27
    case $1 in *'\n'*) end=0.29 ;; *touch*) end=0.25 ;; esac
    printf '{"v":1,"row":null,"path":"%s","start":0,"end":%s,"given":"%s","decision":"%s"%s,"by":"b"}\n' \
        "$1" "$end" "$2" "$3" "${4:+,\"label\":\"$4\"}"
}
name='$(touch pwned)`touch pwned`'"'"'\"&touch pwned.wav'
clip=${name//\\/}
{
    decide "high/$name" high relabel '$(touch pwned) x'
    decide high/-high.wav high relabel -rf
    decide 'low/low\ntouch pwned.wav' low relabel '=cmd|x'
    decide low/-low.wav low exclude
} >decisions.jsonl
check "18: decisions with such labels" "$EARMARK" apply out decisions.jsonl -o new
expect_grep "18: all of them count" '^3 changed, 1 excluded' stdout
expect_grep "18: no spreadsheet runs a label" ",'=cmd" new/changes.csv
find set | sort >before
check "18: moves.sh" bash new/moves.sh
expect_equal "18: the files are where they were told to be" \
    "$(ls -d 'set/$(touch pwned) x/'* 'set/-rf/-high.wav' 'set/=cmd|x/'* set/.earmark-excluded/low/-low.wav | wc -l)" 5
check "18: undo.sh" bash new/undo.sh
expect_equal "18: all is as it was" "$(find set | sort)" "$(cat before)"
expect_equal "18: nothing was run" "$(find . -name pwned; ls "$repository" | grep -x pwned)" ""

# The same name in three folders, which change places.
{
    decide "high/$name" high relabel low
    decide "low/$name" low relabel middle
    decide "middle/$name" middle exclude
} >exchange.jsonl
find set -type f -exec cksum {} + | sort >before
check "18: names that are exchanged" "$EARMARK" apply out exchange.jsonl -o exchange
moved=$(cksum <"set/high/$clip")
check "18: names that are exchanged: moves.sh" bash exchange/moves.sh
expect_equal "18: names that are exchanged: one has the name of the other" "$(cksum <"set/low/$clip")" "$moved"
check_fails "18: names that are exchanged: the first has left" test -e "set/high/$clip"
check "18: names that are exchanged: undo.sh" bash exchange/undo.sh
expect_equal "18: names that are exchanged: all is as it was" "$(find set -type f -exec cksum {} + | sort)" "$(cat before)"
expect_equal "18: names that are exchanged: nothing was run" "$(find . -name pwned)" ""

# Labels that would leave the folder, or hide the clip.
for label in .. . ../../x /tmp/x a/b .hidden ''; do
    decide high/-high.wav high relabel "$label" >bad.jsonl
    [ -n "$label" ] || sed -i 's/"relabel"/"relabel","label":""/' bad.jsonl
    expect_exit "8: no folder can be called '$label'" 1 "$EARMARK" apply out bad.jsonl -o bad
    check_fails "8: '$label': nothing is written" test -e bad
done

# NEW that leads elsewhere.
ln -s "$TMP/elsewhere" dangling
expect_exit "3: NEW is a link that leads nowhere" 2 "$EARMARK" apply out decisions.jsonl -o dangling
check_fails "3: and nothing is behind it" test -e elsewhere
ln -s "$TMP/set" link
expect_exit "3: NEW is in INPUT through a link" 2 "$EARMARK" apply out decisions.jsonl -o link/new
expect_exit "3: NEW is in OUT" 2 "$EARMARK" apply out decisions.jsonl -o out/new

# A folder of a run that came from somebody.
cp -r out received
sed -i 's,^\(    "path": \).*,\1"/etc/passwd"\,,' received/run.json
expect_exit "9: INPUT is another file" 2 "$EARMARK" apply received decisions.jsonl -o passwd
check_fails "9: nothing of it is written" test -e passwd
cp -r out deep
printf '{"format": 1, "list": %s}' "$(printf '[%.0s' $(seq 5000))" >deep/run.json
expect_exit "9: a run.json without an end" 1 "$EARMARK" apply deep decisions.jsonl -o deep-new
cp -r out rows
tail -n +2 out/clips.csv | cat out/clips.csv - >rows/clips.csv
expect_exit "9: rows that are there twice" 1 "$EARMARK" apply rows decisions.jsonl -o rows-new
cp -r out other
sed -i 's,/-high.wav,/other.wav,g' other/clips.csv
expect_exit "9: other clips than in the folder" 1 "$EARMARK" apply other decisions.jsonl -o other-new
expect_grep "9: says what to do" 'changed since the audit' stderr
cd "$repository" || exit 1
