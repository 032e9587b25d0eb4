# What scripts of bench/ share: they source this file from the root of the
# repository, after setting $program, which messages begin with.

# audited COMMAND...: runs earmark. Clips that could not be read (exit code 3)
# are in its own output; any other failure ends the script.
audited() {
    local status=0
    "$@" || status=$?
    if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
        echo "$program: exit code $status of $*" >&2
        exit 1
    fi
}
