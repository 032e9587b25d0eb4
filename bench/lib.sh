# Shared by the scripts of bench/, which source this file from the root of the
# repository after setting $program, the prefix of messages.

# visible: standard input, with ? in place of characters that command a terminal.
visible() {
    LC_ALL=C sed -e 's/[\x00-\x08\x0b-\x1f\x7f]/?/g' -e 's/\xc2[\x80-\x9f]/?/g' \
        -e 's/\xe2\x80[\x8e\x8f\xa8-\xae]/?/g' -e 's/\xe2\x81[\xa0-\xaf]/?/g'
}

# say WORD...: a message.
say() { printf '%s: %s\n' "$program" "$*" | visible >&2; }

# audited COMMAND...: runs earmark. Exit code 3 (some clips could not be read) is
# accepted; any other failure ends the script.
audited() {
    local status=0
    "$@" || status=$?
    if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
        say "exit code $status of $*"
        exit 1
    fi
}
