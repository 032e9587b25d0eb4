#!/usr/bin/env bash
# earmark diff: what changed between two runs.
. tests/cli/lib.sh
. tests/cli/arrays.sh

# make_run FOLDER [SETTINGS]: a finished run of the clips on standard input, a line each:
# PATH|LABEL|STATUS|SUGGESTED|PEAK|ID; a clip with a suggested label is flagged, in this order. The
# quality of class c is 1 - flagged / clips. An id is the path unless it is given.
make_run() {
    mkdir -p "$1"
    awk -F'|' -v out="$1" -v settings="${2:-\"folds\": 5}" '
        BEGIN {
            print "row,id,path,label,status,reason,start,duration,sample_rate,channels,silent," \
                "peak,level" >(out "/clips.csv")
            printf "" >(out "/issues.jsonl")
        }
        {
            row = NR - 1
            status = $3 == "" ? "ok" : $3
            print row "," ($6 == "" ? $1 : $6) "," $1 "," $2 "," status ",,0,1,8000,1,false," \
                $5 "," ($5 == "" ? "" : -20) >(out "/clips.csv")
            counts[status]++
            if ($2 != "") clips[$2]++
            if ($4 == "") next
            clips[$4] += 0
            flagged[$2]++
            printf "{\"rank\": %d, \"row\": %d, \"given_label\": \"%s\", \"suggested_label\": \"%s\", " \
                "\"score\": 0.1, \"annotations\": []}\n", ++issues, row, $2, $4 >(out "/issues.jsonl")
        }
        END {
            for (status in counts) list = list sprintf(", \"%s\": %d", status, counts[status])
            printf "{\"format\": 1, \"source\": \"s\", \"root\": \"/r\", \"counts\": {\"clips\": %d%s, " \
                "\"issues\": %d},\n\"settings\": {%s}}\n", NR, list, issues, settings >(out "/run.json")
            n = 0
            for (name in clips) names[n++] = name
            for (i = 0; i < n; i++) for (j = i + 1; j < n; j++)
                if (names[j] < names[i]) { t = names[i]; names[i] = names[j]; names[j] = t }
            print "class,class_index,examples,label_issues,inverse_label_issues,label_noise," \
                "inverse_label_noise,label_quality_score" >(out "/classes.csv")
            for (i = 0; i < n; i++) {
                c = clips[names[i]] == 0 ? 1 : clips[names[i]]
                printf "%s\"%s\"", i == 0 ? "[" : ", ", names[i] >(out "/classes.json")
                printf "%s,%d,%d,%d,0,0,0,%.3f\n", names[i], i, clips[names[i]], flagged[names[i]], \
                    1 - flagged[names[i]] / c >(out "/classes.csv")
            }
            print (n == 0 ? "[]" : "]") >(out "/classes.json")
        }'
}
compare() { "$EARMARK" diff "$TMP/old" "$TMP/new" "$@"; }
# counts: "fixed new reopened gone open" of the summary.
counts() { sed -n 's/^issues: //p' "$TMP/stdout" | tr -dc '0-9 ' | xargs; }

# ---- what became of each issue, known from how the runs were made
make_run "$TMP/old" <<'END'
a.wav|cat||dog|0.1
b.wav|cat||dog|0.2
c.wav|dog||cat|0.3
d.wav|dog||cat|0.4
e.wav|dog|||0.5
f.wav|cat|||0.6
g.wav|cat||dog|0.7
h.wav|cat||dog|0.8
cat/i.wav|cat||dog|0.9
j.wav|cat|||0.11
k.wav|dog|no_label||0.12
END
make_run "$TMP/new" <<'END'
k.wav|dog||cat|0.12
a.wav|dog|||0.1
b.wav|cow||dog|0.2
c.wav|dog||cat|0.3
d.wav|dog|||0.4
e.wav|dog||cat|0.5
f.wav|cat|||0.6
g.wav||no_label||0.7
dog/i.wav|dog|||0.9
l.wav|cat||dog|0.99
END
check "diff" compare
expect_equal "issues are counted" "$(counts)" "2 3 1 3 1"
expect_grep "clips are counted" \
    '^clips: 9 in both, 1 added, 2 removed, 1 moved or renamed, 4 with another label$' "$TMP/stdout"
# list TITLE: the lines of a list
list() { sed -n "/^$1/,/^\$/p" "$TMP/stdout" | sed -n 's/^  //p'; }
expect_equal "fixed" "$(list fixed)" "a.wav: cat -> dog
dog/i.wav: cat -> dog; was cat/i.wav"
expect_equal "new" "$(list new)" "k.wav: dog, looks like cat; not audited in OLD: no label
e.wav: dog, looks like cat
l.wav: cat, looks like dog; the clip is new"
expect_equal "reopened" "$(list reopened)" "b.wav: cat -> cow, looks like dog"
expect_equal "gone" "$(list gone)" "d.wav: dog
g.wav: cat -> (none); not audited now: no label
h.wav: cat; the clip is gone"
expect_equal "classes that moved" "$(list 'label quality of')" "cow: no such class -> 0.00% of 1 clip
cat: 28.6% of 7 clips -> 50.0% of 2 clips"
expect_exit "--fail-on-new" 4 compare --fail-on-new --quiet
expect_lines "--quiet prints nothing" 0 "$TMP/stdout"
expect_exit "--fail-on-new --json prints all" 4 compare --fail-on-new --json
expect_grep "JSON: the counts" '"in_old": 7, "in_new": 5, "open": 1, "fixed": 2, "new": 3, "reopened": 1, "gone": 3' \
    "$TMP/stdout"
expect_grep "JSON: a fixed label" \
    '\{"cause": "label_changed", "old": \{"row": 0, "id": "a.wav", "label": "cat", "status": "ok", "rank": 1, "suggested_label": "dog", "score": 0.1\}, "new": \{"row": 1, "id": "a.wav", "label": "dog", "status": "ok"\}\}' \
    "$TMP/stdout"
expect_equal "JSON: every clip that was removed" \
    "$(sed -n '/"removed_clips"/,/\]/p' "$TMP/stdout" | grep -o '"id": "[^"]*"' | xargs)" "id: h.wav id: j.wav"
check "a run against itself" "$EARMARK" diff "$TMP/new" "$TMP/new" --fail-on-new
expect_equal "nothing has changed" "$(counts)" "0 0 0 0 5"
mv "$TMP/old" "$TMP/other"
mv "$TMP/new" "$TMP/old"
mv "$TMP/other" "$TMP/new"
expect_exit "a fixed label that returned is an issue again" 4 compare --fail-on-new
expect_grep "it says which label it had" '^  a\.wav: dog -> cat, looks like dog$' "$TMP/stdout"

# ---- ids that repeat, copies, and clips that only look alike
make_run "$TMP/old" <<'END'
x/a.wav|cat||dog|0.1|same
x/a.wav|dog|||0.1|same
b.wav|cat|||0.5
c.wav|cat|||0.5
d.wav|cat|silent||0
END
make_run "$TMP/new" <<'END'
x/a.wav|dog|||0.1|same
p.wav|cat|||0.5
q.wav|cat|||0.5
r.wav|cat|silent||0
END
check "ids that repeat" compare
expect_equal "the clip that is left is the one with its label" "$(counts)" "0 0 0 1 0"
expect_grep "clips whose sounds do not tell them apart were not moved" \
    '^clips: 1 in both, 3 added, 4 removed, 0 moved' "$TMP/stdout"

# ---- several labels a clip
make_run "$TMP/old" '"label_separator": ";"' <<'END'
a.wav|cat;dog||cat|0.1
b.wav|cat||cat;dog|0.2
c.wav|cat||dog|0.3
END
cp "$TMP/old/classes.csv" "$TMP/classes.csv"
make_run "$TMP/new" '"label_separator": ";"' <<'END'
a.wav|cat|||0.1
b.wav|cat;dog||dog|0.2
c.wav||||0.3
END
check "several labels" compare
expect_equal "no label at all may be right" "$(counts)" "2 0 1 0 0"
expect_grep "a set that was fixed" '^  a\.wav: cat;dog -> cat$' "$TMP/stdout"
expect_grep "a set that is flagged again" '^  b\.wav: cat -> cat;dog, looks like dog$' "$TMP/stdout"

# ---- runs of detect: rows
for i in $(seq 80); do echo "$((i % 7 + 40 * (i % 2))) $((i % 5 - 40 * (i % 2)))"; done | matrix "$TMP/x.npy" '<i4'
seq 80 | awk '{ print ($1 == 10 || $1 == 20 ? 1 - $1 % 2 : $1 % 2) }' | vector "$TMP/then.npy" '<i4'
seq 80 | awk '{ print ($1 == 20 || $1 == 30 ? 1 - $1 % 2 : $1 % 2) }' | vector "$TMP/now.npy" '<i4'
rm -rf "$TMP/old" "$TMP/new"
check "detect then" "$EARMARK" detect --embeddings "$TMP/x.npy" --labels "$TMP/then.npy" -o "$TMP/old" -q
check "detect now" "$EARMARK" detect --embeddings "$TMP/x.npy" --labels "$TMP/now.npy" -o "$TMP/new" -q
check "runs of detect" compare
expect_equal "rows are compared by number" "$(list fixed) $(list new)" \
    "row 9: 1 -> 0 row 29: 0 -> 1, looks like 0"
check "detect by another rule" "$EARMARK" detect --embeddings "$TMP/x.npy" --labels "$TMP/now.npy" -o "$TMP/new" \
    -q --fresh --detector logistic
check "runs of other settings are compared" compare
expect_grep "the settings are named" \
    '^note: the runs have other settings.* filter "ensemble" -> "prune_by_noise_rate"' <(tr -s '\n ' ' ' <"$TMP/stdout" | sed 's/note:/\nnote:/')

# ---- names that would command a terminal
printf '%s\n' 'a.wav|cat||dog|0.1' | make_run "$TMP/old"
printf '%s\n' 'a.wav|c%1B[31mat||dog|0.1' | make_run "$TMP/new"
sed -i 's/%1B/\\u001b/' "$TMP/new/issues.jsonl" "$TMP/new/classes.json"
check "a hostile label" compare
expect_grep "it is shown" 'cat -> c\\x1b\[31mat' "$TMP/stdout"
expect_no_grep "and has no effect" $'\033' "$TMP/stdout"
check "a hostile label in JSON" compare --json
expect_no_grep "JSON has it escaped" $'\033' "$TMP/stdout"

# ---- what is no finished run
# refused NAME PATTERN: one sentence, nothing on stdout
refused() {
    expect_exit "$1" 1 compare
    expect_lines "$1: one line" 1 "$TMP/stderr"
    expect_lines "$1: no comparison" 0 "$TMP/stdout"
    expect_grep "$1: it says why" "$2" "$TMP/stderr"
}
damage() {
    rm -rf "$TMP/new"
    cp -r "$TMP/good" "$TMP/new"
}
printf '%s\n' 'a.wav|cat||dog|0.1' 'b.wav|cat|||0.2' | make_run "$TMP/good"
damage
mkdir "$TMP/new/shards"
rm "$TMP/new/run.json"
refused "an unfinished run" 'new: holds no finished run but one that was stopped or is running'
damage
rm "$TMP/new/issues.jsonl"
refused "a run of embed" 'earmark embed.*give the folder that earmark audit'
damage
sed -i '$d' "$TMP/new/clips.csv"
refused "clips are missing" 'clips.csv: has 1 clips, but run.json counts 2; the run is damaged'
damage
sed -i p "$TMP/new/issues.jsonl"
refused "an issue twice" 'issues.jsonl: has (row 0 twice|2 issues, but run.json counts 1)'
damage
: >"$TMP/new/issues.jsonl"
refused "issues are missing" 'issues.jsonl: has 0 issues, but run.json counts 1; the run is damaged'
damage
sed -i 's/,ok,/,fine,/' "$TMP/new/clips.csv"
refused "an unknown status" "clips.csv, line 2: 'fine' is not a status"
damage
rm "$TMP/new/classes.csv"
refused "no class health" 'has no classes.csv'
damage
rm "$TMP/new/clips.csv"
refused "no clips" 'clips.csv'
rm -rf "$TMP/new"
refused "no folder" 'new: cannot open: No such file'
for arguments in "" "$TMP/old" "$TMP/old $TMP/good $TMP/good" "--json $TMP/old"; do
    expect_exit "usage: diff $(basename -a $arguments 2>/dev/null | xargs)" 2 "$EARMARK" diff $arguments
done
printf '%s\n' 'z.wav|cat||dog|0.7' | make_run "$TMP/new"
check "no clip in common" compare
expect_grep "is said" 'warning: no clip of .* is in .*: these are not two runs of one collection' "$TMP/stderr"
