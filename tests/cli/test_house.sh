#!/usr/bin/env bash
# The Makefile: probes, object folders, installation, and the deps script.
source tests/cli/lib.sh

# Objects of other flags are in another folder.
plain=$(make -s build-folder)
sanitized=$(make -s build-folder SANITIZER=thread)
other=$(make -s build-folder CFLAGS=-DOTHER)
expect_equal "three sets of flags, three folders" \
    "$(printf '%s\n' "$plain" "$sanitized" "$other" | sort -u | wc -l)" 3

# A library that is not there is named, with its Debian package and the way out.
missing=$(make -s build-folder XXHASH_LIBS=-lnot_there)
check_fails "a missing library is fatal" make show XXHASH_LIBS=-lnot_there
expect_grep "the Debian package is named" 'xxhash: missing.*libxxhash-dev' "$TMP/stderr"
expect_grep "make deps is named" 'make deps' "$TMP/stderr"
expect_grep "the variable is named" 'XXHASH_LIBS' "$TMP/stderr"
rm -rf "$missing"
missing=$(make -s build-folder CC=not_there)
check_fails "a missing compiler is fatal" make show CC=not_there
expect_grep "and named before anything else" 'compiler: missing.*gcc' "$TMP/stderr"
rm -rf "$missing"
check "show prints the decisions" make show
expect_grep "one line a library" '^probe: onednn: found' "$TMP/stdout"
expect_grep "the flags" '^compile: .*-std=c17' "$TMP/stdout"
check "help lists the targets" make help
expect_grep "make demo is in it" 'make demo' "$TMP/stdout"

# Installation, below DESTDIR; the installed program finds its model there.
root="$TMP/a root"
check "install" make install DESTDIR="$root" PREFIX=/opt/earmark
expect_file "the program" "$root/opt/earmark/bin/earmark"
expect_same "the model" models/default.safetensors \
    "$root/opt/earmark/share/earmark/default.safetensors"
expect_file "the man page" "$root/opt/earmark/share/man/man1/earmark.1"
expect_file "completion" "$root/opt/earmark/share/bash-completion/completions/earmark"
check "the installed program runs" "$root/opt/earmark/bin/earmark" info
expect_grep "with the installed model" 'opt/earmark/share/earmark/default\.safetensors' "$TMP/stdout"
check "uninstall" make uninstall DESTDIR="$root" PREFIX=/opt/earmark
expect_equal "no file is left" "$(find "$root" -type f | wc -l)" 0
check_fails "nor a folder that only earmark has" test -e "$root/opt/earmark/share/earmark"
check_fails "nor an empty one of completions" \
    test -e "$root/opt/earmark/share/bash-completion/completions"

# The packages: nothing is done when all are there; without root or sudo a message says what to do.
if command -v dpkg-query >/dev/null; then
    check "deps, all there" bash tests/deps.sh "" bash coreutils
    expect_grep "says so" 'all 2 Debian packages are installed' "$TMP/stdout"
    check_fails "deps, without root or sudo" bash tests/deps.sh not_sudo bash earmark-no-such-package
    expect_grep "says what root should do" 'As root: apt-get install earmark-no-such-package' \
        "$TMP/stderr"
else
    skip "deps" "no Debian"
fi
