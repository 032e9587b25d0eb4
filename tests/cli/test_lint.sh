#!/usr/bin/env bash
# Every rule of tests/lint.sh finds the violation that is planted for it in a small tree, and no
# other rule fails.
source tests/cli/lib.sh
lint=$repository/tests/lint.sh
cc=${CC:-cc}
if ! command -v "${cc%% *}" >/dev/null || ! command -v g++ >/dev/null; then
    skip "rules of lint" "no compiler"
    exit 0
fi

# The tree that every rule accepts. The operations of both devices are those that the rule misses.
mkdir -p "$TMP"/accepted/{kernels/cpu,kernels/cuda,host/{base,clips,lists,sound,output,report/web,audit},tests,bench,models,.ci}
cd "$TMP/accepted" || exit 1
cp "$repository/.clang-format" "$repository/.clang-tidy" .
: >Makefile
printf 'int one(void);\n' >kernels/device.h
printf 'int zero(void);\n' >kernels/error.h
printf '#include "kernels/device.h"\n\nint one(void) {\n    return 1;\n}\n' >kernels/one.c
printf '#include "kernels/error.h"\n' >host/base/error.h
printf '#include "host/base/error.h"\n\nint clips(void);\n' >host/clips/clips.h
printf '#include "host/clips/clips.h"\n' >host/lists/list.h
printf '#include "host/clips/clips.h"\n' >host/sound/decode.h
printf '#include "host/sound/audio_faults.h"\n' >host/output/run.h
printf 'int faults(void);\n' >host/sound/audio_faults.h
cat >host/sound/two.c <<'END'
#include "kernels/device.h"

int two(void);

/* The device may be called cuda. */
int two(void) {
    return one() + ("cuda"[0] == 'c');
}
END
printf 'true\n' >tests/three.sh
for file in $(bash "$repository/tests/rooms.sh" twins | sed 's/ is missing.*//'); do : >"$file"; done

# clean: a fresh copy of that tree.
clean() {
    cd "$TMP" && rm -rf tree && cp -r accepted tree && cd tree || exit 1
}

# failed_rules GROUP...: names of the rules that fail, one a line.
failed_rules() {
    run_command bash "$lint" "$@"
    grep -E '^not ok' "$TMP/stdout" | sed -E 's/^not ok [0-9]+ - //'
}

# expect_broken NAME RULE: of the rules of the folders that one fails, and no other.
expect_broken() {
    expect_equal "$1" "$(failed_rules rooms)" "$2"
    clean
}

clean
run_command bash "$lint" rooms
expect_equal "a clean tree passes" "$(grep -c '^ok' "$TMP/stdout"),$(grep -c '^not' "$TMP/stdout")" "10,0"

# ---- includes
rule="includes follow the table of folders"
printf '#include "kernels/one.h"\n' >host/base/file.h
printf 'int one(void);\n' >kernels/one.h
expect_broken "host/ includes more of kernels/ than device.h" "$rule"
printf '#include "kernels/device.h"\n' >host/base/error.h
expect_broken "host/base includes device.h" "$rule"
sed -i '1i #include "host/output/run.h"' kernels/one.c
expect_broken "kernels/ includes something of host/" "$rule"
printf '#include "host/sound/decode.h"\n' >>host/lists/list.h
expect_broken "lists includes sound" "$rule"
printf '#include "host/lists/list.h"\n' >>host/sound/decode.h
expect_broken "sound includes lists" "$rule"
printf '#include "host/audit/audit.h"\n' >host/report/page.h
: >host/audit/audit.h
expect_broken "an include upwards" "$rule"
printf '#include "host/sound/decode.h"\n' >>host/output/run.h
expect_broken "output includes more of sound than audio faults" "$rule"
printf '#include "../clips/clips.h"\n' >>host/lists/list.h
expect_broken "an include through .." "$rule"
printf '#include "kernels/cuda/plan.h"\n' >kernels/cpu/plan.h
: >kernels/cuda/plan.h
expect_broken "one device includes the other" "$rule"
mkdir host/strange
printf '#include "host/base/error.h"\n' >host/strange/strange.h
expect_broken "a folder that is not in the table" "$rule"

# ---- circles
rule="no circles of includes or calls"
printf '#include "list2.h"\n' >>host/lists/list.h
printf '#include "list.h"\n' >host/lists/list2.h
expect_broken "two headers include each other" "$rule"
printf '#include "list.h"\n' >host/lists/pattern.h
printf '#include "pattern.h"\n' >host/lists/list.c
expect_broken "a header includes that of a file that includes it" "$rule"
printf 'int f(void);\nint g(void);\nint f(void) {\n    return g();\n}\n' >host/clips/f.c
printf 'int f(void);\nint g(void);\nint g(void) {\n    return f();\n}\n' >host/clips/g.c
expect_broken "two files call each other" "$rule"
printf 'int f(void);\nint g(void);\nint f(void) {\n    return g();\n}\n' >host/clips/f.c
printf 'int g(void);\nint h(void);\nint g(void) {\n    return h();\n}\n' >host/clips/g.c
printf 'int f(void);\nint h(void);\nint h(void) {\n    return f();\n}\n' >host/clips/h.c
expect_broken "three files call each other in a circle" "$rule"
printf 'int g(int);\nint f(int i) {\n    return g(i);\n}\n' >kernels/cuda/plan.cu
printf 'int f(int);\nint g(int i) {\n    return f(i);\n}\n' >kernels/cuda/layer.cu
expect_broken "two CUDA files call each other" "$rule"
printf 'extern int g;\nint f = 1;\nint *at(void) {\n    return &g;\n}\n' >host/clips/f.c
printf 'extern int f;\nint g = 1;\nint *to(void) {\n    return &f;\n}\n' >host/clips/g.c
expect_broken "two files use each other's variables" "$rule"
printf 'int f(void) {\n    return not_declared;\n}\n' >host/clips/f.c
expect_broken "what does not compile is not passed over" "$rule"

# ---- twins, lengths, names
rule="both devices have their operations under the same names"
rm kernels/cuda/features.cu
expect_broken "an operation without its twin" "$rule"
: >kernels/cpu/something.c
expect_broken "a file of one device that is not listed as such" "$rule"
yes '/* line */' | head -n 500 >>kernels/one.c
expect_broken "a file of 500 lines" "files are shorter than 500 lines"
yes 'true' | head -n 500 >tests/three.sh
expect_broken "a script of 500 lines" "files are shorter than 500 lines"
rule="functions have at most 60 lines"
{ printf 'int f(void);\nint f(void) {\n' && yes '    ;' | head -n 58 && printf '}\n'; } >host/clips/f.c
expect_equal "a function of 60 lines passes" "$(failed_rules rooms)" ""
{ printf 'int f(int a,\n      int b);\nint f(int a,\n      int b) {\n' &&
    yes '    ;' | head -n 58 && printf '}\n'; } >host/clips/f.c
expect_broken "a function of 61 lines" "$rule"
sed -i 's/one()/cudaMalloc()/; s/int two(void);/int two(void);\nint cudaMalloc(void);/' host/sound/two.c
expect_broken "host/ names a function of CUDA" "host/ names nothing of CUDA"
rule="only host/base/terminal.c prints"
printf '#include <stdio.h>\n\nint f(void);\nint f(void) {\n    return printf("x");\n}\n' >host/clips/f.c
expect_broken "a file of host/ prints" "$rule"
printf '#include <stdio.h>\n\nint f(void);\nint f(void) {\n    return fputs("x", stderr);\n}\n' >kernels/one.c
expect_broken "a file of kernels/ prints" "$rule"
printf '#include <unistd.h>\n\nlong f(void);\nlong f(void) {\n    return write(STDERR_FILENO, "x", 1);\n}\n' >host/clips/f.c
expect_broken "a file of host/ writes to the descriptor" "$rule"
printf '/* printf(x) */\nint snprintf(char *, unsigned long, const char *, ...);\n' >host/clips/f.h
expect_equal "comments and snprintf pass" "$(failed_rules rooms)" ""
clean
printf 'if true\n' >tests/three.sh
expect_broken "a shell script that does not parse" "shell syntax"
rule="the page's files are narrow, and make no markup of a text"
printf '%101d\n' 0 >host/report/web/wide.css
expect_broken "a style of 101 columns" "$rule"
printf 'document.body.innerHTML = "";\n' >host/report/web/markup.js
expect_broken "a script that makes markup of a text" "$rule"
yes '// line' | head -n 500 >host/report/web/long.js
expect_broken "a script of the page with 500 lines" "files are shorter than 500 lines"
if command -v node >/dev/null; then
    printf 'const one = ;\n' >host/report/web/wrong.js
    expect_broken "a script of the page that does not parse" "syntax of the page's script"
else
    skip "a script of the page that does not parse" "no node"
fi

# ---- clang's tools: one rule each, skipped where the version is another
run_command bash "$lint" format warnings tidy
expect_equal "three rules" "$(tail -n 1 "$TMP/stdout")" "1..3"
expect_no_grep "the clean tree passes, or is skipped" '^not ok' "$TMP/stdout"
cp "$TMP/stdout" "$TMP/tools"

# expect_found NAME GROUP RULE
expect_found() {
    if grep -q "SKIP $3:" "$TMP/tools"; then
        skip "$1" "$(sed -n "s/.*SKIP $3: //p" "$TMP/tools")"
    else
        expect_equal "$1" "$(failed_rules "$2")" "$3"
    fi
    clean
}
printf 'int  one(void);\n' >kernels/device.h
expect_found "a space too many" format "clang-format"
printf '#include "kernels/device.h"\n\nint one(void) {\n    int unused = 1;\n    return 1;\n}\n' >kernels/one.c
expect_found "an unused variable" warnings "clang's warnings"
printf '#include "kernels/device.h"\n\nint one(void) {\n    int *p = 0;\n    return *p;\n}\n' >kernels/one.c
expect_found "a null pointer followed" tidy "clang-tidy"

# Another version is a skip that says which is needed, and which is there.
mkdir "$TMP/bin"
for tool in clang-format clang-tidy; do
    printf '#!/bin/sh\necho "Debian %s version 19.1.7"\n' "$tool" >"$TMP/bin/$tool"
    cp "$TMP/bin/$tool" "$TMP/bin/$tool-14"
done
chmod +x "$TMP"/bin/*
PATH=$TMP/bin:$PATH run_command bash "$lint" format tidy
expect_grep "another clang-format" '^ok 1 # SKIP clang-format: clang-format 14 is needed: version 19\.1\.7' "$TMP/stdout"
expect_grep "another clang-tidy" '^ok 2 # SKIP clang-tidy: clang-tidy 14 is needed: version 19\.1\.7' "$TMP/stdout"
cd "$repository" || exit 1
