#!/usr/bin/env bash
# Style and the rules of the folders, as TAP:
#
#   tests/lint.sh [format|rooms|warnings|tidy]...     without arguments: all four
#   tests/lint.sh in-place                            formats the sources, for `make format`
#
#   format     clang-format
#   rooms      tests/rooms.sh: includes, circles, twins, lengths, CUDA's names, what prints; shell syntax;
#              the page's files
#   warnings   clang's warnings (gcc's are those of a build with WERROR=1)
#   tidy       clang-tidy; with LINT_ANALYZER=shallow its analyzer stops early in long functions, in a fifth of
#              the time: `make test-long` does so, `make lint` looks deep
set -u
# Other versions of clang-format and clang-tidy format and warn in other ways, so the rules of both
# hold for this version, and are skipped where it is not installed.
llvm_version=14
jobs=${JOBS:-$(nproc)}
read -r -a flags <<<"${LINT_FLAGS:--std=c17 -D_GNU_SOURCE -I. -fopenmp}"
if [ $# -eq 0 ]; then set -- format rooms warnings tidy; fi
scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-lint.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
number=0

mapfile -t sources < <(find kernels host tests bench -name '*.c' | sort)
# Without FFmpeg's libraries its plug-in cannot be compiled; what nfs_mount.c needs is installed by its test.
mapfile -t compiled < <(printf '%s\n' "${sources[@]}" | grep -v '^tests/cluster/nfs_mount.c' |
    if pkg-config --exists libavformat 2>/dev/null; then cat; else grep -v '^host/sound/ffmpeg/'; fi)
mapfile -t headers < <(find kernels host tests bench -name '*.h' | sort)
mapfile -t kernels < <(find kernels tests bench -name '*.cu' | sort)
mapfile -t scripts < <(find kernels models bench tests host -name '*.sh' | sort)

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

# skip NAME REASON
skip() {
    number=$((number + 1))
    echo "ok $number # SKIP $1: $2"
}

# find_llvm TOOL: sets $tool to the command of the version above; fails, with $reason, without one.
find_llvm() {
    local candidate other="none is installed"
    for candidate in "$1-$llvm_version" "$1"; do
        command -v "$candidate" >/dev/null || continue
        tool=$candidate
        other=$("$candidate" --version 2>/dev/null | grep -m 1 -o 'version .*')
        if [[ $other == "version $llvm_version."* ]]; then return 0; fi
    done
    reason="$1 $llvm_version is needed: $other"
    return 1
}

# each COMMAND...: runs it for every file on stdin, on all processors; the output of those that
# fail is what was found.
each() {
    xargs -d '\n' -P "$jobs" -I{} sh -c \
        'said=$("$@" 2>&1 </dev/null) || printf "%s\n" "$said"' sh "$@" >"$scratch/found"
}

lint_format() {
    find_llvm clang-format || { skip "clang-format" "$reason" && return; }
    formatted | each "$tool" --dry-run -Werror {}
    rule "clang-format"
}

formatted() { printf '%s\n' "${sources[@]}" "${headers[@]}" "${kernels[@]}" | grep .; }

lint_warnings() {
    local warnings=(-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror)
    command -v clang >/dev/null || { skip "clang's warnings" "no clang" && return; }
    printf '%s\n' "${compiled[@]}" | each clang "${flags[@]}" "${warnings[@]}" -fsyntax-only {}
    rule "clang's warnings"
}

lint_tidy() {
    find_llvm clang-tidy || { skip "clang-tidy" "$reason" && return; }
    local depth=()
    if [ "${LINT_ANALYZER:-deep}" = shallow ]; then
        depth=(-Xclang -analyzer-config -Xclang max-nodes=20000)
    fi
    printf '%s\n' "${compiled[@]}" | each "$tool" --quiet {} -- "${flags[@]}" "${depth[@]}"
    grep -A 2 -E '(error|warning):' "$scratch/found" >"$scratch/short"
    mv "$scratch/short" "$scratch/found"
    rule "clang-tidy"
}

# room WORD NAME
room() {
    bash "$(dirname "$0")/rooms.sh" "$1" >"$scratch/found" 2>&1
    rule "$2"
}

# Node knows the syntax of the page's script; nothing else here needs it.
lint_page() {
    command -v node >/dev/null || { skip "syntax of the page's script" "no node" && return; }
    find host/report/web -name '*.js' 2>/dev/null | sort | each node --check {}
    rule "syntax of the page's script"
}

lint_rooms() {
    room includes "includes follow the table of folders"
    room circles "no circles of includes or calls"
    room twins "both devices have their operations under the same names"
    room files "files are shorter than 500 lines"
    room functions "functions have at most 60 lines"
    room cuda "host/ names nothing of CUDA"
    room terminal "only host/base/terminal.c prints"
    printf '%s\n' "${scripts[@]}" | each bash -n {}
    rule "shell syntax"
    room web "the page's files are narrow, and make no markup of a text"
    lint_page
}

if [ "$1" = in-place ]; then
    find_llvm clang-format || { echo "$reason" >&2 && exit 1; }
    formatted | xargs -d '\n' "$tool" -i
    exit
fi
for group in "$@"; do
    case $group in
    format | rooms | warnings | tidy) "lint_$group" ;;
    *)
        echo "usage: tests/lint.sh [format|rooms|warnings|tidy]..." >&2
        exit 2
        ;;
    esac
done
echo "1..$number"
