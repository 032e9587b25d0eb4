#!/usr/bin/env bash
# The style checks themselves: every rule finds what it is there for, in a small tree of its own.
source tests/cli/lib.sh
if ! command -v clang-tidy >/dev/null || ! command -v clang-format >/dev/null; then
    skip "style checks" "no clang-tidy or clang-format"
    exit 0
fi
lint=$repository/tests/lint.sh
mkdir -p "$TMP"/tree/{kernels,host/base,tests,bench,models}
cp .clang-format .clang-tidy "$TMP/tree"
cd "$TMP/tree" || exit 1

# clean: puts back a tree that every rule accepts.
clean() {
    printf 'int one(void);\n' >kernels/device.h
    printf '#include "kernels/device.h"\n\nint one(void) {\n    return 1;\n}\n' >kernels/one.c
    cat >host/two.c <<'END'
#include "kernels/device.h"

int two(void);

/* The device may be called cuda. */
int two(void) {
    return one() + ("cuda"[0] == 'c');
}
END
    printf 'true\n' >tests/three.sh
}

# expect_broken NAME RULE: that rule fails, and none else.
expect_broken() {
    run_command bash "$lint"
    expect_equal "$1" "$(grep -E '^not ok' "$TMP/stdout" | sed -E 's/^not ok [0-9]+ - //')" "$2"
    clean
}

clean
run_command bash "$lint"
expect_equal "a clean tree passes" "$(grep -c '^ok' "$TMP/stdout"),$(grep -c '^not' "$TMP/stdout")" "8,0"
printf 'int  one(void);\n' >kernels/device.h
expect_broken "a space too many" "clang-format"
printf '#include "kernels/device.h"\n\nint one(void) {\n    int unused = 1;\n    return 1;\n}\n' >kernels/one.c
expect_broken "an unused variable" "clang's warnings"
printf '#include "kernels/device.h"\n\nint one(void) {\n    int *p = 0;\n    return *p;\n}\n' >kernels/one.c
expect_broken "a null pointer followed" "clang-tidy"
printf '#include "kernels/one.h"\n' >host/base/file.h
printf 'int one(void);\n' >kernels/one.h
expect_broken "host/ includes more of kernels/" "host/ includes nothing of kernels/ but device.h"
rm host/base/file.h kernels/one.h
sed -i 's/one()/cudaMalloc()/; s/int two(void);/int two(void);\nint cudaMalloc(void);/' host/two.c
expect_broken "host/ names a function of CUDA" "host/ names nothing of CUDA"
printf 'int two(void);\n' >host/two.h
printf '#include "host/two.h"\n#include "kernels/device.h"\n\nint one(void) {\n    return 1;\n}\n' >kernels/one.c
expect_broken "kernels/ includes something of host/" "kernels/ includes nothing of host/"
rm host/two.h
yes '/* line */' | head -n 500 >>kernels/one.c
expect_broken "a file of 500 lines and more" "files are shorter than 500 lines"
printf 'if true\n' >tests/three.sh
expect_broken "a shell script that does not parse" "shell syntax"
cd "$repository" || exit 1
