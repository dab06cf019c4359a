#!/bin/sh
# Make .venv hold what a start needs:   setup.sh embedded | production | dev
#
# Installs Debian packages as root; otherwise names the command and stops. What is there already costs
# nothing, so every other target begins with this.
set -eu
cd "$(dirname "$0")/.."

kind=$1
PATH=$PATH:/usr/sbin:/sbin # where Debian keeps mariadbd, out of a plain user's path
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_PROGRESS_BAR=off

say() { printf '%s\n' "$*"; }

fail() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

# Run a command with its output kept; show that it lives, and the end of its output if it fails.
quietly() {
    log=$(mktemp)
    seconds=0
    "$@" >"$log" 2>&1 </dev/null &
    job=$!
    trap 'kill $job 2>/dev/null; rm -f "$log"; exit 130' INT TERM HUP
    while kill -0 $job 2>/dev/null; do
        sleep 1
        seconds=$((seconds + 1))
        if [ $((seconds % 10)) -eq 0 ]; then
            say "      $seconds s: $(tail -n 1 "$log" | cut -c 1-90)"
        fi
    done
    trap - INT TERM HUP
    if wait $job; then
        rm -f "$log"
        return 0
    fi
    say "" "      it failed; the end of what it said:"
    tail -n 25 "$log" | sed 's/^/      /' >&2
    rm -f "$log"
    return 1
}

has() { command -v "$1" >/dev/null 2>&1; }

lock_installed() { [ -x .venv/bin/python ] && grep -qs "$(sha256sum <"$lock")" .venv/installed; }

case $kind in
embedded) lock=requirements/embedded.txt ;;
production) lock=requirements.txt ;;
dev) lock=requirements/dev.txt ;;
*) fail "usage: setup.sh embedded | production | dev" ;;
esac
if [ "$kind" != dev ] && lock_installed; then
    exit 0
fi

# --- which Python ----------------------------------------------------------------------------------

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# One that can make an environment by itself is best; Debian's own needs a package for that.
find_python() {
    for candidate in python3.11 /usr/bin/python3.11 python3 /usr/bin/python3 python3.12 python3.13; do
        usable "$candidate" && "$candidate" -c 'import ensurepip, venv' 2>/dev/null && echo "$candidate" && return
    done
    for candidate in /usr/bin/python3.11 /usr/bin/python3 python3.11 python3; do
        usable "$candidate" && echo "$candidate" && return
    done
    return 1
}

python=$(find_python) || fail "Python 3.11 or newer is needed and was not found. On Debian 12:
    apt-get install python3 python3-venv"

# --- Debian packages ---------------------------------------------------------------------------------

missing=""
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip' 2>/dev/null || missing="python3-venv"
fi
if [ "$kind" = dev ]; then
    has mariadbd && has mariadb-install-db || missing="$missing mariadb-server"
    has redis-server || missing="$missing redis-server"
    has nginx || missing="$missing nginx-light"
    has rsync || missing="$missing rsync"
    has faketime || missing="$missing faketime"
    has chromium || missing="$missing chromium"
    has fc-list && fc-list :lang=zh | grep -q . || missing="$missing fonts-noto-cjk"
    has fc-list && fc-list :charset=1f46a | grep -qi emoji || missing="$missing fonts-noto-color-emoji"
fi
if [ "$kind" != embedded ] && ! lock_installed; then
    # The driver of MySQL and MariaDB is compiled here.
    has gcc || missing="$missing gcc"
    has pkg-config || missing="$missing pkg-config"
    { has pkg-config && { pkg-config --exists libmariadb || pkg-config --exists mysqlclient; }; } 2>/dev/null ||
        missing="$missing libmariadb-dev"
    "$python" -c 'import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' || missing="$missing python3-dev"
fi

if [ -n "$missing" ]; then
    missing=$(echo $missing)
    command="apt-get install --yes --no-install-recommends $missing"
    if [ "$(id -u)" -ne 0 ] || ! has apt-get; then
        fail "Packages of the system are missing. Install them and start again:
    sudo apt-get update && sudo $command"
    fi
    say "      installing Debian packages: $missing"
    quietly apt-get update --quiet || true # stale lists may still do
    quietly $command --option DPkg::Lock::Timeout=120 || fail "That could not be installed. Try it by hand, then start again:
    apt-get update && $command"
fi

# --- the environment -----------------------------------------------------------------------------------

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "[1/4] creating the virtual environment in .venv"
    rm -rf .venv
    quietly "$python" -m venv .venv || fail "The virtual environment could not be created with $python."
fi
if ! lock_installed; then
    say "[2/4] installing $(grep -c '^[a-z]' "$lock") Python packages of $lock"
    rm -f .venv/installed
    quietly .venv/bin/python -m pip install --require-hashes --requirement "$lock" || fail \
        "The packages could not be installed. Is the package registry in reach? Then start again:
what was fetched is kept, nothing is half done."
    # Each lock holds all of the one before it.
    case $kind in
    dev) locks="requirements/embedded.txt requirements.txt requirements/dev.txt" ;;
    production) locks="requirements/embedded.txt requirements.txt" ;;
    *) locks=$lock ;;
    esac
    for lock in $locks; do sha256sum <"$lock"; done >.venv/installed
fi
