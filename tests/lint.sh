#!/usr/bin/env bash
# Style and the rules of the house, as TAP: clang-format, clang-tidy, clang's
# warnings (gcc's are those of the build), what may include what, lengths,
# shell syntax.
set -u
jobs=${JOBS:-$(nproc)}
read -r -a flags <<<"${LINT_FLAGS:--std=c17 -D_GNU_SOURCE -I. -fopenmp}"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-lint.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
number=0

mapfile -t sources < <(find kernels host tests bench -name '*.c' | sort)
mapfile -t headers < <(find kernels host tests bench -name '*.h' | sort)
mapfile -t kernels < <(find kernels tests bench -name '*.cu' | sort)
mapfile -t scripts < <(find models bench tests -name '*.sh' | sort)

# rule NAME: passes when $scratch/found is empty, and shows it when not.
rule() {
    number=$((number + 1))
    if [ -s "$scratch/found" ]; then
        echo "not ok $number - $1"
        head -n 200 "$scratch/found" | sed 's/^/# /'
    else
        echo "ok $number - $1"
    fi
}

# each COMMAND...: runs it for every file on stdin, so many at once; what the
# failing ones said is found.
each() {
    xargs -d '\n' -P "$jobs" -I{} sh -c \
        'said=$("$@" 2>&1 </dev/null) || printf "%s\n" "$said"' sh "$@" >"$scratch/found"
}

printf '%s\n' "${sources[@]}" "${headers[@]}" "${kernels[@]}" | grep . | each clang-format --dry-run -Werror {}
rule "clang-format"

warnings=(-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror)
printf '%s\n' "${sources[@]}" | each clang "${flags[@]}" "${warnings[@]}" -fsyntax-only {}
rule "clang's warnings"

printf '%s\n' "${sources[@]}" | each clang-tidy --quiet {} -- "${flags[@]}"
grep -A 2 -E '(error|warning):' "$scratch/found" >"$scratch/short"
mv "$scratch/short" "$scratch/found"
rule "clang-tidy"

grep -rnE '#[[:space:]]*include[[:space:]]*[<"]kernels/' host --include='*.[ch]' |
    grep -vE '"kernels/device\.h"|^host/base/error\.h:.*"kernels/error\.h"' >"$scratch/found"
rule "host/ includes nothing of kernels/ but device.h"

# `cuda` is a device's name there, and a word of messages; anything of the toolkit is not.
grep -rnE '\bcu(da|BLAS|blas|DNN|dnn)?[A-Z]\w*\(|\bcuda[A-Z_]\w*|\bCUDA_\w+|[cC][uU](BLAS|blas|DNN|dnn)|[nN][vV][tT][xX]|#[[:space:]]*include.*cuda' \
    host --include='*.[ch]' >"$scratch/found"
rule "host/ names nothing of CUDA"

grep -rnE '#[[:space:]]*include[[:space:]]*[<"](\.\./)*host/' kernels >"$scratch/found"
rule "kernels/ includes nothing of host/"

wc -l "${sources[@]}" "${headers[@]}" "${kernels[@]}" |
    awk '$2 != "total" && $1 >= 500 { print $2 ": " $1 " lines, 499 are allowed" }' >"$scratch/found"
rule "files are shorter than 500 lines"

printf '%s\n' "${scripts[@]}" | each bash -n {}
rule "shell syntax"

echo "1..$number"
