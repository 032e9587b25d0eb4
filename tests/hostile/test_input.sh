#!/usr/bin/env bash
# Paths and links of a collection, and of a folder OUT that somebody else sent, that lead to files
# which are not part of it. Findings 7, 8, 9 and 21.
source tests/hostile/lib.sh

# rows FOLDER: path and status of each clip.
rows() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
             { print $column["path"] "|" $column["status"] }' "$1/clips.csv"
}

make_square_corpus "$TMP/in/a" 1
mkdir -p "$TMP/private/deep"
write_square_wav "$TMP/private/secret.wav" 7 3000
cp "$TMP/private/secret.wav" "$TMP/private/deep/secret.wav"
IN=$TMP/in

# ---- finding 8: links in a list's folder
ln -s "$TMP/private/secret.wav" "$IN/absolute.wav"
ln -s ../private/secret.wav "$IN/relative.wav"
ln -s relative.wav "$IN/second.wav"
ln -s "$TMP/private" "$IN/lnk"
ln -s /proc/self/root "$IN/root"
ln -s /dev/fd "$IN/fds"
ln -s /dev/zero "$IN/zero.wav"
ln -s loop-b.wav "$IN/loop-a.wav"
ln -s loop-a.wav "$IN/loop-b.wav"
ln -s nowhere.wav "$IN/dangling.wav"
ln -s a/low/clip0.wav "$IN/inside.wav"
ln -s "$IN/a/low/clip0.wav" "$IN/inside-absolute.wav"
ln -s "$IN/a" "$IN/inside-folder"
mkfifo "$IN/fifo.wav"
{
    echo path,label
    cat <<END
a/low/clip0.wav,x
inside.wav,x
inside-absolute.wav,y
inside-folder/high/clip0.wav,y
$IN/a/middle/clip0.wav,x
a/../a/middle/clip0.wav,y
absolute.wav,x
relative.wav,x
second.wav,x
lnk/secret.wav,y
lnk/deep/../secret.wav,y
lnk/../private/secret.wav,y
root$TMP/private/secret.wav,x
fds/0,x
zero.wav,x
../private/secret.wav,x
$TMP/private/secret.wav,x
/proc/self/root$TMP/private/secret.wav,x
loop-a.wav,x
dangling.wav,x
fifo.wav,x
END
} >"$IN/list.csv"
{
    sed -n '2,7s/,.$/|ok/p' "$IN/list.csv"
    sed -n '8,19s/,.$/|outside/p' "$IN/list.csv"
    sed -n '20,22s/,.$/|unreadable/p' "$IN/list.csv"
} >"$TMP/expected"

check_list() { # NAME COMMAND...
    rm -rf "$TMP/out"
    run_command "${@:2}" embed "$IN/list.csv" -o "$TMP/out" </dev/null
    expect_equal "$1: exit code" "$STATUS" 3
    rows "$TMP/out" >"$TMP/rows"
    check "$1: what is outside" diff "$TMP/expected" "$TMP/rows"
    expect_grep "$1: the sentence" 'leads out of the folder.*--allow-outside' "$TMP/out/clips.csv"
}
check_list "finding 8" "$EARMARK"
check_list "finding 8, no openat2" "$HOSTILE/without_calls" ENOSYS:openat2 -- "$EARMARK"
check_list "finding 8, openat2 forbidden" "$HOSTILE/without_calls" EPERM:openat2 -- "$EARMARK"
run_command "$EARMARK" embed "$IN/list.csv" -o "$TMP/allowed" --allow-outside </dev/null
expect_equal "finding 8: --allow-outside opens them" \
    "$(rows "$TMP/allowed" | grep -c -E '^(.*secret|absolute|relative|second).wav[|]ok')" 10

# ---- the same links in a folder of clips; class folders that are links
mkdir -p "$TMP/tree/a" "$TMP/outside/b"
cp "$IN/a/low/clip0.wav" "$TMP/tree/a/0.wav"
cp "$IN/a/high/clip0.wav" "$TMP/outside/b/1.wav"
ln -s "$TMP/outside/b" "$TMP/tree/b"
ln -s ../outside/b "$TMP/tree/c"
ln -s ../../private/secret.wav "$TMP/tree/a/out.wav"
ln -s "$TMP/tree/a/0.wav" "$TMP/tree/a/same.wav"
mkfifo "$TMP/tree/a/fifo.wav"
{ : >"$TMP/tree/a/fifo.wav" && : >"$TMP/opened"; } & # waits until somebody opens the FIFO
writer=$!
run_command "$EARMARK" embed "$TMP/tree" -o "$TMP/tree-out"
expect_equal "finding 8: a folder: exit code" "$STATUS" 3
expect_equal "finding 8: a folder: links that lead out are rows" "$(rows "$TMP/tree-out" | tr '\n' ' ')" \
    "a/0.wav|ok a/fifo.wav|unreadable a/out.wav|outside a/same.wav|ok b/|outside c/|outside "
kill "$writer"
wait "$writer" 2>"$TMP/killed"
check_fails "finding 21: a FIFO among the clips is not opened" test -e "$TMP/opened"
run_command "$EARMARK" embed "$TMP/tree" -o "$TMP/tree-allowed" --allow-outside
expect_equal "finding 7: a class folder counts once" "$(rows "$TMP/tree-allowed" | tr '\n' ' ')" \
    "a/0.wav|ok a/fifo.wav|unreadable a/out.wav|ok a/same.wav|ok b/1.wav|ok "
expect_grep "finding 7: both names are said" "'c/' and 'b/' are one folder" "$TMP/stderr"

# ---- finding 21: files beside a list are not waited for
mkdir "$TMP/fifos"
cp -r "$IN/a/low" "$TMP/fifos/low"
mkfifo "$TMP/fifos/metadata.csv" "$TMP/fifos/wav.scp" "$TMP/fifos/cuts.jsonl.gz"
run_command timeout 60 "$EARMARK" embed "$TMP/fifos" -o "$TMP/fifos-out"
expect_equal "finding 21: FIFOs beside the clips are not opened" "$STATUS" 0
mkdir "$TMP/members"
ln -s ../private/list "$TMP/members/metadata.csv"
printf 'file_name,label\n%s,x\n' "$secret" >"$TMP/private/list"
expect_exit "finding 8: a list that is a link that leads out" 1 "$EARMARK" embed "$TMP/members" \
    -o "$TMP/members-out"
expect_grep "finding 8: its sentence" 'metadata.csv: a link that leads out.*--allow-outside' "$TMP/stderr"
expect_no_grep "finding 8: nothing of it is said" "$secret" "$TMP/stderr"

# ---- finding 9: earmark report on a folder that somebody sent
# make_run FOLDER ROOT PATH...: a run whose issues are these clips
make_run() {
    local folder=$1 root=$2 row=0 path
    shift 2
    mkdir -p "$folder"
    cat >"$folder/run.json" <<END
{"format": 1, "source": "clips", "root": "$root", "counts": {"clips": $#, "ok": $#},
 "score": "self_confidence", "overall_health": 0.5, "warnings": [], "settings": {"folds": 5}}
END
    echo '["one", "two"]' >"$folder/classes.json"
    echo row,id,path,label,class,group,fold,status,reason,start,duration,sample_rate,channels,silent \
        >"$folder/clips.csv"
    : >"$folder/issues.jsonl"
    for path; do
        echo "$row,$path,$path,one,0,,0,ok,,0,0.3,8000,1,false" >>"$folder/clips.csv"
        echo "{\"rank\": $((row + 1)), \"row\": $row, \"given_label\": \"one\", \"suggested_label\": \"two\"," \
            "\"score\": 0.01, \"neighbours\": []}" >>"$folder/issues.jsonl"
        row=$((row + 1))
    done
}

make_run "$TMP/sent" "$IN" a/low/clip0.wav "$IN/a/high/clip0.wav" inside-absolute.wav \
    "$TMP/private/secret.wav" ../private/secret.wav absolute.wav lnk/deep/../secret.wav \
    "root$TMP/private/secret.wav"
run_command "$EARMARK" report "$TMP/sent"
expect_equal "finding 9: exit code" "$STATUS" 0
expect_equal "finding 9: only sounds of the root are in the page" \
    "$(grep -o '<audio controls' "$TMP/sent/report.html" | wc -l)" 3
expect_equal "finding 9: the others say why" \
    "$(grep -o 'not in the page: outside: ' "$TMP/sent/report.html" | wc -l)" 5
expect_equal "finding 9: and have no link" "$(grep -c 'href="[^"]*secret' "$TMP/sent/report.html")" 0
expect_grep "finding 9: one warning" 'warning: 5 clips are outside .*--allow-outside' "$TMP/stderr"
run_command "$EARMARK" report "$TMP/sent" --allow-outside
expect_equal "finding 9: --allow-outside" "$(grep -o '<audio controls' "$TMP/sent/report.html" | wc -l)" 8

mkdir -p "$TMP/home/user/clips"
cp "$TMP/private/secret.wav" "$TMP/home/user/clips/"
for root in / "$TMP/home/user" "$TMP/home" "$TMP/home/user/clips/.." /proc/self/root; do
    rm -rf "$TMP/sent"
    make_run "$TMP/sent" "$root" clips/secret.wav
    expect_exit "finding 9: a recorded root that holds the home: $root" 2 \
        env HOME="$TMP/home/user" "$EARMARK" report "$TMP/sent"
    expect_grep "finding 9: its sentence: $root" 'says that the clips are in .*give --root' "$TMP/stderr"
done
expect_exit "finding 9: --root accepts it" 0 env HOME="$TMP/home/user" "$EARMARK" report "$TMP/sent" \
    --root "$TMP/home/user"

# OUT's own files are not links to others.
for name in run.json classes.json issues.jsonl clips.csv; do
    rm -rf "$TMP/sent"
    make_run "$TMP/sent" "$IN" a/low/clip0.wav
    mv "$TMP/sent/$name" "$TMP/private/$name"
    ln -s "../private/$name" "$TMP/sent/$name"
    expect_exit "finding 9: $name as a link" 1 "$EARMARK" report "$TMP/sent"
    rm "$TMP/sent/$name"
    mkfifo "$TMP/sent/$name"
    expect_exit "finding 9: $name as a FIFO" 1 timeout 60 "$EARMARK" report "$TMP/sent"
done

