#!/usr/bin/env bash
# The rules of the folders (CONTRIBUTING.md), for tests/lint.sh and from the root of the tree:
#
#   tests/rooms.sh includes|circles|twins|files|functions|cuda|terminal|web
#
# Prints one line for each violation. Only includes of files of the tree count.
set -u
scratch=$(mktemp -d "${TMPDIR:-/tmp}/earmark-rooms.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# A folder, and what its files may include besides each other: folders, with all that those may
# include, and single headers (named without .h), which do not pass on to the folders above.
folders() {
    cat <<'END'
host              host/commands
host/commands     host/audit host/cluster host/review host/review/apply kernels/device
host/audit        host/cluster host/embedding host/classifier host/confident host/report kernels/device
host/cluster      host/embedding
host/embedding    host/lists host/sound host/model host/output kernels/device
host/review       host/report host/lists host/output host/classifier kernels/device
host/review/apply host/review
host/report       host/output host/sound kernels/matrix_rows
host/output       host/clips host/sound/audio_faults
host/lists        host/clips host/containers
host/sound        host/clips host/containers kernels/device kernels/plugin_load
host/sound/ffmpeg host/sound/ffmpeg_plugin
host/containers   host/base
host/clips        host/base
host/model        host/base kernels/device
host/classifier   host/base kernels/device
host/confident    host/base
host/base         kernels/error
kernels
kernels/cpu       kernels
kernels/cuda      kernels
bench
bench/feeding     host/commands kernels/device
bench/kernels
bench/review      host/review
END
}

# Operations that both devices have under one name: kernels/cpu/NAME.c and kernels/cuda/NAME.cu,
# each with details in NAME_*; device_* opens the device. Then what only one of them needs.
twins="classifier classifier_evaluate classifier_predict classifier_scatter embedder features gemm_speed
    layer linear memory nearest plan pooling resample statistics"
cpu_only="device_cpu fourier gather network onednn product screen threads tile_kernels winograd"
cuda_only="device_cuda batches check kernel_times plugin upload worker"

sources() { find kernels host bench -name '*.[ch]' -o -name '*.cu' | sort; }

# Lines "FILE INCLUDED" for every include that names a file of the tree.
includes() {
    sources >"$scratch/sources"
    xargs -d '\n' -r grep -HE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' <"$scratch/sources" |
        sed -E 's/^([^:]*):[^"<]*["<]([^">]*)[">].*/\1 \2/' |
        awk 'NR == FNR { here[$1]; next }
            { folder = $1; sub(/[^\/]*$/, "", folder)
              if (folder $2 in here) print $1, folder $2
              else if ($2 in here || $2 ~ /\.\.\//) print $1, $2 }' "$scratch/sources" -
}

check_includes() {
    awk 'function reach(from, to,   i, n, next_) { # folders only: headers do not pass on
            if ((from, to) in may) return
            may[from, to]
            n = split(folders[to], next_, " ")
            for (i = 1; i <= n; i++) if (next_[i] in folders) reach(from, next_[i]) }
        NR == FNR { name = $1; $1 = ""; folders[name] = $0; next }
        !ready { ready = 1; for (name in folders) reach(name, name) }
        { folder = $1; sub(/\/[^\/]*$/, "", folder)
          target = $2; sub(/\/[^\/]*$/, "", target)
          unit = $2; sub(/\.h$/, "", unit)
          if ($2 ~ /\.\.\//) print $1 " includes " $2 ": write the path from the root of the tree"
          else if (!(folder in folders)) print $1 ": tests/rooms.sh has no row for the folder " folder
          else if (!((folder, target) in may) && index(folders[folder] " ", " " unit " ") == 0)
              print $1 " includes " $2 }' <(folders) <(includes)
}

# Lines "FILE FILE uses NAME" for each function or variable that another source file defines: what
# nm reads from objects that are compiled for this. CUDA sources are compiled with the headers of
# the simulator; those of the FFmpeg plug-in only where its libraries are.
calls() {
    local source language
    mkdir "$scratch/objects"
    local without=host/sound/ffmpeg/*
    ! pkg-config --exists libavformat 2>/dev/null || without=
    find kernels host \( -name '*.c' -o -name '*.cu' \) -not -path "$without" | while read -r source; do
        language="${CC:-cc} -std=c17"
        case $source in *.cu)
            language="${CUDASIM_CXX:-g++} -std=c++17 -DEARMARK_SIMULATOR -Itests/cudasim/include -Itests/cudasim -x c++"
            ;;
        esac
        echo "$language -D_GNU_SOURCE -I. -w -O0 -c $source -o $scratch/objects/${source//\//@}.o"
    done | xargs -d '\n' -r -P "${JOBS:-$(nproc)}" -I{} sh -c '{} || echo "- - does not compile: {}"'
    (cd "$scratch/objects" && find . -name '*.o' | sort | xargs -r nm -A --extern-only | c++filt) |
        sed -E -e 's|^\./([^:]*)\.o:[0-9a-f]* *|\1 |' -e 's|@|/|g' | awk '
        { name = $0; sub(/^[^ ]+ . /, "", name); gsub(/ /, "", name) }
        $2 == "U" { user[++n] = $1; used[n] = name; next }
        $2 != "w" && $2 != "W" && $2 != "V" { owner[name] = $1 }
        END { for (i = 1; i <= n; i++) if (used[i] in owner) print user[i], owner[used[i]], "uses", used[i] }'
}

# circles: of lines "FROM TO WHY", those inside a circle (a strongly connected component).
circles() {
    awk 'function visit(v,   i, n, to, w) { # Tarjan
            number[v] = low[v] = ++count
            stack[++height] = v
            waits[v] = 1
            n = split(after[v], to, " ")
            for (i = 1; i <= n; i++)
                if (!(to[i] in number)) { visit(to[i]); if (low[to[i]] < low[v]) low[v] = low[to[i]] }
                else if (waits[to[i]] && number[to[i]] < low[v]) low[v] = number[to[i]]
            if (low[v] == number[v]) do { w = stack[height--]; waits[w] = 0; circle[w] = v } while (w != v) }
        $1 == "-" || $1 == $2 { if ($1 == "-") print; next }
        { line[++lines] = $0; from[lines] = $1; into[lines] = $2; after[$1] = after[$1] " " $2 }
        END { for (i = 1; i <= lines; i++) if (!(from[i] in number)) visit(from[i])
              for (i = 1; i <= lines; i++) if (circle[from[i]] == circle[into[i]])
                  print "circle of " circle[from[i]] ": " line[i] }' | sort -u
}

# Leaves a unit of each file: NAME.h is one with NAME.c or NAME.cu.
units() {
    sed -E 's/^([^ ]*)\.[a-z]+ ([^ ]*)\.[a-z]+ /\1 \2 /'
}

check_circles() {
    includes | awk '{ print $1, $2, "includes", $2 }' | units | circles
    calls | units | circles
}

check_twins() {
    local twin side other
    for twin in $twins; do
        for side in kernels/cpu/$twin.c kernels/cuda/$twin.cu; do
            [ -e "$side" ] || echo "$side is missing: $twin is an operation of both devices"
        done
    done
    find kernels/cpu kernels/cuda -name '*.c' -o -name '*.cu' | sort | while read -r side; do
        other=$cpu_only
        case $side in *.cu) other=$cuda_only ;; esac
        twin=${side##*/}
        awk -v name="${twin%.*}" -v known="$twins $other" 'BEGIN {
            n = split(known, stem, /[ \n]+/)
            for (i = 1; i <= n; i++) if (name == stem[i] || index(name, stem[i] "_") == 1) exit 1 }' &&
            echo "$side: neither has a twin nor is listed in tests/rooms.sh as of one device only"
    done
}

check_files() {
    find kernels host bench tests models .ci Makefile \
        \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cpp' -o -name '*.sh' -o -name '*.py' -o -name '*.mk' -o -name '*.js' -o -name '*.css' -o -name Makefile \) \
        -exec wc -l {} + | awk '$2 != "total" && $1 >= 500 { print $2 ": " $1 " lines, 499 are allowed" }'
}

# A function, as clang-format leaves it, has its signature and its last brace in the first column.
check_functions() {
    find kernels host bench tests -name '*.[ch]' -o -name '*.cu' -o -name '*.cpp' | sort | xargs -d '\n' awk '
        FNR == 1 { inside = 0 }
        !inside && /^[A-Za-z_]/ { start = FNR }
        !inside && /^[^#].*\)[a-z ]* \{$/ { inside = 1; line = $0 }
        inside && /^\}/ {
            if (FNR - start + 1 > 60)
                print FILENAME ":" start ": a function of " FNR - start + 1 " lines, 60 are allowed"
            inside = 0 }'
}

# `cuda` is the name of a device, also in messages; any name of the toolkit is not.
check_cuda() {
    grep -rnE '\bcu(da|BLAS|blas|DNN|dnn)?[A-Z]\w*\(|\bcuda[A-Z_]\w*|\bCUDA_\w+|[cC][uU](BLAS|blas|DNN|dnn)|[nN][vV][tT][xX]|#[[:space:]]*include.*cuda' \
        host --include='*.[ch]'
}

# What is printed may come from an input: only host/base/terminal.c writes to stdout and stderr;
# besides it progress.c, whose bar has no text of an input, and the handlers of signals in stop.c and
# mapping.c, whose texts were made visible before.
check_terminal() {
    local print='v?f?printf|v?dprintf|puts|fputs|putchar|fputc|putc|putw|(put|fputs|puts)[a-z]*_unlocked|perror|psignal|psiginfo|syslog|assert|json_dump(f|fd|_file|_callback)'
    local word='(^|[^A-Za-z0-9_>.])'
    find host kernels -name '*.[ch]' -o -name '*.cu' | sort |
        grep -vxE 'host/base/(terminal|progress|stop|mapping)\.c' |
        xargs -d '\n' -r grep -nHE "$word($print)\\(|$word(fwrite|write|writev|send|ftruncate)\\(.*(stdout|stderr|STD(OUT|ERR)_FILENO)|/dev/(tty|std|fd)" |
        grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/\*|\*|//)'
}

# Style and script of the page: names come from strangers, so nothing makes markup or code of a text,
# and nothing is fetched from elsewhere.
check_web() {
    find host/report/web -name '*.js' -o -name '*.css' 2>/dev/null | sort | xargs -d '\n' -r awk '
        length($0) > 100 { print FILENAME ":" FNR ": " length($0) " columns, 100 are allowed" }
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc|@import|https?:/ {
            print FILENAME ":" FNR ": " $0 }'
}

case ${1:-} in
includes | circles | twins | files | functions | cuda | terminal | web) "check_$1" ;;
*)
    echo 'usage: tests/rooms.sh includes|circles|twins|files|functions|cuda|terminal|web' >&2
    exit 2
    ;;
esac
exit 0
