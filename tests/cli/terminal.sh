# Programs in a terminal, for tests and goldens: source it from the root of the repository.
source tests/cli/sounds.sh

# in_terminal COLUMNS COMMAND...: what a terminal of this width gets, on standard output; the
# exit code is the command's. Needs script (Debian: bsdutils).
in_terminal() {
    local columns=$1
    shift
    TERM=xterm LC_ALL=C.UTF-8 script -qec "stty cols $columns rows 24; exec $(printf '%q ' "$@")" \
        /dev/null </dev/null
}

# What is left on each line after everything was written over it.
last_of_lines() {
    awk '{
        shown = ""
        count = split($0, parts, "\r")
        for (i = 1; i <= count; i++) shown = parts[i] substr(shown, length(parts[i]) + 1)
        sub(/ +$/, "", shown)
        print shown
    }'
}

# Without lines about speed, and without scores: they differ between machines.
without_measures() {
    sed -E -e '/^[a-z ]+: [0-9,]+ [a-z]+ in [0-9.]+ s/d' -e 's/^( +[0-9]+  )[0-9.e-]+ +/\1SCORE  /'
}

# show_manual FILE: as man shows it in 80 columns; warnings go to stderr.
show_manual() {
    LC_ALL=C.UTF-8 MANWIDTH=80 MAN_KEEP_FORMATTING='' man -l --warnings --no-hyphenation \
        --no-justification -P cat "$1"
}

# make_terminal_corpus FOLDER: clips with long names, one of them with a wrong label, one that
# cannot be read, and a class that is too small.
make_terminal_corpus() {
    local long="a class with a name that is longer than a column of labels"
    make_square_corpus "$1/clips" 8
    mv "$1/clips/middle" "$1/clips/$long"
    cp "$1/clips/high/clip0.wav" \
        "$1/clips/$long/recorded in the long corridor with a wrong label on the tape.wav"
    cp "$1/clips/high/clip3.wav" "$1/clips/low/wrong.wav"
    mkdir "$1/clips/rare"
    cp "$1/clips/low/clip1.wav" "$1/clips/rare/only.wav"
    : >"$1/clips/high/empty.wav"
}
