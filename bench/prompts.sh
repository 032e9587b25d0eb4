# Downloads the human telephone prompts of Debian's asterisk-core-sounds packages,
# labelled by language. Scripts of bench/ source this file from the root of the
# repository:
#
#   prompts_fetch FOLDER    downloads the prompts into FOLDER/sounds, once, and lists
#                           them in FOLDER/prompts.csv (path,label); sets prompts_count
#   prompts_list FOLDER     only lists the files of FOLDER/sounds/LABEL
#
# Messages begin with $program.
prompts_expected=2831

# The packages are downloaded and unpacked, not installed, so root is not needed.
# When run as root, apt must stay root, or it cannot write here.
prompts_download() { # PACKAGE SCRATCH LOG
    (cd "$2" && apt-get -q -o APT::Sandbox::User="$(id -un)" download "$1") >"$3" 2>&1
}

# prompts_of_language FOLDER LANGUAGE NAME: downloads those of a language into FOLDER/sounds/NAME.
prompts_of_language() {
    local package=asterisk-core-sounds-$2-wav folder=$1/sounds/$3 scratch=$1/unpack
    local log=$1/download.log sudo=
    if [ -d "$folder" ]; then return; fi
    echo "$program: downloading $package"
    rm -rf "$scratch"
    mkdir -p "$scratch" "$1/sounds"
    if ! prompts_download "$package" "$scratch" "$log"; then
        # The package lists may be missing or out of date.
        if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
        $sudo apt-get -q update >"$log" 2>&1 || true
        if ! prompts_download "$package" "$scratch" "$log"; then
            tail -n 5 "$log" | visible >&2
            echo "$program: $package cannot be downloaded with apt-get" >&2
            exit 1
        fi
    fi
    dpkg-deb -x "$scratch"/*.deb "$scratch/files"
    mv "$scratch/files/usr/share/asterisk/sounds/$2"_* "$folder"
    mv "$scratch/files/usr/share/doc/$package/copyright" "$folder.copyright"
    rm -rf "$scratch"
}

prompts_list() {
    echo path,label >"$1/prompts.csv"
    (cd "$1" && find sounds -name '*.wav' | sort | sed -E 's,^sounds/([a-z]+)/.*,&\,\1,') \
        >>"$1/prompts.csv"
    prompts_count=$(($(wc -l <"$1/prompts.csv") - 1))
}

prompts_fetch() {
    mkdir -p "$1"
    prompts_of_language "$1" en english
    prompts_of_language "$1" es spanish
    prompts_of_language "$1" fr french
    prompts_of_language "$1" it italian
    prompts_of_language "$1" ru russian
    prompts_list "$1"
    if [ "$prompts_count" -ne "$prompts_expected" ]; then
        echo "$program: $prompts_count prompts instead of $prompts_expected: other versions of the packages?" >&2
    fi
}
