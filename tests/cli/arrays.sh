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
