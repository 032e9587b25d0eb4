# Shared by the scripts of bench/, which source this file from the root of the
# repository after setting $program, the prefix of messages.

# audited COMMAND...: runs earmark. Exit code 3 (some clips could not be read) is
# accepted; any other failure ends the script.
audited() {
    local status=0
    "$@" || status=$?
    if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
        echo "$program: exit code $status of $*" >&2
        exit 1
    fi
}
