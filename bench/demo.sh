#!/usr/bin/env bash
# The demo, called by `make demo`: human telephone prompts in five languages are
# labelled by language, some labels are changed at random, and earmark looks for
# these. All files are in build/demo.
#
# Variables: SEED (of the changes), PERCENT (of labels changed), OUT, and
# PROGRAMS, the folder of plant_errors and score_planted. AUDIT_OPTIONS are
# more options for `earmark audit`.
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
program=demo
source bench/lib.sh
source bench/prompts.sh
demo=build/demo
seed=${SEED:-20}
percent=${PERCENT:-5}
out=${OUT:-$demo/out}
programs=${PROGRAMS:?the folder of plant_errors, made by make demo}
prompts_fetch "$demo"

labelled=$demo/labelled-$seed.csv
planted=$demo/planted-$seed.csv
echo "demo: $("$programs/plant_errors" "$demo/prompts.csv" "$seed" "$percent" "$labelled" "$planted")"

started=$SECONDS
# shellcheck disable=SC2086
audited ./earmark audit "$labelled" -o "$out" --fresh ${AUDIT_OPTIONS:-}
echo
echo "demo: $prompts_count prompts audited in $((SECONDS - started)) s. What was planted, and what was found:"
"$programs/score_planted" "$out" "$planted" | tee "$out-score.txt"
echo "demo: the page to listen through: $out/report.html" | visible
