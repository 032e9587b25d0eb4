#!/usr/bin/env bash
# Writes the golden texts of the command line: make_help.sh [FOLDER], from the root of the
# repository; FOLDER is this one by default. $EARMARK is the program (./earmark).
#
#   COMMAND.txt             earmark help COMMAND
#   narrow.txt              earmark help audit in a terminal of 40 columns
#   earmark.1, earmark.bash the man page and the completion of bash
#   man.txt                 the man page as man shows it; not written where there is no man
#   terminal_40.txt, _80    a run in a terminal of this many columns, without times and scores
set -eu
folder=${1:-tests/golden/help}
earmark=${EARMARK:-$PWD/earmark}
source tests/cli/terminal.sh

for command in audit embed crossval detect issues report model 'model import' 'model info' bench info slurm kubernetes parallel; do
    # shellcheck disable=SC2086
    "$earmark" help $command >"$folder/${command/ /_}.txt"
done
"$earmark" --help >"$folder/earmark.txt"
in_terminal 40 "$earmark" help audit | last_of_lines >"$folder/narrow.txt"
"$earmark" help --man >"$folder/earmark.1"
"$earmark" help --bash >"$folder/earmark.bash"
if command -v man >/dev/null; then show_manual "$folder/earmark.1" >"$folder/man.txt"; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
make_terminal_corpus "$work"
for columns in 40 80; do
    (cd "$work" && in_terminal "$columns" "$earmark" audit clips -o out --device cpu --fresh || true) |
        last_of_lines | without_measures >"$folder/terminal_$columns.txt"
done
