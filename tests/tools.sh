#!/bin/sh
# Makes sure that system programs are there: on Debian and Ubuntu it installs them, elsewhere it says what is missing.
# usage: tools.sh venv | chromium | bwrap ...
set -eu

PYTHON=${PYTHON:-python3}

present() {
    case $1 in
        venv) test -x "${VENV:-.venv}/bin/python" || "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ;;
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

package() {
    case $1 in
        venv) echo python3-venv ;;
        bwrap) echo bubblewrap ;;
        *) echo "$1" ;;
    esac
}

command -v "$PYTHON" >/dev/null || { echo "Python is missing: install Python 3.11, 3.12 or 3.13, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
"$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' ||
    { echo "$("$PYTHON" --version) does not serve: install Python 3.11, 3.12 or 3.13, and say: make PYTHON=python3.12" >&2; exit 1; }

missing=
for tool in "$@"; do
    present "$tool" || missing="$missing $(package "$tool")"
done
test -n "$missing" || exit 0

if ! command -v apt-get >/dev/null; then
    echo "missing on this machine:$missing. Install them with your package manager, then run make again." >&2
    exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "missing:$missing. As root, run: apt-get install$missing" >&2; exit 1; }
    sudo=sudo
fi
echo "installing$missing"
$sudo apt-get update -qq
# shellcheck disable=SC2086  # a list of names
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
