#!/usr/bin/env bash
# --help, the man page, bash completion, and the answers to what is not known.
source tests/cli/lib.sh

golden=$repository/tests/golden/help

# ---- the texts, byte for byte
mkdir "$TMP/help"
check "the texts are made" bash "$golden/make_help.sh" "$TMP/help"
for file in "$golden"/*; do
    name=${file##*/}
    case $name in make_help.sh | man.txt | terminal_*) continue ;; esac
    expect_same "golden: $name" "$file" "$TMP/help/$name"
done
expect_equal "no text is without a golden" "$(cd "$TMP/help" && ls | grep -v '^man')" \
    "$(cd "$golden" && ls | grep -v '^ma[kn]')"
for command in audit embed crossval detect issues report 'model import' 'model info' bench info slurm kubernetes parallel; do
    # shellcheck disable=SC2086
    check "$command --help" "$EARMARK" $command --help
    expect_same "$command --help and help $command" "$golden/${command/ /_}.txt" "$TMP/stdout"
    expect_equal "$command: one line, two examples, then the options" \
        "$(sed -n '2p;3p;6p;7s/:.*//p;9p' "$TMP/stdout")" $'\nExamples:\n\nusage\nMost used options:'
    expect_no_grep "$command: lines fit 80 columns" '^.{81}' "$TMP/stdout"
done
expect_no_grep "lines fit 40 columns" '^.{41}' "$golden/narrow.txt"

# ---- the man page; versions of groff space and break lines differently, so words are compared
words() {
    sed '/^EARMARK(1)/d; /EARMARK(1)$/d' "$1" | tr -s ' \n' '\n\n'
}
if command -v man >/dev/null; then
    source tests/cli/terminal.sh
    check "man shows the page" show_manual "$golden/earmark.1"
    expect_lines "without warnings" 0 "$TMP/stderr"
    expect_no_grep "lines fit 80 columns" '^.{81}' "$golden/man.txt"
    check "man shows it in 40 columns" env MANWIDTH=40 man -l --warnings -P cat "$golden/earmark.1"
    expect_lines "without warnings there" 0 "$TMP/stderr"
    check "man shows the page again" show_manual "$golden/earmark.1"
    expect_same "golden: man.txt" <(words "$golden/man.txt") <(words "$TMP/stdout")
else
    skip "the man page" "no man; Debian packages: man-db groff-base"
fi

# ---- what is not known
similar() {
    local name=$1 pattern=$2
    shift 2
    expect_exit "$name" 2 "$EARMARK" "$@"
    expect_grep "$name: the answer" "$pattern" "$TMP/stderr"
    expect_lines "$name: in one line" 1 "$TMP/stderr"
}
similar "a command with a letter less" "no command 'adit' \(did you mean audit\?\)" adit
similar "letters swapped" "no command 'crossvla' \(did you mean crossval\?\)" crossvla
similar "a command like none" "no command 'xyz'; see earmark --help" xyz
similar "help of a command with a wrong name" "'isues' \(did you mean issues\?\)" help isues
similar "a wrong word after model" "model: .*'imprt' \(did you mean model import\?\)" model imprt
similar "dashes before a command" "'--vesion' \(did you mean version\?\)" --vesion
similar "a command without its first word" "'import' \(did you mean model import\?\)" import
similar "control characters are shown" "no command 'x\\\\x1b\\[31m'; see" $'x\e[31m'
similar "an empty name of a folder" "output '': give the name" audit x -o ''
similar "an empty INPUT" "INPUT is missing" audit '' -o x
similar "an option" "audit: unknown option '--lable-column' \(did you mean --label-column\?\)" \
    audit --lable-column x
similar "an option with a value" "'--treads=x' \(did you mean" crossval --treads=x
similar "an option of another command" "unknown option '--mask'; see earmark audit --help" audit --mask
similar "a letter" "unknown option '-z'; see" audit -z
similar "a value too many" "quiet takes no value" audit --quiet=3
similar "a value is missing" "folds needs a value" audit --folds
similar "INPUT is missing" "INPUT is missing; usage: earmark audit INPUT -o OUT" audit
similar "OUT is missing" "output OUT is missing; usage: earmark audit INPUT -o OUT" audit x
similar "an argument too many" "unexpected argument 'b'" audit a b -o x
similar "a wrong choice" "filter f: give prune_by_noise_rate, .* or ensemble" \
    audit a -o x --filter f

similar "a value after a letter" "audit: options of one letter take no '='" audit -q=3
similar "a choice with letters swapped" "filter boht: give .* \(did you mean both\?\)" \
    audit a -o x --filter boht
similar "a stage with a letter less" "no stage 'netwrk' \(did you mean network\?\)" bench netwrk
similar "a word after version" "unexpected argument 'extra'; see earmark --help" version extra
similar "a word after --version" "unexpected argument 'extra'" --version extra
similar "help of two commands" "unexpected argument 'embed'" help audit embed
similar "a word after help --man" "unexpected argument 'x'" help --man x

# ---- what cannot be printed
for command in version help 'help --man' 'audit --help' info 'model info'; do
    # shellcheck disable=SC2086,SC2016
    expect_exit "$command to a full disk" 1 bash -c '"$0" "$@" >/dev/full' "$EARMARK" $command
    expect_grep "$command: says so" '^earmark: cannot write to the standard output$' "$TMP/stderr"
    expect_lines "$command: once" 1 "$TMP/stderr"
done
# shellcheck disable=SC2016
expect_exit "no standard output" 1 bash -c '"$0" version >&-' "$EARMARK"

# ---- help and version, in all their spellings
check "help" "$EARMARK" help
expect_same "help and --help" "$golden/earmark.txt" "$TMP/stdout"
check "help model" "$EARMARK" help model
expect_same "both of model" "$golden/model.txt" "$TMP/stdout"
check "version" "$EARMARK" version
expect_grep "says it" '^earmark [0-9]+\.[0-9]+\.[0-9]+$' "$TMP/stdout"
version=$(cat "$TMP/stdout")
check "--version" "$EARMARK" --version
expect_equal "the same" "$(cat "$TMP/stdout")" "$version"
expect_grep "the man page has it" "\"$version\"" "$golden/earmark.1"
expect_exit "no command" 2 "$EARMARK"
expect_same "no command: the help, on stderr" "$golden/earmark.txt" "$TMP/stderr"

# ---- completion
source "$golden/earmark.bash"
completed() { # NAME EXPECTED WORD...: what the last word is completed to
    local name=$1 expected=$2
    shift 2
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _earmark
    expect_equal "completion: $name" "${COMPREPLY[*]-}" "$expected"
}
completed "a command" "audit" earmark au
completed "help's" "report" earmark help rep
completed "an option" "--label-pattern --label-column --label-separator" earmark audit x --label-
completed "only of the command" "--labels" earmark crossval --lab
completed "model's" "import info" earmark model ''
completed "an option of model import" "--licence" earmark model import --li
completed "a choice" "tf32" earmark audit x --precision t
completed "a choice after =" "prune_by_noise_rate prune_by_class predicted_neq_given" earmark audit x --filter = pr
completed "all choices after =" "none standard" earmark audit x --scale =
completed "devices" "auto cpu cuda cuda:all" earmark audit x --device ''
completed "an option without a command" "--help --version" earmark --
set -u
completed "model, not yet complete" "model" earmark mod
completed "model as the word itself" "model" earmark model
set +u
completed "file names are left to bash" "" earmark audit so
