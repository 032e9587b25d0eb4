#!/usr/bin/env bash
# The test runner: programs that fail, crash, hang, skip or run nothing are counted as such.
source tests/cli/lib.sh

# program NAME: makes a program of the lines on stdin.
program() {
    { echo '#!/bin/sh' && cat; } >"$TMP/$1"
    chmod +x "$TMP/$1"
}

# expect_counts NAME CODE LINE PROGRAM...: exit code and last line of a run.
expect_counts() {
    local name=$1 code=$2 line=$3
    shift 3
    run_command bash tests/run.sh --timeout 2 "$@"
    expect_equal "$name" "$STATUS: $(tail -n 1 "$TMP/stdout")" "$code: $line"
}

program passing <<'END'
printf '1..2\nok 1 - a\nok 2 - b\n'
END
program repeating <<'END'
printf '1..%d\n' $#; for word in "$@"; do echo "ok 1 - $word"; done
END
program failing <<'END'
printf '1..2\nok 1 - a\nnot ok 2 - b\n# why\n# not ok - group\n'; exit 1
END
program failing_quietly <<'END'
printf '1..1\nnot ok 1 - a\n'
END
program crashing <<'END'
printf '1..2\nok 1 - a\nok 2 - b\n'; kill -SEGV $$
END
program hanging <<'END'
printf '1..1\nok 1 - a\n'; sleep 60
END
program stubborn <<'END'
trap '' TERM; printf '1..1\nok 1 - a\n'; sleep 60; sleep 60
END
program skipping <<'END'
printf '1..2\nnot ok 1 # SKIP a\nok 2 # SKIP b: no GPU here\n'
END
program leaving <<'END'
printf '1..3\nok 1 - a\n'; exit 0
END
program planless <<'END'
printf 'ok 1 - a\n'
END
program empty <<'END'
echo hello
END
program slow <<'END'
printf '1..1\n'; sleep 1; echo 'ok 1 - a'
END
program alone <<'END'
printf '1..1\n'; mkdir "$TMP/running" && sleep 0.2 && rmdir "$TMP/running" && echo 'ok 1 - a'
END
program erring <<'END'
printf '1..1\nok 1 - a\n'; exit 99
END

expect_counts "passing" 0 "2 passed, 0 failed, 0 skipped" "$TMP/passing"
expect_counts "with arguments" 0 "3 passed, 0 failed, 0 skipped" "$TMP/repeating a b c"
expect_counts "failing" 1 "1 passed, 1 failed, 0 skipped" "$TMP/failing"
expect_grep "what a failing program printed is shown" 'not ok 2 - b' "$TMP/stdout"
expect_counts "failing with exit code 0" 1 "0 passed, 1 failed, 0 skipped" "$TMP/failing_quietly"
expect_counts "crashing after its last test" 1 "2 passed, 1 failed, 0 skipped" "$TMP/crashing"
expect_grep "the signal is named" 'signal 11' "$TMP/stdout"
expect_counts "hanging" 1 "1 passed, 1 failed, 0 skipped" "$TMP/hanging"
expect_grep "a hang is named" 'still running after 2 s' "$TMP/stdout"
expect_counts "skipping only is no failure of the program, but nothing ran" 1 \
    "0 passed, 1 failed, 2 skipped" "$TMP/skipping"
expect_counts "skipping only, where that may be" 0 "0 passed, 0 failed, 2 skipped" --may-skip "$TMP/skipping"
expect_counts "no test, where all may be skipped" 1 "0 passed, 1 failed, 0 skipped" --may-skip "$TMP/empty"
expect_counts "no program, where all may be skipped" 1 "0 passed, 1 failed, 0 skipped" --may-skip
expect_counts "failing, where all may be skipped" 1 "1 passed, 1 failed, 2 skipped" --may-skip "$TMP/skipping" \
    "$TMP/failing"
expect_counts "skipping beside passing" 0 "2 passed, 0 failed, 2 skipped" "$TMP/skipping" \
    "$TMP/passing"
expect_grep "the reason of a skip is shown" 'skipped: b: no GPU here' "$TMP/stdout"
expect_counts "fewer tests than planned" 1 "1 passed, 1 failed, 0 skipped" "$TMP/leaving"
expect_counts "no plan" 1 "1 passed, 1 failed, 0 skipped" "$TMP/planless"
expect_counts "no test" 1 "0 passed, 1 failed, 0 skipped" "$TMP/empty"
expect_counts "an error after the last test" 1 "1 passed, 1 failed, 0 skipped" "$TMP/erring"
expect_counts "a program that is not there" 1 "0 passed, 1 failed, 0 skipped" "$TMP/missing"
expect_counts "no program at all" 1 "0 passed, 1 failed, 0 skipped"
expect_counts "all together" 1 "7 passed, 4 failed, 2 skipped" "$TMP/passing" "$TMP/failing" \
    "$TMP/crashing" "$TMP/hanging" "$TMP/skipping" "$TMP/planless"

run_command bash tests/run.sh --jobs 2 "$TMP/slow" "$TMP/passing"
expect_equal "a program is reported when it ends" "$(grep -o -E '/(slow|passing):' "$TMP/stdout" | tr -d '\n')" \
    "/passing:/slow:"
expect_grep "with its processor time" 'passing: 2 passed, 0 skipped; [0-9]+ s, [0-9.]+ s of processor time$' \
    "$TMP/stdout"
run_command bash tests/run.sh --jobs 1 "$TMP/alone" "$TMP/alone" "$TMP/alone" "$TMP/alone"
expect_equal "no more than N at a time" "$(tail -n 1 "$TMP/stdout")" "4 passed, 0 failed, 0 skipped"

# A cmocka program is not needed to test the counts file: two runs append two lines.
run_command bash tests/run.sh --counts "$TMP/counts" "$TMP/passing"
run_command bash tests/run.sh --counts "$TMP/counts" "$TMP/failing" "$TMP/skipping"
expect_equal "counts file" "$(tr '\n' ';' <"$TMP/counts")" "2 0 0;1 1 2;"

# The helpers of the command-line tests: a script with a failed check fails as a whole.
program helpers.sh <<'END'
source tests/cli/lib.sh
check "true" true
check "false" false
expect_exit "code" 7 sh -c 'exit 7'
check_fails "a crash is no ordinary failure" sh -c 'kill -SEGV $$'
skip "gpu" "none"
END
run_command bash "$TMP/helpers.sh"
expect_equal "a script with a failed check exits with 1" "$STATUS" 1
expect_counts "checks are counted" 1 "2 passed, 2 failed, 1 skipped" "$TMP/helpers.sh"
# The one that must be killed is last: it takes the grace of five seconds.
expect_counts "deaf to TERM" 1 "1 passed, 1 failed, 0 skipped" "$TMP/stubborn"
