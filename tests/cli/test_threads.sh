#!/usr/bin/env bash
# How OpenMP's threads wait: asleep unless the user chose, and with the same results.
source tests/cli/lib.sh

golden=$repository/tests/golden/crossval
crossval() { "$EARMARK" crossval --embeddings "$golden/ten_x.npy" --labels "$golden/ten_y.npy" "$@"; }
# The last value that the runtime prints is that of the program that computes.
policy() {
    OMP_DISPLAY_ENV=true crossval -o "$TMP/shown" --fresh 2>&1 |
        sed -n "s/.*OMP_WAIT_POLICY *= *'\(.*\)'.*/\1/p" | tail -n 1
}

unset OMP_WAIT_POLICY GOMP_SPINCOUNT KMP_BLOCKTIME
expect_equal "threads sleep while they wait" "$(policy)" PASSIVE
expect_equal "the user's policy takes precedence" "$(OMP_WAIT_POLICY=active policy)" ACTIVE

expect_exit "asleep" 0 crossval -o "$TMP/passive" --threads 2
export OMP_WAIT_POLICY=active
expect_exit "spinning" 0 crossval -o "$TMP/active" --threads 2
unset OMP_WAIT_POLICY
expect_same "the same probabilities" "$TMP/passive/pred_probs.npy" "$TMP/active/pred_probs.npy"

# The program cannot start itself again there, and goes on.
loader=$(ldd "$EARMARK" | sed -n 's/^[[:space:]]*\(\/[^ ]*\/ld-linux[^ ]*\) .*/\1/p')
if [ -n "$loader" ]; then
    expect_exit "called through the loader" 0 "$loader" "$EARMARK" --version
    expect_grep "as itself" '^earmark [0-9]' "$TMP/stdout"
else
    skip "called through the loader" "ldd names none"
fi
