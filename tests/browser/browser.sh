#!/usr/bin/env bash
# Runs one of the browser tests, as TAP:
#
#   tests/browser/browser.sh tests/browser/test_NAME.js chromium|firefox
#
# It is skipped, and counted, where node.js or the browser is not installed. With BROWSER_INSTALL=1
# root installs them first (Debian), and axe-core into $BROWSER_TOOLS. BROWSER_LONG=1 adds what takes
# long.
set -u
cd "$(dirname "$0")/../.." || exit 1
test=$1 browser=$2
export EARMARK=${EARMARK:-$PWD/earmark} BROWSER_TOOLS=${BROWSER_TOOLS:-build/browser}

found() {
    command -v node >/dev/null || return
    case $browser in
    chromium) command -v chromium >/dev/null && command -v chromedriver >/dev/null ;;
    firefox) command -v firefox-esr >/dev/null || command -v firefox >/dev/null ;;
    esac
}

# apt LOG PACKAGES...
apt() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${@:2}" >"$1" 2>&1
}

# Several tests start at a time: the first one installs.
install_browsers() {
    local packages=(nodejs chromium chromium-driver firefox-esr fonts-dejavu-core) log=$BROWSER_TOOLS/install.log
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return
    found || apt "$log" "${packages[@]}" ||
        { DEBIAN_FRONTEND=noninteractive apt-get update -q >"$log" 2>&1 && apt "$log" "${packages[@]}"; }
}

# axe-core (MPL-2.0) as it is inside a wheel of PyPI, whose bytes are pinned; never part of the tree.
install_axe() {
    [ ! -s "$BROWSER_TOOLS/axe.min.js" ] || return
    rm -rf "$BROWSER_TOOLS/wheel"
    { python3 -m pip download -q --no-deps --disable-pip-version-check -d "$BROWSER_TOOLS/wheel" \
        axe-playwright-python==0.1.8 &&
        python3 -m zipfile -e "$BROWSER_TOOLS"/wheel/axe_playwright_python-0.1.8-*.whl "$BROWSER_TOOLS/wheel" &&
        echo "$axe_sum  $BROWSER_TOOLS/wheel/axe_playwright_python/axe.min.js" | sha256sum -c - &&
        mv "$BROWSER_TOOLS/wheel/axe_playwright_python/axe.min.js" "$BROWSER_TOOLS/" &&
        rm -r "$BROWSER_TOOLS/wheel"; } >"$BROWSER_TOOLS/axe.log" 2>&1
}
axe_sum=84494fec757e4710dc751c8d7a636e457f4532f08f85c86dc9070133fbff53bc

if [ -n "${BROWSER_INSTALL:-}" ]; then
    mkdir -p "$BROWSER_TOOLS"
    exec 9>"$BROWSER_TOOLS/lock"
    flock 9
    install_browsers
    install_axe
    exec 9>&-
fi
if ! found; then
    echo "ok 1 # SKIP $test in $browser: node and $browser are not installed (make test-browser BROWSER_INSTALL=1 as root)"
    echo 1..1
    exit 0
fi
exec node "$test" "$browser"
