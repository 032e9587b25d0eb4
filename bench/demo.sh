#!/usr/bin/env bash
# The demo, called by `make demo`: human telephone prompts in five languages,
# labelled by language; some labels are changed at random, and earmark is asked
# which. Everything stays in build/demo.
#
# Variables: SEED (of the changes), PERCENT (of labels changed), OUT, and
# PROGRAMS, the folder of plant_errors and score_planted. AUDIT_OPTIONS are
# more options for `earmark audit`.
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
demo=build/demo
seed=${SEED:-20}
percent=${PERCENT:-5}
out=${OUT:-$demo/out}
programs=${PROGRAMS:?the folder of plant_errors, made by make demo}
prompts=2831
mkdir -p "$demo"

sudo=
if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
# The packages are downloaded and unpacked, not installed: no root is needed,
# but root must tell apt to stay root, or it cannot write here.
download() { apt-get -q -o APT::Sandbox::User="$(id -un)" download "$@" >"$demo/download.log" 2>&1; }

# fetch LANGUAGE NAME: the prompts of a language into $demo/sounds/NAME.
fetch() {
    local package=asterisk-core-sounds-$1-wav folder=$demo/sounds/$2 scratch=$demo/unpack
    if [ -d "$folder" ]; then return; fi
    echo "demo: downloading $package"
    rm -rf "$scratch"
    mkdir -p "$scratch" "$demo/sounds"
    if ! (cd "$scratch" && demo=.. && download "$package"); then
        # No lists of packages, or old ones.
        $sudo apt-get -q update >"$demo/download.log" 2>&1 || true
        if ! (cd "$scratch" && demo=.. && download "$package"); then
            tail -n 5 "$demo/download.log" >&2
            echo "demo: $package cannot be downloaded with apt-get" >&2
            exit 1
        fi
    fi
    dpkg-deb -x "$scratch"/*.deb "$scratch/files"
    mv "$scratch/files/usr/share/asterisk/sounds/$1"_* "$folder"
    mv "$scratch/files/usr/share/doc/$package/copyright" "$folder.copyright"
    rm -rf "$scratch"
}

fetch en english
fetch es spanish
fetch fr french
fetch it italian
fetch ru russian

manifest=$demo/prompts.csv
echo path,label >"$manifest"
(cd "$demo" && find sounds -name '*.wav' | sort | sed -E 's,^sounds/([a-z]+)/.*,&\,\1,') >>"$manifest"
count=$(($(wc -l <"$manifest") - 1))
if [ "$count" -ne "$prompts" ]; then
    echo "demo: $count prompts instead of $prompts: other versions of the packages?" >&2
fi

labelled=$demo/labelled-$seed.csv
planted=$demo/planted-$seed.csv
echo "demo: $("$programs/plant_errors" "$manifest" "$seed" "$percent" "$labelled" "$planted")"

started=$SECONDS
status=0
# shellcheck disable=SC2086
./earmark audit "$labelled" -o "$out" --fresh ${AUDIT_OPTIONS:-} || status=$?
# 3 says that clips could not be read; they are in the counts below.
if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
    echo "demo: earmark audit ended with exit code $status" >&2
    exit 1
fi
echo
echo "demo: $count prompts audited in $((SECONDS - started)) s. What was planted, and what was found:"
"$programs/score_planted" "$out" "$planted" | tee "$out-score.txt"
echo "demo: the page to listen through: $out/report.html"
