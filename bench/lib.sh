# Shared by the scripts of bench/, which source this file from the root of the
# repository after setting $program, the prefix of messages.

# visible: standard input, with ? in place of characters that command a terminal.
visible() {
    LC_ALL=C sed -e 's/[\x00-\x08\x0b-\x1f\x7f]/?/g' -e 's/\xc2[\x80-\x9f]/?/g' \
        -e 's/\xe2\x80[\x8e\x8f\xa8-\xae]/?/g' -e 's/\xe2\x81[\xa0-\xaf]/?/g'
}

# say WORD...: a message.
say() { printf '%s: %s\n' "$program" "$*" | visible >&2; }

# stop WORD...: a message, and the end of the script.
stop() {
    say "$@"
    exit 1
}

# take_sets "OPTION..." WORD...: the command line of a script over sets of embeddings. Folders go into
# the array `sets`, -o into `out`, and each --OPTION of those named into the variable of that name.
take_sets() {
    local known=" $1 " set file twice
    shift
    sets=() out=
    while [ $# -gt 0 ]; do
        case $1 in
        -*) [ $# -gt 1 ] || stop "$1: no value" ;;&
        -o) out=$2 ;;
        --*)
            [[ $1 =~ ^--[a-z]+$ && $known == *" ${1#--} "* ]] || stop "$1: no such option"
            printf -v "${1#--}" %s "$2"
            ;;
        -*) stop "$1: no such option" ;;
        *)
            sets+=("${1%/}")
            shift
            continue
            ;;
        esac
        shift 2
    done
    [ ${#sets[@]} -gt 0 ] && [ -n "$out" ] || stop "usage: $program.sh DIR... -o OUT [OPTION...]"
    twice=$(printf '%s\n' "${sets[@]##*/}" | sort | uniq -d)
    [ -z "$twice" ] || stop "two sets have the name" $twice
    for set in "${sets[@]}"; do
        [[ $set != *[[:cntrl:]]* ]] || stop "$set: a table cannot have such a name; rename the folder"
        for file in embeddings labels; do
            [ -e "$set/$file.npy" ] || stop "$set: no $file.npy"
        done
    done
}

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
