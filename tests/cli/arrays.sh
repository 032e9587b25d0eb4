# Arrays for command-line tests: source it after lib.sh.

# npy FILE TYPE SHAPE BYTES: an array whose elements are given as printf escapes.
npy() {
    local header
    header=$(printf "%-117s" "{'descr': '$2', 'fortran_order': False, 'shape': $3, }")
    printf '\x93NUMPY\x01\x00\x76\x00%s\n' "$header" >"$1"
    printf '%b' "$4" >>"$1"
}

# int32 VALUE...: the elements of an '<i4' array, each 0 to 255.
int32() { printf '\\x%02x\\0\\0\\0' "$@"; }

# Elements of an '<f4' array.
float_0='\x00\x00\x00\x00' float_quarter='\x00\x00\x80\x3e' float_half='\x00\x00\x00\x3f'
float_1='\x00\x00\x80\x3f'

# numbers TYPE: whole numbers of -127 to 127, from standard input, as elements of a '|i1', '<i4',
# '<f4' or '<f8' array.
numbers() {
    awk -v type="$1" '
        function bytes(value, count,    i) {
            for (i = 0; i < count; i++) {
                printf "\\x%02x", value % 256
                value = int(value / 256)
            }
        }
        function float(value, bias, digits,    size, exponent) {
            if (value == 0) return 0
            size = value < 0 ? -value : value
            for (exponent = 0; 2 ^ (exponent + 1) <= size;) exponent++
            return (value < 0 ? 2 ^ 31 : 0) + (bias + exponent) * 2 ^ digits + \
                (size - 2 ^ exponent) * 2 ^ (digits - exponent)
        }
        { for (f = 1; f <= NF; f++) {
            if (type == "|i1") bytes(($f + 256) % 256, 1)
            if (type == "<i4") bytes($f < 0 ? $f + 2 ^ 32 : $f, 4)
            if (type == "<f4") bytes(float($f, 127, 23), 4)
            if (type == "<f8") { bytes(0, 4); bytes(float($f, 1023, 20), 4) }
        } }'
}

# matrix FILE TYPE: an array (rows, columns) of the numbers on standard input, a row a line.
matrix() {
    local lines
    lines=$(cat)
    npy "$1" "$2" "($(wc -l <<<"$lines"), $(head -n 1 <<<"$lines" | wc -w))" \
        "$(numbers "$2" <<<"$lines")"
}

# vector FILE TYPE: an array (rows) of the numbers on standard input.
vector() {
    local lines
    lines=$(cat)
    npy "$1" "$2" "($(wc -w <<<"$lines"),)" "$(numbers "$2" <<<"$lines")"
}

# elements FILE TYPE: the numbers of a vector, one a line; TYPE as od has it: f4, d4, d8.
elements() { tail -c +129 "$1" | od -An -v -t "$2" -w"${2#?}" | tr -d ' '; }
