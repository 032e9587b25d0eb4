#!/usr/bin/env bash
# Installs the Debian packages that are missing: deps.sh SUDO PACKAGE...
# SUDO is the command to run as root (sudo), or empty for root.
set -eu
sudo=$1
shift

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "deps: this is not Debian; install the packages that correspond to: $*" >&2
    exit 0
fi

missing=()
for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null || true)
    if ! grep -q -x installed <<<"$status"; then missing+=("$package"); fi
done
# A package that another one provides (pkgconf provides pkg-config) counts as missing here;
# apt-get then finds that there is nothing to do.
if [ ${#missing[@]} -eq 0 ]; then
    echo "deps: all $# Debian packages are installed"
    exit 0
fi

echo "deps: installing ${missing[*]}"
if [ -n "$sudo" ] && ! command -v "$sudo" >/dev/null; then
    echo "deps: this needs root, and there is no $sudo. As root: apt-get install ${missing[*]}" >&2
    exit 1
fi
options=(-q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_apt() {
    $sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get "${options[@]}" "$@" >"$log" 2>&1 </dev/null
}
# The lists of packages may be missing or old; without a network the old ones may be enough.
run_apt update || echo "deps: apt-get update failed: $(tail -n 1 "$log")" >&2
if ! run_apt install --no-install-recommends "${missing[@]}"; then
    tail -n 20 "$log" >&2
    echo "deps: apt-get could not install ${missing[*]}" >&2
    exit 1
fi
