# Sounds for command-line tests: source it after lib.sh.

# little_endian BYTES NUMBER
little_endian() {
    local i number=$2
    for ((i = 0; i < $1; i++)); do
        printf "\\x$(printf %02x $((number & 255)))"
        number=$((number >> 8))
    done
}

# write_square_wav FILE HALF_PERIOD SAMPLES [RATE]: mono, 16 bits, 8 kHz by default.
write_square_wav() {
    local rate=${4:-8000} half=$2 samples=$3 period
    {
        printf RIFF
        little_endian 4 $((36 + 2 * samples))
        printf 'WAVEfmt '
        little_endian 4 16
        little_endian 2 1
        little_endian 2 1
        little_endian 4 "$rate"
        little_endian 4 $((2 * rate))
        little_endian 2 2
        little_endian 2 16
        printf data
        little_endian 4 $((2 * samples))
        period=$(printf '\\x00\\x10%.0s' $(seq "$half"))$(printf '\\x00\\xf0%.0s' $(seq "$half"))
        for ((i = 0; i < samples / (2 * half) + 1; i++)); do printf "$period"; done |
            head -c $((2 * samples))
    } >"$1"
}

# make_square_corpus FOLDER COUNT: classes low, middle and high of COUNT clips each.
make_square_corpus() {
    local class half index
    for class in low:25 middle:11 high:5; do
        half=${class#*:}
        mkdir -p "$1/${class%:*}"
        for ((index = 0; index < $2; index++)); do
            write_square_wav "$1/${class%:*}/clip$index.wav" $((half + index % 3)) \
                $((2000 + 160 * index))
        done
    done
}
